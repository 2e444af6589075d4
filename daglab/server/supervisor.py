"""A process that is kept alive: started, watched, started anew when it dies, given up when it dies too often."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httpx

from daglab.errors import ProcessError
from daglab.processes import Child, spawn

State = Literal["stopped", "starting", "running", "restarting", "failed"]

_BACKOFF = (1.0, 2.0, 4.0, 8.0, 16.0)
_STEADY_SECONDS = 300.0
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Command:
    """What is started, and the URL that answers with a status below 400 once it is ready."""

    name: str
    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    log: Path
    health: str


@dataclass(frozen=True)
class Standing:
    """Where the process stands, since when (seconds since the epoch).

    ``restarts`` counts how often it was started anew; ``last_words`` are the last lines of the log when it last died
    by itself.
    """

    state: State
    since: float
    pid: int | None = None
    restarts: int = 0
    last_words: str = ""


class Supervisor:
    """Keeps one process alive, in the event loop of a thread that lives as long as the process should.

    A process that dies before it was ever ready has failed. One that was ready is started anew after each pause of
    ``backoff`` (seconds) in turn; one that dies once more after the last of them has failed. A life of
    ``steady`` seconds makes up for all earlier deaths. A process that lives and doesn't answer is left alone: what
    works under it would be lost.

    Args:
        changed: called in the event loop with each new standing.
    """

    def __init__(
        self,
        *,
        changed: Callable[[Standing], None],
        log: logging.Logger,
        backoff: Sequence[float] = _BACKOFF,
        steady: float = _STEADY_SECONDS,
    ) -> None:
        self._changed = changed
        self._log = log
        self._backoff = backoff
        self._steady = steady
        self._standing = Standing("stopped", time.time())
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._child: Child | None = None

    @property
    def standing(self) -> Standing:
        """Where the process stands now."""
        return self._standing

    @property
    def active(self) -> bool:
        """Whether a process lives, or is going to."""
        return self._standing.state in ("starting", "running", "restarting")

    def start(self, command: Command) -> None:
        """Start ``command`` and supervise it; nothing may be active. Raises ProcessError when it can't be started."""
        assert not self.active
        self._stop.clear()
        self._standing = Standing("stopped", time.time())
        child = self._spawn(command, "starting")
        self._task = asyncio.create_task(self._supervise(child, command))

    async def stop(self) -> None:
        """End the process with all its descendants; nothing happens when none lives."""
        self._stop.set()
        if self._task is not None:
            await self._task
            self._task = None
        self._tell(replace(self._standing, state="stopped", pid=None))

    def stop_now(self) -> None:
        """The same without an event loop, for the end of this process."""
        if self._child is not None:
            self._child.end(timeout=5.0)
            self._child = None

    async def _supervise(self, child: Child, command: Command) -> None:
        try:
            await self._keep_alive(child, command)
        except Exception as error:  # nobody waits for this task: it would be "running" for ever
            self._log.exception("daglab: %s can't be supervised any more", command.name)
            await self._abandon()
            self._tell(replace(self._standing, state="failed", pid=None, last_words=f"{type(error).__name__}: {error}"))

    async def _abandon(self) -> None:
        """End what may still live, as well as that goes."""
        child, self._child = self._child, None
        try:
            if child is not None:
                await asyncio.to_thread(child.end)
        except Exception:
            self._log.exception("daglab: %s could not be ended", child.name if child else "")

    async def _keep_alive(self, child: Child, command: Command) -> None:
        deaths, ever_ready = 0, False
        while True:
            began = time.monotonic()
            ready = await self._live(child, command)
            ever_ready |= ready
            last_words = child.log_tail()
            if ready and not self._stop.is_set():
                self._log.warning("daglab: %s died", command.name)
                self._tell(replace(self._standing, state="restarting", pid=None, last_words=last_words))
            self._child = None
            await asyncio.to_thread(child.end)  # what it started lives on otherwise
            if self._stop.is_set():
                return
            deaths = 1 if time.monotonic() - began >= self._steady else deaths + 1
            if not ever_ready or deaths > len(self._backoff):
                self._log.error("daglab: %s is given up:\n%s", command.name, last_words)
                self._tell(replace(self._standing, state="failed", pid=None, last_words=last_words))
                return
            if await self._stopped(self._backoff[deaths - 1]):
                return
            try:
                child = self._spawn(command, "restarting", restarts=self._standing.restarts + 1)
            except ProcessError as error:
                self._tell(replace(self._standing, state="failed", last_words=str(error)))
                return

    def _spawn(self, command: Command, state: State, restarts: int = 0) -> Child:
        child = spawn(
            command.argv, cwd=command.cwd, env=command.env, log=command.log, die_with_parent=True, guarded=True
        )
        self._child = child
        self._tell(replace(self._standing, state=state, pid=child.pid, restarts=restarts))
        return child

    async def _live(self, child: Child, command: Command) -> bool:
        """Return once the process is dead or to be stopped; answer whether it was ready before."""
        ready = False
        async with httpx.AsyncClient(trust_env=False, timeout=2.0) as http:
            while child.returncode is None and not await self._stopped(_POLL_SECONDS):
                if not ready and (ready := await _answers(http, command.health) and await _is_its(child, command)):
                    self._tell(replace(self._standing, state="running"))
        return ready

    async def _stopped(self, seconds: float) -> bool:
        """Wait for ``seconds``, or until the process is to be stopped; answer whether it is."""
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except asyncio.TimeoutError:
            return False
        return True

    def _tell(self, standing: Standing) -> None:
        if standing != self._standing:
            self._standing = replace(standing, since=time.time())
            self._changed(self._standing)


async def _is_its(child: Child, command: Command) -> bool:
    """Whether it is the child that answers, not a program that took the port before it."""
    port = urlsplit(command.health).port
    return port is None or await asyncio.to_thread(child.listens, port)


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).status_code < 400
    except httpx.HTTPError:
        return False
