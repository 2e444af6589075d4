"""Notebooks that no human writes: each is told of as one that can't be synced, and those around it are as ever."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daglab.errors import NotebookError
from daglab.notebook.cells import parse_notebook
from daglab.notebook.graph import cell_graph
from daglab.pair import find_pairs, pair_of, pair_status, sync
from daglab.pair.watched import WatchedPairs
from tests.unit.pair.conftest import PY, Files, synced_pair

# RecursionError in Python's parser (from 3.11 on), MemoryError in it, RecursionError where marimo looks for names
_DEEP = ["+".join(["1"] * 20_000), "-" * 100_000 + "1", "+".join(["1"] * 1_000)]
_NAMES = ["x" * 300 + ".py", "x" * 300 + "/", "a\ud800.py", "a\0.py", "/".join(["x" * 200] * 30) + ".py"]


def set_metadata(pair: Files, **metadata: Any) -> None:
    document = json.loads(pair.ipynb.read_bytes())
    document["metadata"] = metadata
    pair.ipynb.write_text(json.dumps(document), "utf-8")


@pytest.mark.parametrize("expression", _DEEP, ids=["recursion", "memory", "names"])
def test_what_is_too_deep_for_python_is_an_invalid_notebook(folder: Path, expression: str) -> None:
    with pytest.raises(NotebookError, match=r"shop\.py has an expression that is too long or nested too deeply"):
        cell_graph(parse_notebook(PY.replace("sum(orders)", expression), "shop.py"))
    edits: list[Callable[[Files], None]] = [
        lambda pair: pair.edit_py("sum(orders)", expression),
        lambda pair: pair.edit_ipynb(lambda cells: cells[2].update(source=f"total = {expression}")),
    ]
    for edit in edits:
        pair = synced_pair(folder)
        edit(pair)
        before = pair.both()
        status = pair_status(pair.py, refused=True)
        assert (status.state, "nested too deeply" in status.reason) == ("invalid", True)
        event = WatchedPairs(sync).sync(pair_of(pair.ipynb))
        assert event is not None and event.kind == "invalid"
        assert pair.both() == before
        for half in (pair.py, pair.ipynb):
            half.unlink()


@pytest.mark.parametrize("name", _NAMES, ids=["long", "long folder", "half a character", "NUL", "long path"])
def test_a_name_that_no_file_can_have_is_no_claim(folder: Path, name: str) -> None:
    pair = synced_pair(folder)
    metadata = json.loads(pair.ipynb.read_bytes())["metadata"]
    for said in (
        {"daglab": {**metadata["daglab"], "py": name}},
        {"jupytext": {"formats": f"ipynb,{name.removesuffix('.py').rstrip('/')}//py:marimo"}},
    ):
        set_metadata(pair, **said)
        assert pair_of(pair.ipynb).py == pair.py
        assert pair_of(pair.py).ipynb == pair.ipynb
        assert [found.py for found in find_pairs(folder)] == [pair.py]
        WatchedPairs(sync).sync(pair_of(pair.ipynb))
        assert pair_status(pair.py).state == "in-sync"
