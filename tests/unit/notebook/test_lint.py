"""Lint: what is refused in a notebook that makes assets, and what is not."""

from __future__ import annotations

import asyncio

import pytest

from daglab.marimo_api import ParsedCell, render
from daglab.notebook.cells import Notebook, parse_notebook
from daglab.notebook.edit import NewCell, new_notebook
from daglab.notebook.lint import all_findings, lint_notebook, lint_notebook_sync, run_to_end

HEADER = """\
# /// script
# dependencies = ["daglab"]
#
# [tool.daglab]
# params = ["limit"]
#
# [tool.daglab.inputs]
# raw = "raw/orders"
#
# [tool.daglab.assets.orders]
# key = "sales/orders"
#
# [tool.daglab.assets.totals]
#
# [tool.daglab.checks.sane]
# asset = "orders"
# ///
"""
GOOD = (
    "import daglab",
    "limit: int = 3",
    "raw = daglab.load_asset('raw/orders')",
    "_few = raw[:limit]\norders = [x for x in _few]",
    "totals = sum(orders)",
    "sane = totals > 0",
)


def notebook(*codes: str, header: str = HEADER) -> Notebook:
    return parse_notebook(render([ParsedCell(code) for code in codes], header=header), "n.py")


def codes(*cells: str, header: str = HEADER) -> list[str]:
    return [finding.code for finding in lint_notebook_sync(notebook(*cells, header=header))]


def replaced(old: str, new: str) -> list[str]:
    assert any(old in cell for cell in GOOD)
    return [cell.replace(old, new) for cell in GOOD]


def test_a_good_notebook_has_no_findings() -> None:
    assert codes(*GOOD) == []


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        (["x = ("], "MB001"),
        (["x = 1", "def f(:\n    pass"], "MB001"),
        (["x = 1", "x = 2"], "MB002"),
        (["x = y", "y = x"], "MB003"),
        (["return 1"], "MB001"),
    ],
)
def test_marimos_breaking_rules_hold_without_a_header(cells: list[str], code: str) -> None:
    assert set(codes(*cells, header="")) == {code}


def test_the_setup_cell_depends_on_nothing() -> None:
    text = render([ParsedCell("b = a", "setup", "setup"), ParsedCell("a = 1")])
    assert "MB004" in [f.code for f in lint_notebook_sync(parse_notebook(text))]


@pytest.mark.parametrize(
    ("cells", "code", "says"),
    [
        (GOOD[:-1], "DL201", "no cell defines 'sane', which the header lists under checks"),
        ((*GOOD[:2], *GOOD[3:]), "DL201", "no cell defines 'raw'"),
        (replaced("totals = sum", "total = sum"), "DL201", "no cell defines 'totals'"),
        (replaced("_few", "few"), "DL202", "the cell of asset 'orders' also defines 'few'"),
        (replaced("totals = sum", "import math\ntotals = sum"), "DL202", "also defines 'math'"),
        (replaced("totals = sum", "raw2 = raw\ntotals = sum"), "DL202", "also defines 'raw2'"),
        (replaced("raw = daglab", "path = 'x'\nraw = daglab"), "DL203", "the cell of input 'raw' also defines 'path'"),
        (replaced("limit: int = 3", "limit: int = 1 + x"), "DL204", "param 'limit'"),
        (replaced("limit: int = 3", "limit: bytes = 3"), "DL204", "bytes"),
        (replaced("limit: int = 3", "limit: int = 3\nprint(limit)"), "DL204", "not assigned in a cell of params"),
        (replaced("totals = sum", "daglab.load_asset('z') = sum"), "MB001", ""),
        (replaced("'raw/orders'", "'raw/order'"), "DL205", "'raw/order' is loaded, but neither inputs nor deps"),
        (replaced("_few = raw", "_few = daglab.load_asset('x') and raw"), "DL205", "'x' is loaded"),
        ((*GOOD, "orders.append(1)"), "DL210", "'orders' is changed by .append() outside cell 4"),
        ((*GOOD, "orders[0] = 1"), "DL210", "'orders' is assigned to (orders[0])"),
        ((*GOOD, "del orders[0]"), "DL210", "'orders' is deleted from (orders[0])"),
        ((*GOOD, "orders[0] += 1"), "DL210", "'orders' is changed (orders[0])"),
        ((*GOOD, "del totals"), "DL210", "'totals' is deleted"),
        ((*GOOD, "orders = []"), "MB002", "'orders' is defined in multiple cells"),
        ((*GOOD, "totals += 1"), "MB002", "'totals' is defined in multiple cells"),
    ],
)
def test_refused(cells: list[str], code: str, says: str) -> None:
    book = notebook(*cells)
    findings = [f for f in lint_notebook_sync(book) if f.code == code]
    assert any(says in f.message for f in findings), findings
    assert all(f.remedy and f.path == "n.py" and 1 <= f.line <= book.text.count("\n") for f in findings)


