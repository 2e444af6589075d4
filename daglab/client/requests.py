"""Launches that are never repeated blindly: each has a request id, and is looked up by it when its answer is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import TypeVar
from weakref import WeakValueDictionary

from daglab.client.documents import launches, runs
from daglab.client.runs import REQUEST_TAG, Run, parse_run
from daglab.client.transport import LostAnswerError, Transport, member
from daglab.errors import DagsterError, LaunchConflictError

T = TypeVar("T")
Params = TypeVar("Params")
_LOOKS = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each look for a launch whose answer was lost; Dagster may still be working on it."""
_LATEST = 100
"""Backfills that are looked through; Dagster cannot be asked for them by tag."""


class Requests:
    """The launches of one client; two with the same request id wait for each other."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def once(
        self,
        request_id: str,
        *,
        new: bool,
        find: Callable[[], Awaitable[T | None]],
        prepare: Callable[[], Awaitable[Params]],
        launch: Callable[[Params], Awaitable[T]],
    ) -> T:
        """What was launched under ``request_id`` earlier, else what ``launch`` launches now.

        Args:
            request_id: the id.
            new: it was made for this launch, so that nothing can have been launched under it.
            find: looks for what was launched under it.
            prepare: checks what is to be launched, if nothing was; what was launched earlier need not be valid now.
            launch: launches what is prepared, tagged with the id.

        Raises:
            LostAnswerError: the answer was lost and nothing is found. To ask again with the same id is safe.
        """
        lock = self._locks.setdefault(request_id, asyncio.Lock())
        async with lock:
            if not new and (earlier := await find()) is not None:
                return earlier
            params = await prepare()
            try:
                return await launch(params)
            except LostAnswerError as error:
                if (launched := await _look(find)) is not None:
                    return launched
                error.remedy = (
                    "it is not known whether it was launched; look at Dagster's runs, or ask again with the same"
                    f" request id {request_id}"
                )
                error.details["request_id"] = request_id
                raise


async def _look(find: Callable[[], Awaitable[T | None]]) -> T | None:
    for pause in _LOOKS:
        await asyncio.sleep(pause)
        try:
            if (found := await find()) is not None:
                return found
        except DagsterError:
            continue  # the same trouble that lost the answer; the next look may get through
    return None


@dataclass(frozen=True)
class Wanted:
    """What a request id is to stand for; ``assets`` None: a job, of any repository or location where these are None."""

    assets: frozenset[str] | None = None
    partitions: tuple[str, ...] = ()
    job: str | None = None
    repository: str | None = None
    location: str | None = None

    def matches(self, run: Run) -> bool:
        """Whether ``run`` is that."""
        if self.assets is not None:
            made = () if run.partition is None else (run.partition,)
            return (frozenset(run.assets), made) == (self.assets, self.partitions)
        return (
            run.job_name == self.job
            and self.repository in (None, run.repository)
            and self.location in (None, run.location)
        )


async def find_run(transport: Transport, request_id: str, wanted: Wanted) -> str | None:
    """The run launched under ``request_id`` on its own; raises LaunchConflictError if it is not what is wanted."""
    for run in await _runs(transport, request_id):
        if run.parent_run_id is None:  # Dagster's own re-executions copy the tags of their parent
            if not wanted.matches(run):
                raise _conflict(request_id, f"run {run.run_id}")
            return run.run_id
    return None


async def find_reexecution(transport: Transport, request_id: str, parent: str) -> str | None:
    """The run launched under ``request_id`` as a re-execution of ``parent``, which may have the same id."""
    found = await _runs(transport, request_id)
    return next((run.run_id for run in found if run.parent_run_id == parent), None)


async def _runs(transport: Transport, request_id: str) -> list[Run]:
    answer = await transport.query(runs.RUNS_BY_TAG, {"key": REQUEST_TAG, "value": request_id})
    return [parse_run(run) for run in member(answer["runsOrError"], "Runs")["results"]]


async def find_backfill(transport: Transport, request_id: str, assets: Collection[str]) -> str | None:
    """The backfill launched under ``request_id``, if it is among the latest.

    Raises LaunchConflictError if it is one of others than ``assets``.
    """
    answer = await transport.query(launches.LATEST_BACKFILLS, {"limit": _LATEST})
    for backfill in member(answer["partitionBackfillsOrError"], "PartitionBackfills")["results"]:
        if {"key": REQUEST_TAG, "value": request_id} in backfill["tags"]:
            if {"/".join(key["path"]) for key in backfill["assetSelection"] or ()} != set(assets):
                raise _conflict(request_id, f"backfill {backfill['id']}")
            return str(backfill["id"])
    return None


def _conflict(request_id: str, launched: str) -> LaunchConflictError:
    """The error for a request id under which something else was ``launched``."""
    return LaunchConflictError(
        f"Under the request id {request_id}, {launched} was launched, which is not what is asked for now.",
        remedy="take another request id for another launch",
        details={"request_id": request_id},
    )
