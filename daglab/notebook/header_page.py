"""docs/header.md, the reference of the header, made from the header's JSON Schema."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from daglab.notebook.header import header_schema

_INTRODUCTION = """\
# The header of a notebook

A notebook makes Dagster assets when its PEP 723 block has a `[tool.daglab]` table. The block is read without running
the notebook; marimo keeps it through every edit.
`daglab config schema --header` prints its JSON Schema. This page is generated from it:
`python -m daglab.notebook.header_page > docs/header.md`.

```python
# /// script
# requires-python = ">=3.10"
# dependencies = ["daglab", "marimo", "polars"]
#
# [tool.daglab]
# group = "sales"
# params = ["min_amount"]
#
# [tool.daglab.inputs]                  # notebook variable = upstream asset key
# raw_orders = "raw/orders"             # or { key = "raw/orders", type = "polars.DataFrame" }
#
# [tool.daglab.assets.orders]           # notebook variable -> asset
# key = "sales/orders"
# type = "polars.DataFrame"
#
# [tool.daglab.checks.no_negative_amounts]
# asset = "orders"
# ///
```

Partitions, and which partitions of an upstream asset a run reads, with one value or a dictionary of them:

```toml
[tool.daglab.partitions]
daily = { start = "2026-01-01", timezone = "Europe/Berlin", end_offset = 1 }
# or: static = ["eu", "us"]
# or: dynamic = "customers"
# or: multi = { day = { daily = { start = "2026-01-01" } }, region = { static = ["eu", "us"] } }

[tool.daglab.inputs]
raw_orders = "raw/orders"                                      # the same day, or what Dagster infers
rates = { key = "raw/rates", partition_mapping = "last" }
week = { key = "raw/visits", partition_mapping = { time_window = { start_offset = -6 } } }
```
"""
_TIME = "[tool.daglab.partitions.{}]"
_TABLES = {
    "HeaderModel": "[tool.daglab]",
    "InputHeader": "[tool.daglab.inputs.VARIABLE]",
    "AssetHeader": "[tool.daglab.assets.VARIABLE]",
    "DepHeader": "deps = [{ ... }]",
    "AutomationHeader": "automation = { ... }",
    "FreshnessHeader": "freshness = { ... }",
    "RetryHeader": "retry = { ... }",
    "BackfillHeader": "backfill = { ... }",
    "CheckHeader": "[tool.daglab.checks.VARIABLE]",
    "PartitionsHeader": "[tool.daglab.partitions]",
    "HourlyPartitions": _TIME.format("hourly"),
    "DailyPartitions": _TIME.format("daily"),
    "WeeklyPartitions": _TIME.format("weekly"),
    "MonthlyPartitions": _TIME.format("monthly"),
    "CronPartitions": _TIME.format("cron"),
    "MultiDimensionHeader": "[tool.daglab.partitions.multi.DIMENSION]",
    "MappingHeader": "partition_mapping = { ... }",
    "WindowMapping": "partition_mapping = { time_window = { ... } }",
    "DimensionMapping": "partition_mapping = { dimensions = { DIMENSION = { ... } } }",
}


def header_page() -> str:
    """docs/header.md, as it must be."""
    return "\n".join([_INTRODUCTION, *(line for name in _TABLES for line in _section(name, _tables()[name]))])


@cache
def _tables() -> dict[str, Any]:
    schema = header_schema()
    return {"HeaderModel": schema, **schema["$defs"]}


def _section(name: str, table: Mapping[str, Any]) -> Iterator[str]:
    if "anyOf" in table:  # a string will do as well; the table says it all
        table = table["anyOf"][1]
    yield f"## `{_TABLES[name]}`\n\n{table['description'].replace('``', '`')}\n"
    yield "| key | type | default | meaning |\n|---|---|---|---|"
    required = table.get("required", ())
    for key, field in table["properties"].items():
        default = "required" if key in required else _default(field.get("default"))
        yield f"| `{key}` | {_type(field)} | {default} | {field.get('description', '')} |"
    yield ""


def _default(value: Any) -> str:
    return "" if value in (None, [], {}) else f"`{_toml(value)}`"


def _toml(value: Any) -> str:
    return json.dumps(value)


def _type(field: Mapping[str, Any]) -> str:
    """A field's type in words; TOML has no null, so that an optional key is one that may be left out."""
    if "$ref" in field:
        return "string or table" if "anyOf" in _tables()[field["$ref"].rpartition("/")[2]] else "table"
    if "enum" in field or "const" in field:
        return " or ".join(f"`{_toml(value)}`" for value in field.get("enum", [field.get("const")]))
    if "anyOf" in field:
        kinds = dict.fromkeys(_type(option) for option in field["anyOf"] if option.get("type") != "null")
        return " or ".join(kinds)
    match field.get("type"):
        case "array":
            return f"list of {_type(field['items'])}"
        case "object":
            values = field.get("additionalProperties")
            return f"table of {_type(values)}" if isinstance(values, dict) else "table"
        case kind:
            return str(field.get("format", kind))


if __name__ == "__main__":
    sys.stdout.write(header_page())
