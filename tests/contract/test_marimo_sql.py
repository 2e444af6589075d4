"""What SQL cells read and define is what marimo itself finds in them with DuckDB, whether or not that is installed."""

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

CORPUS = Path(__file__).parents[1] / "corpus" / "sql" / "queries.json"
# But PRAGMA and PIVOT, which some versions of DuckDB rewrite before marimo reads them.
QUERIES = [query for query in json.loads(CORPUS.read_text("utf-8")) if not query.startswith(("PRAGMA", "PIVOT"))]


def seen(code: str) -> Any:
    cell = marimo_graph._compiled.__wrapped__(code, "0")
    return cell.defs, cell.refs, cell.sql_refs, dict(cell.variable_data), cell.language


def seen_by_marimo(code: str) -> Any:
    import_marimo()
    from marimo._ast import compiler

    module: Any = compiler
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ScopedVisitor", module.ScopedVisitor.__base__)
        return seen(code)


def cell(query: str, prefix: str = "f") -> str:
    return f"rows = mo.sql({prefix}{query!r}, engine=engine)"


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_names_what_it_names_to_marimo(query: str) -> None:
    pytest.importorskip("duckdb")
    assert seen(cell(query, "")) == seen_by_marimo(cell(query, ""))


@settings(deadline=None)
@given(st.lists(st.sampled_from(QUERIES), min_size=2, max_size=4), st.sampled_from(["mo.sql", "duckdb.sql", "mo.md"]))
def test_so_do_several_statements(queries: list[str], call: str) -> None:
    duckdb = pytest.importorskip("duckdb")
    try:
        duckdb.extract_statements(";".join(queries))
    except duckdb.Error:  # marimo then takes them for one; they can't run
        return
    code = "\n".join(["def f():", f"    return {call}({';'.join(queries)!r})", f"{call}(f{queries[0]!r})"])
    assert seen(code) == seen_by_marimo(code)


def test_tables_that_a_query_reads_and_makes() -> None:
    _, refs, sql_refs, _, language = seen(cell("SELECT * FROM orders JOIN s.customers USING (id)"))
    assert refs == {"orders", "s.customers", "mo", "engine"}
    assert set(sql_refs) == {"orders", "s.customers"}
    assert language == "sql"
    defs, refs, _, _, _ = seen(cell("CREATE TABLE t AS SELECT 1; CREATE VIEW v AS SELECT * FROM t, u"))
    assert defs == {"rows", "t", "v"}
    assert refs == {"mo", "engine", "u"}
    assert "cities" in seen(cell("SELECT * FROM t; PIVOT cities ON year USING sum(population)"))[1]


@pytest.mark.parametrize("query", ["SELECT 'no end FROM t", 'SELECT "no end', "SELECT $$ FROM t", "SELECT /* FROM t"])
def test_a_query_that_has_no_end_reads_nothing_and_stops_nothing(query: str) -> None:
    cells = [ParsedCell(cell(query, "")), ParsedCell("engine = None")]
    (first, _) = marimo_graph.compile_graph(cells)
    assert first.valid
    assert first.parents == {1}
    assert seen(cells[0].code)[1] >= {"mo", "engine"}


def test_duckdb_is_not_asked() -> None:
    program = (
        "import sys; sys.modules['duckdb'] = None\n"  # as where it isn't installed: neither found nor imported
        "from tests.contract.test_marimo_sql import *\n"
        "test_tables_that_a_query_reads_and_makes()\n"
        "sys.exit(sys.modules['duckdb'] is not None)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, cwd=Path(__file__).parents[2])
