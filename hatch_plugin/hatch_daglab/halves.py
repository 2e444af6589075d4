"""Jupyter notebooks as a wheel carries them: without outputs, a half made from the .py where it is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from daglab.errors import NotebookError
from daglab.notebook.jupyter import jupyter_document
from daglab.pair import ipynb_for, pair_of
from daglab.pair.places import Places


def ipynb_text(py_path: Path, places: Places, *, keep_outputs: bool) -> str:
    """The text of the other half of ``py_path``, wherever that is; made from it where it is missing.

    Raises:
        NotebookError: there is one, but it is no Jupyter notebook.
    """
    path = pair_of(py_path, places=places).ipynb
    if not path.exists():
        return ipynb_for(py_path).decode("utf-8")
    return jupyter_text(path, keep_outputs=keep_outputs)


def jupyter_text(path: Path, *, keep_outputs: bool) -> str:
    """The text of an .ipynb as an artifact carries it.

    Raises:
        NotebookError: it is no Jupyter notebook.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise NotebookError(f"{path} is not UTF-8", remedy="mend it, or exclude it from the build") from error
    document = jupyter_document(text, str(path))
    if not keep_outputs:
        _strip(document)
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _strip(document: dict[str, Any]) -> None:
    for cell in document["cells"]:
        if isinstance(cell, dict) and (cell.get("cell_type") == "code" or "outputs" in cell):
            cell["outputs"] = []
            cell["execution_count"] = None
            _take_out(cell, "execution")  # when it ran
    _take_out(document, "widgets")  # the state of widgets is output too


def _take_out(part: dict[str, Any], key: str) -> None:
    if isinstance(metadata := part.get("metadata"), dict):
        metadata.pop(key, None)
