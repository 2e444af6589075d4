"""Metadata of assets and events, each entry with its kind and a value that fits into JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Metadata:
    """One entry.

    ``kind`` says what ``value`` is:

    - ``text``, ``markdown``, ``url``, ``path``, ``notebook`` (a path), ``run`` (an id), ``asset`` (a key), ``pool``:
      a string;
    - ``int``, ``float`` (also ``"nan"``, ``"inf"``, ``"-inf"``, for which JSON has no number), ``bool``, ``null``,
      ``json`` (any value), ``timestamp`` (seconds since the epoch);
    - ``table_schema``: columns with name, type, description, nullable, unique, constraints and tags; ``table``: the
      same under ``columns``, and ``records``, one mapping a row;
    - ``job``, ``python_artifact``, ``code_references``, ``column_lineage``: mappings, or lists of them;
    - ``unknown``: of a kind that daglab does not know; the value is Dagster's name of it.
    """

    label: str
    kind: str
    value: Any
    description: str | None = None


def parse_metadata(entries: Sequence[Mapping[str, Any]]) -> tuple[Metadata, ...]:
    """The entries of a document that includes the fragment Metadata."""
    return tuple(_entry(entry) for entry in entries)


def _entry(entry: Mapping[str, Any]) -> Metadata:
    name = entry["__typename"]
    kind, value = _KINDS.get(name, ("unknown", lambda entry: entry["__typename"]))
    return Metadata(entry["label"], kind, value(entry), entry.get("description"))


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=str)
    except ValueError:  # Dagster stores what a run gave it, unchecked
        return text


def _float(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else str(number)


def _columns(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": column["name"],
            "type": column["type"],
            "description": column["description"],
            "nullable": column["constraints"]["nullable"],
            "unique": column["constraints"]["unique"],
            "constraints": column["constraints"]["other"],
            "tags": {tag["key"]: tag["value"] for tag in column["tags"]},
        }
        for column in schema["columns"]
    ]


def _table(entry: Mapping[str, Any]) -> dict[str, Any]:
    table = entry["table"]
    return {"columns": _columns(table["schema"]), "records": [_json(record) for record in table["records"]]}


def _lineage(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "column": column["columnName"],
            "from": [
                {"asset": "/".join(source["assetKey"]["path"]), "column": source["columnName"]}
                for source in column["columnDeps"]
            ],
        }
        for column in entry["lineage"]
    ]


def _references(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"file": source["filePath"], "line": source["lineNumber"], "label": source["label"]}
        if source["__typename"] == "LocalFileCodeReference"
        else {"url": source["url"], "label": source["label"]}
        if source["__typename"] == "UrlCodeReference"
        else {"unknown": source["__typename"]}
        for source in entry["codeReferences"]
    ]


def _job(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"job": entry["jobName"], "repository": entry["repositoryName"], "location": entry["locationName"]}


_KINDS: dict[str, tuple[str, Callable[[Mapping[str, Any]], Any]]] = {
    "TextMetadataEntry": ("text", lambda entry: entry["text"]),
    "MarkdownMetadataEntry": ("markdown", lambda entry: entry["mdStr"]),
    "UrlMetadataEntry": ("url", lambda entry: entry["url"]),
    "PathMetadataEntry": ("path", lambda entry: entry["path"]),
    "NotebookMetadataEntry": ("notebook", lambda entry: entry["path"]),
    # the numbers themselves are null where GraphQL has no number for them: beyond 32 bits, nan, inf
    "IntMetadataEntry": ("int", lambda entry: int(entry["intRepr"])),
    "FloatMetadataEntry": ("float", lambda entry: _float(entry["floatRepr"])),
    "BoolMetadataEntry": ("bool", lambda entry: entry["boolValue"]),
    "NullMetadataEntry": ("null", lambda _: None),
    "JsonMetadataEntry": ("json", lambda entry: _json(entry["jsonString"])),
    "TimestampMetadataEntry": ("timestamp", lambda entry: entry["timestamp"]),
    "PipelineRunMetadataEntry": ("run", lambda entry: entry["runId"]),
    "AssetMetadataEntry": ("asset", lambda entry: "/".join(entry["assetKey"]["path"])),
    "JobMetadataEntry": ("job", _job),
    "PoolMetadataEntry": ("pool", lambda entry: entry["pool"]),
    "TableMetadataEntry": ("table", _table),
    "TableSchemaMetadataEntry": ("table_schema", lambda entry: _columns(entry["schema"])),
    "TableColumnLineageMetadataEntry": ("column_lineage", _lineage),
    "PythonArtifactMetadataEntry": (
        "python_artifact",
        lambda entry: {"module": entry["module"], "name": entry["name"]},
    ),
    "CodeReferencesMetadataEntry": ("code_references", _references),
}