@pytest.mark.parametrize(
    ("made", "changed", "read", "says"),
    [
        ("rows = []", "rows.append(1)", "totals = len(rows)", "'rows' is changed by .append() in cell 9"),
        ("df = object()", "df['b'] = 2", "totals = df.columns", "'df' is assigned to (df['b']) in cell 9"),
        (
            "mo.sql('CREATE TABLE t (a int)')",
            "mo.sql('INSERT INTO t VALUES (1)')",
            "totals = mo.sql('FROM t')",
            "'t' is",
        ),
        ("mo.sql('CREATE TABLE t (a int)')", "mo.sql('COPY t FROM \"x.csv\"')", "totals = mo.sql('FROM t')", "'t' is"),
        (
            "mo.sql('CREATE TABLE t (a int)')",
            "mo.sql('SELECT 1; DELETE FROM t')",
            "totals = mo.sql('FROM t')",
            "'t' is",
        ),
        # read only, another table, a value of its own, a module's setting, and in a cell that runs
        ("rows = []", "print(rows)", "totals = len(rows)", None),
        (
            "mo.sql('CREATE TABLE t (a int)')",
            "mo.sql('SELECT * FROM t; DELETE FROM u')",
            "totals = mo.sql('FROM t')",
            None,
        ),
        ("mo.sql('CREATE TABLE t (a int)')", "mo.sql('COPY t TO \"x.csv\"')", "totals = mo.sql('FROM t')", None),
        ("rows = []", "more = list(rows)\nmore.append(1)", "totals = len(rows)", None),
        ("import pandas as pd", "pd.options.display.width = 9", "totals = pd.DataFrame()", None),
        ("rows = []", "rows.append(1)\nlast = rows", "totals = len(last)", None),
    ],
)
def test_what_a_run_leaves_out_changes_nothing_that_it_reads(
    made: str, changed: str, read: str, says: str | None
) -> None:
    book = notebook(*replaced("totals = sum(orders)", read), "import marimo as mo", made, changed)
    found = [finding for finding in lint_notebook_sync(book) if finding.code == "DL211"]
    assert [says in finding.message for finding in found] == ([True] if says else []), found
    assert all("which a run of 'totals', 'sane' leaves out" in finding.message for finding in found)


@pytest.mark.parametrize(
    "more",
    [
        ["_copy = list(orders)\n_copy.append(1)"],
        ["sorted(orders)"],
        ["daglab.load_asset('anything')"],  # no asset needs the cell: it never runs
        ["other.load_asset('x'), daglab.load_asset(key)"],
        ["def f(orders):\n    orders.append(1)"],
        ["import marimo as mo", "mo.md('# Orders')"],
        [""],
    ],
)
def test_not_refused(more: list[str]) -> None:
    assert codes(*GOOD, *more) == []


def test_the_partition_key_stands_alone_in_its_cell() -> None:
    header = HEADER.removesuffix("# ///\n") + '# [tool.daglab.partitions]\n# static = ["eu"]\n# ///\n'
    assert codes(*GOOD, "partition_key = 'eu'", header=header) == []
    crowded = notebook(*GOOD, "partition_key = 'eu'\nother = 1", header=header)
    [finding] = lint_notebook_sync(crowded)
    assert (finding.code, finding.message) == ("DL203", "the cell of 'partition_key' also defines 'other'")
    assert codes(*GOOD, "partition_key = 'eu'\nother = 1") == ["DL206"]


def test_what_the_header_names_may_be_loaded() -> None:
    header = HEADER.replace('# key = "sales/orders"', '# key = "sales/orders"\n# deps = ["raw/dates"]')
    cells = replaced("_few = raw", "_few = daglab.load_asset('raw/dates') and daglab.load_asset('raw/orders')")
    assert codes(*cells, header=header) == []


def test_two_assets_in_one_cell_are_fine() -> None:
    assert codes(*GOOD[:3], "orders, totals = [1], limit", GOOD[5]) == []


def test_an_asset_may_be_changed_where_it_is_made() -> None:
    assert codes(*replaced("for x in _few]", "for x in _few]\norders.append(1)")) == []


def test_faults_of_the_header_are_findings_with_their_lines() -> None:
    header = HEADER.replace('# key = "sales/orders"', '# kye = "sales/orders"\n# group = 3')
    book = notebook(*GOOD, header=header)
    found = [(f.code, f.line, f.remedy) for f in lint_notebook_sync(book)]
    lines = book.text.split("\n")
    assert ("DL101", lines.index('# kye = "sales/orders"') + 1, "did you mean 'key'?") in found
    assert [line for code, line, _ in found if code == "DL102"] == [lines.index("# group = 3") + 1]


def test_a_finding_is_at_its_line_of_the_file() -> None:
    book = notebook(*GOOD, "x = 1\n\norders.append(x)")
    [finding] = lint_notebook_sync(book)
    assert "orders.append(x)" in book.text.split("\n")[finding.line - 1]


def test_a_definition_given_twice_is_reported_at_the_later_one() -> None:
    book = parse_notebook("\n\n" + notebook("x = 1", "y = 2", "x = 3", header="").text)
    [finding] = lint_notebook_sync(book)
    assert "x = 3" in book.text.split("\n")[finding.line - 1]
    assert "also line" in finding.message


