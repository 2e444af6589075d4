"""What commands about pairs print."""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import NotRequired, TypedDict

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
