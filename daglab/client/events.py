"""What a run's log tells: steps, messages, failures, assets made."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from daglab.client.documents import runs as documents
from daglab.client.metadata import Metadata, parse_metadata
from daglab.client.runs import require_limit, run_errors
from daglab.client.transport import Transport, member
from daglab.errors import ValidationError

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
ENDINGS = frozenset({"RUN_SUCCESS", "RUN_FAILURE", "RUN_CANCELED"})
"""The kinds of events after which a run has ended."""


@dataclass(frozen=True)
class EventError:
    """A Python exception in a run; ``cause`` is the one it was raised from, for failed steps the user's own."""

    class_name: str | None
    message: str
    stack: tuple[str, ...]
    cause: EventError | None


@dataclass(frozen=True)
class RunEvent:
    """One line of a run's log.

    ``timestamp`` is in seconds since the epoch, ``level`` one of LEVELS, ``kind`` Dagster's event type such as
    STEP_FAILURE, or LOG for what the code of an asset logs itself. ``metadata`` is that of what was made or observed,
    or of a failed step's ``dagster.Failure``.
    """

    timestamp: float
    level: str
    kind: str
    step: str | None
    message: str
    error: EventError | None = None
    asset: str | None = None
    partition: str | None = None
    metadata: tuple[Metadata, ...] = ()

    @property
    def ends_run(self) -> bool:
        """Whether the run has ended with it."""
        return self.kind in ENDINGS


@dataclass(frozen=True)
class RunLogs:
    """A page of a run's log; ``cursor`` continues behind it, also later, when more has been logged."""

    events: tuple[RunEvent, ...]
    cursor: str
    has_more: bool


async def fetch_logs(transport: Transport, run_id: str, cursor: str | None, limit: int, level: str) -> RunLogs:
    """One page of at most ``limit`` events (1 to 1000), of which those below ``level`` are left out.

    Raises:
        NotFoundError: an unknown run.
        ValidationError: ``level`` is none of LEVELS, the limit none of these numbers, or the cursor none of a log.
    """
    least = level_rank(level)
    variables = {"run": run_id, "cursor": require_cursor(cursor), "limit": require_limit(limit)}
    answer = await transport.query(documents.RUN_LOGS, variables)
    page = member(answer["logsForRun"], "EventConnection", run_errors(run_id))
    events = tuple(event for event in parse_events(page["events"]) if level_rank(event.level) >= least)
    return RunLogs(events, page["cursor"], page["hasMore"])


def require_cursor(cursor: str | None) -> str | None:
    """The cursor of a log, if it is one as Dagster's ``EventLogCursor`` writes it; raises ValidationError otherwise.

    Dagster itself fails at another one, with whatever its decoding raises.
    """
    if cursor is None:
        return None
    try:
        value = json.loads(base64.b64decode(cursor, validate=True))
        known = value["type"] in ("OFFSET", "STORAGE_ID") and type(value["value"]) is int
        if known and 0 <= value["value"] < 2**63:  # what databases count with
            return cursor
    except (ValueError, LookupError, TypeError, RecursionError):
        pass
    raise ValidationError("The cursor is not one of a log.", remedy="give the cursor of the page before, or none")


def level_rank(level: str) -> int:
    """Where a level stands in LEVELS; raises ValidationError for another one."""
    try:
        return LEVELS.index(level.upper())
    except ValueError:
        raise ValidationError(f"There is no level {level!r}.", remedy=f"one of {', '.join(LEVELS)}") from None


def parse_events(events: Sequence[Mapping[str, Any]]) -> list[RunEvent]:
    """The events of a document that includes the fragment Events; an unknown kind keeps Dagster's name for it."""
    return [_event(event) for event in events]


def _event(event: Mapping[str, Any]) -> RunEvent:
    kind = event.get("eventType") or ("LOG" if event["__typename"] == "LogMessageEvent" else event["__typename"])
    key, failure = event.get("assetKey"), event.get("failureMetadata") or {}
    return RunEvent(
        timestamp=int(event.get("timestamp") or 0) / 1000,
        level=event.get("level") or "INFO",
        # older runs have the names of before Dagster 1.0
        kind=kind.replace("PIPELINE_", "RUN_"),
        step=event.get("stepKey"),
        message=event.get("message") or "",
        error=_error(event.get("error")),
        asset="/".join(key["path"]) if key else None,
        partition=event.get("partition"),
        metadata=parse_metadata(event.get("metadataEntries") or failure.get("metadataEntries") or ()),
    )


def _error(error: Mapping[str, Any] | None) -> EventError | None:
    if error is None:
        return None
    return EventError(error["className"], error["message"].strip(), tuple(error["stack"]), _error(error.get("cause")))
