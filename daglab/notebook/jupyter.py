"""Jupyter notebooks read and rewritten: only what an edit is about changes, in the file's own spelling of JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from daglab.errors import NotebookError
from daglab.notebook.convert import JupyterSource
from daglab.notebook.json_text import JsonStyle, RawJson, elements, members, style_of, with_members


@dataclass(frozen=True)
class JupyterCell:
    """A cell as it stands: ``content`` is what a pair's halves share, ``text`` its JSON, ``value`` that JSON read."""

    index: int
    content: JupyterSource
    value: Mapping[str, Any]
    text: str

    @property
    def id(self) -> str | None:
        """The cell's id; notebooks before nbformat 4.5 have none."""
        return self.value.get("id")


@dataclass(frozen=True)
class JupyterNotebook:
    """A Jupyter notebook (nbformat 4): the file's text, and what it says."""

    path: str
    text: str
    cells: tuple[JupyterCell, ...]
    metadata: Mapping[str, Any]
    minor: int
    style: JsonStyle


@dataclass(frozen=True)
class NewJupyterCell:
    """A cell of the notebook that is to be; ``origin`` is the index of the old notebook's cell that it continues."""

    content: JupyterSource
    origin: int | None = None


def parse_jupyter(text: str, path: str = "notebook.ipynb") -> JupyterNotebook:
    """Read the text of an .ipynb.

    Raises:
        NotebookError: it isn't JSON, no Jupyter notebook, nbformat 3 or older, or not of a Python kernel.
    """
    body = text.removeprefix("\ufeff")
    try:
        json_value = json.loads(body, strict=False)
    except (ValueError, RecursionError) as error:
        at = f"{path}:{error.lineno}" if isinstance(error, json.JSONDecodeError) else path
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        remedy = "resolve the git conflict in it" if "<<<<<<<" in text else "restore it from version control"
        raise NotebookError(f"{at}: the file is not valid JSON: {reason}", remedy=remedy) from error
    _check(json_value, path)
    start = len(body) - len(body.lstrip()) + len(text) - len(body)
    top = members(text, start)
    cells = tuple(
        JupyterCell(i, _content(e.value), e.value, text[e.start : e.end])
        for i, e in enumerate(elements(text, top["cells"].start))
    )
    style = style_of(body)
    return JupyterNotebook(path, text, cells, json_value["metadata"], json_value.get("nbformat_minor", 0), style)


