"""Finds the notebooks of a project by their content, without running or importing them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_SKIPPED = frozenset({"node_modules", "__pycache__", "__marimo__", "build", "dist", "site-packages", "venv"})


def find_notebooks(folder: Path, *, header_only: bool = True) -> list[Path]:
    """The marimo notebooks in and below ``folder``, sorted.

    With ``header_only`` only those with a ``[tool.daglab]`` header, which is told without importing marimo.
    Hidden folders and folders of tools are skipped, links to folders are not followed, and a file that can't
    be read is left out.
    """
    from daglab.notebook.cells import is_notebook

    found = []
    for path in _python_files(folder):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if "marimo" not in text or "App(" not in text:
            continue
        if has_header(text) if header_only else is_notebook(text):
            found.append(path)
    return found


def has_header(text: str) -> bool:
    """Whether a ``[tool.daglab]`` header stands in a text, be it right or wrong."""
    script = False
    for line in text.splitlines():
        if line.startswith("# /// script"):
            script = True
        elif line.startswith("# ///"):
            script = False
        elif script and line.startswith(("# [tool.daglab]", "# [tool.daglab.")):
            return True
        elif line and not line.startswith("#") and not script and line.startswith(("import marimo", "app =")):
            return False
    return False


def _python_files(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in _SKIPPED)
        yield from (Path(root, f) for f in sorted(files) if f.endswith(".py"))
