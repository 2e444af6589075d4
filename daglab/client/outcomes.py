"""What Dagster answers to a launch: an id, or a refusal, each one raised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from daglab.errors import AuthenticationError, DagsterError, NotFoundError, ValidationError


@dataclass(frozen=True)
class ConfigFault:
    """One fault of a run's configuration; ``path`` leads to it, ``reason`` is Dagster's name of its kind."""

    path: tuple[str, ...]
    message: str
    reason: str


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
    """The run id in the answer to LAUNCH_RUN or REEXECUTE; raises what :func:`refusal` raises."""
    if result["__typename"] != "LaunchRunSuccess":
        raise refusal(result)
    return str(result["run"]["runId"])


def launched_backfill_id(result: Mapping[str, Any]) -> str:
    """The backfill's id in the answer to LAUNCH_BACKFILL; raises what :func:`refusal` raises."""
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
        return invalid_config(parse_faults(result))
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


def invalid_config(faults: Sequence[ConfigFault]) -> ValidationError:
    """The error for a run's configuration that has these faults."""
    told = "; ".join(f"{'.'.join(fault.path) or 'config'}: {fault.message}" for fault in faults)
    return ValidationError(
        f"The run's configuration is not valid: {told}",
        remedy="run_config_schema tells what it may be",
        details={"type": "RunConfigValidationInvalid", "errors": [vars(fault) for fault in faults]},
    )


def parse_faults(result: Mapping[str, Any]) -> list[ConfigFault]:
    """The faults in a RunConfigValidationInvalid."""
    return [
        ConfigFault(tuple(map(_step, error["stack"]["entries"])), error["message"], error["reason"])
        for error in result["errors"]
    ]


def _step(entry: Mapping[str, Any]) -> str:
    known = (entry.get(name) for name in ("fieldName", "listIndex", "mapKey"))
    return next((str(step) for step in known if step is not None), entry["__typename"])
