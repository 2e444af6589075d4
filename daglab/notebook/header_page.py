"""docs/header.md, the reference of the header, made from the header's JSON Schema."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from daglab.notebook.header import header_schema

_INTRODUCTION = """\
# The header of a notebook

A notebook makes Dagster assets when its PEP 723 block has a `[tool.daglab]` table. The block is read without running
the notebook; marimo keeps it through every edit.
This page is generated: `python -m daglab.notebook.header_page > docs/header.md`.

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
"""
_TABLES = {
    "HeaderModel": "[tool.daglab]",
    "InputHeader": "[tool.daglab.inputs.VARIABLE]",
    "AssetHeader": "[tool.daglab.assets.VARIABLE]",
    "RetryHeader": "[tool.daglab.assets.VARIABLE.retry]",
    "CheckHeader": "[tool.daglab.checks.VARIABLE]",
    "PartitionsHeader": "[tool.daglab.partitions]",
    "TimePartitions": "[tool.daglab.partitions.hourly], .daily, .weekly, .monthly",
}


def header_page() -> str:
    """docs/header.md, as it must be."""
    schema = header_schema()
    tables = {"HeaderModel": schema, **schema["$defs"]}
    return "\n".join([_INTRODUCTION, *(line for name in _TABLES for line in _section(name, tables[name]))])


def _section(name: str, table: Mapping[str, Any]) -> Iterator[str]:
    if "anyOf" in table:  # a string will do as well; the table says it all
        table = next(option for option in table["anyOf"] if option["type"] == "object")
    yield f"## `{_TABLES[name]}`\n\n{table['description'].replace('``', '`')}\n"
    yield "| key | type | default | meaning |\n|---|---|---|---|"
    required = table.get("required", ())
    for key, field in table["properties"].items():
        default = "required" if key in required else _default(field.get("default"))
        yield f"| `{key}` | {_type(field)} | {default} | {field.get('description', '')} |"
    yield ""


def _default(value: Any) -> str:
    return "" if value in (None, [], {}) else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _type(field: Mapping[str, Any]) -> str:
    """A field's type in words; TOML has no null, so that an optional key is one that may be left out."""
    if "$ref" in field:
        return "table"
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
