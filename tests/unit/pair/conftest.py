from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daglab.pair import create_pair

PY = '''# /// script
# dependencies = ["marimo"]
#
# [tool.daglab.assets.orders]
# ///

import marimo

__generated_with = "0.20.0"
app = marimo.App(width="medium")

# between header and cells

@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    # Orders
    """)
    return


@app.cell
def load():
    import marimo as mo

    orders = [1, 2, 3]   # as they came
    return mo, orders


# a comment between cells


@app.cell
def _(orders):
    total = sum(orders)
    return (total,)


@app.cell
def _(total):
    print(total)
    return


if __name__ == "__main__":
    app.run()
'''


class Files:
    """A pair on disk, edited as its users edit it."""

    def __init__(self, folder: Path, stem: str = "orders") -> None:
        self.py = folder / f"{stem}.py"
        self.ipynb = folder / f"{stem}.ipynb"

    @property
    def cells(self) -> list[dict[str, Any]]:
        """The .ipynb's cells."""
        cells: list[dict[str, Any]] = json.loads(self.ipynb.read_bytes())["cells"]
        return cells

    @property
    def sources(self) -> list[str]:
        """The .ipynb's sources."""
        return ["".join(cell["source"]) for cell in self.cells]

    def edit_py(self, old: str, new: str) -> None:
        """Replace a stretch of the .py."""
        text = self.py.read_bytes().decode()
        assert old in text
        self.py.write_bytes(text.replace(old, new, 1).encode())

    def edit_ipynb(self, edit: Callable[[list[dict[str, Any]]], object]) -> None:
        """Edit the list of cells as Jupyter would."""
        document = json.loads(self.ipynb.read_bytes())
        edit(document["cells"])
        self.ipynb.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")

    def both(self) -> tuple[bytes, bytes]:
        """The bytes of both halves."""
        return self.py.read_bytes(), self.ipynb.read_bytes()


def synced_pair(folder: Path) -> Files:
    """A pair of four cells in a project's folder."""
    (folder / "pyproject.toml").write_text("")
    files = Files(folder)
    files.py.write_text(PY, "utf-8")
    create_pair(files.py)
    return files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project's folder."""
    (tmp_path / "pyproject.toml").write_text("")
    return tmp_path


@pytest.fixture
def pair(folder: Path) -> Files:
    """A synced pair of four cells."""
    return synced_pair(folder)
