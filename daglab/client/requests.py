"""Launches that are never repeated blindly: each has a request id, and is looked up by it when its answer is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from weakref import WeakValueDictionary

from daglab.client.documents import launches, runs
from daglab.client.runs import REQUEST_TAG
from daglab.client.transport import LostAnswerError, Transport, member
from daglab.errors import DagsterError

T = TypeVar("T")
_LOOKS = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each look for a launch whose answer was lost; Dagster may still be working on it."""
_LATEST = 100
"""Backfills that are looked through; Dagster cannot be asked for them by tag."""


class Requests:
    """The launches of one client; two with the same request id wait for each other."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def once(
        self, request_id: str, *, new: bool, find: Callable[[], Awaitable[T | None]], launch: Callable[[], Awaitable[T]]
    ) -> T:
        """What was launched under ``request_id`` earlier, else what ``launch`` launches now.

        Args:
            request_id: the id.
            new: it was made for this launch, so that nothing can have been launched under it.
            find: looks for what was launched under it.
            launch: launches, tagged with it.

        Raises:
            LostAnswerError: the answer was lost and nothing is found. To ask again with the same id is safe.
        """
        lock = self._locks.setdefault(request_id, asyncio.Lock())
        async with lock:
            if not new and (earlier := await find()) is not None:
                return earlier
            try:
                return await launch()
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


async def find_run(transport: Transport, request_id: str, parent: str | None) -> str | None:
    """The run launched under ``request_id``, as a re-execution of ``parent`` or, for None, on its own.

    Dagster's own re-executions copy the tags of their parent, the request's id among them.
    """
    variables = {"key": REQUEST_TAG, "value": request_id}
    answer = await transport.query(runs.RUNS_BY_TAG, variables)
    found = member(answer["runsOrError"], "Runs")["results"]
    return next((run["runId"] for run in found if run["parentRunId"] == parent), None)


async def find_backfill(transport: Transport, request_id: str) -> str | None:
    """The backfill launched under ``request_id``, if it is among the latest."""
    answer = await transport.query(launches.LATEST_BACKFILLS, {"limit": _LATEST})
    for backfill in member(answer["partitionBackfillsOrError"], "PartitionBackfills")["results"]:
        if {"key": REQUEST_TAG, "value": request_id} in backfill["tags"]:
            return str(backfill["id"])
    return None
