"""What SQL cells read and define: as it is written out, with any SQLGlot; and all that marimo finds with DuckDB."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daglab import marimo_graph
from daglab.marimo_api import ParsedCell
from daglab.marimo_parser import import_marimo

CORPUS: dict[str, dict[str, list[str]]] = json.loads(
    (Path(__file__).parents[1] / "corpus" / "sql" / "queries.json").read_text("utf-8")
)
"""Query -> the tables that it reads, and what it makes."""


def compiled(code: str) -> Any:
    return marimo_graph._compiled.__wrapped__(code, "0")


def compiled_by_marimo(code: str) -> Any:
    import_marimo()
    from marimo._ast import compiler

    module: Any = compiler
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ScopedVisitor", module.ScopedVisitor.__base__)
        return compiled(code)


def cell(query: str, prefix: str = "") -> str:
    return f"rows = mo.sql({prefix}{query!r}, engine=engine)"


@pytest.mark.parametrize("query", CORPUS)
def test_a_query_reads_and_makes_what_is_written_out(query: str) -> None:
    found = compiled(cell(query))
    assert sorted(found.refs - {"mo", "engine"}) == CORPUS[query]["reads"]
    made = {name: data[0] for name, data in found.variable_data.items() if name != "rows"}
    assert {f"{one.kind} {name}" for name, one in made.items()} == {
        f"{kind} {name.rpartition('.')[2]}"
        for kind, _, name in (text.partition(" ") for text in CORPUS[query]["makes"])
    }
    assert set(found.sql_refs) == set(CORPUS[query]["reads"])
    assert found.language == "sql"


@settings(deadline=None)
@given(st.lists(st.sampled_from(list(CORPUS)), min_size=1, max_size=4), st.sampled_from(["mo.sql", "duckdb.sql"]))
def test_it_names_all_that_it_names_to_marimo(queries: list[str], call: str) -> None:
    duckdb = pytest.importorskip("duckdb", reason="without it marimo sees no table that ours could be compared with")
    text = ";".join(queries)
    try:
        duckdb.extract_statements(text)
        code = "\n".join(["def f():", f"    return {call}({text!r})", f"{call}(f{queries[0]!r})"])
        by_marimo = compiled_by_marimo(code)
    except Exception:  # no SQL: DuckDB's own error; or marimo's reading ends with SQLGlot's
        return
    ours = compiled(code)
    # Some versions of DuckDB rewrite PRAGMA and PIVOT before marimo reads them.
    assert {name for name in by_marimo.refs if not name.startswith(("pragma", "__pivot"))} <= ours.refs
    assert ours.defs == by_marimo.defs


def test_the_side_of_a_join_that_marimo_does_not_see_is_an_edge() -> None:
    cells = [
        ParsedCell("good = 1"),
        ParsedCell("orders = 2"),
        ParsedCell(cell("FROM orders SEMI JOIN good USING (id)")),
    ]
    assert marimo_graph.compile_graph(cells)[2].parents == {0, 1}


@pytest.mark.parametrize("query", ["SELECT 'no end FROM t", 'SELECT "no end', "SELECT $$ FROM t", "SELECT /* FROM t"])
def test_a_query_that_has_no_end_reads_nothing_and_stops_nothing(query: str) -> None:
    cells = [ParsedCell(cell(query)), ParsedCell("engine = None")]
    (first, _) = marimo_graph.compile_graph(cells)
    assert first.valid
    assert first.parents == {1}
    assert compiled(cells[0].code).refs >= {"mo", "engine"}


def test_duckdb_is_not_asked() -> None:
    program = (
        "import sys; sys.modules['duckdb'] = None\n"  # as where it isn't installed: neither found nor imported
        "from tests.contract.test_marimo_sql import *\n"
        "for query in CORPUS: test_a_query_reads_and_makes_what_is_written_out(query)\n"
        "sys.exit(sys.modules['duckdb'] is not None)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, cwd=Path(__file__).parents[2])
