"""An .ipynb with cells put back as they were, and what the local state knows of their ids, metadata and attachments."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from daglab.notebook.convert import JupyterSource
from daglab.notebook.jupyter import JupyterCell, JupyterNotebook, content_of, parse_jupyter
from daglab.pair.align import Mark, align
from daglab.pair.base import ipynb_digest, read_base
from daglab.pair.local_state import LocalState

TRACE = "marimo"
"""marimo's export leaves header, names and options in metadata of this name."""


@dataclass(frozen=True)
class Continued:
    """A cell as it is to be, and the cell of the .ipynb at hand that it continues."""

    source: JupyterSource
    origin: JupyterCell | None


def restored_ipynb(jupyter: JupyterNotebook, cells: Sequence[Continued], memory: LocalState | None) -> JupyterNotebook:
    """The .ipynb with these cells, and what the local state knows of their ids, metadata and attachments."""
    document = json.loads(jupyter.text.removeprefix("\ufeff"), strict=False)
    remembered = _remembered(cells, memory)
    document["cells"] = [_value(cell, old) for cell, old in zip(cells, remembered, strict=True)]
    if jupyter.minor >= 5:
        _identify(document["cells"], cells, remembered)
    if memory:
        document["metadata"] = _restored(document["metadata"], memory.metadata)
    if document == json.loads(jupyter.text.removeprefix("\ufeff"), strict=False):
        return jupyter
    return parse_jupyter(jupyter.style.dump(document, 0) + "\n", jupyter.path)


def _remembered(cells: Sequence[Continued], memory: LocalState | None) -> list[Mapping[str, Any]]:
    base = read_base(memory.base) if memory else None
    if memory is None or base is None or not len(base.lines) == len(memory.cells) == len(memory.ipynb):
        return [{} for _ in cells]
    old = [Mark(line.ipynb, text) for line, text in zip(base.lines, memory.ipynb, strict=True)]
    new = [Mark(ipynb_digest(cell.source), cell.source.source) for cell in cells]
    return [memory.cells[line] if line is not None else {} for line in align(old, new)]


def _identify(
    values: list[dict[str, Any]], cells: Sequence[Continued], remembered: Sequence[Mapping[str, Any]]
) -> None:
    """Give each cell an id of its own: the one that it had, else the one that jupytext gave it."""
    used: set[str] = set()
    for place, (value, cell, old) in enumerate(zip(values, cells, remembered, strict=True)):
        at_hand = cell.origin.id if cell.origin else None
        candidates = (old.get("id"), at_hand, f"{ipynb_digest(cell.source)[:4]}{place:04x}")
        value["id"] = next(one for one in candidates if isinstance(one, str) and one not in used)
        used.add(value["id"])


def _value(cell: Continued, old: Mapping[str, Any]) -> dict[str, Any]:
    value = dict(cell.origin.value) if cell.origin else {}
    value["cell_type"] = cell.source.cell_type
    value["metadata"] = _restored(mapping(value.get("metadata")), mapping(old.get("metadata")))
    attachments = {**mapping(old.get("attachments")), **mapping(value.pop("attachments", None))}
    if cell.source.cell_type == "code":
        value = {"execution_count": None, "outputs": [], **value}
    else:
        value = {key: part for key, part in value.items() if key not in ("execution_count", "outputs")}
        value |= {"attachments": attachments} if attachments else {}
    if cell.source.tags != content_of(value | {"source": ""}).tags:
        tags = {"tags": list(cell.source.tags)} if cell.source.tags else {}
        value["metadata"] = {key: part for key, part in value["metadata"].items() if key != "tags"} | tags
    if cell.origin is None or cell.source.source != cell.origin.content.source:
        value["source"] = cell.source.source.splitlines(keepends=True)
    return value


def _restored(at_hand: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    return {**old, **{key: value for key, value in at_hand.items() if key != TRACE or key in old}}


def mapping(value: Any) -> Mapping[str, Any]:
    """A JSON object, or an empty one for what is none."""
    return value if isinstance(value, dict) else {}
