"""What changes all the time, asked in one small query: the versions of the code locations and the states of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from daglab.client.documents import pulse as documents
from daglab.client.runs import FINAL_STATUSES, Run, parse_run
from daglab.client.transport import Transport, member

_AT_ONCE = 100


@dataclass(frozen=True)
class LocationVersion:
    """A code location as it is loaded; ``version`` is another one after each reload."""

    name: str
    version: str
    loading: bool


@dataclass(frozen=True)
class RunState:
    """A run's status, Dagster's RunStatus."""

    run_id: str
    status: str

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in FINAL_STATUSES


@dataclass(frozen=True)
class Pulse:
    """The locations; the 25 runs that were launched last, and those that have not ended (the newest 500), each once."""

    locations: tuple[LocationVersion, ...]
    runs: tuple[RunState, ...]


async def fetch_pulse(transport: Transport) -> Pulse:
    """What Dagster answers now."""
    answer = await transport.query(documents.PULSE)
    locations = member(answer["locationStatusesOrError"], "WorkspaceLocationStatusEntries")["entries"]
    runs = [*_results(answer["recent"]), *_results(answer["unfinished"])]
    return Pulse(
        locations=tuple(LocationVersion(x["name"], x["versionKey"], x["loadStatus"] == "LOADING") for x in locations),
        runs=tuple({run["runId"]: RunState(run["runId"], run["status"]) for run in runs}.values()),
    )


async def fetch_progress(transport: Transport, run_ids: Sequence[str]) -> list[Run]:
    """Those of the runs that Dagster has, with their progress and without their failures; a query for each hundred.

    ``steps_total`` is 0 where it is only to be had from the execution plan, which costs Dagster the most.
    """
    found: list[Run] = []
    for start in range(0, len(run_ids), _AT_ONCE):
        variables = {"runs": list(run_ids[start : start + _AT_ONCE]), "limit": _AT_ONCE}
        answer = await transport.query(documents.PROGRESS, variables)
        found += [parse_run(run) for run in _results(answer["runsOrError"])]
    return found


def _results(runs: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    results: Sequence[Mapping[str, Any]] = member(runs, "Runs")["results"]
    return results
