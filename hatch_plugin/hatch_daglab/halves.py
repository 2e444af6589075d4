"""The .ipynb half of a pair as a wheel carries it: without outputs, made from the .py where it is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from daglab.notebook.jupyter import parse_jupyter
from daglab.pair import ipynb_for


def ipynb_text(py_path: Path, *, keep_outputs: bool) -> str:
    """The text of the .ipynb beside ``py_path``.

    Raises:
        NotebookError: there is one, but it is no Jupyter notebook.
    """
    path = py_path.with_suffix(".ipynb")
    if not path.exists():
        return ipynb_for(py_path).decode("utf-8")
    text = path.read_text(encoding="utf-8")
    parse_jupyter(text, str(path))  # refuses what is no notebook
    document: dict[str, Any] = json.loads(text)
    if not keep_outputs:
        _strip(document)
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _strip(document: dict[str, Any]) -> None:
    for cell in document["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []
            cell["execution_count"] = None
            cell.get("metadata", {}).pop("execution", None)  # when it ran
    document.get("metadata", {}).pop("widgets", None)  # the state of widgets is output too
