"""What ``daglab dev`` starts: Dagster with marimo, or a JupyterLab that keeps its own Dagster."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from daglab.dagster_dev import LOG_FILE, dagster_dev_argv, project_environment
from daglab.errors import DaglabError, DagsterError, ProcessError
from daglab.ports import first_free_port
from daglab.processes import LOOPBACK, Child, spawn
from daglab.project import Project

if TYPE_CHECKING:
    import httpx

    from daglab.client.instance import Location

LOGS = LOG_FILE.parent
_START_SECONDS = 120.0
_LARGE_LOG = 10_000_000  # bytes
_POLL_SECONDS = 0.2
_LAST_SECONDS = 3.0  # that a process may take to end once it has stopped to answer
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Log:
    """A growing log, from its present end on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rest = b""
        self._set_aside()
        self._offset = path.stat().st_size if path.exists() else 0

    def lines(self) -> Iterator[str]:
        """The whole lines that were written since the last call; a large log is set aside then."""
        if not self._path.exists():
            return
        if self._path.stat().st_size < self._offset:  # set aside by another process
            self._offset = 0
        older = self._set_aside()
        with (older or self._path).open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        self._offset = 0 if older else self._offset + len(data)
        *whole, self._rest = (self._rest + data).split(b"\n")
        yield from (line.decode(errors="replace") for line in whole)

    def _set_aside(self) -> Path | None:
        """Where the log's lines have gone, if it was large."""
        if not self._path.exists() or self._path.stat().st_size <= _LARGE_LOG:
            return None
        older = self._path.with_name(f"{self._path.name}.1")
        older.touch(0o600)  # as readable as the log itself
        # The child holds the file open, and appends: it has to stay the same one.
        with self._path.open("r+b") as log, older.open("wb") as copy:
            shutil.copyfileobj(log, copy)
            log.truncate(0)  # at once, for what comes in between is lost
        return older


