"""JupyterLab on a project, with its Dagster beside it: ``python -m daglab.server.lab [DIR]``, which `make lab` runs.

A folder that does not exist is made first, as `daglab init --bootstrap` does. Both processes end with this one.
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

from daglab.errors import DaglabError, ExitCode, ProcessError
from daglab.processes import LOOPBACK, Child, free_port, spawn
from daglab.project import Project
from daglab.server.dagster_dev import dagster_dev_argv, project_environment

_START_SECONDS = 120.0


@dataclass(frozen=True)
class Lab:
    """Two processes that answer."""

    dagster: Child
    dagster_url: str
    jupyter: Child
    jupyter_url: str

    def wait(self) -> None:
        """Block for as long as both live; raises ProcessError for the first one that ends."""
        while True:
            for child in (self.dagster, self.jupyter):
                if child.returncode is not None:
                    raise ProcessError(
                        f"{child.name} ended with status {child.returncode}.\n{child.log_tail()}",
                        remedy="its last lines of output say why",
                    )
            time.sleep(0.5)


def start_lab(folder: Path, stack: ExitStack) -> Lab:
    """Start `dagster dev` and JupyterLab on the project in ``folder``; both end when ``stack`` is closed.

    Raises:
        ConfigError: the configuration is wrong, or the project has no code location.
        ProcessError: one of the two did not start; with its last lines of output.
    """
    project = Project.find(folder)
    project.ensure_dagster_home()
    environment = project_environment(project)
    logs = project.root / ".daglab" / "logs"

    port = free_port()
    argv = dagster_dev_argv(project, port)
    dagster = stack.enter_context(
        spawn(argv, cwd=project.root, env=environment, log=logs / "dagster.log", die_with_parent=True)
    )
    lab_port, token = free_port(), secrets.token_urlsafe(24)
    environment |= {"DAGLAB_DAGSTER__HOST": LOOPBACK, "DAGLAB_DAGSTER__PORT": str(port), "JUPYTER_TOKEN": token}
    jupyter = stack.enter_context(
        spawn(
            _jupyter_argv(project.root, lab_port),
            cwd=project.root,
            env=environment,
            log=logs / "jupyter.log",
            die_with_parent=True,
        )
    )
    jupyter.wait_until_healthy(f"http://{LOOPBACK}:{lab_port}/api/status?token={token}", _START_SECONDS)
    dagster.wait_until_healthy(f"http://{LOOPBACK}:{port}/server_info", _START_SECONDS)
    return Lab(
        dagster=dagster,
        dagster_url=f"http://{LOOPBACK}:{port}",
        jupyter=jupyter,
        jupyter_url=f"http://{LOOPBACK}:{lab_port}/lab?token={token}",
    )


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
