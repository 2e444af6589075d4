"""What SQL cells read and define doesn't depend on whether DuckDB is installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daglab import marimo_graph
from daglab.marimo_api import ParsedCell

QUERIES: list[str] = json.loads(
    (Path(__file__).parents[1] / "corpus" / "sql" / "queries.json").read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def without_duckdb() -> Any:
    """What a cell reads and defines to a marimo that finds no DuckDB."""
    from marimo._dependencies.dependencies import Dependency, DependencyManager

    def read(code: str) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(DependencyManager, "duckdb", Dependency("a_package_that_nobody_has"))
            return seen(code)

    return read


def seen(code: str) -> Any:
    cell = marimo_graph._compiled.__wrapped__(code, "0")
    return cell.defs, cell.refs, cell.sql_refs, dict(cell.variable_data), cell.language


def cell(query: str, prefix: str = "f") -> str:
    return f"rows = mo.sql({prefix}{query!r}, engine=engine)"


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_names_the_same_with_and_without_duckdb(query: str, without_duckdb: Any) -> None:
    pytest.importorskip("duckdb")
    assert without_duckdb(cell(query, "")) == seen(cell(query, ""))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(QUERIES), min_size=2, max_size=4), st.sampled_from(["mo.sql", "duckdb.sql", "mo.md"]))
def test_so_do_several_statements(without_duckdb: Any, queries: list[str], call: str) -> None:
    duckdb = pytest.importorskip("duckdb")
    try:
        duckdb.extract_statements(";".join(queries))
    except duckdb.Error:  # marimo then takes them for one; they can't run
        return
    code = "\n".join(["def f():", f"    return {call}({';'.join(queries)!r})", f"{call}(f{queries[0]!r})"])
    assert without_duckdb(code) == seen(code)


def test_the_graph_without_duckdb_has_the_edges_of_tables(without_duckdb: Any) -> None:
    _, refs, sql_refs, _, language = without_duckdb(cell("SELECT * FROM orders JOIN s.customers USING (id)"))
    assert refs == {"orders", "s.customers", "mo", "engine"}
    assert set(sql_refs) == {"orders", "s.customers"}
    assert language == "sql"
    defs, refs, _, _, _ = without_duckdb(cell("CREATE TABLE t AS SELECT 1; CREATE VIEW v AS SELECT * FROM t, u"))
    assert defs == {"rows", "t", "v"}
    assert refs == {"mo", "engine", "u"}


@pytest.mark.parametrize("query", ["SELECT 'no end FROM t", 'SELECT "no end', "SELECT $$ FROM t", "SELECT /* FROM t"])
def test_a_query_that_has_no_end_reads_nothing_and_stops_nothing(query: str, without_duckdb: Any) -> None:
    cells = [ParsedCell(cell(query, "")), ParsedCell("engine = None")]
    (first, _) = marimo_graph.compile_graph(cells)
    assert first.valid
    assert first.parents == {1}
    assert without_duckdb(cells[0].code)[1] >= {"mo", "engine"}
