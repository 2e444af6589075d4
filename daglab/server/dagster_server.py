"""The Dagster of the project: started on request at the configured address, kept alive, ended with Jupyter."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from daglab.client import DagsterClient
from daglab.dagster_dev import LOG_FILE, dagster_dev_argv, project_environment
from daglab.errors import DagsterConflictError, DagsterError, ProcessError
from daglab.ports import is_taken, listener
from daglab.processes import LOOPBACK
from daglab.project import Project
from daglab.server.dagster_state import look_at
from daglab.server.leftovers import Hold, sweep
from daglab.server.supervisor import Command, Standing, Supervisor

_LOCAL_HOSTS = {"localhost": LOOPBACK, LOOPBACK: LOOPBACK, "::1": "::1"}
_PROGRAM = "dagster"
_LARGE_LOG = 10_000_000
"""Bytes."""


class DagsterServer:
    """At most one ``dagster dev`` of this Jupyter server.

    Call it in the main thread's event loop: the kernel ties Dagster's life to the thread that starts it.

    Args:
        runtime_dir: where it is written down what a killed server would leave.
        changed: called with each new standing.
    """

    def __init__(self, *, runtime_dir: Path, changed: Callable[[Standing], None], log: logging.Logger) -> None:
        self._runtime_dir = runtime_dir
        self._supervisor = Supervisor(changed=changed, log=log)
        self._lock = asyncio.Lock()
        self._hold: Hold | None = None
        self._address = ""

    @property
    def standing(self) -> Standing:
        """Where the one that was started here stands."""
        return self._supervisor.standing

    async def start(self, project: Project, client: DagsterClient) -> bool:
        """Start Dagster for ``project`` at the address of ``client``, unless one of the project answers there.

        Answers whether it is the one that is supervised here. It is not ready yet: look at :attr:`standing`.

        Raises:
            ConfigError: the project names no code location, or several, or DAGSTER_HOME is relative.
            DagsterConflictError: the address is not this machine's, somebody else listens there, or the one that is
                supervised here runs at another.
            ProcessError: it can't be started, or what it needs can't be written.
        """
        async with self._lock:
            if self._supervisor.active:
                self._refuse_elsewhere(client.address)
                return True
            name, port = _local(client.address)
            argv = dagster_dev_argv(project, port, _LOCAL_HOSTS[name])
            if await is_taken(name, port):
                await _require_own(client, project, port)
                return False
            await self._release()  # of one that failed
            try:
                project.ensure_dagster_home()
                _set_aside(project.root / LOG_FILE)
                self._hold = Hold.take(self._runtime_dir, _PROGRAM)
            except OSError as error:
                raise ProcessError(
                    f"{error.filename or self._runtime_dir} cannot be written: {error.strerror}.",
                    remedy="make room, or the folder writable",
                ) from error
            try:
                self._supervisor.start(
                    Command(
                        name="dagster dev",
                        argv=argv,
                        cwd=project.root,
                        env={**project_environment(project), **self._hold.mark},
                        log=project.root / LOG_FILE,
                        health=f"{client.address}/server_info",
                    )
                )
            except ProcessError:
                await self._release()
                raise
            self._address = client.address
            return True

    async def stop(self, client: DagsterClient | None = None) -> None:
        """End the one that was started here; nothing happens when none was.

        Raises:
            DagsterConflictError: none was, and another one answers at the address of ``client``.
        """
        async with self._lock:
            if not self._supervisor.active and client is not None and await is_taken(*_place(client.address)):
                raise DagsterConflictError(
                    f"What listens at {client.address} was not started from here.",
                    remedy="end it where it was started",
                )
            await self._supervisor.stop()
            await self._release()

    def stop_now(self) -> None:
        """End it without an event loop, for the end of this process."""
        self._supervisor.stop_now()
        if self._hold is not None:
            self._hold.release()

    async def sweep(self) -> None:
        """End what a killed server left."""
        await asyncio.to_thread(sweep, self._runtime_dir, _PROGRAM)

    def _refuse_elsewhere(self, address: str) -> None:
        if address != self._address:
            raise DagsterConflictError(
                f"The Dagster that was started here runs at {self._address}; daglab is set to use {address} now.",
                remedy="end it with DELETE dagster, then start it again",
            )

    async def _release(self) -> None:
        hold, self._hold = self._hold, None
        if hold is not None:
            await asyncio.to_thread(hold.release)


def _set_aside(log: Path) -> None:
    """Begin a new log where the old one is large; it is kept until the next one is."""
    if log.exists() and log.stat().st_size > _LARGE_LOG:
        log.replace(log.with_name(f"{log.name}.1"))


def _place(address: str) -> tuple[str, int]:
    parts = urlsplit(address)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _local(address: str) -> tuple[str, int]:
    """Host and port of an address where a Dagster can be started from here."""
    parts = urlsplit(address)
    host, port = _place(address)
    if parts.scheme != "http" or parts.path or host not in _LOCAL_HOSTS:
        raise DagsterConflictError(
            f"daglab is set to use the Dagster at {address}, which can't be started from here.",
            remedy="start it there, or set dagster.host to localhost in daglab.yaml",
        )
    return host, port


async def _require_own(client: DagsterClient, project: Project, port: int) -> None:
    """Raise DagsterConflictError unless the Dagster that answers has loaded code from the project's folder."""
    remedy = "end it, or set another dagster.port in daglab.yaml"
    try:
        status = await look_at(client)
    except DagsterError:
        who = await asyncio.to_thread(listener, port)
        raise DagsterConflictError(
            f"Port {port} is taken by {who}, and no Dagster answers there.", remedy=remedy, details={"port": port}
        ) from None
    if not any(_within(location.folder, project.root) for location in status.locations):
        names = ", ".join(location.name for location in status.locations) or "no code location"
        raise DagsterConflictError(
            f"Another project's Dagster answers at port {port}, with {names}.", remedy=remedy, details={"port": port}
        )


def _within(folder: str | None, root: Path) -> bool:
    return folder is not None and Path(folder).resolve().is_relative_to(root.resolve())
