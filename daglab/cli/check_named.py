"""Files that ``daglab check`` was asked for by name and that are no daglab notebooks: a green answer would be wrong."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from daglab.errors import PairError
from daglab.notebook.find import has_header
from daglab.notebook.findings import Finding
from daglab.pair import pair_of
from daglab.pair.locate import is_marimo


def no_notebooks(named: Iterable[Path], checked: Collection[Path]) -> Iterator[Finding]:
    """A finding for each file of ``named`` that is neither one of the ``checked`` notebooks nor half of one."""
    known = {path.resolve() for path in checked}
    for path in named:
        if path.is_file() and known.isdisjoint({path.resolve(), _py_of(path).resolve()}):
            message, remedy = _why(path)
            yield Finding(os.path.relpath(path), 1, "DL323", message, remedy)


def _py_of(path: Path) -> Path:
    try:
        return pair_of(path).py
    except PairError:
        return path


def _why(path: Path) -> tuple[str, str]:
    """What a file is instead, and what would make it a daglab notebook."""
    if path.suffix == ".ipynb":
        if not _py_of(path).is_file():
            return "the Jupyter notebook has no .py half, which would be checked", f"make it: daglab pair {path}"
        path = _py_of(path)
    elif path.suffix != ".py":
        return "the file is neither a .py nor an .ipynb", "name notebooks, folders or projects"
    data = path.read_bytes()
    if not is_marimo(data):
        return "the file is no marimo notebook", "name notebooks, folders or projects"
    if not has_header(data.decode("utf-8", "replace")):
        return "the notebook has no [tool.daglab] header, so that it makes no assets", "declare them: docs/header.md"
    return (
        "the project doesn't count the notebook among its own",
        "its folder is hidden, one of a tool's, or missing from `notebooks` in pyproject.toml",
    )
