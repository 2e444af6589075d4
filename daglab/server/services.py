"""What the handlers work with: the configuration, the client of Dagster, the notebooks, marimo."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from daglab.client import DagsterClient
from daglab.config import Config, load_config
from daglab.errors import ConfigError
from daglab.project import Project
from daglab.server.events import EventHub
from daglab.server.marimo_process import MarimoSetting
from daglab.server.marimo_server import MarimoServer
from daglab.server.notebooks import NotebookIndex
from daglab.server.pair_sync import PairSync
from daglab.server.rooms import Rooms

SETTING = "daglab_services"


@dataclass(frozen=True)
class Services:
    """One of each for the life of the Jupyter server.

    ``config`` and ``dagster`` are what a wrong configuration leaves open: then ``config_error`` says what is wrong.
    """

    root: Path
    marimo: MarimoServer
    notebooks: NotebookIndex
    events: EventHub
    pairs: PairSync
    config: Config | None
    dagster: DagsterClient | None
    config_error: ConfigError | None

    @property
    def client(self) -> DagsterClient:
        """The client; raises the ConfigError that keeps it from being made."""
        if self.dagster is None:
            assert self.config_error is not None
            raise self.config_error
        return self.dagster

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed; so it is as long as the configuration is wrong."""
        return self.config is None or self.config.read_only

    @property
    def syncs_by_itself(self) -> bool:
        """Whether pairs are synced when a file is saved or changes."""
        return self.config is not None and self.config.jupyter.sync_on_save and not self.read_only


def make_services(root: Path, base_url: str, runtime_dir: Path, server: Any, log: logging.Logger) -> Services:
    """Read the configuration that holds in ``root``; a wrong one is kept for the handlers to tell.

    Args:
        root: the Jupyter server's root folder.
        base_url: the Jupyter server's, with slashes at both ends.
        runtime_dir: a folder for secrets, readable by the user alone.
        server: the ``ServerApp``.
    """
    config: Config | None = None
    dagster: DagsterClient | None = None
    fault: ConfigError | None = None
    project = Project(root)
    try:
        config = load_config(root)
        project = Project.find(root, config)
        dagster = DagsterClient(config.dagster, read_only=config.read_only)
    except ConfigError as error:
        log.error("daglab: the configuration is wrong: %s", error)
        fault = error
    events = EventHub()
    port = config.marimo.port if config else None
    marimo = MarimoServer(MarimoSetting(root, base_url, runtime_dir, project, port), log, events.publish)
    pairs = PairSync(root, partial(events.publish, "pairs"), Rooms(server, root), log)
    return Services(root, marimo, NotebookIndex(project.root, root, log), events, pairs, config, dagster, fault)
