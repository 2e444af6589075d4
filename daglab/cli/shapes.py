"""The shapes of what commands print with ``--json``; docs/cli.schema.json is made from them.

What an engine has as a dataclass is named here and not repeated; tests hold every command's real output against these.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Literal

from pydantic import TypeAdapter
from typing_extensions import NotRequired, TypedDict

from daglab.audit import AuditReport
from daglab.cli.doctor_findings import State
from daglab.cli.workspace import InstalledLocation
from daglab.client.locations import Schedule, Sensor
from daglab.config_sources import Origin
from daglab.notebook.findings import Finding
from daglab.pair.conflicts import CellConflict
from daglab.pair.plan import PairState


class ErrorFields(TypedDict):
    """``code`` is stable; ``message`` and ``remedy`` are for people; ``details`` depend on the code."""

    code: str
    message: str
    remedy: str
    details: dict[str, Any]


class ErrorDocument(TypedDict):
    """What every command prints when it fails."""

    error: ErrorFields


class FailedPair(ErrorDocument):
    """A notebook that could not be worked on: a path that is none, or a pair."""

    path: NotRequired[str]
    py: NotRequired[str]
    ipynb: NotRequired[str]


class Status(TypedDict):
    """A pair and its state; ``refused`` is what marimo will not run of it."""

    py: str
    ipynb: str
    state: PairState
    reason: str
    conflicts: list[CellConflict]
    refused: list[Finding]


class Synced(Status):
    """What a sync did; the state is the one before."""

    synced: bool
    written: list[str]
    backups: list[str]
    dry_run: bool


class SyncedNow(Synced):
    """A sync by ``--watch``."""

    event: Literal["synced", "conflict", "invalid", "resolved"]


class SyncFailedNow(ErrorDocument):
    """A sync by ``--watch`` that failed."""

    event: Literal["error"]
    py: str
    ipynb: str


class Statuses(TypedDict):
    """All pairs, and how many are in which state."""

    pairs: list[Status | FailedPair]
    summary: dict[PairState, int]


class Syncs(TypedDict):
    """All pairs that were worked on."""

    pairs: list[Synced | FailedPair]


class Unpaired(TypedDict):
    """The files that were changed or deleted."""

    changed: list[str]


class Checked(TypedDict):
    """How many notebooks were checked, what is wrong, and what was ignored."""

    notebooks: int
    findings: list[Finding]
    ignored: list[Finding]


class FileChange(TypedDict):
    """A file, and what is new in it, in words."""

    path: str
    changes: list[str]


class TakenIn(TypedDict):
    """What `daglab init` changed in a project; ``origin`` says what it was known by."""

    folder: str
    kind: Literal["dg", "dagster", "workspace", "definitions"]
    origin: str
    package: str
    module: str
    changed: list[FileChange]
    notes: list[str]
    dry_run: bool


class NewProject(TypedDict):
    """What `daglab init --bootstrap` made, and what was there and stays."""

    folder: str
    package: str
    made: list[str]
    kept: list[str]
    dry_run: bool


class DemoStep(TypedDict):
    """A step of the demo, and where to look at what it made."""

    title: str
    seconds: float
    look: str


class DemoValues(TypedDict):
    """Values that the run has stored."""

    daily_revenue: list[dict[str, Any]]
    segments: list[dict[str, Any]]
    rows: dict[str, int]


class Demo(TypedDict):
    """The demo's steps and outcome."""

    folder: str
    seconds: float
    steps: list[DemoStep]
    run: str
    executed: list[str]
    values: DemoValues


class LoadedLocation(TypedDict):
    """A code location; ``error`` is why it does not load."""

    name: str
    error: str | None


class Ready(TypedDict):
    """`daglab dev` has started everything; addresses by the names of what answers there."""

    event: Literal["ready"]
    urls: dict[str, str]
    locations: list[LoadedLocation]


class Backup(TypedDict):
    """What ``file`` held until ``saved``; ``path`` is where that is kept."""

    name: str
    file: str
    saved: str
    bytes: int
    path: str


