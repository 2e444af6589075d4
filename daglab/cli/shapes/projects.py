"""What commands about a project and its machine print."""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import NotRequired, TypedDict

from daglab.cli.doctor_findings import State
from daglab.cli.workspace import InstalledLocation
from daglab.config_sources import Origin
from daglab.notebook.findings import Finding


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
