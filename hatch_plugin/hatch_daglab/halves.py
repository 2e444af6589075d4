"""The .ipynb half of a pair as a wheel carries it: without outputs, made from the .py where it is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from daglab.errors import BuildError
from daglab.notebook.cells import read_notebook
from daglab.notebook.convert import to_ipynb


def ipynb_text(py_path: Path, *, keep_outputs: bool) -> str:
    """The text of the .ipynb beside ``py_path``.

    Raises:
        BuildError: there is one, but it is no Jupyter notebook.
    """
    path = py_path.with_suffix(".ipynb")
    if not path.exists():
        return _dumped(_generated(py_path))
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if not keep_outputs:
            _strip(document)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BuildError(
            f"{path} is not a Jupyter notebook: {error}", remedy="open it in Jupyter and save it"
        ) from error
    return _dumped(document)


def _strip(document: dict[str, Any]) -> None:
    for cell in document["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []
            cell["execution_count"] = None
            cell.get("metadata", {}).pop("execution", None)  # when it ran
    document.get("metadata", {}).pop("widgets", None)  # the state of widgets is output too


def _generated(py_path: Path) -> dict[str, Any]:
    cells: list[dict[str, Any]] = []
    for index, cell in enumerate(read_notebook(py_path).cells):
        source = to_ipynb(cell.code)
        new: dict[str, Any] = {"cell_type": source.cell_type, "id": f"cell-{index}", "metadata": {}}
        if source.cell_type == "code":
            new |= {"execution_count": None, "outputs": []}
        cells.append(new | {"source": source.source.splitlines(keepends=True)})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def _dumped(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
