"""One run of ``marimo edit``: its command line, its token, its health and its end."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from daglab.errors import ConfigError, ProcessError
from daglab.processes import LOOPBACK, Child, free_port, spawn
from daglab.server.leftovers import Hold
from daglab.server.live_config import LiveConfig
from daglab.server.marimo_sessions import MarimoHome

URL_PART = "daglab/marimo"
PROGRAM = "marimo"
_START_SECONDS = 60.0
_IDLE_MINUTES = 240
"""After this time without a request marimo ends itself. The server sends some for as long as a notebook is open."""


@dataclass(frozen=True)
class MarimoSetting:
    """What runs of marimo are started with.

    ``root`` is the folder whose notebooks can be opened, ``base_url`` the Jupyter server's (with slashes at both ends),
    ``live`` the configuration that a start finds in force.
    """

    root: Path
    base_url: str
    runtime_dir: Path
    live: LiveConfig

    def port(self) -> int:
        """The configured port where it is free, so that several servers of one machine don't meet."""
        if self.live.error is None:
            wanted = self.live.config.marimo.port
            with socket.socket() as probe:
                try:
                    probe.bind((LOOPBACK, wanted))
                except OSError:
                    return free_port()
                return wanted
        return free_port()

    def environment(self) -> dict[str, str]:
        """The environment of the notebooks: the project's, as far as the configuration can be read."""
        try:
            return self.live.project.environment()
        except ConfigError:  # told by `status`; marimo itself does without
            return dict(os.environ)


class MarimoProcess:
    """A marimo that lives until :meth:`end`, or until it dies."""

    def __init__(self, setting: MarimoSetting) -> None:
        """Start it. Call from the main thread: the kernel ties marimo's life to the thread that starts it.

        Raises:
            ProcessError: it cannot be started, or the runtime folder cannot be written.
        """
        token = secrets.token_urlsafe(32)
        self.port = setting.port()
        self.headers = {"Authorization": f"Bearer {token}"}
        try:
            self._hold = Hold.take(setting.runtime_dir, PROGRAM, token=token)
        except OSError as error:
            raise ProcessError(
                f"Jupyter's runtime folder {setting.runtime_dir} cannot be written: {error.strerror}.",
                remedy="see `jupyter --runtime-dir`",
            ) from error
        try:
            self._child: Child = spawn(
                _argv(setting, self.port, self._hold.folder / "token"),
                cwd=setting.live.project.root,
                env={**setting.environment(), **self._hold.mark},
                die_with_parent=True,
            )
        except ProcessError:
            self._hold.release()
            raise
        # Quoted once more, as jupyter-server-proxy does: marimo compares its base URL with the unquoted path.
        self.home = MarimoHome(f"http://{LOOPBACK}:{self.port}{quote(setting.base_url)}{URL_PART}", self.headers)

    @property
    def returncode(self) -> int | None:
        """The exit status, negative for a signal; None while it lives."""
        return self._child.returncode

    async def healthy(self) -> float:
        """Wait until it answers; the seconds that took. Raises ProcessError with its last lines of output."""
        began = time.monotonic()
        while self.returncode is None and time.monotonic() - began < _START_SECONDS:
            # Another user's program may have taken the port: no request with the token before this.
            if await self.home.is_healthy() and await asyncio.to_thread(self._child.listens, self.port):
                return time.monotonic() - began
            await asyncio.sleep(0.1)
        raise ProcessError(
            f"marimo did not start (status {self.returncode}).\n{self._child.log_tail()}",
            remedy="try `marimo edit` in a terminal; its last lines of output are above",
            details={"status": self.returncode},
        )

    async def end(self) -> None:
        """End it with its kernels and forget its token; also after its death, which may leave kernels behind."""
        await self.home.close()
        await asyncio.to_thread(self.end_now, 5.0)

    def end_now(self, timeout: float) -> None:
        """The same without an event loop; TERM, and KILL after ``timeout`` seconds."""
        self._child.end(timeout)
        self._hold.release()


def _argv(setting: MarimoSetting, port: int, token_file: Path) -> list[str]:
    return [
        sys.executable, "-m", "marimo", "--yes", "edit", "--headless", "--host", LOOPBACK,
        "--port", str(port), "--base-url", f"{setting.base_url}{URL_PART}",
        "--token-password-file", str(token_file), "--no-skew-protection", "--skip-update-check",
        "--no-sandbox", "--watch", "--timeout", str(_IDLE_MINUTES), "--", str(setting.root),
    ]  # fmt: skip