class Backups(TypedDict):
    """The newest first."""

    backups: list[Backup]


class BackupText(Backup):
    """With what it holds."""

    text: str


class Restored(Backup):
    """The file that it was put into, and the backup of what was there; null for what did not happen."""

    written: str | None
    backup: str | None


class Scaffolded(TypedDict):
    """The pair that explores ``target``; ``source`` told what that is."""

    py: str
    ipynb: str
    kind: Literal["asset", "job"]
    target: str
    template: str
    source: Literal["dagster", "code-location"]
    backups: list[str]
    dry_run: bool


class AssetRow(TypedDict):
    """An asset; ``dependencies`` are the keys directly upstream."""

    key: str
    group: str
    kinds: list[str]
    description: str | None
    dependencies: list[str]
    location: str
    repository: str
    jobs: list[str]
    materializable: bool
    partitioned: bool
    tags: dict[str, str]
    owners: list[str]


class JobRow(TypedDict):
    """A job."""

    name: str
    location: str
    repository: str
    description: str | None
    makes_assets: bool
    tags: dict[str, str]


class LocationRow(TypedDict):
    """A code location; ``updated_at`` in seconds since the epoch."""

    name: str
    state: Literal["loaded", "loading", "failed"]
    error: str | None
    updated_at: float | None


class RepositoryRow(TypedDict):
    """A repository, and the names of what is in it."""

    name: str
    location: str
    jobs: list[str]
    schedules: list[str]
    sensors: list[str]


class Discovered(TypedDict):
    """Of what was asked for."""

    assets: NotRequired[list[AssetRow]]
    jobs: NotRequired[list[JobRow]]
    locations: NotRequired[list[LocationRow]]
    repos: NotRequired[list[RepositoryRow]]
    schedules: NotRequired[list[Schedule]]
    sensors: NotRequired[list[Sensor]]


class Launched(TypedDict):
    """A run has begun; ``launch_problem`` is why it will not start."""

    event: Literal["launched"]
    run_id: str
    url: str | None
    job: str | None
    assets: list[str]
    partition: str | None
    status: str
    launch_problem: str | None


class BackfillLaunched(TypedDict):
    """A backfill has begun."""

    event: Literal["backfill"]
    backfill_id: str
    url: str
    partitions: int | None
    status: str


class BackfillRun(TypedDict):
    """Where a run of a backfill stands."""

    event: Literal["run"]
    run_id: str
    partition: str | None
    status: str


class StepEvent(TypedDict):
    """A step of a run."""

    event: Literal["step"]
    run_id: str
    step: str | None
    state: Literal["started", "succeeded", "skipped", "restarted", "up_for_retry"]


class CellEvent(TypedDict):
    """A cell of a notebook; how long it took, and the most memory meanwhile, once it has ended."""

    event: Literal["cell"]
    run_id: str
    step: str
    cell: str
    state: Literal["started", "run", "stopped", "failed"]
    seconds: NotRequired[float]
    peak_mb: NotRequired[int | None]


class Materialized(TypedDict):
    """An asset was made."""

    event: Literal["materialized"]
    run_id: str
    step: str | None
    asset: str
    partition: str | None


class FailureEvent(TypedDict):
    """A step, or the run, has failed, in which cell and line, with the user's own traceback."""

    event: Literal["failure"]
    run_id: str
    step: str | None
    cell: str | None
    line: str | None
    message: str


class LogEvent(TypedDict):
    """A line of the run's log, with `--logs`; ``timestamp`` in seconds since the epoch."""

    event: Literal["log"]
    run_id: str
    timestamp: float
    level: str
    kind: str
    step: str | None
    message: str


class RunEnded(TypedDict):
    """A run has ended."""

    event: Literal["ended"]
    run_id: str
    status: str
    seconds: float | None


class BackfillEnded(TypedDict):
    """A backfill has ended; ``runs`` are the statuses of its runs by their ids."""

    event: Literal["ended"]
    backfill_id: str
    status: str
    runs: dict[str, str]


