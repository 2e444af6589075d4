"""Hold what a command prints with ``--json`` against its documented shape."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from daglab.cli.shapes import DOCUMENTS, LINES, cli_schema


def assert_shape(arguments: Sequence[str], stdout: str) -> None:
    """``stdout`` is what ``daglab`` printed with ``arguments``, ``--json`` among them: a document, or lines."""
    name = _command(arguments)
    texts = stdout.splitlines() if name in LINES else [stdout] if stdout else []
    for text in texts:
        value = json.loads(text)
        faults = [
            error.message for error in _validator("error" if set(value) == {"error"} else name).iter_errors(value)
        ]
        assert faults == [], f"daglab {name}: {faults}\n{text}"


def _command(arguments: Sequence[str]) -> str:
    first, *rest = arguments
    if first == "sync" and {"--watch", "-w"} & set(rest):
        return "sync --watch"
    return next(name for name in (f"{first} {' '.join(rest[:1])}", first, "error") if name in {**DOCUMENTS, **LINES})


@cache
def _validator(name: str) -> Any:
    return Draft202012Validator({"$ref": f"#/$defs/{name.replace(' ', '%20')}", **cli_schema()})
