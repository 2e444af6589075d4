"""Finds the notebooks of a project by their content, without running or importing them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from daglab.errors import HeaderError
from daglab.notebook.script_block import read_block

_SKIPPED = frozenset({"node_modules", "__pycache__", "__marimo__", "site-packages"})
_SKIPPED_BESIDE_PACKAGES = frozenset({"build", "dist", "venv"})  # inside of one they are its own, and are installed


def find_notebooks(folder: Path, *, header_only: bool = True) -> list[Path]:
    """The marimo notebooks in and below ``folder``, sorted.

    With ``header_only`` only those with a ``[tool.daglab]`` header, be it right or wrong, which is told without
    importing marimo; a file that isn't UTF-8 or can't be opened is among them, so that whoever reads it says so. Hidden
    folders and folders of tools are skipped, and links to folders are not followed.
    """
    if header_only:
        return [path for path in find_files(folder, ".py") if may_be_asset_notebook(path)]
    from daglab.notebook.cells import is_notebook

    found = []
    for path in find_files(folder, ".py"):
        try:
            text, readable = _text(path.read_bytes())
        except OSError:
            continue
        if readable and is_notebook(text):
            found.append(path)
    return found


def may_be_asset_notebook(path: Path) -> bool:
    """Whether a .py is a marimo notebook with a ``[tool.daglab]`` header, or can't be opened; no editor's lock file."""
    try:
        text, _ = _text(path.read_bytes())
    except OSError:
        return not path.name.startswith(".#")
    return "marimo" in text and "App(" in text and has_header(text)


def find_jupyter(folder: Path) -> list[Path]:
    """The .ipynb files in and below ``folder``, sorted; folders are skipped as by :func:`find_notebooks`."""
    return list(find_files(folder, ".ipynb"))


def find_files(folder: Path, suffix: str) -> Iterator[Path]:
    """The files in and below ``folder`` whose names end in ``suffix``; folders are skipped as by the others here."""
    for root, folders, files in os.walk(folder):
        skipped = _SKIPPED if "__init__.py" in files else _SKIPPED | _SKIPPED_BESIDE_PACKAGES
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in skipped)
        yield from (Path(root, f) for f in sorted(files) if f.lower().endswith(suffix))


def has_header(text: str) -> bool:
    """Whether a ``[tool.daglab]`` header stands in a text, be it right or wrong."""
    if "# /// script" not in text:
        return False
    try:
        return read_block(text, "") is not None
    except HeaderError:
        return True


def _text(content: bytes) -> tuple[str, bool]:
    """A file's text, and whether it is the UTF-8 that it should be; else what a look at it needs."""
    try:
        return content.decode("utf-8"), True
    except UnicodeDecodeError:
        wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
        return content.decode("utf-16" if wide else "latin-1", "replace"), False
