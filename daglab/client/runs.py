"""Runs: their state and progress, one by one and as a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from daglab.client.documents import runs as documents
from daglab.client.transport import Transport, member
from daglab.errors import DagsterError, NotFoundError, RunFailedError, ValidationError

FINAL_STATUSES = frozenset({"SUCCESS", "FAILURE", "CANCELED"})
REQUEST_TAG = "daglab/request_id"
DIGEST_TAG = "daglab/request_digest"
"""Of all that was asked for under a request id."""
PARTITION_TAG = "dagster/partition"
_FAILURE_PAGES = 50


@dataclass(frozen=True)
class StepFailure:
    """Why a run failed: the step (None: the run itself), the outer and the innermost message."""

    step: str | None
    message: str
    cause: str | None


@dataclass(frozen=True)
class Run:
    """A run; times are seconds since the epoch, ``status`` is Dagster's RunStatus."""

    run_id: str
    status: str
    job_name: str
    created_at: float
    started_at: float | None
    ended_at: float | None
    assets: tuple[str, ...]
    """Keys of the assets that were selected; empty for a job that was launched whole."""
    steps_total: int = 0
    """This and the next two are known of a single run, and 0 and empty in lists of runs."""
    steps_done: int = 0
    failures: tuple[StepFailure, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    location: str | None = None
    repository: str | None = None
    parent_run_id: str | None = None
    """The run that this one re-executes."""
    root_run_id: str | None = None
    can_terminate: bool = False

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in FINAL_STATUSES

    @property
    def partition(self) -> str | None:
        """Key of the partition it makes, if it makes one."""
        return self.tags.get(PARTITION_TAG)

    def raise_for_failure(self) -> None:
        """Raise RunFailedError, with the reasons, where the run ended without success."""
        if not self.is_final or self.status == "SUCCESS":
            return
        reasons = [f"{x.step or 'run'}: {x.cause or x.message}" for x in self.failures]
        ending = "was canceled" if self.status == "CANCELED" else "failed"
        raise RunFailedError(
            f"Run {self.run_id} {ending}{': ' if reasons else ''}{'; '.join(reasons)}.",
            remedy="its log says more",
            details={"run_id": self.run_id, "status": self.status, "failures": [vars(x) for x in self.failures]},
        )


@dataclass(frozen=True)
class RunPage:
    """A page of runs, newest first; ``cursor`` gives the next page, and is None after the last."""

    runs: tuple[Run, ...]
    cursor: str | None


def run_errors(run_id: str) -> dict[str, Callable[[str], DagsterError]]:
    """What the unions of documents about one run hold beside the run, for :func:`member`."""
    return {"RunNotFoundError": lambda _: unknown_run(run_id)}


def unknown_run(run_id: str) -> NotFoundError:
    """The error for a run that Dagster does not have."""
    return NotFoundError(
        f"Dagster knows no run {run_id}.", remedy="copy the id from the list of runs", details={"run_id": run_id}
    )


def require_limit(limit: int) -> int:
    """A number of things for one page; raises ValidationError unless it is from 1 to 1,000."""
    if not 1 <= limit <= 1000:
        raise ValidationError(f"A page cannot have {limit} entries.", remedy="ask for 1 to 1000")
    return limit


async def fetch_run(transport: Transport, run_id: str) -> Run:
    """State and progress of a run, with its failures when it failed; raises NotFoundError for an unknown one."""
    answer = await transport.query(documents.RUN, {"run": run_id})
    run = parse_run(member(answer["runOrError"], "Run", run_errors(run_id)))
    if run.status != "FAILURE":
        return run
    return replace(run, failures=tuple(parse_failures(await _failure_events(transport, run_id))))


async def fetch_status(transport: Transport, run_id: str) -> str:
    """The status alone, which costs Dagster the least; raises NotFoundError for an unknown run."""
    answer = await transport.query(documents.RUN_STATUS, {"run": run_id})
    return str(member(answer["runOrError"], "Run", run_errors(run_id))["status"])


async def fetch_runs(
    transport: Transport, filter_: Mapping[str, Any], cursor: str | None, limit: int
) -> tuple[Run, ...]:
    """Runs of a RunsFilter, newest first, those behind ``cursor``, which is a run's id."""
    answer = await transport.query(documents.RUNS, {"filter": filter_, "cursor": cursor, "limit": limit})

    def invalid(message: str) -> ValidationError:
        return ValidationError(message, remedy="ask without the filter", details={"filter": dict(filter_)})

    runs = member(answer["runsOrError"], "Runs", {"InvalidPipelineRunsFilterError": invalid})
    return tuple(parse_run(run) for run in runs["results"])


def run_url(address: str, run_id: str) -> str:
    """The page of a run in Dagster's own UI."""
    return f"{address}/runs/{quote(run_id, safe='')}"


def parse_run(run: Mapping[str, Any]) -> Run:
    """A run of a document that includes the fragment RunState; its progress where the document asks for it."""
    plan, origin = run.get("executionPlan"), run["repositoryOrigin"] or {}
    steps = run.get("stepKeysToExecute") or [step["key"] for step in (plan["steps"] if plan else [])]
    return Run(
        run_id=run["runId"],
        status=run["status"],
        job_name=run["jobName"],
        created_at=run["creationTime"],
        started_at=run["startTime"],
        ended_at=run["endTime"],
        assets=tuple("/".join(key["path"]) for key in run["assetSelection"] or ()),
        steps_total=len(steps),
        steps_done=sum(step["status"] in ("SUCCESS", "SKIPPED", "FAILURE") for step in run.get("stepStats", ())),
        tags={tag["key"]: tag["value"] for tag in run["tags"]},
        location=origin.get("repositoryLocationName"),
        repository=origin.get("repositoryName"),
        parent_run_id=run["parentRunId"],
        root_run_id=run["rootRunId"],
        can_terminate=run["canTerminate"],
    )


async def _failure_events(transport: Transport, run_id: str) -> list[Mapping[str, Any]]:
    events: list[Mapping[str, Any]] = []
    cursor = None
    for _ in range(_FAILURE_PAGES):
        answer = await transport.query(documents.RUN_FAILURES, {"run": run_id, "cursor": cursor})
        page = member(answer["logsForRun"], "EventConnection", run_errors(run_id))
        events += page["events"]
        cursor = page["cursor"]
        if not page["hasMore"]:
            break
    return events


def parse_failures(events: Sequence[Mapping[str, Any]]) -> list[StepFailure]:
    """The failures among the events of RUN_FAILURES; that of the run itself only where no step failed."""
    steps = [event for event in events if event["__typename"] == "ExecutionStepFailureEvent"]
    runs = [event for event in events if event["__typename"] == "RunFailureEvent"]
    return [_failure(event) for event in steps or runs]


def _failure(event: Mapping[str, Any]) -> StepFailure:
    error = event.get("error") or {}
    cause = error.get("cause") or {}
    message = error.get("message") or event.get("message") or "no message"
    return StepFailure(event.get("stepKey"), message.strip(), (cause.get("message") or "").strip() or None)
