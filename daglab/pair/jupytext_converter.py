"""A .py as jupytext's notebook and back, without a process and without loss; :mod:`daglab.jupytext_hook` puts it in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat

from daglab.notebook.cells import parse_notebook
from daglab.notebook.convert import to_ipynb
from daglab.notebook.jupyter import NewJupyterCell, content_of
from daglab.pair.base import read_base
from daglab.pair.compose import compose_ipynb
from daglab.pair.locate import Pair
from daglab.pair.regenerate import regenerate

_ANYWHERE = Pair(Path("notebook.py"), Path("notebook.ipynb"), Path())


def reads(text: str) -> Any:
    """The ``NotebookNode`` of a marimo notebook; :func:`writes` gives the text back from it.

    Raises:
        NotebookError: it is no marimo notebook.
    """
    notebook = parse_notebook(text, _ANYWHERE.py)
    cells = [NewJupyterCell(to_ipynb(cell.code).bare) for cell in notebook.cells]
    composed = compose_ipynb(_ANYWHERE, notebook, list(range(len(cells))), None, cells)
    return nbformat.reads(composed.text, as_version=4)  # type: ignore[no-untyped-call]


def writes(notebook: Any) -> str:
    """The .py of a ``NotebookNode``; where its metadata has a base, all that is not edited is as it was.

    Raises:
        NotebookError: a cell can't be written in a marimo file.
    """
    cells = [content_of(cell) for cell in notebook.cells]
    return regenerate(read_base(notebook.metadata.get("daglab")), cells)[0]


def with_metadata(combined: Any, py: Any, ipynb: Any) -> Any:
    """A .py joined with its .ipynb: the .ipynb's metadata, formats and kernel included, with the .py's base and tags.

    jupytext thinks that a text file that holds no metadata wants none, unpairs the notebook, and takes the .ipynb's
    tags.
    """
    for cell, source in zip(combined.cells, py.cells, strict=True):
        if "tags" in source.metadata:
            cell.metadata["tags"] = source.metadata["tags"]
        elif content_of(cell).tags:
            del cell.metadata["tags"]
    said = py.metadata["daglab"]
    place = ipynb.metadata.get("daglab", {}).get("py")
    daglab = {**said, "py": place} if place else said
    combined.metadata = nbformat.from_dict({**ipynb.metadata, "daglab": daglab})  # type: ignore[no-untyped-call]
    return combined
