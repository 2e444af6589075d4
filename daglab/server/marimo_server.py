"""The marimo editor of this Jupyter server: started on first use, watched, restarted when it is gone, ended with it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from daglab.errors import MissingSessionError, ProcessError
from daglab.server.events import Topic
from daglab.server.leftovers import sweep
from daglab.server.marimo_process import PROGRAM, URL_PART, MarimoProcess, MarimoSetting
from daglab.server.marimo_sessions import Session

Publish = Callable[[Topic, dict[str, Any]], None]
"""As :meth:`daglab.server.events.EventHub.publish`."""

_LOOK_SECONDS = 2.0
_SETTLE_SECONDS = 30.0
"""How long after a page's opening its notebook may still be starting."""
_DEATH_SECONDS = 0.5


class MarimoServer:
    """One ``marimo edit`` over the Jupyter server's root, with a token that only this process knows.

    Whatever changes is published under the topic ``marimo``: ``{"event": "started" | "died" | "stopped" |
    "sessions", "running": bool, "sessions": [{"session", "name", "path"}]}``.
    """

    def __init__(self, setting: MarimoSetting, log: logging.Logger, publish: Publish) -> None:
        self._setting = setting
        self._log = log
        self._publish = publish
        self._lock = asyncio.Lock()
        self._process: MarimoProcess | None = None
        self._sessions: list[Session] = []
        self._watching: asyncio.Task[None] | None = None
        self._nudge = asyncio.Event()
        self._settled = 0.0

    def __repr__(self) -> str:
        return f"MarimoServer(running={self.running})"

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.returncode is None

    @property
    def port(self) -> int | None:
        """Where it listens; None while it doesn't run."""
        return self._process.port if self._process is not None and self.running else None

    @property
    def headers(self) -> dict[str, str]:
        """The credentials for a proxied request."""
        return dict(self._process.headers) if self._process is not None else {}

    def page(self, path: str) -> str:
        """The page of the notebook at ``path`` (relative to the root) as a path on the Jupyter server."""
        return f"{self._setting.base_url}{URL_PART}/?file={quote(path)}"

    async def ensure(self) -> int:
        """The port of a marimo that answers; starts it where none lives.

        Call it from the main thread's event loop (see :class:`MarimoProcess`).

        Raises:
            ProcessError: marimo did not start; with its last lines of output.
        """
        async with self._lock:
            if self._process is not None and not self.running:
                await self._forget("died")
            if self._process is None:
                self._process = MarimoProcess(self._setting)
                try:
                    seconds = await self._process.healthy()
                except BaseException:
                    await self._forget("stopped")
                    raise
                self._log.info("daglab: marimo answers after %.1f s", seconds)
                self._watching = asyncio.create_task(self._watch(self._process))
                self._tell("started")
            return self._process.port

    async def sessions(self) -> list[Session]:
        """The open notebooks, the latest first; empty where marimo doesn't run. One that is starting is waited for.

        Raises:
            ProcessError: marimo lives and does not answer.
        """
        async with self._lock:
            process = self._process
        if process is None:
            return []
        try:
            return self._seen(process, await process.home.sessions())
        except ProcessError:
            if await _ends(process):
                return []
            raise

    async def close(self, session: str) -> list[Session]:
        """End the kernel of a notebook and answer what stays open.

        Raises:
            MissingSessionError: no notebook is open under this id.
            ProcessError: marimo does not answer.
        """
        if session not in {one.id for one in await self.sessions()} or self._process is None:
            raise MissingSessionError(
                f"No notebook is open in marimo under {session}.",
                remedy="GET marimo lists the sessions",
                details={"session": session},
            )
        return self._seen(self._process, await self._process.home.close_session(session))

    def look(self) -> None:
        """Have the watch look at once: a page was opened or closed."""
        self._settled = time.monotonic() + _SETTLE_SECONDS
        self._nudge.set()

    async def stop(self) -> None:
        """End marimo with all its notebooks and forget its token; nothing happens when none lives."""
        async with self._lock:
            if self._process is not None:
                await self._forget("stopped")

    def stop_now(self) -> None:
        """The same without an event loop, for the end of this process."""
        process, self._process = self._process, None
        if process is not None:
            process.end_now(timeout=3.0)

    async def sweep(self) -> None:
        """End what a killed Jupyter server of this user left."""
        ended = await asyncio.to_thread(sweep, self._setting.runtime_dir, PROGRAM)
        if ended:
            self._log.warning("daglab: ended the processes %s, which a killed server had left", ended)

    async def _watch(self, process: MarimoProcess) -> None:
        """Tell of sessions that open and close, and of death. An idle marimo isn't asked, so that it may end itself."""
        while process.returncode is None:
            try:
                await asyncio.wait_for(self._nudge.wait(), _LOOK_SECONDS)
            except asyncio.TimeoutError:
                if not self._sessions and time.monotonic() > self._settled:
                    continue
            self._nudge.clear()
            try:
                self._seen(process, await process.home.sessions())
            except ProcessError as error:
                self._log.debug("daglab: %s", error)
        async with self._lock:
            if self._process is process:
                await self._forget("died")

    def _seen(self, process: MarimoProcess, sessions: list[Session]) -> list[Session]:
        if process is self._process and sessions != self._sessions:
            self._sessions = sessions
            self._tell("sessions")
        return sessions

    async def _forget(self, why: str) -> None:
        """End the process, under the lock."""
        process, self._process = self._process, None
        watching, self._watching = self._watching, None
        if watching is not None and watching is not asyncio.current_task():
            watching.cancel()
        if process is not None:
            if why == "died":
                self._log.warning("daglab: marimo ended with status %s", process.returncode)
            await process.end()
        self._sessions = []
        self._tell(why)

    def _tell(self, event: str) -> None:
        sessions = [{"session": one.id, "name": one.name, "path": one.path} for one in self._sessions]
        self._publish("marimo", {"event": event, "running": self.running, "sessions": sessions})


async def _ends(process: MarimoProcess) -> bool:
    """Whether it is dead, or about to be: its connections are gone a moment before its exit code is there."""
    deadline = time.monotonic() + _DEATH_SECONDS
    while process.returncode is None and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    return process.returncode is not None
