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
from daglab.notebook.kernel import is_python, language_of

_STALE = {"stale": True}  # a cell's metadata.daglab


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
    """A cell of the notebook that is to be; ``origin`` is the index of the old notebook's cell that it continues.

    With ``keep_outputs``, outputs stay though the source has changed; see :func:`rewrite_jupyter`.
    """

    content: JupyterSource
    origin: int | None = None
    keep_outputs: bool = False


def parse_jupyter(text: str, path: str = "notebook.ipynb") -> JupyterNotebook:
    """Read the text of an .ipynb.

    Raises:
        NotebookError: it isn't JSON, no Jupyter notebook, nbformat 3 or older, or not of a Python kernel.
    """
    body = text.removeprefix("\ufeff")
    if not body.strip():
        raise NotebookError(f"{path} is empty", remedy="delete it, or restore it: daglab backups, or version control")
    json_value = _read_json(body, path)
    _check(json_value, path)
    start = len(body) - len(body.lstrip()) + len(text) - len(body)
    top = members(text, start)
    cells = tuple(
        JupyterCell(i, content_of(e.value), e.value, text[e.start : e.end])
        for i, e in enumerate(elements(text, top["cells"].start))
    )
    minor = json_value.get("nbformat_minor")
    known = minor if isinstance(minor, int) else 0
    return JupyterNotebook(path, text, cells, json_value["metadata"], known, style_of(body))


def jupyter_document(text: str, path: str = "notebook.ipynb") -> dict[str, Any]:
    """The JSON of an .ipynb of any kernel; its cells are a list, of tables if nothing else has written it.

    Raises:
        NotebookError: it isn't JSON, or no Jupyter notebook of nbformat 4.
    """
    document = _read_json(text.removeprefix("\ufeff"), path)
    if not (isinstance(document, dict) and isinstance(document.get("cells"), list)):
        raise NotebookError(f"{path} is no Jupyter notebook of nbformat 4", remedy="open it in Jupyter and save it")
    return document


def readable(text: str) -> list[str]:
    """An .ipynb as lines for people: of each cell its type, its tags and what it has put out, then its source.

    A text that is no notebook is given line by line.
    """
    try:
        notebook = parse_jupyter(text)
    except NotebookError:
        return text.splitlines()
    lines = []
    for cell in notebook.cells:
        content, outputs = cell.content, cell.value.get("outputs")
        about = [content.cell_type, *(f"#{tag}" for tag in content.tags)]
        if isinstance(outputs, list) and outputs:
            about.append(f"({len(outputs)} output{'s' if len(outputs) > 1 else ''})")
        lines += [f"%% {' '.join(about)}", *content.source.splitlines()]
    return lines


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

    A cell that continues an old one with equal source, type and tags keeps every byte. One with another source keeps
    all but its outputs, which are not its outputs any more; or they stay as well, without an execution count and with
    ``"stale": true`` in the cell's ``metadata.daglab``, until a run in Jupyter counts it again.
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
        new.origin == old.index and old.content == new.content and not _ran_again(old)
        for old, new in zip(notebook.cells, cells, strict=True)
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
            same = old.content == cell.content and not _ran_again(old)
            parts.append(old.text if same else _changed(old, cell, style))
    between = "," + (style.gap(2) or (" " if style.spaced else ""))
    return "[" + style.gap(2) + between.join(parts) + style.gap(1) + "]"


def _ran_again(cell: JupyterCell) -> bool:
    """Whether its outputs, once stale, are its own again."""
    return _is_stale(cell) and cell.value.get("execution_count") is not None


def _is_stale(cell: JupyterCell) -> bool:
    metadata = cell.value.get("metadata")
    return isinstance(metadata, dict) and metadata.get("daglab") == _STALE


def _changed(old: JupyterCell, cell: NewJupyterCell, style: JsonStyle) -> str:
    text, before, new = old.text, old.content, cell.content
    of_metadata: dict[str, Any] = {"tags": list(new.tags) or None} if new.tags != before.tags else {}
    changes: dict[str, Any] = {}
    if new.source != before.source:
        changes["source"] = new.source if isinstance(old.value["source"], str) else _lines(new.source)
    if new.cell_type != before.cell_type:
        changes = {"cell_type": new.cell_type, **changes}
        if new.cell_type == "code":
            changes["attachments"] = None
    code = new.cell_type == "code"
    keeps = code and cell.keep_outputs and bool(old.value.get("outputs"))
    if changes:
        changes["execution_count"] = RawJson("null") if code else None
        changes |= {} if keeps else {"outputs": [] if code else None}
    if _is_stale(old) or (changes and keeps):
        of_metadata["daglab"] = _STALE if changes and keeps else None
    return with_members(_with_metadata(text, of_metadata, style), changes, style, 3)


def _with_metadata(text: str, changes: dict[str, Any], style: JsonStyle) -> str:
    """The cell's JSON with its metadata changed; a member that is ``None`` goes."""
    place = members(text, 0).get("metadata")
    old = text[place.start : place.end] if place else "{}"
    new = with_members(old, changes, style, 4)
    if place is None:
        return text if new == old else with_members(text, {"metadata": RawJson(new)}, style, 3)
    return text[: place.start] + new + text[place.end :]


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


def content_of(value: Mapping[str, Any]) -> JupyterSource:
    """What a pair's halves share of a cell, of its JSON."""
    source, metadata = value["source"], value.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    known = isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)
    text = source if isinstance(source, str) else "".join(source)
    return JupyterSource(value["cell_type"], text, tags=tuple(cast("list[str]", tags)) if known else ())


def _read_json(text: str, path: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        at = f"{path}:{error.lineno}" if isinstance(error, json.JSONDecodeError) else path
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        remedy = (
            "resolve the git conflict in it" if "<<<<<<<" in text else "restore it: daglab backups, or version control"
        )
        raise NotebookError(f"{at}: the file is not valid JSON: {reason}", remedy=remedy) from error


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
            raise NotebookError(
                f"{path}: cell {number} is no cell of nbformat 4",
                remedy="open it in Jupyter and save it there",
            )
    if not is_python(document["metadata"]):
        language = language_of(document["metadata"])
        raise NotebookError(
            f"{path} is a notebook in {language}, and only Python notebooks can be marimo notebooks",
            remedy="choose a Python kernel for it",
        )


def _is_cell(cell: Any) -> bool:
    if not isinstance(cell, dict) or cell.get("cell_type") not in ("code", "markdown", "raw"):
        return False
    source = cell.get("source")
    return isinstance(source, str) or (isinstance(source, list) and all(isinstance(line, str) for line in source))
