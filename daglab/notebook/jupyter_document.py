"""The JSON of a Jupyter notebook, of any kernel, as far as it must be read to strip or search it."""

from __future__ import annotations

import json
from typing import Any

from daglab.errors import NotebookError


def jupyter_document(text: str, path: str = "notebook.ipynb") -> dict[str, Any]:
    """The JSON of an .ipynb of any kernel; its cells are a list, of tables if nothing else has written it.

    Raises:
        NotebookError: it isn't JSON, or no Jupyter notebook of nbformat 4.
    """
    try:
        document = json.loads(text.removeprefix("\ufeff"), strict=False)
    except (ValueError, RecursionError) as error:
        raise NotebookError(f"{path} is not valid JSON: {error}", remedy="mend or remove it") from error
    if not (isinstance(document, dict) and isinstance(document.get("cells"), list)):
        raise NotebookError(f"{path} is no Jupyter notebook of nbformat 4", remedy="open it in Jupyter and save it")
    return document
