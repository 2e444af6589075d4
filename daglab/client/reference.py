"""docs/client-reference.md, made from the docstrings of what daglab.client exports."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import sys
from collections.abc import Iterator
from enum import Enum
from typing import Any

import daglab.client as package
from daglab.client import AssetStatus, BlockingDagsterClient, DagsterClient, DagsterReader

_HEAD = """\
# Reference of the Dagster client

This page is generated: `python -m daglab.client.reference > docs/client-reference.md`. [How to use it](client.md).
"""
_RESULTS = """\
## What the methods answer

Frozen dataclasses; `vars(run)` makes a dictionary of one, `dataclasses.asdict` of one with all that it holds.
"""


def reference_page() -> str:
    """docs/client-reference.md, as it must be."""
    parts = [_HEAD]
    for cls in (DagsterReader, DagsterClient, BlockingDagsterClient):
        parts.append(f"## {cls.__name__}\n\n{_prose(cls)}")
        if cls is not BlockingDagsterClient:  # its methods are those of DagsterClient
            parts += map(_method, _methods(cls))
    parts.append(_RESULTS)
    exported = (getattr(package, name) for name in package.__all__)
    parts += [_dataclass(thing) for thing in exported if dataclasses.is_dataclass(thing) and isinstance(thing, type)]
    parts.append(_enum(AssetStatus))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _methods(cls: type) -> Iterator[Any]:
    for name, member in vars(cls).items():
        if not name.startswith("_") and inspect.isfunction(member):
            yield member


def _method(method: Any) -> str:
    signature = inspect.signature(method)
    parameters = [p for p in signature.parameters.values() if p.name != "self"]
    is_async = "await " if inspect.iscoroutinefunction(method) else ""
    call = str(signature.replace(parameters=parameters)).replace("'", "")
    if len(call) > 100:
        opening, _, answer = call.rpartition(") -> ")
        call = "(\n    " + re.sub(r", (?=\w+: |\*)", ",\n    ", opening[1:]) + f",\n) -> {answer}"
    return f"### {method.__name__}\n\n```python\n{is_async}{method.__name__}{call}\n```\n\n{_prose(method)}"


def _prose(thing: Any) -> str:
    text = inspect.getdoc(thing) or ""
    text = re.sub(r":\w+:`~?([^`]+)`", r"``\1``", text).replace("``", "`")
    return re.sub(r"^(Args|Raises):\n((?:    .*\n?|\n)+)", _section, text, flags=re.MULTILINE)


def _section(found: re.Match[str]) -> str:
    items = re.split(r"\n(?=\S)", inspect.cleandoc(found[2]))
    lines = [re.sub(r"^(.+?): ", r"- `\1`: ", re.sub(r"\s+", " ", item)) for item in items]
    return "\n".join([f"{'Arguments' if found[1] == 'Args' else 'Raises'}:", "", *lines, ""])


def _dataclass(cls: type) -> str:
    meanings = dict(_meanings(cls))
    rows = [f"| `{field.name}` | `{_type(field)}` | {meanings.get(field.name, '')} |" for field in _fields(cls)]
    return "\n".join([f"### {cls.__name__}", "", _prose(cls), "", "| field | type | meaning |", "|---|---|---|", *rows])


def _fields(cls: Any) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(cls)


def _type(field: dataclasses.Field[Any]) -> str:
    return str(field.type).replace("|", "\\|")


def _meanings(cls: type) -> Iterator[tuple[str, str]]:
    """Names of fields with the string that stands below each, those of base classes first."""
    for base in reversed([base for base in cls.__mro__ if base.__module__.startswith(package.__name__)]):
        body = ast.parse(inspect.getsource(base)).body[0]
        assert isinstance(body, ast.ClassDef)
        for statement, below in zip(body.body, body.body[1:], strict=False):
            if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
                target: ast.expr | None = None
                if isinstance(statement, ast.AnnAssign):
                    target = statement.target
                elif isinstance(statement, ast.Assign):
                    target = statement.targets[0]
                if isinstance(target, ast.Name):
                    yield target.id, re.sub(r"\s+", " ", str(below.value.value)).replace("``", "`").replace("|", "\\|")


def _enum(cls: type[Enum]) -> str:
    meanings = dict(_meanings(cls))
    rows = [f"| `{member.value}` | {meanings.get(member.name, '')} |" for member in cls]
    return "\n".join([f"### {cls.__name__}", "", _prose(cls), "", "| value | meaning |", "|---|---|", *rows])


if __name__ == "__main__":
    sys.stdout.write(reference_page())
