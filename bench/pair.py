"""Syncing an edited pair beside jupytext's ``py:marimo``; the status of many pairs."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from bench.measure import Row, median_seconds
from daglab.notebook.edit import NewCell, new_notebook
from daglab.pair import create_pair, find_pairs, pair_status, sync

_CELLS = [
    "import marimo as mo\nimport polars as pl",
    'mo.md(r"""\n# Orders\n\nOne row each, without test customers.\n""")',
    "min_amount = 0.0",
    "ids = range(1000)\nraw = pl.DataFrame({'id': ids, 'amount': [n % 97 for n in ids], 'day': [n % 7 for n in ids]})",
    "orders = raw.filter(pl.col('amount') >= min_amount)",
    "def euros(cents):\n    return cents / 100",
    'mo.md(r"""\n## Revenue\n""")',
    "daily = orders.group_by('day').agg(pl.col('amount').sum()).sort('day')",
    "best = daily.sort('amount').tail(1)",
    "mo.ui.table(daily)",
]
_PAIRS = 1_000


def run() -> list[Row]:
    """Measure; everything happens in a temporary folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pyproject.toml").write_text("")
        py = folder / "orders.py"
        py.write_text(new_notebook([NewCell(code) for code in _CELLS]), "utf-8")
        create_pair(py)
        what = f"sync one edited pair of {len(_CELLS)} cells, both directions"
        return [
            Row(what, "daglab", median_seconds(lambda: _both_directions(py), rounds=15, warm=3), budget=0.030),
            _jupytext(what, py),
            _status(folder, py),
        ]


_count = 0


def _edit_py(py: Path) -> None:
    global _count
    _count += 1
    text = py.read_text("utf-8")
    start = text.index("min_amount = ") + len("min_amount = ")
    py.write_text(f"{text[:start]}{_count}.0{text[text.index(chr(10), start) :]}", "utf-8")


def _edit_ipynb(ipynb: Path) -> None:
    global _count
    _count += 1
    document = json.loads(ipynb.read_bytes())
    cell = next(c for c in document["cells"] if "".join(c["source"]).startswith("best = "))
    cell["source"] = [f"best = daily.sort('amount').tail({_count})"]
    ipynb.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _both_directions(py: Path) -> None:
    _edit_py(py)
    result = sync(py)
    assert result.before.state == "py-ahead"
    _edit_ipynb(py.with_suffix(".ipynb"))
    assert sync(py).before.state == "ipynb-ahead"


def _jupytext(what: str, py: Path) -> Row:
    """The same two edits, by ``jupytext --sync`` called in this process; it starts marimo for each conversion."""
    if find_spec("jupytext") is None:
        return Row(what, "jupytext py:marimo", None, note="not installed")
    from jupytext.cli import jupytext

    # It looks for the marimo command on PATH.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    folder = py.parent / "jupytext"
    folder.mkdir()
    (folder / "jupytext.toml").write_text('formats = "ipynb,py:marimo"\n')
    other = folder / py.name
    shutil.copy(py, other)
    jupytext(["--quiet", "--sync", str(other)])

    def both() -> None:
        _edit_py(other)
        jupytext(["--quiet", "--sync", str(other)])
        _edit_ipynb(other.with_suffix(".ipynb"))
        jupytext(["--quiet", "--sync", str(other)])

    return Row(what, "jupytext py:marimo", median_seconds(both, rounds=1, warm=0))


def _status(folder: Path, py: Path) -> Row:
    many = folder / "many"
    many.mkdir()
    text = py.read_text("utf-8")
    for number in range(_PAIRS):
        path = many / f"orders_{number}.py"
        path.write_text(text, "utf-8")
        create_pair(path)

    def all_states() -> None:
        states = {pair_status(pair).state for pair in find_pairs(many)}
        assert states == {"in-sync"}

    return Row(f"status of {_PAIRS:,} unchanged pairs", "daglab", median_seconds(all_states, rounds=5), budget=0.5)
