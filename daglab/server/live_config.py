"""The configuration in force, and the client made from it: a corrected file counts without a restart of Jupyter."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from daglab.client import DagsterClient
from daglab.config import Config, load_config
from daglab.config_sources import file_stamps
from daglab.errors import DaglabError
from daglab.project import Project

_FRESH_SECONDS = 1.0
_FOLLOW_SECONDS = 1.5
_PATIENCE_SECONDS = 1.0
_KEPT_SECONDS = 600.0
"""A replaced client may have requests under way."""


@dataclass(frozen=True)
class _Reading:
    """What was read: configuration and client, or what is wrong; ``stamps`` are those of the files."""

    config: Config | None
    client: DagsterClient | None
    error: DaglabError | None
    stamps: tuple[object, ...]


class LiveConfig:
    """What the configuration of a folder says now; :meth:`refresh` reads it again, after :meth:`follow` by itself.

    While it is wrong, :attr:`config` and :attr:`client` raise: nothing happens by a configuration that was right once.
    """

    def __init__(self, root: Path, log: logging.Logger) -> None:
        self._root = root
        self._log = log
        self._due = 0.0
        self._reading = asyncio.Lock()
        self._following: asyncio.Task[None] | None = None
        self._replaced: list[tuple[float, DagsterClient]] = []
        self._changed: list[Callable[[], None]] = []
        self._now = _read(root, None)
        self._tell(None)

    @property
    def config(self) -> Config:
        """The configuration; raises the DaglabError that says what is wrong with it."""
        if self._now.config is None:
            assert self._now.error is not None
            raise self._now.error
        return self._now.config

    @property
    def client(self) -> DagsterClient:
        """The client of the Dagster that the configuration names; raises DaglabError as :attr:`config` does.

        Ask for it each time: a changed configuration makes another one.
        """
        if self._now.client is None:
            assert self._now.error is not None
            raise self._now.error
        return self._now.client

    @property
    def error(self) -> DaglabError | None:
        """What is wrong with the configuration."""
        return self._now.error

    @property
    def project(self) -> Project:
        """The project around the folder."""
        config = self._now.config
        location = config.dagster.repository_location_name if config else None
        return Project(config.root if config else self._root, location)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have ``listener`` called after each change, in the event loop."""
        self._changed.append(listener)

    def follow(self) -> None:
        """Read it again by itself from now on, whether anybody asks or not; to be called in the event loop."""
        self._following = asyncio.ensure_future(self._follow())

    async def refresh(self) -> None:
        """Read what has changed, at most once a second, in a thread; a keyring that hangs isn't waited for."""
        patience = time.monotonic() + _PATIENCE_SECONDS
        while self._reading.locked():
            if time.monotonic() > patience:
                return
            await asyncio.sleep(0.02)
        if time.monotonic() < self._due:
            return
        async with self._reading:
            self._due = time.monotonic() + _FRESH_SECONDS
            before, self._now = self._now, await asyncio.to_thread(_read, self._root, self._now)
            if before.client is not None and before.client is not self._now.client:
                self._replaced.append((time.monotonic(), before.client))
            changed = (before.config, str(before.error)) != (self._now.config, str(self._now.error))
        if changed:
            self._tell(before.error)
            for listener in self._changed:
                listener()
        await self._close_replaced(time.monotonic() - _KEPT_SECONDS)

    async def close(self) -> None:
        """Read nothing any more, and close the connections of all clients."""
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following
        await self._close_replaced(float("inf"))
        if self._now.client is not None:
            await self._now.client.close()

    async def _follow(self) -> None:
        failed = False
        while True:
            await asyncio.sleep(_FOLLOW_SECONDS)
            try:
                await self.refresh()
                failed = False
            except Exception:
                if not failed:
                    self._log.exception("daglab: the configuration could not be read again; it is tried on")
                failed = True

    def _tell(self, before: DaglabError | None) -> None:
        if self._now.error is not None:
            self._log.error("daglab: the configuration is wrong: %s", self._now.error)
        elif before is not None:
            self._log.info("daglab: the configuration is right again")

    async def _close_replaced(self, until: float) -> None:
        """Close the clients that were replaced before ``until``."""
        old = [client for at, client in self._replaced if at <= until]
        self._replaced = [(at, client) for at, client in self._replaced if at > until]
        for client in old:
            await client.close()


def _read(root: Path, before: _Reading | None) -> _Reading:
    """Takes time: the credentials may be in a keyring. A Dagster that stays the same keeps its client."""
    stamps = file_stamps(root)  # before the files are read: what changes meanwhile is read next time
    if before is not None and before.error is None and before.stamps == stamps:
        return before
    try:
        config = load_config(root)
        if before is not None and before.config is not None and _same_dagster(config, before.config):
            return _Reading(config, before.client, None, stamps)
        return _Reading(config, DagsterClient(config.dagster, read_only=config.read_only), None, stamps)
    except DaglabError as error:  # credentials that cannot be read are among them
        return _Reading(None, None, error, stamps)


def _same_dagster(one: Config, other: Config) -> bool:
    return (one.dagster, one.read_only) == (other.dagster, other.read_only)
