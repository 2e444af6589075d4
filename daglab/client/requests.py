"""Launches that are never repeated blindly: each has a request id, and is looked up by it when its answer is lost."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from daglab.client.documents import launches, runs
from daglab.client.runs import DIGEST_TAG, REQUEST_TAG, Run, parse_run
from daglab.client.transport import LostAnswerError, Transport, encoded, member
from daglab.errors import DagsterError, LaunchConflictError

T = TypeVar("T")
Params = TypeVar("Params")
_LOOKS = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each look for a launch whose answer was lost; Dagster may still be working on it."""
_PAGE = 500
"""Backfills a query; Dagster cannot be asked for them by tag."""


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


def digest(kind: str, tags: Mapping[str, str] | None, config: Mapping[str, Any] | None = None, **asked: Any) -> str:
    """What all of a request comes to; in another order of its keys it is the same.

    Raises ValidationError for a value that JSON has no word for.
    """
    body = {"kind": kind, "tags": dict(tags or {}), "config": dict(config or {}), **asked}
    return hashlib.sha256(encoded(body, sorted_keys=True)).hexdigest()


async def find_run(transport: Transport, request_id: str, digest: str) -> str | None:
    """The run launched under ``request_id`` on its own; raises LaunchConflictError where another one was asked for."""
    for run in await _runs(transport, request_id):
        if run.parent_run_id is None:  # Dagster's own re-executions copy the tags of their parent
            if run.tags.get(DIGEST_TAG) != digest:
                raise _conflict(request_id, f"run {run.run_id}")
            return run.run_id
    return None


async def find_reexecution(transport: Transport, request_id: str, digest: str, parent: str) -> str | None:
    """The run launched under ``request_id`` as a re-execution of ``parent``, which may have the same id.

    Raises LaunchConflictError where another re-execution of it was asked for.
    """
    found = await _runs(transport, request_id)
    copied = {run.tags.get(DIGEST_TAG) for run in found if run.run_id == parent}  # by Dagster's own, see above
    asked = [run for run in found if run.parent_run_id == parent and run.tags.get(DIGEST_TAG) not in copied]
    if any(run.tags.get(DIGEST_TAG) != digest for run in asked):
        raise _conflict(request_id, f"run {asked[0].run_id}")
    return asked[0].run_id if asked else None


async def _runs(transport: Transport, request_id: str) -> list[Run]:
    answer = await transport.query(runs.RUNS_BY_TAG, {"key": REQUEST_TAG, "value": request_id})
    return [parse_run(run) for run in member(answer["runsOrError"], "Runs")["results"]]


async def find_backfill(transport: Transport, request_id: str, digest: str) -> str | None:
    """The backfill launched under ``request_id``; raises LaunchConflictError where another one was asked for."""
    cursor = None
    while True:
        answer = await transport.query(launches.BACKFILLS, {"limit": _PAGE, "cursor": cursor})
        page = member(answer["partitionBackfillsOrError"], "PartitionBackfills")["results"]
        for backfill in page:
            tags = {tag["key"]: tag["value"] for tag in backfill["tags"]}
            if tags.get(REQUEST_TAG) == request_id:
                if tags.get(DIGEST_TAG) != digest:
                    raise _conflict(request_id, f"backfill {backfill['id']}")
                return str(backfill["id"])
        if len(page) < _PAGE:
            return None
        cursor = page[-1]["id"]


def _conflict(request_id: str, launched: str) -> LaunchConflictError:
    """The error for a request id under which something else was ``launched``."""
    return LaunchConflictError(
        f"Under the request id {request_id}, {launched} was launched, which is not what is asked for now.",
        remedy="take another request id for another launch",
        details={"request_id": request_id},
    )
