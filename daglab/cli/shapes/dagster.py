"""What commands about a running Dagster and runs print."""

from __future__ import annotations

from typing import Literal

from typing_extensions import NotRequired, TypedDict

from daglab.cli.shapes.pairs import ErrorDocument
from daglab.client.locations import Schedule, Sensor


class LoadedLocation(TypedDict):
    """A code location; ``error`` is why it does not load."""

    name: str
    error: str | None


class Ready(TypedDict):
    """`daglab dev` has started everything; addresses by the names of what answers there."""

    event: Literal["ready"]
    urls: dict[str, str]
    locations: list[LoadedLocation]


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
    partitioned: bool
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


RunLine = (
    Launched | BackfillLaunched | BackfillRun | StepEvent | CellEvent | Materialized | FailureEvent | LogEvent
    | RunEnded | BackfillEnded | Validated | Lost | Interrupted | ErrorEvent
)  # fmt: skip
