"""The shapes of what commands print with ``--json``; docs/cli.schema.json is made from them.

What an engine has as a dataclass is named here and not repeated; tests hold every command's real output against these.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from daglab.audit import AuditReport
from daglab.cli.shapes.dagster import Discovered, Ready, RunLine
from daglab.cli.shapes.pairs import (
    Backups,
    BackupText,
    ErrorDocument,
    Restored,
    Statuses,
    SyncedNow,
    SyncFailedNow,
    Syncs,
    Unpaired,
)
from daglab.cli.shapes.projects import (
    Checked,
    Cleaned,
    Configured,
    Demo,
    Diagnosis,
    NewProject,
    Scaffolded,
    TakenIn,
    Workspace,
)

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
