"""Jupyter notebooks read and rewritten: only what an edit is about changes, in the file's own spelling of JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from daglab.errors import NotebookError
from daglab.notebook.convert import CellType
from daglab.notebook.json_text import JsonStyle, RawJson, elements, members, style_of, with_members


@dataclass(frozen=True)
class JupyterCell:
    """A cell as it stands: ``text`` is its JSON, ``value`` that JSON read."""

    index: int
    cell_type: CellType
    source: str
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

    cell_type: CellType
    source: str
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
        JupyterCell(i, e.value["cell_type"], _source(e.value), e.value, text[e.start : e.end])
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
        "cells": [_new_value(cell, place, ids, minor=5) for place, cell in enumerate(cells)],
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
        new.origin == old.index and _same(old, new) for old, new in zip(notebook.cells, cells, strict=True)
    )


def _same(old: JupyterCell, new: NewJupyterCell) -> bool:
    return (old.cell_type, old.source) == (new.cell_type, new.source)


def _cells_text(notebook: JupyterNotebook, cells: Sequence[NewJupyterCell]) -> str:
    if not cells:
        return "[]"
    style = notebook.style
    kept = {cell.origin for cell in cells}
    ids = {str(cell.id) for cell in notebook.cells if cell.id is not None and cell.index in kept}
    parts = []
    for place, cell in enumerate(cells):
        if cell.origin is None:
            parts.append(style.dump(_new_value(cell, place, ids, minor=notebook.minor), 2))
        else:
            old = notebook.cells[cell.origin]
            parts.append(old.text if _same(old, cell) else _changed(old, cell, style))
    between = "," + (style.gap(2) or (" " if style.spaced else ""))
    return "[" + style.gap(2) + between.join(parts) + style.gap(1) + "]"


def _changed(old: JupyterCell, new: NewJupyterCell, style: JsonStyle) -> str:
    as_text = isinstance(old.value["source"], str)
    changes: dict[str, Any] = {"source": new.source if as_text else _lines(new.source)}
    if new.cell_type == "code":
        changes |= {"outputs": [], "execution_count": RawJson("null")}
    else:
        changes |= {"outputs": None, "execution_count": None}
    if new.cell_type != old.cell_type:
        changes = {"cell_type": new.cell_type, **changes}
        if new.cell_type == "code":
            changes["attachments"] = None
    return with_members(old.text, changes, style, 3)


def _new_value(cell: NewJupyterCell, place: int, ids: set[str], *, minor: int) -> dict[str, Any]:
    value: dict[str, Any] = {"cell_type": cell.cell_type}
    if cell.cell_type == "code":
        value["execution_count"] = None
    if minor >= 5:
        value["id"] = _new_id(cell, place, ids)
    value["metadata"] = {}
    if cell.cell_type == "code":
        value["outputs"] = []
    value["source"] = _lines(cell.source)
    return value


def _new_id(cell: NewJupyterCell, place: int, ids: set[str]) -> str:
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


def _source(value: Mapping[str, Any]) -> str:
    source = value["source"]
    return source if isinstance(source, str) else "".join(source)


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