def new_jupyter(cells: Sequence[NewJupyterCell], daglab: Mapping[str, Any] | None = None) -> str:
    """The text of a new notebook of nbformat 4.5 for the Python kernel; equal cells give equal bytes."""
    ids: set[str] = set()
    metadata: dict[str, Any] = {"daglab": dict(daglab)} if daglab else {}
    metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata["language_info"] = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"}
    document = {
        "cells": [_new_value(cell.content, place, ids, minor=5) for place, cell in enumerate(cells)],
        "metadata": metadata,
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return JsonStyle().dump(document, 0) + "\n"


def rewrite_jupyter(
    notebook: JupyterNotebook, cells: Sequence[NewJupyterCell], daglab: Mapping[str, Any] | None
) -> str:
    """The notebook's text with ``cells`` for its cells and ``daglab`` for ``metadata.daglab`` (``None`` removes it).

    A cell that continues an old one with equal source and type keeps every byte. One with another source keeps all
    but its outputs, which are not its outputs any more.
    """
    text, style = notebook.text, notebook.style
    start = text.index("{")
    if not _same_cells(notebook, cells):
        array = members(text, start)["cells"]
        text = text[: array.start] + _cells_text(notebook, cells) + text[array.end :]
    if notebook.metadata.get("daglab") != daglab:
        old = members(text, start)["metadata"]
        changed = with_members(text[old.start : old.end], {"daglab": daglab}, style, 2)
        text = text[: old.start] + changed + text[old.end :]
    return text


def _same_cells(notebook: JupyterNotebook, cells: Sequence[NewJupyterCell]) -> bool:
    return len(cells) == len(notebook.cells) and all(
        new.origin == old.index and old.content == new.content for old, new in zip(notebook.cells, cells, strict=True)
    )


def _cells_text(notebook: JupyterNotebook, cells: Sequence[NewJupyterCell]) -> str:
    if not cells:
        return "[]"
    style = notebook.style
    kept = {cell.origin for cell in cells}
    ids = {str(cell.id) for cell in notebook.cells if cell.id is not None and cell.index in kept}
    parts = []
    for place, cell in enumerate(cells):
        if cell.origin is None:
            parts.append(style.dump(_new_value(cell.content, place, ids, minor=notebook.minor), 2))
        else:
            old = notebook.cells[cell.origin]
            parts.append(old.text if old.content == cell.content else _changed(old, cell.content, style))
    between = "," + (style.gap(2) or (" " if style.spaced else ""))
    return "[" + style.gap(2) + between.join(parts) + style.gap(1) + "]"


def _changed(old: JupyterCell, new: JupyterSource, style: JsonStyle) -> str:
    text, before = old.text, old.content
    if new.tags != before.tags:
        text = _with_tags(text, new.tags, style)
    changes: dict[str, Any] = {}
    if new.source != before.source:
        changes["source"] = new.source if isinstance(old.value["source"], str) else _lines(new.source)
    if new.cell_type != before.cell_type:
        changes = {"cell_type": new.cell_type, **changes}
        if new.cell_type == "code":
            changes["attachments"] = None
    if changes:
        code = new.cell_type == "code"
        changes |= {"outputs": [] if code else None, "execution_count": RawJson("null") if code else None}
    return with_members(text, changes, style, 3)


def _with_tags(text: str, tags: Sequence[str], style: JsonStyle) -> str:
    place = members(text, 0).get("metadata")
    if place is None:
        return with_members(text, {"metadata": {"tags": list(tags)}}, style, 3)
    metadata = with_members(text[place.start : place.end], {"tags": list(tags) or None}, style, 4)
    return text[: place.start] + metadata + text[place.end :]


def _new_value(cell: JupyterSource, place: int, ids: set[str], *, minor: int) -> dict[str, Any]:
    value: dict[str, Any] = {"cell_type": cell.cell_type}
    if cell.cell_type == "code":
        value["execution_count"] = None
    if minor >= 5:
        value["id"] = _new_id(cell, place, ids)
    value["metadata"] = {"tags": list(cell.tags)} if cell.tags else {}
    if cell.cell_type == "code":
        value["outputs"] = []
    value["source"] = _lines(cell.source)
    return value


def _new_id(cell: JupyterSource, place: int, ids: set[str]) -> str:
    """An id from content and place, so that equal notebooks are equal bytes."""
    salt = 0
    while True:
        seed = f"{place}\0{salt}\0{cell.cell_type}\0{cell.source}".encode("utf-8", "surrogatepass")
        new = hashlib.sha256(seed).hexdigest()[:8]
        if new not in ids:
            ids.add(new)
            return new
        salt += 1


def _lines(source: str) -> list[str]:
    return source.splitlines(keepends=True)


def _content(value: Mapping[str, Any]) -> JupyterSource:
    source, metadata = value["source"], value.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    known = isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)
    text = source if isinstance(source, str) else "".join(source)
    return JupyterSource(value["cell_type"], text, tags=tuple(cast("list[str]", tags)) if known else ())


def _check(document: Any, path: str) -> None:
    if not isinstance(document, dict) or not isinstance(document.get("metadata", {}), dict):
        raise NotebookError(f"{path} is JSON, but no Jupyter notebook")
    version = document.get("nbformat")
    if not isinstance(version, int) or "metadata" not in document:
        raise NotebookError(f"{path} is JSON, but no Jupyter notebook", remedy="it has no nbformat and metadata")
    if version != 4:
        raise NotebookError(
            f"{path} is of nbformat {version}, and daglab reads nbformat 4",
            remedy=f"jupyter nbconvert --to notebook --nbformat 4 --inplace {path}" if version < 4 else "update daglab",
        )
    cells = document.get("cells")
    if not isinstance(cells, list):
        raise NotebookError(f"{path} has no list of cells")
    for number, cell in enumerate(cells, start=1):
        if not _is_cell(cell):
            raise NotebookError(f"{path}: cell {number} is no cell of nbformat 4")
    metadata = document["metadata"]
    kernel = metadata.get("kernelspec") if isinstance(metadata.get("kernelspec"), dict) else {}
    info = metadata.get("language_info") if isinstance(metadata.get("language_info"), dict) else {}
    language = str(cast(Any, kernel).get("language") or cast(Any, info).get("name") or "python")
    if language.lower() not in ("python", "python3", "ipython"):
        raise NotebookError(
            f"{path} is a notebook in {language}, and only Python notebooks can be marimo notebooks",
            remedy="choose a Python kernel for it",
        )


def _is_cell(cell: Any) -> bool:
    if not isinstance(cell, dict) or cell.get("cell_type") not in ("code", "markdown", "raw"):
        return False
    source = cell.get("source")
    return isinstance(source, str) or (isinstance(source, list) and all(isinstance(line, str) for line in source))