class Fault(TypedDict):
    """What is wrong with a run's configuration."""

    path: list[str]
    message: str
    reason: str


class Validated(TypedDict):
    """With `--validate-only`."""

    event: Literal["validated"]
    faults: list[Fault]


class Lost(TypedDict):
    """Dagster does not answer; it is asked again for a minute."""

    event: Literal["lost"]
    message: str


class Interrupted(TypedDict):
    """Ctrl-C or SIGTERM; whether the run was terminated, or goes on."""

    event: Literal["interrupted"]
    terminated: bool


class ErrorEvent(ErrorDocument):
    """The command has failed."""

    event: Literal["error"]


class Workspace(TypedDict):
    """The installed code locations; ``path`` and ``backup`` are null for what was not written."""

    path: str | None
    written: bool
    backup: str | None
    locations: list[InstalledLocation]


class DoctorFinding(TypedDict):
    """One thing that a check has seen."""

    check: str
    state: State
    message: str
    remedy: str
    fixable: bool


class Diagnosis(TypedDict):
    """What the checks have seen, and what was mended; ``ok`` is false where something critical is left."""

    findings: list[DoctorFinding]
    fixed: list[str]
    ok: bool


class Deleted(TypedDict):
    """What was deleted, or would be; ``age`` in seconds."""

    kind: Literal["executed", "backup", "cache", "notebook"]
    place: str
    bytes: int
    age: int


class Kept(TypedDict):
    """What could not be read or deleted."""

    place: str
    reason: str


class Cleaned(TypedDict):
    """What was deleted and what stays."""

    deleted: list[Deleted]
    kept: list[Kept]
    bytes: int
    dry_run: bool


class Configured(TypedDict):
    """The configuration in force, all keys of it; with `--origin` where each value comes from, by dotted keys."""

    config: dict[str, Any]
    origins: NotRequired[dict[str, Origin]]


RunLine = (
    Launched | BackfillLaunched | BackfillRun | StepEvent | CellEvent | Materialized | FailureEvent | LogEvent
    | RunEnded | BackfillEnded | Validated | Lost | Interrupted | ErrorEvent
)  # fmt: skip
DOCUMENTS: dict[str, Any] = {
    "error": ErrorDocument,
    "init": TakenIn | NewProject,
    "demo": Demo,
    "check": Checked,
    "pair": Syncs,
    "unpair": Unpaired,
    "sync": Syncs,
    "backups list": Backups,
    "backups show": BackupText,
    "backups restore": Restored,
    "status": Statuses,
    "scaffold": Scaffolded,
    "discover": Discovered,
    "workspace": Workspace,
    "doctor": Diagnosis,
    "clean": Cleaned,
    "audit": AuditReport,
    "config show": Configured,
}
"""Command -> the one document that it prints."""
LINES: dict[str, Any] = {"dev": Ready, "run": RunLine, "sync --watch": SyncedNow | SyncFailedNow}
"""Command -> what each line is that it prints."""


def cli_schema() -> dict[str, Any]:
    """docs/cli.schema.json: a JSON Schema for each command, under its name in ``$defs``."""
    shapes = {**DOCUMENTS, **LINES}
    found, shared = TypeAdapter.json_schemas([(name, "serialization", TypeAdapter(shapes[name])) for name in shapes])
    definitions = {name: schema for (name, _), schema in found.items()} | shared["$defs"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What the commands of daglab print with --json",
        "$defs": _closed(definitions),
    }


def _closed(value: Any) -> Any:
    """A schema without titles, whose objects have no other keys than those that are named."""
    if isinstance(value, list):
        return [_closed(one) for one in value]
    if not isinstance(value, dict):
        return value
    closed = {key: _closed(one) for key, one in value.items() if not (key == "title" and isinstance(one, str))}
    return {**closed, "additionalProperties": False} if "properties" in closed else closed


if __name__ == "__main__":
    sys.stdout.write(f"{json.dumps(cli_schema(), indent=1)}\n")
