"""What the handlers work with: the configuration, the client of Dagster, Dagster itself, the notebooks, marimo."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from daglab.client import DagsterClient, Run
from daglab.config import Config
from daglab.server.dagster_server import DagsterServer
from daglab.server.events import EventHub
from daglab.server.live_config import LiveConfig
from daglab.server.marimo_process import MarimoSetting
from daglab.server.marimo_server import MarimoServer
from daglab.server.notebooks import NotebookIndex
from daglab.server.pair_sync import PairSync
from daglab.server.rooms import Rooms
from daglab.server.shared import SharedQuestions
from daglab.server.supervisor import Standing
from daglab.server.workspace import CurrentWorkspace, Workspace

SETTING = "daglab_services"


@dataclass(frozen=True)
class Services:
    """One of each for the life of the Jupyter server; what the configuration decides is asked for anew each time."""

    root: Path
    marimo: MarimoServer
    notebooks: NotebookIndex
    events: EventHub
    questions: SharedQuestions
    pairs: PairSync
    live: LiveConfig
    dagster_server: DagsterServer
    followed: CurrentWorkspace
    log: logging.Logger

    @property
    def config(self) -> Config:
        """The configuration in force; raises the DaglabError that says what is wrong with it."""
        return self.live.config

    @property
    def client(self) -> DagsterClient:
        """The client of Dagster; raises the DaglabError that keeps it from being made."""
        return self.live.client

    @property
    def workspace(self) -> Workspace:
        """The workspace of that Dagster; raises the DaglabError that keeps it from being followed."""
        return self.followed.of(self.client)

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed; so it is as long as the configuration is wrong."""
        return self.live.error is not None or self.config.read_only

    def dagster_changed(self, run: Run | None = None) -> None:
        """Something was changed in Dagster, ``run`` as it is now: whoever asks from now on is told nothing older."""
        self.questions.forget()
        if self.live.error is not None:  # wrong since then: nothing is followed that could tell something older
            return
        if run is None:
            self.workspace.touch()
            self.workspace.hurry()
        else:
            self.workspace.expect(run)

    async def sweep(self) -> None:
        """End what a killed server left."""
        await asyncio.gather(self.marimo.sweep(), self.dagster_server.sweep())

    async def close(self) -> None:
        """End what was started."""
        # The processes before all else: whoever ends this server may not wait for long.
        await self._quietly(self.marimo.stop(), self.dagster_server.stop(), self.followed.close())
        await self._quietly(self.pairs.stop(), self.live.close())

    async def _quietly(self, *endings: Awaitable[None]) -> None:
        """What fails must not keep the rest from ending."""
        for error in await asyncio.gather(*endings, return_exceptions=True):
            if error is not None:
                self.log.error("daglab: not all could be ended", exc_info=error)

    def close_now(self) -> None:
        """End the processes that were started, without an event loop: for the end of this process."""
        self.marimo.stop_now()
        self.dagster_server.stop_now()

    @property
    def notebooks_folder(self) -> Path:
        """Where new notebooks go."""
        named = self.config.notebooks_dir
        return self.live.project.root / named if named else self.root


def _syncs_by_itself(live: LiveConfig) -> bool:
    """Whether pairs are synced when a file is saved or changes."""
    return live.error is None and not live.config.read_only and live.config.jupyter.sync_on_save


def make_services(root: Path, base_url: str, runtime_dir: Path, server: Any, log: logging.Logger) -> Services:
    """Read the configuration that holds in ``root``; a wrong one is kept for the handlers to tell.

    Args:
        root: the Jupyter server's root folder.
        base_url: the Jupyter server's, with slashes at both ends.
        runtime_dir: a folder for secrets, readable by the user alone.
        server: the ``ServerApp``.
    """
    live, events, questions = LiveConfig(root, log), EventHub(), SharedQuestions()
    followed = CurrentWorkspace(events, log)

    def reconfigured() -> None:
        questions.forget()
        followed.use(live.client if live.error is None else None)

    live.on_change(reconfigured)

    def changed(now: Standing) -> None:
        questions.forget()
        events.publish("dagster", asdict(now))

    return Services(
        root=root,
        marimo=MarimoServer(MarimoSetting(root, base_url, runtime_dir, live), log, events.publish),
        notebooks=NotebookIndex(lambda: live.project.root, root, log),
        events=events,
        questions=questions,
        pairs=PairSync(
            root, partial(events.publish, "pairs"), Rooms(server, root), partial(_syncs_by_itself, live), log
        ),
        live=live,
        dagster_server=DagsterServer(runtime_dir=runtime_dir, changed=changed, log=log),
        followed=followed,
        log=log,
    )
