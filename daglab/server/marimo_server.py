"""The marimo editor of this Jupyter server: started on first use, restarted when it is gone, ended with the server."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from daglab.errors import ConfigError, ProcessError
from daglab.processes import LOOPBACK, Child, free_port, spawn
from daglab.project import Project

URL_PART = "daglab/marimo"
_START_SECONDS = 60.0
_IDLE_MINUTES = 240
"""After this time without a browser marimo ends itself: the last resort where no parent-death signal exists."""


class MarimoServer:
    """One ``marimo edit`` over the Jupyter server's root, with a token that only this process knows.

    Call :meth:`ensure` from the main thread's event loop: the kernel ties marimo's life to the thread that starts it.
    """

    def __init__(
        self, *, root: Path, base_url: str, runtime_dir: Path, project: Project, port: int | None, log: logging.Logger
    ) -> None:
        self._root = root
        self._base_url = base_url
        self._runtime_dir = runtime_dir
        self._project = project
        self._wanted_port = port
        self._log = log
        self._lock = asyncio.Lock()
        self._token = secrets.token_urlsafe(32)
        self._secrets: Path | None = None
        self._child: Child | None = None
        self._port = 0

    def __repr__(self) -> str:
        return f"MarimoServer(running={self.running})"

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._child is not None and self._child.returncode is None

    @property
    def headers(self) -> dict[str, str]:
        """The credentials for a proxied request."""
        return {"Authorization": f"Bearer {self._token}"}

    def page(self, path: str) -> str:
        """The page of the notebook at ``path`` (relative to the root) as a path on the Jupyter server."""
        return f"{self._base_url}{URL_PART}/?file={quote(path)}"

    async def ensure(self) -> int:
        """The port of a marimo that answers; starts it where none lives.

        Raises:
            ProcessError: marimo did not start; with its last lines of output.
        """
        async with self._lock:
            if self._child is not None and not self.running:
                self._log.warning("daglab: marimo ended with status %s; it is started anew", self._child.returncode)
                await self._discard()
            if self._child is None:
                try:
                    await self._start()
                except BaseException:
                    await self._discard()
                    raise
            return self._port

    async def stop(self) -> None:
        """End marimo and forget its token file; nothing happens when none lives."""
        async with self._lock:
            await self._discard()

    def stop_now(self) -> None:
        """The same without an event loop, for the end of the process."""
        if self._child is not None:
            self._child.end(timeout=3.0)
            self._child = None
        self._remove_secrets()

    async def _start(self) -> None:
        self._port = _port(self._wanted_port)
        self._child = spawn(self._argv(), cwd=self._project.root, env=self._environment(), die_with_parent=True)
        began = time.monotonic()
        await self._healthy(self._child)
        self._log.info("daglab: marimo answers after %.1f s", time.monotonic() - began)

    def _argv(self) -> list[str]:
        return [
            sys.executable, "-m", "marimo", "--yes", "edit", "--headless", "--host", LOOPBACK,
            "--port", str(self._port), "--base-url", f"{self._base_url}{URL_PART}",
            "--token-password-file", str(self._write_token()), "--no-skew-protection", "--skip-update-check",
            "--no-sandbox", "--watch", "--timeout", str(_IDLE_MINUTES), "--", str(self._root),
        ]  # fmt: skip

    def _environment(self) -> dict[str, str]:
        try:
            return self._project.environment()
        except ConfigError:  # told by `status`; marimo itself does without
            return dict(os.environ)

    def _write_token(self) -> Path:
        self._runtime_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._secrets = Path(tempfile.mkdtemp(prefix="daglab-marimo-", dir=self._runtime_dir))  # mode 0700
        file = self._secrets / "token"
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as opened:
            opened.write(self._token)
        return file

    async def _healthy(self, child: Child) -> None:
        import httpx

        # Quoted once more, as jupyter-server-proxy does: marimo compares its base URL with the unquoted path.
        url = f"http://{LOOPBACK}:{self._port}{quote(self._base_url)}{URL_PART}/health"
        deadline = time.monotonic() + _START_SECONDS
        async with httpx.AsyncClient(trust_env=False, timeout=5.0) as http:
            while child.returncode is None and time.monotonic() < deadline:
                try:
                    if (await http.get(url)).status_code == 200 and child.returncode is None:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.1)
        raise ProcessError(
            f"marimo did not start (status {child.returncode}).\n{child.log_tail()}",
            remedy="try `marimo edit` in a terminal; its last lines of output are above",
            details={"status": child.returncode},
        )

    async def _discard(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await asyncio.to_thread(child.end, 5.0)
        self._remove_secrets()

    def _remove_secrets(self) -> None:
        if self._secrets is not None:
            shutil.rmtree(self._secrets, ignore_errors=True)
            self._secrets = None


def _port(wanted: int | None) -> int:
    """The configured port where it is free, so that several servers of one machine don't meet."""
    if wanted is not None:
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, wanted))
            except OSError:
                return free_port()
            return wanted
    return free_port()
