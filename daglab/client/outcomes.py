"""What Dagster answers to a launch: an id, or a refusal, each one raised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from daglab.errors import AuthenticationError, DagsterError, NotFoundError, ValidationError

_UNKNOWN_JOB = frozenset({"PipelineNotFoundError", "PartitionSetNotFoundError"})
_REFUSED = frozenset(
    {
        "InvalidSubsetError",
        "ConflictingExecutionParamsError",
        "NoModeProvidedError",
        "ModeNotFoundError",
        "PresetNotFoundError",
        "PartitionKeysNotFoundError",
    }
)


def launched_run_id(result: Mapping[str, Any]) -> str:
    """The run id in the answer to LAUNCH_RUN or REEXECUTE; raises what :func:`refuse` raises."""
    if result["__typename"] != "LaunchRunSuccess":
        raise refusal(result)
    return str(result["run"]["runId"])


def launched_backfill_id(result: Mapping[str, Any]) -> str:
    """The backfill's id in the answer to LAUNCH_BACKFILL; raises what :func:`refuse` raises."""
    if result["__typename"] != "LaunchBackfillSuccess":
        raise refusal(result)
    return str(result["backfillId"])


def refusal(result: Mapping[str, Any]) -> DagsterError:
    """The error for a union member that is no success.

    ValidationError where configuration or selection are not valid (``details`` says where), NotFoundError for an
    unknown job, AuthenticationError where the user may not launch, DagsterError where Dagster failed or answers
    something that daglab does not know.
    """
    kind = result["__typename"]
    message = str(result.get("message", "")).strip()
    details: dict[str, Any] = {"type": kind}
    if kind == "RunConfigValidationInvalid":
        errors = config_errors(result)
        return ValidationError(
            f"The run's configuration is not valid: {'; '.join(errors)}",
            remedy="run_config_schema tells what it may be",
            details={**details, "errors": result["errors"]},
        )
    if kind in ("InvalidStepError", "InvalidOutputError"):
        details |= {name: value for name, value in result.items() if name != "__typename"}
        return ValidationError(f"Dagster refuses the selection: {kind}.", details=details)
    if kind in _UNKNOWN_JOB:
        return NotFoundError(message, remedy="reload the code location", details=details)
    if kind == "UnauthorizedError":
        return AuthenticationError(message or "Dagster does not let you launch runs.", details=details)
    if kind in _REFUSED:
        return ValidationError(message, remedy="reload the code location and try again", details=details)
    return DagsterError(message or f"Dagster answers with {kind}.", remedy="its log says more", details=details)


def config_errors(result: Mapping[str, Any]) -> list[str]:
    """``path: message`` of each error of a RunConfigValidationInvalid."""
    return [f"{'.'.join(error['path']) or 'config'}: {error['message']}" for error in result["errors"]]
