"""Runs: their state and progress, and what Dagster answers when one is launched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from daglab.errors import AuthenticationError, DagsterError, NotFoundError, ValidationError

FINAL_STATUSES = frozenset({"SUCCESS", "FAILURE", "CANCELED"})
REQUEST_TAG = "daglab/request_id"


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
    steps_total: int
    steps_done: int
    failures: tuple[StepFailure, ...] = ()

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in FINAL_STATUSES


def parse_run(result: Mapping[str, Any], run_id: str) -> Run:
    """The ``runOrError`` of the document RUN; raises NotFoundError for an unknown run."""
    run = found(result, run_id)
    plan = run["executionPlan"]
    steps = run["stepKeysToExecute"] or [step["key"] for step in (plan["steps"] if plan else [])]
    return Run(
        run_id=run["runId"],
        status=run["status"],
        job_name=run["jobName"],
        created_at=run["creationTime"],
        started_at=run["startTime"],
        ended_at=run["endTime"],
        assets=tuple("/".join(key["path"]) for key in run["assetSelection"] or ()),
        steps_total=len(steps),
        steps_done=sum(1 for step in run["stepStats"] if step["status"] in ("SUCCESS", "SKIPPED", "FAILURE")),
    )


def found(result: Mapping[str, Any], run_id: str) -> Mapping[str, Any]:
    """The run of a ``runOrError``; raises NotFoundError, or DagsterError for any other member."""
    kind = result["__typename"]
    if kind == "Run":
        return result
    if kind == "RunNotFoundError":
        raise NotFoundError(
            f"Dagster knows no run {run_id}.", remedy="copy the id from the list of runs", details={"run_id": run_id}
        )
    raise DagsterError(str(result.get("message", kind)).strip(), details={"type": kind})


def parse_failures(events: Sequence[Mapping[str, Any]]) -> list[StepFailure]:
    """The failures among the events of the document RUN_EVENTS; that of the run itself only where no step failed."""
    steps = [event for event in events if event["__typename"] == "ExecutionStepFailureEvent"]
    runs = [event for event in events if event["__typename"] == "RunFailureEvent"]
    return [_failure(event) for event in steps or runs]


def _failure(event: Mapping[str, Any]) -> StepFailure:
    error = event.get("error") or {}
    cause = error.get("cause") or {}
    message = error.get("message") or event.get("message") or "no message"
    return StepFailure(event.get("stepKey"), message.strip(), (cause.get("message") or "").strip() or None)


def launched_run_id(result: Mapping[str, Any]) -> str:
    """The run id in the answer to LAUNCH_RUN; each refusal of Dagster is raised.

    Raises:
        ValidationError: the run's configuration or selection is not valid; ``details`` says where.
        NotFoundError: the job is unknown.
        AuthenticationError: the user may not launch runs.
        DagsterError: Dagster failed, or answers something that daglab does not know.
    """
    kind = result["__typename"]
    if kind == "LaunchRunSuccess":
        return str(result["run"]["runId"])
    message = str(result.get("message", "")).strip()
    details: dict[str, Any] = {"type": kind}
    if kind == "RunConfigValidationInvalid":
        details["errors"] = result["errors"]
        message = "; ".join(f"{'.'.join(e['path']) or 'config'}: {e['message']}" for e in result["errors"])
        raise ValidationError(f"The run's configuration is not valid: {message}", details=details)
    if kind in ("InvalidStepError", "InvalidOutputError"):
        details |= {name: value for name, value in result.items() if name != "__typename"}
        raise ValidationError(f"Dagster refuses the selection: {kind}.", details=details)
    if kind == "PipelineNotFoundError":
        raise NotFoundError(message, remedy="reload the code location", details=details)
    if kind == "UnauthorizedError":
        raise AuthenticationError(message or "Dagster does not let you launch runs.", details=details)
    if kind in ("InvalidSubsetError", "ConflictingExecutionParamsError", "NoModeProvidedError", "PresetNotFoundError"):
        raise ValidationError(message, remedy="reload the code location and try again", details=details)
    raise DagsterError(message or f"Dagster answers with {kind}.", remedy="its log says more", details=details)
