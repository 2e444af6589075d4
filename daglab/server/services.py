"""What the handlers work with: the configuration, the client of Dagster, the notebooks, marimo."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from daglab.client import DagsterClient
from daglab.config import Config
from daglab.server.events import EventHub
from daglab.server.live_config import LiveConfig
from daglab.server.marimo_server import MarimoServer
from daglab.server.notebooks import NotebookIndex

SETTING = "daglab_services"


@dataclass(frozen=True)
class Services:
    """One of each for the life of the Jupyter server; what the configuration decides is asked for anew each time."""

    root: Path
    marimo: MarimoServer
    notebooks: NotebookIndex
    events: EventHub
    live: LiveConfig

    @property
    def config(self) -> Config:
        """The configuration in force; raises the ConfigError that says what is wrong with it."""
        return self.live.config

    @property
    def client(self) -> DagsterClient:
        """The client of Dagster; raises the ConfigError that keeps it from being made."""
        return self.live.client

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed; so it is as long as the configuration is wrong."""
        return self.live.error is not None or self.config.read_only

    async def close(self) -> None:
        """End what was started."""
        await self.marimo.stop()
        await self.live.close()

    def close_now(self) -> None:
        """End the processes that were started, without an event loop: for the end of this process."""
        self.marimo.stop_now()


def make_services(root: Path, base_url: str, runtime_dir: Path, log: logging.Logger) -> Services:
    """Read the configuration that holds in ``root``; a wrong one is kept for the handlers to tell.

    Args:
        root: the Jupyter server's root folder.
        base_url: the Jupyter server's, with slashes at both ends.
        runtime_dir: a folder for secrets, readable by the user alone.
    """
    live = LiveConfig(root, log)
    marimo = MarimoServer(
        root=root,
        base_url=base_url,
        runtime_dir=runtime_dir,
        project=live.project,
        port=None if live.error else live.config.marimo.port,
        log=log,
    )
    return Services(root, marimo, NotebookIndex(live.project.root, root, log), EventHub(), live)
