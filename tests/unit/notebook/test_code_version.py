"""The version of an asset's code is the same on every Python, marimo and platform, and stays what it was."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from daglab.notebook.cells import parse_notebook
from daglab.notebook.graph import AssetGraph, asset_graph
from daglab.notebook.header import read_header

CORPUS = Path(__file__).resolve().parents[2] / "corpus" / "code_version"
GOLDEN = json.loads((CORPUS / "every_cell.json").read_text("utf-8"))
"""Asset -> version. A change here makes every user's assets of that kind stale: it belongs in the changelog."""


def every_cell(text: str | None = None) -> AssetGraph:
    text = text if text is not None else (CORPUS / "every_cell.py").read_bytes().decode()
    header = read_header(text)
    assert header is not None
    return asset_graph(parse_notebook(text), header)


def versions(graph: AssetGraph) -> dict[str, str]:
    return {variable: graph.code_version(variable) for variable in graph.header.assets}


def test_versions_of_every_kind_of_cell_are_the_golden_ones() -> None:
    graph = every_cell()
    assert graph.cells.is_sound
    assert versions(graph) == GOLDEN
    # One version for both assets of a cell; else each cell has its own.
    assert len(set(GOLDEN.values())) == len(GOLDEN) - 1
    assert GOLDEN["one_of_two"] == GOLDEN["two_of_two"]


def test_line_ends_do_not_count() -> None:
    text = (CORPUS / "every_cell.py").read_bytes().decode()
    assert versions(every_cell(text.replace("\n", "\r\n"))) == GOLDEN


def test_whether_duckdb_is_installed_does_not_count() -> None:
    program = (
        "import sys; sys.modules['duckdb'] = None\n"  # as where it isn't: neither found nor imported
        "from tests.unit.notebook.test_code_version import GOLDEN, every_cell, versions\n"
        "assert versions(every_cell()) == GOLDEN\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, cwd=CORPUS.parents[2])
