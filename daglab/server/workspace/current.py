"""The workspace of the Dagster that the configuration names now."""

from __future__ import annotations

import asyncio
import logging

from daglab.client import DagsterClient
from daglab.server.events import EventHub
from daglab.server.workspace.workspace import Workspace


class CurrentWorkspace:
    """Follows one Dagster at a time: with another client another workspace is begun, and the old one asks no more."""

    def __init__(self, hub: EventHub, log: logging.Logger) -> None:
        self._hub = hub
        self._log = log
        self._client: DagsterClient | None = None
        self._workspace: Workspace | None = None
        self._closing: set[asyncio.Task[None]] = set()

    def of(self, client: DagsterClient) -> Workspace:
        """The workspace of the Dagster of ``client``."""
        self.use(client)
        if self._workspace is None:
            self._workspace = Workspace(client, self._hub, self._log)
        return self._workspace

    def use(self, client: DagsterClient | None) -> None:
        """Follow no other Dagster than that of ``client`` from now on, None: none at all; tell those who listen."""
        if client is self._client:
            return
        self._client = client
        if self._workspace is not None:
            closing = asyncio.ensure_future(self._workspace.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
            self._workspace = None
            self._hub.publish("assets", {"changed": None})

    async def close(self) -> None:
        """Ask nothing any more."""
        if self._workspace is not None:
            await self._workspace.close()
        await asyncio.gather(*self._closing)
