"""Where each asset stands: asked of Dagster in batches, kept, and told to those who listen when it has changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from daglab.client import AssetState, AssetStatus, DagsterClient
from daglab.server.events import EventHub
from daglab.server.workspace.graph import EMPTY, AssetGraph

_AT_ONCE = 500
"""Keys a query: Dagster answers nobody else meanwhile, nor does this server while it reads the answer."""
_TOLD_AT_ONCE = 100


class AssetStates:
    """Key -> state of the assets of a graph; ``generation`` counts the changes."""

    def __init__(self, client: DagsterClient, hub: EventHub) -> None:
        self._client = client
        self._hub = hub
        self._graph = EMPTY
        self._states: dict[str, AssetState] = {}
        self._asked: dict[str, int] = {}
        self._questions = 0
        self.generation = 0
        self.completed_at = float("-inf")
        """When all states were asked for last, by the monotonic clock, and how many seconds that took."""
        self.took = 0.0

    def snapshot(self) -> Mapping[str, AssetState]:
        """The states of all assets of the graph, as they are now."""
        return dict(self._states)

    def use(self, graph: AssetGraph) -> None:
        """Let the assets be those of ``graph``; the states of those that stay are kept."""
        self._graph = graph
        self._states = {asset.key: self._states.get(asset.key) or AssetState(asset.status) for asset in graph.assets}
        self.generation += 1

    async def refresh_all(self) -> None:
        """Ask for the states of all assets; a state that was asked for meanwhile is newer, and stays."""
        began = time.monotonic()
        await self.refresh(self._graph.by_key)
        self.completed_at = time.monotonic()
        self.took = self.completed_at - began

    async def refresh(self, keys: Iterable[str]) -> None:
        """Ask for the states of ``keys``, and tell what has changed; unknown keys are left out."""
        known = self._graph.by_key
        wanted = [key for key in keys if key in known]
        for start in range(0, len(wanted), _AT_ONCE):
            self._questions += 1
            number, batch = self._questions, wanted[start : start + _AT_ONCE]
            checked = [key for key in batch if known[key].has_checks]
            answer = await self._client.statuses(batch, checked=checked)
            self._take(answer, number)
            await asyncio.sleep(0)

    def _take(self, answer: Mapping[str, AssetState], number: int) -> None:
        changed: dict[str, Any] = {}
        for key, state in answer.items():
            asset = self._graph.by_key.get(key)
            if asset is None or self._asked.get(key, 0) > number:
                continue
            self._asked[key] = number
            if state.status is AssetStatus.NEVER and not asset.materializable:
                state = replace(state, status=AssetStatus.EXTERNAL)
            if self._states[key] != state:
                self._states[key] = state
                changed[key] = state_json(state)
        if changed:
            self.generation += 1
            # Who is told of nothing in particular reads all of them again.
            self._hub.publish("assets", {"changed": changed if len(changed) <= _TOLD_AT_ONCE else None})


def state_json(state: AssetState) -> dict[str, Any]:
    """The fields of an asset that change, as REST and events tell them."""
    return {
        "status": state.status.value,
        "materialized_at": state.materialized_at,
        "run_id": state.run_id,
        "failed_checks": list(state.failed_checks),
        "warned_checks": list(state.warned_checks),
        "status_error": state.status_error,
    }
