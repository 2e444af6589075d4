"""What a Dagster instance says of itself: version, code locations, and whether its runs will start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from daglab.client.transport import member

_QUEUE_DAEMON = "QUEUED_RUN_COORDINATOR"


@dataclass(frozen=True)
class Location:
    """A code location; ``error`` is why its definitions could not be loaded.

    ``folder`` is the working folder on Dagster's machine that it is loaded in, where Dagster tells it.
    """

    name: str
    loading: bool
    error: str | None
    folder: str | None = None


@dataclass(frozen=True)
class DagsterStatus:
    """A Dagster that answers. ``launch_problem`` says why launched runs stay QUEUED; None: they will start."""

    address: str
    version: str
    locations: tuple[Location, ...]
    launch_problem: str | None


def parse_status(data: Mapping[str, Any], address: str) -> DagsterStatus:
    """The answer to the document INSTANCE."""
    workspace = member(data["workspaceOrError"], "Workspace")
    return DagsterStatus(
        address=address,
        version=data["version"],
        locations=tuple(_location(entry) for entry in workspace["locationEntries"]),
        launch_problem=_launch_problem(data["instance"]),
    )


def _location(entry: Mapping[str, Any]) -> Location:
    loaded = entry["locationOrLoadError"]  # None while it loads
    # loadStatus is LOADED as well for a location that failed; the union's member tells.
    failed = loaded is not None and loaded["__typename"] == "PythonError"
    return Location(
        name=entry["name"],
        loading=entry["loadStatus"] == "LOADING" or loaded is None,
        error=loaded["message"].strip() if failed else None,
        folder=next((x["value"] for x in entry["displayMetadata"] if x["key"] == "working_directory"), None),
    )


def _launch_problem(instance: Mapping[str, Any]) -> str | None:
    if not instance["runQueuingSupported"]:  # runs are launched at once, by no daemon
        return None
    for daemon in instance["daemonHealth"]["allDaemonStatuses"]:
        if daemon["daemonType"] == _QUEUE_DAEMON and not daemon["healthy"]:
            errors = [error["message"].strip() for error in daemon["lastHeartbeatErrors"]]
            return f"Dagster's daemon fails: {errors[0]}" if errors else "No Dagster daemon is running."
    return None
