"""The base of a pair: what both halves were when last equal, as it stands in ``metadata.daglab``."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from daglab import marimo_api
from daglab.notebook.cells import Cell
from daglab.notebook.convert import JupyterSource

_DIGITS = 16
_GENERATED_WITH = re.compile(r'(?m)^__generated_with = ".*"\r?$')


def _digest(*parts: str) -> str:
    text = "\0".join(part.replace("\r\n", "\n").replace("\r", "\n") for part in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def ipynb_digest(cell: JupyterSource) -> str:
    """Hash of a Jupyter cell: its type, source and tags count, nothing else."""
    return _digest(cell.cell_type, cell.source, *cell.tags)


def py_digest(cell: Cell) -> str:
    """Hash of a marimo cell: its code, name and options count; decorator, signature and return follow from them."""
    options = json.dumps(dict(cell.options), sort_keys=True, default=repr)
    return _digest(cell.code, cell.name or marimo_api.DEFAULT_NAME, options)


def file_digest(text: str) -> str:
    """Hash of a whole .py; marimo's version alone is no edit."""
    return _digest(versionless(text))


def versionless(text: str) -> str:
    """A .py's text without marimo's version."""
    return _GENERATED_WITH.sub("", text)


@dataclass(frozen=True)
class BaseLine:
    """One cell of the base: the hashes of its two halves."""

    ipynb: str
    py: str


@dataclass(frozen=True)
class Base:
    """All cells of the base in order, and what the .py holds beyond what conversion gives back.

    ``file`` is the hash of the whole .py: while it and the cells of the .ipynb are the same, nothing was edited.
    ``kept`` is JSON: ``head`` and ``foot`` of the file, ``cells`` by their place in ``lines`` (name, options, kind,
    form, code, block, gap); or ``text``, the whole file, where it has no cells.
    """

    lines: tuple[BaseLine, ...]
    file: str
    kept: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The value of ``metadata.daglab``."""
        lines = [f"{line.ipynb} {line.py}" for line in self.lines]
        value: dict[str, Any] = {"version": 1, "file": self.file, "base": lines}
        return value | ({"kept": dict(self.kept)} if self.kept else {})


def read_base(value: Any) -> Base | None:
    """The base in ``metadata.daglab``; ``None`` when there is none, or what there is can't be one."""
    if not isinstance(value, dict) or value.get("version") != 1 or not isinstance(value.get("base"), list):
        return None
    lines = []
    for line in value["base"]:
        halves = line.split(" ") if isinstance(line, str) else []
        if len(halves) != 2:
            return None
        lines.append(BaseLine(*halves))
    kept = value.get("kept", {})
    return Base(tuple(lines), str(value.get("file", "")), kept if isinstance(kept, dict) else {})


def base_of(ipynb: Sequence[str], py: Sequence[str], text: str, kept: Mapping[str, Any]) -> Base:
    """The base of two halves that are equal now: their cells' hashes in one order, the .py's text."""
    lines = tuple(BaseLine(i, p) for i, p in zip(ipynb, py, strict=True))
    return Base(lines, file_digest(text), kept)
