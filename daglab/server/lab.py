"""JupyterLab on a project, with its Dagster beside it: ``python -m daglab.server.lab [DIR]``, which `make lab` runs.

A folder that does not exist is made first, as `daglab init --bootstrap` does. Both end with this process.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from daglab.dagster_dev import project_environment
from daglab.errors import DaglabError, ExitCode, ProcessError
from daglab.processes import LOOPBACK, Child, free_port, spawn
from daglab.project import Project

_START_SECONDS = 120.0


@dataclass(frozen=True)
class Lab:
    """A Jupyter server that answers, and the Dagster that it has started and keeps alive."""

    jupyter: Child
    jupyter_url: str
    dagster_url: str

    def wait(self) -> None:
        """Block for as long as Jupyter lives; raises ProcessError when it ends."""
        self.jupyter.wait()
        raise ProcessError(
            f"Jupyter ended with status {self.jupyter.returncode}.\n{self.jupyter.log_tail()}",
            remedy="its last lines of output say why",
        )


def start_lab(folder: Path, stack: ExitStack) -> Lab:
    """Start JupyterLab on the project in ``folder`` and Dagster under it; both end when ``stack`` is closed.

    Raises:
        ConfigError: the configuration is wrong, or the project has no code location.
        ProcessError: one of the two did not start; with its last lines of output.
    """
    project = Project.find(folder)
    project.code_location()
    port, dagster_port, token = free_port(), free_port(), secrets.token_urlsafe(24)
    environment = project_environment(project)
    environment |= {"DAGLAB_DAGSTER__HOST": LOOPBACK, "DAGLAB_DAGSTER__PORT": str(dagster_port), "JUPYTER_TOKEN": token}
    jupyter = stack.enter_context(
        spawn(
            _jupyter_argv(project.root, port),
            cwd=project.root,
            env=environment,
            log=project.root / ".daglab" / "logs" / "jupyter.log",
            die_with_parent=True,
        )
    )
    origin = f"http://{LOOPBACK}:{port}"
    jupyter.wait_until_healthy(f"{origin}/api/status?token={token}", _START_SECONDS)
    _start_dagster(f"{origin}/daglab/api", token)
    return Lab(jupyter, f"{origin}/lab?token={token}", f"http://{LOOPBACK}:{dagster_port}")


def _start_dagster(api: str, token: str) -> None:
    """Have Jupyter start Dagster, and wait until it answers."""
    import httpx

    with httpx.Client(headers={"Authorization": f"token {token}"}, timeout=30.0, trust_env=False) as http:
        error = http.post(f"{api}/dagster").json().get("error")
        deadline = time.monotonic() + _START_SECONDS
        while error is None or error["code"] in ("dagster-starting", "dagster-restarting"):
            dagster = http.get(f"{api}/status").json()["dagster"]
            if dagster["reachable"]:
                return
            error = dagster["error"]
            if time.monotonic() > deadline:
                break
            time.sleep(0.5)
    raise ProcessError(error["message"], remedy=error["remedy"])


def _jupyter_argv(root: Path, port: int) -> list[str]:
    argv = [
        sys.executable, "-m", "jupyter", "lab", "--no-browser", f"--ServerApp.ip={LOOPBACK}",
        f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}",
    ]  # fmt: skip
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # containers: Jupyter asks for a word of consent
        argv.append("--allow-root")
    return argv


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until interrupted; the exit codes are those of the ``daglab`` command."""
    parser = argparse.ArgumentParser(prog="python -m daglab.server.lab", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", nargs="?", default="demo", type=Path, metavar="DIR")
    folder: Path = parser.parse_args(arguments).folder.absolute()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _terminated)
    try:
        if not folder.exists():
            _say(f"Making the demo project in {folder}")
            init = [sys.executable, "-m", "daglab", "init", "--package", "shop", "--bootstrap", str(folder)]
            subprocess.run(init, check=True)
        _say("Starting Dagster and JupyterLab")
        with ExitStack() as stack:
            lab = start_lab(folder, stack)
            sys.stdout.write(f"JupyterLab  {lab.jupyter_url}\nDagster     {lab.dagster_url}\n")
            sys.stdout.flush()
            _say("Ctrl-C ends both")
            lab.wait()
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except DaglabError as error:
        _say(str(error))
        return error.exit_code
    except subprocess.CalledProcessError as error:  # it has said why
        return error.returncode
    return ExitCode.OK


def _terminated(_number: int, _frame: FrameType | None) -> None:
    # Only once: what it sets off, ending the children, must not be interrupted by the next one.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(int(ExitCode.TERMINATED))


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
