"""Reading notebooks by marimo's private names: the suite that the oldest and the newest supported marimo must pass."""

from __future__ import annotations

import ast
import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daglab import marimo_api, marimo_graph
from daglab.marimo_api import ParsedCell
from daglab.notebook.spans import split

CELLS = (
    ParsedCell("import math", name="setup", kind="setup"),
    ParsedCell("def double(x):\n    return 2 * x", name="double", kind="function"),
    ParsedCell("class Box:\n    pass", name="Box", kind="class"),
    ParsedCell("a = double(math.floor(1.5))\na", name="make", options={"hide_code": True}),
    ParsedCell('mo.md(r"""\n# Title\n""")'),
    ParsedCell("x = (", kind="unparsable"),
)


def test_what_is_rendered_is_parsed_again() -> None:
    text = marimo_api.render(CELLS, header="# a header", app_options={"width": "medium"})
    parsed = marimo_api.parse(text)
    assert parsed is not None
    assert parsed.valid
    assert parsed.header.strip() == "# a header"
    assert parsed.app_options == {"width": "medium"}
    assert [(cell.code, cell.kind) for cell in parsed.cells] == [(cell.code, cell.kind) for cell in CELLS]
    assert [cell.name for cell in parsed.cells][:4] == ["setup", "double", "Box", "make"]
    assert parsed.cells[3].options["hide_code"] is True
    lines = text.split("\n")
    assert lines[parsed.cells[3].lineno].strip() == "a = double(math.floor(1.5))"


@pytest.mark.parametrize("text", ["", "\n", "x = 1\n", "import marimo\n", "def f(:\n", "a\0b"])
def test_what_is_no_notebook(text: str) -> None:
    parsed = marimo_api.parse(text)
    assert parsed is None or not parsed.valid


def test_each_statement_has_its_kind() -> None:
    text = marimo_api.render(CELLS[:4])
    kinds = [marimo_api.node_kind(node) for node in marimo_api.statements(text)]
    assert kinds == [None, None, "app", "setup", "cell", "cell", "cell", "guard"]
    assert marimo_api.node_kind(ast.parse("x = 1").body[0]) is None


def test_a_broken_text_is_scanned() -> None:
    cell = "@app.cell\ndef _():\n    {}\n    return\n"
    text = "import marimo\n\napp = marimo.App()\n\n\n" + cell.format("a = (") + "\n\n" + cell.format("b = 1")
    ends = marimo_api.scanned_ends(text)
    assert set(ends) >= {6, 12}
    assert all(first <= last for first, last in ends.items())


def test_the_graph_has_names_parents_and_markdown() -> None:
    graph = marimo_graph.compile_graph(CELLS)
    assert [sorted(cell.defs) for cell in graph] == [["math"], ["double"], ["Box"], ["a"], [], []]
    assert graph[3].parents == {0, 1}
    assert [cell.markdown for cell in graph] == [False, False, False, False, True, False]
    (table, query) = marimo_graph.compile_graph(
        [ParsedCell("t = 1"), ParsedCell('_ = mo.sql(f"""\nSELECT * FROM t\n""")')]
    )
    assert table.defs == {"t"}
    assert query.parents == {0}


def test_markdown_goes_both_ways() -> None:
    call = marimo_api.markdown_call("# Title\n\ntext")
    assert marimo_api.markdown_of(call) == "# Title\n\ntext"
    assert marimo_api.markdown_of("a = 1") is None


def test_lint_runs_inside_a_loop_and_tells_what_breaks() -> None:
    text = marimo_api.render([ParsedCell("a = 1"), ParsedCell("a = 2")])
    found = asyncio.run(marimo_api.lint(text))
    assert "MB002" in {d.code for d in found}
    assert all(line > 0 for d in found for line in d.lines)


CODES = st.sampled_from(
    [
        "a = 1",
        "b = a",
        "a = b",
        "del a",
        "del a, b",
        "c = a + b; del b",
        "def f():\n    return a",
        "import a",
        "_a = a",
        "a += 1",
        "for b in a:\n    pass",
        "1 +",
        "",
        "class C(f):\n    b = c",
        "print(c, f)",
    ]
)


@settings(deadline=None)
@given(st.lists(CODES, max_size=8))
def test_parents_by_name_are_those_of_marimo_s_graph(codes: list[str]) -> None:
    cells = [ParsedCell(code) for code in codes]
    compiled = [marimo_graph._compiled(cell.code, str(i)) for i, cell in enumerate(cells)]
    assert marimo_graph.edges_by_name(compiled) == marimo_graph.marimos_edges(compiled)
    assert [cell.parents for cell in marimo_graph.compile_graph(cells)] == marimo_graph.marimos_edges(compiled)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            CODES
            | st.sampled_from(["x: int = 1", "y: 'C' = x", "df = mo.sql(f'SELECT * FROM t')", "@dec\nclass D: ..."]),
            st.sampled_from(["_", "named"]),
            st.sampled_from([{}, {"hide_code": True}]),
        ),
        max_size=6,
    ),
    st.sampled_from(["import os", "", "# comment", "x = (", None]),
)
def test_blocks_are_the_cells_of_what_is_rendered(cells: list[Any], setup: str | None) -> None:
    parsed = [ParsedCell(code, name, "cell", options) for code, name, options in cells]
    if setup is not None:
        parsed.insert(0, ParsedCell(setup, "setup", "setup"))
    in_text = [span.text.rstrip("\n") + "\n" for span in split(marimo_api.render(parsed)) if span.kind == "cell"]
    if setup == "":  # marimo leaves it out
        in_text.insert(0, "with app.setup:\n    pass\n")
    assert marimo_api.render_blocks(parsed) == in_text