@dataclass
class Services:
    """What runs; all of it ends when ``stack`` is closed.

    ``tell`` gets each line of each child's log, after the child's name. ``urls`` has the addresses by the names of what
    answers there; ``secret_urls`` the same with the token that opens them, where one is needed.
    """

    project: Project
    level: str
    stack: ExitStack
    tell: Callable[[str, str], None]
    environment: dict[str, str]
    children: list[Child] = field(default_factory=list)
    logs: dict[str, Log] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    secret_urls: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, project: Project, level: str, stack: ExitStack, tell: Callable[[str, str], None]) -> Services:
        """None yet. The kernel ties their lives to the thread that starts them."""
        project.ensure_dagster_home()
        return cls(project, level, stack, tell, project_environment(project))

    def start_dagster(self, ports: Iterable[int]) -> None:
        """Start Dagster at the first of ``ports`` that is free.

        Raises:
            ConfigError: the project has no code location, or several.
            PortTakenError: none is free.
        """
        port = first_free_port(ports)
        argv = [*dagster_dev_argv(self.project, port), "--log-level", self.level]
        self._at_dagster(port)
        self._spawn("dagster", argv, guarded=True)

    def start_marimo(self, target: Path, ports: Iterable[int]) -> None:
        """Start marimo on a notebook or a folder, at the first of ``ports`` that is free."""
        port, token = first_free_port(ports), secrets.token_urlsafe(32)
        file = self.private_folder() / "token"
        file.write_text(token, "utf-8")
        level = {"warning": "warn"}.get(self.level, self.level)
        argv = [
            sys.executable, "-m", "marimo", "--yes", "--quiet", "--log-level", level, "edit", "--headless",
            "--host", LOOPBACK, "--port", str(port), "--token-password-file", str(file), "--skip-update-check",
            "--no-sandbox", "--watch", "--", str(target),
        ]  # fmt: skip # quiet: it would write its address with the token into the log
        child = self._spawn("marimo", argv, guarded=True)
        self._wait(child, port, f"http://{LOOPBACK}:{port}/health")
        file.unlink()
        self.urls["marimo"] = f"http://{LOOPBACK}:{port}"
        self.secret_urls["marimo"] = f"{self.urls['marimo']}?access_token={token}"

    def start_lab(self, notebook: Path | None, ports: Iterable[int], dagster_ports: Iterable[int]) -> None:
        """Start JupyterLab, and have it start the Dagster that it keeps alive."""
        self.project.code_location()
        dagster_port = first_free_port(dagster_ports)
        port, token = first_free_port(one for one in ports if one != dagster_port), secrets.token_urlsafe(24)
        self._at_dagster(dagster_port)
        self.environment["JUPYTER_TOKEN"] = token
        self.logs["dagster"] = Log(self.project.root / LOG_FILE)
        child = self._spawn("jupyter", self._jupyter_argv(port), guarded=False)
        origin = f"http://{LOOPBACK}:{port}"
        self._wait(child, port, f"{origin}/api/status?token={token}")
        page = f"{origin}/lab" + (f"/tree/{quote(self._relative(notebook))}" if notebook else "")
        self.urls["jupyter"], self.secret_urls["jupyter"] = page, f"{page}?token={token}"
        self._dagster_of_jupyter(f"{origin}/daglab/api", token)

    def locations(self) -> tuple[Location, ...]:
        """The code locations, once Dagster answers and has tried to load each of them.

        Raises:
            ProcessError: it did not in time, or died.
        """
        from daglab.client import BlockingDagsterClient
        from daglab.config_model import Dagster

        found: list[tuple[Location, ...]] = []
        port = int(self.urls["dagster"].rpartition(":")[2])

        with BlockingDagsterClient(Dagster(url=self.urls["dagster"])) as client:

            def loaded() -> bool:
                self.relay()
                if not self.children[0].listens(port):  # another program may have taken the port meanwhile
                    return False
                try:
                    locations = client.status().locations
                except DagsterError:
                    return False
                found.append(locations)
                return bool(locations) and not any(one.loading for one in locations)

            # In a lab it is Jupyter that has started Dagster, and whose death ends it.
            self.children[0].wait_until_healthy(loaded, _START_SECONDS)
        return found[-1]

    def relay(self) -> None:
        """Tell what the children have written since the last time."""
        for name, log in self.logs.items():
            for line in log.lines():
                self.tell(name, _COLOUR.sub("", line))

    def follow(self) -> None:
        """Relay for as long as all children live; raises DaglabError when one of them has died."""
        while True:
            self.relay()
            self.raise_for_dead()
            time.sleep(_POLL_SECONDS)

    def raise_for_dead(self, seconds: float = 0.0) -> None:
        """Raise DaglabError when a child has died, or does so within ``seconds``."""
        deadline = time.monotonic() + seconds
        while not (dead := [child for child in self.children if child.returncode is not None]):
            if time.monotonic() >= deadline:
                return
            time.sleep(_POLL_SECONDS)
        self.relay()
        raise DaglabError(
            f"{dead[0].name} ended with status {dead[0].returncode}.\n{dead[0].log_tail()}",
            remedy=f"its last lines say why; all are in {self.project.root / LOGS / dead[0].name}.log",
            details={"name": dead[0].name, "status": dead[0].returncode},
        )

    def private_folder(self) -> Path:
        """A folder that only this user can read, deleted at the end."""
        return Path(self.stack.enter_context(TemporaryDirectory(prefix="daglab-")))

    def _spawn(self, name: str, argv: list[str], *, guarded: bool) -> Child:
        path = self.project.root / LOGS / f"{name}.log"
        self.logs[name] = Log(path)
        child = spawn(
            argv, cwd=self.project.root, env=self.environment, log=path, die_with_parent=True, guarded=guarded
        )
        child.name = name
        self.children.append(self.stack.enter_context(child))
        return child

    def _wait(self, child: Child, port: int, url: str) -> None:
        import httpx

        def answers() -> bool:
            self.relay()
            try:  # only once it is the child that listens: another program must not get the token
                return child.listens(port) and httpx.get(url, timeout=5.0, trust_env=False).status_code < 400
            except httpx.HTTPError:
                return False

        child.wait_until_healthy(answers, _START_SECONDS)

    def _at_dagster(self, port: int) -> None:
        self.environment |= {"DAGLAB_DAGSTER__HOST": LOOPBACK, "DAGLAB_DAGSTER__PORT": str(port)}
        self.urls["dagster"] = f"http://{LOOPBACK}:{port}"

    def _dagster_of_jupyter(self, api: str, token: str) -> None:
        """Have daglab's server extension start Dagster, and wait until that answers."""
        import httpx

        with httpx.Client(headers={"Authorization": f"token {token}"}, timeout=30.0, trust_env=False) as http:
            try:
                error = _said(http.post(f"{api}/dagster")).get("error")
                deadline = time.monotonic() + _START_SECONDS
                while error is None or error["code"] in ("dagster-starting", "dagster-restarting"):
                    self.relay()
                    dagster = _said(http.get(f"{api}/status")).get("dagster", {})
                    if dagster.get("reachable"):
                        return
                    error = dagster.get("error")
                    if time.monotonic() > deadline:
                        break
                    time.sleep(_POLL_SECONDS)
            except httpx.HTTPError as lost:
                self.raise_for_dead(_LAST_SECONDS)
                raise ProcessError(
                    f"JupyterLab no longer answers: {type(lost).__name__}.", remedy="its log above may say why"
                ) from lost
        raise ProcessError(error["message"], remedy=error["remedy"])

    def _jupyter_argv(self, port: int) -> list[str]:
        argv = [
            sys.executable, "-m", "jupyter", "lab", "--no-browser", f"--ServerApp.ip={LOOPBACK}",
            f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={self.project.root}",
            f"--Application.log_level={self.level.upper()}",
        ]  # fmt: skip
        if hasattr(os, "geteuid") and os.geteuid() == 0:  # containers: Jupyter asks for a word of consent
            argv.append("--allow-root")
        return argv

    def _relative(self, notebook: Path) -> str:
        return notebook.relative_to(self.project.root).as_posix()


def _said(answer: httpx.Response) -> dict[str, Any]:
    """What daglab's server extension answers; raises ProcessError where it is off, and another answers for it."""
    try:
        said = answer.json()
    except ValueError:
        said = None
    if isinstance(said, dict) and (answer.is_success or "error" in said):
        return said
    raise ProcessError(
        f"JupyterLab runs without daglab's server extension, which starts Dagster (status {answer.status_code}).",
        remedy="jupyter server extension enable daglab.server; daglab doctor tells what else is off",
    )
