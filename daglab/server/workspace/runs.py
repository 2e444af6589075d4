"""The runs in progress, wherever they were launched: followed to their end, their progress told to those who listen."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from daglab.client import FINAL_STATUSES, DagsterClient, Run, RunState
from daglab.server.events import EventHub

_PROGRESS_SECONDS = 2.0
_KNOWN = 5_000
_UNSEEN = "UNSEEN"


class RunFollower:
    """Follows all runs that are not ended, by what each pulse says of them."""

    def __init__(self, client: DagsterClient, hub: EventHub) -> None:
        self._client = client
        self._hub = hub
        self._known: dict[str, str] = {}
        self._told: dict[str, dict[str, Any]] = {}
        self._progress_at = float("-inf")
        self._began = False

    @property
    def following(self) -> bool:
        """Whether any run is in progress."""
        return any(status not in FINAL_STATUSES for status in self._known.values())

    def note(self, run: Run) -> bool:
        """Follow a run that somebody has seen, from before the next pulse; whether it tells something new."""
        known = self._known.get(run.run_id)
        if known == run.status or (known is None and run.is_final):  # one of long ago is no news
            return False
        self._known.setdefault(run.run_id, _UNSEEN)
        return True

    async def follow(self, states: Sequence[RunState]) -> list[Run]:
        """Take the pulse's ``states``; return the runs that have changed or are in progress, for :meth:`tell`."""
        now = {state.run_id: state.status for state in states}
        unfinished = [run_id for run_id, status in self._known.items() if status not in FINAL_STATUSES]
        changed = [run_id for run_id, status in now.items() if self._known.get(run_id) != status]
        if not self._began:  # what had ended before anybody looked is no news
            ended = {x: s for x, s in now.items() if s in FINAL_STATUSES and x not in self._known}
            self._known |= ended
            changed = [run_id for run_id in changed if run_id not in ended]
            self._began = True
        asked = dict.fromkeys([*changed, *(run_id for run_id in unfinished if run_id not in now)])
        if time.monotonic() - self._progress_at > _PROGRESS_SECONDS:
            asked |= dict.fromkeys([*unfinished, *(x for x, status in now.items() if status not in FINAL_STATUSES)])
            self._progress_at = time.monotonic()
        if not asked:
            return []
        runs = await self._client.progress(list(asked))
        for gone in asked.keys() - {run.run_id for run in runs}:  # deleted
            self._known.pop(gone, None)
            self._told.pop(gone, None)
        self._known |= {run.run_id: run.status for run in runs}
        self._forget(now)
        return runs

    def tell(self, runs: Iterable[Run]) -> None:
        """Tell those who listen what of ``runs`` they were not told yet."""
        for run in runs:
            told = run_json(run)
            if self._told.get(run.run_id) != told:
                self._hub.publish("runs", told)
            if run.is_final:
                self._told.pop(run.run_id, None)
            else:
                self._told[run.run_id] = told

    def _forget(self, seen: Iterable[str]) -> None:
        """Keep the ended runs that a pulse may still name, and not those of all time."""
        if len(self._known) > _KNOWN:
            kept = set(seen)
            self._known = {x: s for x, s in self._known.items() if x in kept or s not in FINAL_STATUSES}


def run_json(run: Run) -> dict[str, Any]:
    """What listeners are told of a run."""
    return {
        "id": run.run_id,
        "status": run.status,
        "final": run.is_final,
        "job": run.job_name,
        "assets": list(run.assets),
        "steps_total": run.steps_total,
        "steps_done": run.steps_done,
    }
