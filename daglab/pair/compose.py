"""The cells and texts that a merge gives to either half."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from daglab import marimo_api
from daglab.errors import NotebookError
from daglab.notebook.cells import Notebook
from daglab.notebook.convert import IMPORTING, JupyterSource, importing, to_ipynb, to_py
from daglab.notebook.edit import NewCell, keep
from daglab.notebook.jupyter import (
    JupyterCell,
    JupyterNotebook,
    NewJupyterCell,
    new_jupyter,
    parse_jupyter,
    rewrite_jupyter,
)
from daglab.pair.base import base_of, ipynb_digest, py_digest, versionless
from daglab.pair.locate import Pair
from daglab.pair.merge import Slot
from daglab.pair.regenerate import kept_of


def py_cell(slot: Slot, notebook: Notebook, jupyter: JupyterNotebook, converted: Sequence[JupyterSource]) -> NewCell:
    """The .py's cell for a slot; ``converted`` are the .py cells as Jupyter cells."""
    old = notebook.cells[slot.py] if slot.py is not None else None
    if slot.take != "ipynb" and old is not None:
        return keep(old)
    assert slot.ipynb is not None
    cell = jupyter.cells[slot.ipynb]
    code = to_py(cell.content)
    if old is None or slot.py is None:
        return NewCell(code)
    # Markdown stays in the kind of string that it stood in, where that holds the new text.
    same_form = replace(cell.content, form=converted[slot.py].form)
    if cell.content.cell_type == "markdown" and to_ipynb(in_form := to_py(same_form)) == same_form:
        code = in_form
    name = old.name if old.kind not in ("function", "class") else marimo_api.DEFAULT_NAME
    return NewCell(code, name, "setup" if old.kind == "setup" else "cell", old.options, origin=old.index)


def passed_on(cells: Sequence[NewCell], converted: Sequence[JupyterSource]) -> list[NewCell]:
    """The .py's new cells; when the markdown that imported marimo is gone, the next one does, or none if code does.

    ``converted`` are the .py's cells before the edit as Jupyter cells.
    """
    if all(old.form != IMPORTING for old in converted):
        return list(cells)
    sources = [to_ipynb(cell.code) for cell in cells]
    new = importing(sources)
    return [
        replace(cell, code=to_py(after)) if after != before else cell
        for cell, before, after in zip(cells, sources, new, strict=True)
    ]


def ipynb_cell(
    slot: Slot, jupyter: JupyterNotebook, converted: Sequence[JupyterSource], *, keep_outputs: bool
) -> NewJupyterCell:
    """The .ipynb's cell for a slot; ``converted`` are the .py cells as Jupyter cells."""
    if slot.take == "py" or slot.ipynb is None:
        assert slot.py is not None
        return NewJupyterCell(converted[slot.py].bare, slot.ipynb, keep_outputs=keep_outputs)
    return unchanged_cell(jupyter.cells[slot.ipynb])


def unchanged_cell(cell: JupyterCell) -> NewJupyterCell:
    """The .ipynb's cell as it stands."""
    return NewJupyterCell(cell.content, origin=cell.index)


_REMEMBERED = ("id", "metadata", "attachments")


@dataclass(frozen=True)
class Composed:
    """The .ipynb's new text with the base in it, and what local state is to remember of it."""

    text: str
    memory: dict[str, Any]


def compose_ipynb(
    pair: Pair,
    notebook: Notebook,
    order: Sequence[int],
    jupyter: JupyterNotebook | None,
    cells: Sequence[NewJupyterCell],
) -> Composed:
    """The .ipynb of ``pair`` with ``cells``, each made from or equal to the .py cell at its place in ``order``.

    Raises:
        NotebookError: the text would not say what it should.
    """
    sources = [cell.content for cell in cells]
    digests = [ipynb_digest(source) for source in sources]
    py_digests = [py_digest(notebook.cells[index]) for index in order]
    base = base_of(digests, py_digests, notebook.text, kept_of(notebook, order, sources)).to_json()
    if pair.place is not None:
        base["py"] = pair.place
    if jupyter is None:
        text = new_jupyter(cells, base)
    else:
        said = jupyter.metadata.get("daglab")
        said = said if isinstance(said, dict) else {}
        base = said if _versionless(said) == _versionless(base) else base
        text = rewrite_jupyter(jupyter, cells, base)
    made = _checked(text, cells, pair.ipynb)
    memory: dict[str, Any] = {
        "base": base,
        "ipynb": [source.source for source in sources],
        "py": [notebook.cells[i].code for i in order],
        "cells": [{key: cell.value[key] for key in _REMEMBERED if key in cell.value} for cell in made.cells],
        "metadata": {key: value for key, value in made.metadata.items() if key != "daglab"},
    }
    return Composed(text, memory)


def _versionless(base: dict[str, Any]) -> Any:
    """The base without marimo's version: that alone is no edit."""
    kept = base.get("kept")
    head = kept.get("head") if isinstance(kept, dict) else None
    if not isinstance(kept, dict) or not isinstance(head, str):
        return base
    return {**base, "kept": {**kept, "head": versionless(head)}}


def _checked(text: str, cells: Sequence[NewJupyterCell], path: Path) -> JupyterNotebook:
    """The text that is about to be written, read again: it says what it should."""
    made = parse_jupyter(text, str(path))
    if [cell.content for cell in made.cells] != [cell.content for cell in cells]:
        raise NotebookError(f"{path} can't be rewritten without loss", remedy="report this, with the notebook")
    return made
