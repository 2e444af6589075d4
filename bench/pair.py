"""Syncing an edited pair beside jupytext's ``py:marimo`` and marimo's converters; many pairs; a very large notebook."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from bench.fidelity import marimos_ipynb, marimos_py
from bench.measure import Row, median_seconds, run_program
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
_PAIRS, _PAIRED, _EDITED, _LARGE = 1_000, 700, 100, 10_000


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
            Row(what, "marimo's converters, both whole", median_seconds(lambda: _by_marimo(py), rounds=5)),
            _jupytext(what, py),
            *_many(folder / "many", py.read_text("utf-8")),
            *_large(folder / "large"),
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


def _by_marimo(py: Path) -> None:
    """What marimo has for it: the whole notebook converted each way, in this process; nothing is merged or kept."""
    marimos_py(marimos_ipynb(py.read_text("utf-8")))


def _jupytext(what: str, py: Path) -> Row:
    """The same two edits, by the command ``jupytext --sync``; it starts marimo for each conversion."""
    if find_spec("jupytext") is None:
        return Row(what, "jupytext py:marimo", None, note="not installed")
    folder = py.parent / "jupytext"
    folder.mkdir()
    (folder / "jupytext.toml").write_text('formats = "ipynb,py:marimo"\n')
    other = folder / py.name
    shutil.copy(py, other)
    run_program("jupytext", "--quiet", "--sync", other)

    def both() -> None:
        _edit_py(other)
        run_program("jupytext", "--quiet", "--sync", other)
        _edit_ipynb(other.with_suffix(".ipynb"))
        run_program("jupytext", "--quiet", "--sync", other)

    return Row(what, "jupytext py:marimo", median_seconds(both, rounds=1, warm=0))


def _many(folder: Path, text: str) -> list[Row]:
    folder.mkdir()
    paths = [folder / f"orders_{number}.py" for number in range(_PAIRS)]
    for number, path in enumerate(paths):
        path.write_text(text.replace("range(1000)", f"range({number})"), "utf-8")
    pairing = _seconds("daglab", "pair", "--quiet", *paths[:_PAIRED])
    for path in paths[_PAIRED:]:
        create_pair(path)

    def all_states() -> None:
        states = {pair_status(pair, refused=True).state for pair in find_pairs(folder)}
        assert states == {"in-sync"}

    status = median_seconds(all_states, rounds=5)
    for path in paths[:_EDITED]:
        _edit_py(path)
    for path in paths[_EDITED // 2 : _EDITED]:
        _edit_ipynb(path.with_suffix(".ipynb"))
    syncing = _seconds("daglab", "sync", "--quiet", *paths[:_EDITED])
    return [
        Row(f"`daglab pair` of {_PAIRED} notebooks", "daglab", pairing, budget=30),
        Row(f"status of {_PAIRS:,} unchanged pairs", "daglab", status, budget=0.5),
        Row(f"`daglab sync` of {_EDITED} edited pairs", "daglab", syncing, budget=5),
    ]


def _large(folder: Path) -> list[Row]:
    folder.mkdir()
    ipynb = folder / "large.ipynb"
    cells = [_large_cell(number) for number in range(_LARGE)]
    document = {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    ipynb.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    pairing = _seconds("daglab", "pair", "--quiet", ipynb)
    ipynb.write_text(ipynb.read_text("utf-8").replace("x_12 = 12", "x_12 = 13"), "utf-8")
    syncing = _seconds("daglab", "sync", "--quiet", ipynb)
    return [
        Row(f"`daglab pair` of {_LARGE:,} cells", "daglab", pairing, budget=10),
        Row(f"`daglab sync` of {_LARGE:,} cells, one edited", "daglab", syncing, budget=10),
        Row(f"memory of these two, {_LARGE:,} cells", "daglab", _peak_of_children(), "MB", budget=1_000),
    ]


def _large_cell(number: int) -> dict[str, object]:
    if number % 5 == 0:
        return {"cell_type": "markdown", "id": f"m{number}", "metadata": {}, "source": [f"## Part {number}\n", "text"]}
    source = [f"x_{number} = {number}\n", f"y_{number} = x_{number} + x_{number - number % 5 + 1}\n", f"y_{number}"]
    output = {"output_type": "stream", "name": "stdout", "text": ["a line\n"]}
    about = {"execution_count": number, "metadata": {}, "outputs": [output]}
    return {"cell_type": "code", "id": f"c{number}", **about, "source": source}


def _peak_of_children() -> float:
    """Megabytes of the largest process that was waited for."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak / (1_000_000 if sys.platform == "darwin" else 1_000)


def _seconds(program: str, *args: str | Path) -> float:
    started = time.perf_counter()
    run_program(program, *args)
    return time.perf_counter() - started
