"""The graph: which cells an asset needs, and when its code version changes."""

from __future__ import annotations

import pytest

from daglab.notebook.cells import parse_notebook
from daglab.notebook.graph import AssetGraph, asset_graph
from daglab.notebook.header import read_header

TEXT = """\
# /// script
# [tool.daglab]
# params = ["limit"]
# [tool.daglab.inputs]
# raw = "raw/orders"
# [tool.daglab.assets.orders]
# [tool.daglab.assets.daily]
# [tool.daglab.checks.ok]
# asset = "orders"
# ///
import marimo

app = marimo.App()

with app.setup:
    import daglab


@app.cell
def _():
    mo.md("# Orders")
    return


@app.cell
def _():
    limit: int = 10
    return (limit,)


@app.cell
def _():
    raw = daglab.load_asset("raw/orders")
    return (raw,)


@app.function
def clean(rows):
    return [row for row in rows if row > 0]


@app.cell
def _(clean, limit, raw):
    orders = clean(raw)[:limit]
    return (orders,)


@app.cell
def _():
    scale = 2
    return (scale,)


@app.cell
def _(orders, scale):
    daily = sum(orders) * scale
    return (daily,)


@app.cell
def _(orders):
    ok = all(order > 0 for order in orders)
    return (ok,)


if __name__ == "__main__":
    app.run()
"""


def graph(text: str = TEXT) -> AssetGraph:
    header = read_header(text)
    assert header is not None
    return asset_graph(parse_notebook(text), header)


def ancestors(g: AssetGraph, variable: str) -> set[int]:
    return g.cells.ancestors([variable], given=g.given(variable))


def test_an_asset_needs_its_ancestors_up_to_inputs_params_and_other_assets() -> None:
    g = graph()
    assert ancestors(g, "orders") == {0, 4, 5}
    assert ancestors(g, "daily") == {0, 6, 7}
    assert ancestors(g, "ok") == {0, 8}
    assert g.cells.ancestors(["daily"]) == {0, 2, 3, 4, 5, 6, 7}
    assert g.param_cells == {2}
    assert g.cells.defining("daily") == 7
    assert g.cells.defining("nothing") is None


def test_lineage_follows_from_what_the_cells_read() -> None:
    g = graph()
    assert {v: g.needs(v) for v in ("orders", "daily", "ok")} == {
        "orders": {"raw"},
        "daily": {"orders"},
        "ok": {"orders"},
    }


def test_partitioned_notebooks_are_given_the_partition_key() -> None:
    partitioned = TEXT.replace("# ///\nimport", '# [tool.daglab.partitions]\n# static = ["a"]\n# ///\nimport')
    assert "partition_key" not in graph().given("orders")
    assert "partition_key" in graph(partitioned).given("orders")


# Golden: equal on every supported Python version.
VERSIONS = {
    "orders": "445a0594e9e6624520b5fa6670fa4f02164fc93ba3d7a36bd24438ea72905a25",
    "daily": "349aa2b4a0d6fcdc4283f3528a46eb4755eaa57a6c0d038d9cc01fd29bc9a66f",
}


def test_code_versions_are_the_same_everywhere() -> None:
    assert {variable: graph().code_version(variable) for variable in VERSIONS} == VERSIONS


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("row > 0]", "row > 1]", {"orders"}),
        ("scale = 2", "scale = 3", {"daily"}),
        ("limit: int = 10", "limit: int = 20", set()),
        ('load_asset("raw/orders")', 'load_asset("raw/orders", None)', set()),
        ("# Orders", "# All orders", set()),
        ("scale = 2", "scale = 2   ", set()),
        ("import daglab", "import daglab, os", {"orders", "daily"}),
        ("ok = all", "ok = any", set()),
    ],
)
def test_the_code_version_changes_with_the_code_that_makes_the_asset_alone(
    old: str, new: str, changed: set[str]
) -> None:
    assert old in TEXT
    before, after = graph(), graph(TEXT.replace(old, new))
    assert {v for v in VERSIONS if before.code_version(v) != after.code_version(v)} == changed


def test_a_declared_code_version_wins() -> None:
    text = TEXT.replace("# [tool.daglab.assets.daily]\n", '# [tool.daglab.assets.daily]\n# code_version = "7"\n')
    assert graph(text).code_version("daily") == "7"


def test_a_cell_that_does_not_parse_has_no_names() -> None:
    g = graph(TEXT.replace("scale = 2", "scale = = 2"))
    assert g.cells.defining("scale") is None
    assert ancestors(g, "daily") == {0, 7}