def test_a_comment_accepts_a_finding_on_its_line() -> None:
    book = notebook(*GOOD, "orders.append(1)  # daglab: ignore[DL202, DL210]", "orders.append(2)")
    assert len(lint_notebook_sync(book)) == 1
    assert len(asyncio.run(all_findings(book))) == 2


def test_what_keeps_a_notebook_from_loading_cannot_be_accepted() -> None:
    book = notebook(*replaced("limit: int = 3", "limit: bytes = 3  # daglab: ignore[DL204]"))
    assert [f.code for f in lint_notebook_sync(book)] == ["DL204"]


def test_both_entries_work_inside_a_running_loop() -> None:
    async def inside() -> tuple[list[str], list[str]]:
        book = notebook(*GOOD, "orders.append(1)")
        return [f.code for f in await lint_notebook(book)], [f.code for f in lint_notebook_sync(book)]

    assert run_to_end(inside()) == (["DL210"], ["DL210"])


def test_a_byte_order_mark_and_crlf_change_nothing() -> None:
    text = notebook(*GOOD, "orders.append(1)").text
    plain = lint_notebook_sync(parse_notebook(text, "n.py"))
    assert lint_notebook_sync(parse_notebook("\ufeff" + text.replace("\n", "\r\n"), "n.py")) == plain != []


def test_a_cell_that_does_not_parse_is_named_by_its_line_and_pythons_words() -> None:
    header = "# /// script\n# [tool.daglab.assets.a]\n# ///\n"
    text = new_notebook([NewCell("x = 1"), NewCell("b = x\na = sum([x, 2]")], header=header)
    [finding] = lint_notebook_sync(parse_notebook(text))
    assert (finding.code, finding.message) == ("MB001", "a cell does not parse: '(' was never closed")
    assert text.splitlines()[finding.line - 1].strip() == "a = sum([x, 2]"


PARTITIONS = '# [tool.daglab.partitions]\n# daily = { start = "2026-01-01" }\n# ///'
NO_INPUT = HEADER.replace('# [tool.daglab.inputs]\n# raw = "raw/orders"\n#\n', "")
PARTITIONED = NO_INPUT.replace("# ///\n", "") + PARTITIONS
SELF_MADE = [cell for cell in replaced("raw[:limit]", "range(limit)") if "raw" not in cell]
PARTITION_CELL = "partition_key = daglab.partition_key('2026-01-01')"


def found_in(cells: list[str], header: str) -> list[str]:
    text = render([ParsedCell(code) for code in cells], header=header)
    findings = lint_notebook_sync(parse_notebook(text, "n.py"))
    lines = text.split("\n")
    return [f"{finding.code} {lines[finding.line - 1].strip()}" for finding in findings]


@pytest.mark.parametrize("cell", [PARTITION_CELL, "partition_key = '2026-01-01'", "print(daglab.partition_key('x'))"])
def test_a_partition_without_partitions(cell: str) -> None:
    assert found_in([*GOOD, cell], HEADER) == [f"DL206 {cell}"]


def test_a_param_called_like_the_partition_is_a_param() -> None:
    header = NO_INPUT.replace('["limit"]', '["limit", "partition_key"]')
    assert found_in([*SELF_MADE, "partition_key = 'x'", "print(partition_key)"], header) == []


def test_partitions_that_nothing_reads() -> None:
    assert found_in(SELF_MADE, PARTITIONED) == ["DL207 # [tool.daglab.partitions]"]
    assert found_in([*SELF_MADE, PARTITION_CELL], PARTITIONED) == []
    assert found_in(replaced("raw[:limit]", "[*raw, limit]"), HEADER.replace("# ///\n", "") + PARTITIONS) == []
    for reads in (
        "print(daglab.context())",
        "import daglab as dl\nprint(dl.context())",
        "print(partition_key)",
        "print(daglab.load_asset('sales/orders'))",
    ):
        assert found_in([*SELF_MADE, reads], PARTITIONED) == [], reads
    accepted = PARTITIONED.replace("partitions]", "partitions]  # daglab: ignore[DL207]")
    assert found_in(SELF_MADE, accepted) == []


def test_a_param_that_nothing_reads() -> None:
    assert found_in(replaced("[:limit]", ""), HEADER) == ['DL208 # params = ["limit"]']
    assert found_in([*replaced("[:limit]", ""), "print(mo.cli_args())"], HEADER) == []


@pytest.mark.parametrize("way", ["as marimo saves it", "by hand"])
def test_what_only_compiling_shows_is_said_in_pythons_words_and_alone(way: str) -> None:
    text = render(
        [ParsedCell(cell + "\nbreak" * (way != "by hand" and cell.startswith("totals"))) for cell in GOOD],
        header=HEADER,
    )
    if way == "by hand":
        text = text.replace("    totals = sum(orders)\n", "    totals = sum(orders)\n    break\n")
    [finding] = [found for found in lint_notebook_sync(parse_notebook(text, "n.py")) if "loop" in found.message]
    assert text.split("\n")[finding.line - 1].strip() == "break"
    assert "DL201" not in [found.code for found in lint_notebook_sync(parse_notebook(text, "n.py"))]
