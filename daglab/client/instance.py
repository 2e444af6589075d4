"""What a Dagster instance says of itself: version, code locations, and whether its runs will start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from daglab.client.documents import instance as documents
from daglab.client.transport import Transport, member

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
class Daemon:
    """A daemon; ``healthy`` is None where Dagster cannot tell, ``last_heartbeat`` in seconds since the epoch."""

    type: str
    required: bool
    healthy: bool | None
    last_heartbeat: float | None
    errors: tuple[str, ...]


@dataclass(frozen=True)
class DaemonHealth:
    """The daemons. ``launch_problem`` says why launched runs stay QUEUED; None: they will start."""

    daemons: tuple[Daemon, ...]
    launch_problem: str | None


@dataclass(frozen=True)
class DagsterStatus:
    """A Dagster that answers. ``launch_problem`` says why launched runs stay QUEUED; None: they will start.

    Dagster holds a daemon for alive until half an hour after its ``last_heartbeat``, of which it has one each half
    minute; seconds since the epoch, None where no daemon launches runs.
    """

    address: str
    version: str
    locations: tuple[Location, ...]
    launch_problem: str | None
    last_heartbeat: float | None = None


async def fetch_daemons(transport: Transport) -> DaemonHealth:
    """The daemons, and whether they start launched runs."""
    return parse_daemons((await transport.query(documents.DAEMONS))["instance"])


def parse_status(data: Mapping[str, Any], address: str) -> DagsterStatus:
    """The answer to the document INSTANCE."""
    workspace = member(data["workspaceOrError"], "Workspace")
    health = parse_daemons(data["instance"])
    is_queued = data["instance"]["runQueuingSupported"]
    return DagsterStatus(
        address=address,
        version=data["version"],
        locations=tuple(parse_location(entry) for entry in workspace["locationEntries"]),
        launch_problem=health.launch_problem,
        last_heartbeat=next(
            (daemon.last_heartbeat for daemon in health.daemons if is_queued and daemon.type == _QUEUE_DAEMON), None
        ),
    )


def parse_location(entry: Mapping[str, Any]) -> Location:
    """A WorkspaceLocationEntry."""
    loaded = entry["locationOrLoadError"]  # None while it loads
    # loadStatus is LOADED as well for a location that failed; the union's member tells.
    failed = loaded is not None and loaded["__typename"] == "PythonError"
    return Location(
        name=entry["name"],
        loading=entry["loadStatus"] == "LOADING" or loaded is None,
        error=_reason(loaded) if failed else None,
        folder=next((x["value"] for x in entry["displayMetadata"] if x["key"] == "working_directory"), None),
    )


def _reason(error: Mapping[str, Any]) -> str:
    """What was being done, and the innermost cause, which is the user's own error."""
    messages = [error["message"], *(cause["message"] for cause in error["causes"][-1:])]
    return "\n".join(message.strip() for message in messages)


def parse_daemons(instance: Mapping[str, Any]) -> DaemonHealth:
    """The field ``instance`` of the documents INSTANCE and DAEMONS."""
    daemons = tuple(
        Daemon(
            type=status["daemonType"],
            required=status["required"],
            healthy=status["healthy"],
            last_heartbeat=status["lastHeartbeatTime"],
            errors=tuple(error["message"].strip() for error in status["lastHeartbeatErrors"]),
        )
        for status in instance["daemonHealth"]["allDaemonStatuses"]
    )
    return DaemonHealth(daemons, _launch_problem(daemons) if instance["runQueuingSupported"] else None)


def _launch_problem(daemons: tuple[Daemon, ...]) -> str | None:
    """For runs that are queued; others are launched at once, by no daemon."""
    for daemon in daemons:
        if daemon.type == _QUEUE_DAEMON and not daemon.healthy:
            return f"Dagster's daemon fails: {daemon.errors[0]}" if daemon.errors else "No Dagster daemon is running."
    return None
