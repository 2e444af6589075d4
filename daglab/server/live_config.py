"""The configuration in force, and the client made from it: a corrected file counts without a restart of Jupyter."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

from daglab.client import DagsterClient
from daglab.config import Config, load_config
from daglab.errors import ConfigError
from daglab.project import Project

_FRESH_SECONDS = 1.0


class LiveConfig:
    """What the configuration of a folder says now; :meth:`refresh` reads it again.

    While it is wrong, :attr:`config` and :attr:`client` raise: nothing happens by a configuration that was right once.
    """

    def __init__(self, root: Path, log: logging.Logger) -> None:
        self._root = root
        self._log = log
        self._due = 0.0
        self._replaced: list[DagsterClient] = []
        self._changed: list[Callable[[], None]] = []
        self._config: Config | None = None
        self._client: DagsterClient | None = None
        self._error: ConfigError | None = None
        self._adopt(*_read(root))

    @property
    def config(self) -> Config:
        """The configuration; raises the ConfigError that says what is wrong with it."""
        if self._config is None:
            assert self._error is not None
            raise self._error
        return self._config

    @property
    def client(self) -> DagsterClient:
        """The client of the Dagster that the configuration names; raises ConfigError as :attr:`config` does.

        Ask for it each time: a changed configuration makes another one.
        """
        if self._client is None:
            assert self._error is not None
            raise self._error
        return self._client

    @property
    def error(self) -> ConfigError | None:
        """What is wrong with the configuration."""
        return self._error

    @property
    def project(self) -> Project:
        """The project around the folder."""
        location = self._config.dagster.repository_location_name if self._config else None
        return Project(self._config.root if self._config else self._root, location)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have ``listener`` called after each change, in the event loop."""
        self._changed.append(listener)

    async def refresh(self) -> None:
        """Read the configuration again, at most once a second; the files are read in a thread."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + _FRESH_SECONDS
        if self._adopt(*await asyncio.to_thread(_read, self._root)):
            for listener in self._changed:
                listener()

    async def close(self) -> None:
        """Close the connections of all clients."""
        for client in (*self._replaced, *([self._client] if self._client else [])):
            await client.close()

    def _adopt(self, config: Config | None, error: ConfigError | None) -> bool:
        """Put in force what was read; answer whether that changed anything."""
        if config is not None and config == self._config:
            return False
        client = None
        if config is not None:
            try:
                client = DagsterClient(config.dagster, read_only=config.read_only)
            except ConfigError as fault:  # its credentials cannot be read
                error = fault
        if error is not None and str(error) == str(self._error):
            return False
        if error is not None:
            self._log.error("daglab: the configuration is wrong: %s", error)
        elif self._error is not None:
            self._log.info("daglab: the configuration is right again")
        if self._client is not None:
            self._replaced.append(self._client)  # its requests may still be under way
        self._config, self._client, self._error = config if error is None else None, client, error
        return True


def _read(root: Path) -> tuple[Config | None, ConfigError | None]:
    try:
        return load_config(root), None
    except ConfigError as error:
        return None, error
