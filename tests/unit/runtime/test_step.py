"""Runs of notebooks: values, subsets, params, partitions, and what a run leaves behind."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import daglab
from daglab.runtime.definitions import notebook_assets

TWO = """
[tool.daglab]
params = ["factor"]
[tool.daglab.inputs]
raw = { key = "raw/orders", type = "pandas.DataFrame" }
[tool.daglab.assets.orders]
key = "sales/orders"
type = "polars.DataFrame"
[tool.daglab.assets.total]
key = "sales/total"
[tool.daglab.checks.positive]
asset = "orders"
"""
CELLS = (
    "raw = None",
    "factor: float = 2.0",
    ("clean", "print('cleaning')\norders = pl.from_pandas(raw).with_columns(pl.col('amount') * factor)\norders"),
    ("report", "orders.plot"),
    ("sum", "total = orders['amount'].sum()"),
    ("check", "positive = bool((orders['amount'] > 0).all())"),
    "mo.md('# About')",
)


@dg.asset(key=["raw", "orders"])
def raw_orders() -> pd.DataFrame:
    return pd.DataFrame({"amount": [1.0, 2.5]})


def test_the_values_are_those_of_plain_code(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(TWO, *CELLS)
    result = runs(raw_orders, path)
    expected = pl.DataFrame({"amount": [2.0, 5.0]})
    assert_frame_equal(runs.value(path, key="sales/orders"), expected)
    assert runs.value(path, key="sales/total") == expected["amount"].sum()
    assert runs.materialized() == ["raw/orders", "sales/orders", "sales/total"]
    (check,) = result.get_asset_check_evaluations()
    assert (check.check_name, check.passed) == ("positive", True)


def test_only_what_the_selection_needs_is_run(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(TWO, *CELLS)
    runs(raw_orders, path)
    states = {"setup": "run", "cell-2": "given", "cell-3": "given", "clean": "run", "cell-8": "text"}
    assert runs.states("sales/orders") == states | {"report": "pruned", "sum": "run", "check": "run"}
    stored = runs.value(path, key="sales/orders")
    changed = {"ops": {"nb_notebook": {"config": {"factor": 100.0}}}}
    runs(raw_orders, path, select=["sales/total"], run_config=changed)
    assert runs.materialized() == ["sales/total"]
    assert runs.states("sales/total") == {
        "setup": "run",
        "cell-2": "pruned",
        "cell-3": "given",
        "clean": "given",
        "report": "pruned",
        "sum": "run",
        "check": "pruned",
        "cell-8": "text",
    }
    assert_frame_equal(runs.value(path, key="sales/orders"), stored)
    assert runs.value(path, key="sales/total") == 7.0
    assert runs.metadata("sales/total")["cells_run"] == 2
    assert runs.metadata("sales/total")["cells_pruned"] == 5
    assert any("leaves out cell 2, cell 'clean', cell 'report', cell 'check'" in line for line in runs.log())


SHARED = """
[tool.daglab.assets.a]
[tool.daglab.assets.b]
[tool.daglab.assets.c]
[tool.daglab.checks.fresh]
asset = "a"
"""
SHARED_CELLS = (
    ("both", "import time as _t\na = _t.time_ns()\nb = a"),
    ("later", "c = a"),
    ("check", "import dagster as dg\nfresh = dg.AssetCheckResult(passed=True, metadata={'a': a})"),
)


def test_an_unselected_asset_is_its_stored_value_although_its_cell_runs(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(SHARED, *SHARED_CELLS)
    runs(path)
    old = {key: runs.value(path, key=key) for key in "abc"}
    assert old["a"] == old["b"] == old["c"]
    runs(path, select=["b", "c"])
    assert set(runs.materialized()) == {"b", "c"}
    new = {key: runs.value(path, key=key) for key in "abc"}
    assert new["a"] == old["a"]
    assert new["b"] > old["a"]
    assert new["c"] == old["a"]  # as its materialization says, which names the stored `a` as its input
    assert runs.states("c")["both"] == "run"
    assert "a: the stored value of a" in str(runs.executed("c")["cells"])


def test_a_check_of_an_unselected_asset_reads_its_stored_value(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(SHARED, *SHARED_CELLS)
    runs(path)
    old = runs.value(path, key="a")
    chosen = dg.AssetSelection.assets("b") | dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey("a"), "fresh"))
    result = dg.materialize([notebook_assets(path)], instance=runs.instance, selection=chosen)
    assert [event.asset_key.to_user_string() for event in result.get_asset_materialization_events()] == ["b"]
    (check,) = result.get_asset_check_evaluations()
    assert check.metadata["a"].value == old < runs.value(path, key="b")


def test_an_unselected_asset_without_a_stored_value_is_named_although_its_cell_runs(
    runs: Any, write_notebook: Any
) -> None:
    path = write_notebook(SHARED, *SHARED_CELLS)
    runs(path, select=["b", "c"], ok=False)
    assert runs.materialized() == ["b"]
    assert "cell 'later' reads 'a'" in runs.failure().user_failure_data.description
    assert "materialize 'a' first" in runs.failure().user_failure_data.description


def test_a_stored_value_that_is_missing_is_named(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(TWO, *CELLS)
    runs(raw_orders, path, select=["sales/total"], ok=False)
    assert "materialize 'sales/orders' first" in runs.failure().user_failure_data.description


def test_checks_run_without_their_assets(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(TWO, *CELLS)
    runs(raw_orders, path)
    only = dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey(["sales", "orders"]), "positive"))
    result = dg.materialize([raw_orders, notebook_assets(path)], instance=runs.instance, selection=only)
    assert result.success
    assert not result.get_asset_materialization_events()
    assert [check.passed for check in result.get_asset_check_evaluations()] == [True]


def test_params_come_from_the_run(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(TWO, *CELLS)
    runs(raw_orders, path, run_config={"ops": {"nb_notebook": {"config": {"factor": 3.0}}}})
    assert runs.value(path, key="sales/orders")["amount"].to_list() == [3.0, 7.5]
    assert "factor = 3.0" in str(runs.executed("sales/orders")["cells"][2]["outputs"])


def test_a_param_of_another_type_is_refused(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(TWO, *CELLS)
    with pytest.raises(dg.DagsterInvalidConfigError, match="factor"):
        runs(raw_orders, path, run_config={"ops": {"nb_notebook": {"config": {"factor": "three"}}}})


PARAMS = """
[tool.daglab]
params = ["day", "mode", "limit", "level", "names"]
[tool.daglab.assets.out]
"""
PARAM_CELL = (
    "from datetime import date\nfrom typing import Literal",
    """
day: date = date(2026, 1, 2)
mode: Literal['a', 'b'] = 'a'
limit: int | None = None
level: Literal[1, 2] = 1
names: list[str] = ['x']
""",
    "out = (day, mode, limit, level, names)",
)


def test_params_of_every_type(runs: Any, write_notebook: Any) -> None:
    from datetime import date

    path = write_notebook(PARAMS, *PARAM_CELL)
    runs(path)
    assert runs.value(path, key="out") == (date(2026, 1, 2), "a", None, 1, ["x"])
    config = {"day": "2026-03-04", "mode": "b", "limit": 5, "level": 2, "names": ["y", "z"]}
    runs(path, run_config={"ops": {"nb_notebook": {"config": config}}})
    assert runs.value(path, key="out") == (date(2026, 3, 4), "b", 5, 2, ["y", "z"])


@pytest.mark.parametrize(("name", "value"), [("day", "yesterday"), ("level", 3)])
def test_a_param_that_dagster_cannot_check_fails_in_the_step(
    runs: Any, write_notebook: Any, name: str, value: Any
) -> None:
    runs(
        write_notebook(PARAMS, *PARAM_CELL),
        ok=False,
        run_config={"ops": {"nb_notebook": {"config": {name: value}}}},
    )
    assert f"param {name!r}" in runs.failure().user_failure_data.description


def test_an_enumerated_param_is_checked_up_front(runs: Any, write_notebook: Any) -> None:
    with pytest.raises(dg.DagsterInvalidConfigError):
        runs(write_notebook(PARAMS, *PARAM_CELL), run_config={"ops": {"nb_notebook": {"config": {"mode": "c"}}}})


DAILY = """
[tool.daglab.inputs]
raw = "raw/daily"
[tool.daglab.assets.a]
[tool.daglab.assets.b]
[tool.daglab.partitions]
daily = { start = "2026-01-01" }
"""


@dg.asset(key=["raw", "daily"], partitions_def=dg.DailyPartitionsDefinition("2026-01-01"))
def raw_daily(context) -> str:
    return f"raw {context.partition_key}"


def test_partitions_reach_the_notebook_and_its_inputs(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(
        DAILY,
        "raw = None",
        "import daglab",
        "partition_key = daglab.partition_key('2026-01-01')",
        "a = (partition_key, raw)",
        "b = a[0]",
    )
    for day in ("2026-01-02", "2026-01-03"):
        runs(raw_daily, path, partition_key=day)
    assert runs.value(path, key="a", partition="2026-01-03") == ("2026-01-03", "raw 2026-01-03")
    assert runs.value(path, key="a", partition="2026-01-02") == ("2026-01-02", "raw 2026-01-02")
    runs(raw_daily, path, select=["b"], partition_key="2026-01-02")
    assert runs.value(path, key="b", partition="2026-01-02") == "2026-01-02"


def test_an_unpartitioned_notebook_reads_all_partitions_of_an_input(runs: Any, write_notebook: Any) -> None:
    days = dg.StaticPartitionsDefinition(["x", "y"])

    @dg.asset(partitions_def=days)
    def parts(context) -> str:
        return context.partition_key.upper()

    path = write_notebook('[tool.daglab.inputs]\nparts = "parts"\n[tool.daglab.assets.a]', "parts = {}", "a = parts")
    for key in ("x", "y"):
        runs(parts, partition_key=key)
    runs(parts, path, select=["a"])
    assert runs.value(path, key="a") == {"x": "X", "y": "Y"}


def test_a_value_of_another_type_fails(runs: Any, write_notebook: Any) -> None:
    path = write_notebook('[tool.daglab.assets.a]\ntype = "polars.DataFrame"', ("make", "a = [1]"))
    runs(path, ok=False)
    assert "cell 'make': the value of 'a' is of type list, but the header declares polars.DataFrame" in (
        runs.failure().user_failure_data.description
    )
    assert not runs.materialized()


def test_an_input_of_another_type_fails(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(
        '[tool.daglab.inputs]\nraw = { key = "raw/orders", type = "polars.DataFrame" }\n[tool.daglab.assets.a]',
        "raw = None",
        "a = raw",
    )
    runs(raw_orders, path, ok=False)
    assert "'raw/orders' is of type pandas" in runs.failure().user_failure_data.description


def test_an_unknown_type_fails(runs: Any, write_notebook: Any) -> None:
    runs(write_notebook('[tool.daglab.assets.a]\ntype = "nowhere.Frame"', "a = 1"), ok=False)
    assert "'nowhere.Frame' is not there" in runs.failure().user_failure_data.description
    runs(write_notebook('[tool.daglab.assets.a]\ntype = "math.pi"', "a = 1"), ok=False)
    assert "'math.pi' is not a class" in runs.failure().user_failure_data.description


def test_inputs_that_the_selection_does_not_need_are_not_loaded(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(
        '[tool.daglab.inputs]\nraw = "raw/orders"\n[tool.daglab.assets.a]\n[tool.daglab.assets.b]',
        "raw = None",
        "a = 1",
        "b = raw",
    )
    runs(path, select=["a"])
    assert runs.value(path, key="a") == 1


def test_a_value_is_stored_before_later_cells_run(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(
        "[tool.daglab.assets.a]\n[tool.daglab.assets.b]",
        "a = 1",
        ("breaks", "b = a / 0"),
    )
    runs(path, ok=False)
    assert runs.materialized() == ["a"]
    assert runs.value(path, key="a") == 1


def test_a_result_of_dagsters_is_what_it_holds(runs: Any, write_notebook: Any) -> None:
    output = "a = dg.Output(1, metadata={'rows': 3}, data_version=dg.DataVersion('v1'))"
    result = "b = dg.MaterializeResult(value=[2], metadata={'rows': 4}, tags={'tier': 'gold'})"
    header = '[tool.daglab.assets.a]\ntype = "int"\n[tool.daglab.assets.b]'
    path = write_notebook(header, "import dagster as dg", output, result)
    runs(path)
    assert [runs.value(path, key=key) for key in "ab"] == [1, [2]]
    assert [runs.metadata(key)["rows"] for key in "ab"] == [3, 4]
    assert runs.metadata("a")["cells_run"] == 3
    tags = {e.asset_key.to_user_string(): e.materialization.tags for e in runs.last.get_asset_materialization_events()}
    assert tags["a"]["dagster/data_version"] == "v1"
    assert tags["b"]["tier"] == "gold"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("a = dg.MaterializeResult(metadata={'rows': 1})", "'a' is a dagster.MaterializeResult without a value"),
        ("a = dg.MaterializeResult(value=1, asset_key='b')", "that tells of other assets or of checks"),
        ("a = dg.AssetMaterialization('a')", "'a' is a dagster.AssetMaterialization, no value"),
        ("a = dg.Output(1)\n---\nb = a.value", "'a' is a dagster.Output, and other cells read it"),
    ],
)
def test_a_result_of_dagsters_that_cannot_be_stored(runs: Any, write_notebook: Any, code: str, said: str) -> None:
    runs(write_notebook("[tool.daglab.assets.a]", "import dagster as dg", *code.split("---\n")), ok=False)
    assert said in runs.failure().user_failure_data.description


def test_none_is_a_value(runs: Any, write_notebook: Any) -> None:
    path = write_notebook("[tool.daglab.assets.a]\n[tool.daglab.assets.b]", "a = None", "b = a is None")
    runs(path)
    runs(path, select=["b"])
    assert runs.value(path, key="a") is None
    assert runs.value(path, key="b") is True


def test_functions_async_cells_and_own_io_managers(runs: Any, write_notebook: Any, tmp_path: Path) -> None:
    path = write_notebook(
        '[tool.daglab.assets.a]\nio_manager_key = "elsewhere"\n[tool.daglab.assets.b]\nio_manager_key = "elsewhere"',
        ("double", "def double(x):\n    return 2 * x"),
        "import asyncio\nawait asyncio.sleep(0)\na = double(21)",
        "b = a + 1",
    )
    resources = {"elsewhere": dg.FilesystemIOManager(base_dir=str(tmp_path / "elsewhere"))}
    runs(path, resources=resources)
    assert (tmp_path / "elsewhere" / "a").exists()
    result = runs(path, select=["b"], resources=resources)
    assert result.output_for_node("nb_notebook", "b") == 43


def test_async_cells_run_inside_a_running_loop(runs: Any, write_notebook: Any) -> None:
    import asyncio

    path = write_notebook("[tool.daglab.assets.a]", "import asyncio\nawait asyncio.sleep(0)\na = 1")

    async def kernel() -> None:
        runs(path)

    asyncio.run(kernel())
    assert runs.value(path, key="a") == 1


def test_an_input_whose_io_manager_the_step_has_not(runs: Any, write_notebook: Any, tmp_path: Path) -> None:
    @dg.asset(io_manager_key="other")
    def up() -> int:
        return 7

    path = write_notebook('[tool.daglab.inputs]\nup = "up"\n[tool.daglab.assets.a]', "up = 0", "a = up + 1")
    runs(up, path, resources={"other": dg.FilesystemIOManager(base_dir=str(tmp_path / "other"))})
    assert runs.value(path, key="a") == 8


def test_several_partitions_by_an_io_manager_that_the_step_has_not(
    runs: Any, write_notebook: Any, tmp_path: Path
) -> None:
    @dg.asset(io_manager_key="other", partitions_def=dg.StaticPartitionsDefinition(["x", "y"]))
    def up(context) -> str:
        return context.partition_key

    path = write_notebook('[tool.daglab.inputs]\nup = "up"\n[tool.daglab.assets.a]', "up = 0", "a = up")
    resources = {"other": dg.FilesystemIOManager(base_dir=str(tmp_path / "other"))}
    for key in ("x", "y"):
        runs(up, resources=resources, partition_key=key)
    runs(up, path, select=["a"], resources=resources)
    assert runs.value(path, key="a") == {"x": "x", "y": "y"}


def test_a_notebook_may_load_what_its_run_depends_on_and_nothing_else(runs: Any, write_notebook: Any) -> None:
    other = dg.AssetSpec("outside", partitions_def=dg.StaticPartitionsDefinition(["x"]))
    day = dg.AssetSpec("day", partitions_def=dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-04"))
    plain = dg.AssetSpec("plain")
    path = write_notebook(
        '[tool.daglab.assets.a]\ndeps = ["outside", "undefined", "plain", "day"]',
        "import daglab\nfrom daglab.errors import AssetValueError",
        """
a = []
for arguments in (
    ("nowhere",), ("undefined",), ("outside", "x"), ("plain", "x"),
    ("outsid",), ("outside", "y"), ("day", "2025-01-01"), ("day", "nonsense"),
):
    try:
        daglab.load_asset(*arguments)
    except AssetValueError as error:
        a.append(str(error))
""",
    )
    runs(path, other, plain, day)
    unknown, undefined, missing, unpartitioned, mistyped, *wrong = runs.value(path, key="a")
    assert "did you mean 'outside'?" in mistyped
    assert wrong == [
        "the asset 'outside' has no partition 'y' (known: x)",
        "the asset 'day' has no partition '2025-01-01' (they go from 2026-01-01 to 2026-01-03)",
        "the asset 'day' has no partition 'nonsense' (they go from 2026-01-01 to 2026-01-03)",
    ]
    assert unknown.startswith("the asset 'nowhere' is not known to this run")
    assert undefined.startswith("the asset 'undefined' has no")
    assert missing.startswith("the asset 'outside' (partition x) has no stored value")
    assert unpartitioned == "the asset 'plain' has no partitions, and 'x' was asked for (leave the partition out)"


def test_a_run_of_partitioned_assets_needs_a_partition(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(DAILY, "raw = None", "partition_key = ''", "a = partition_key", "b = 1")
    runs(path, select=["b"], ok=False)
    assert "the run names no partition" in runs.failure().user_failure_data.description


def test_an_in_memory_io_manager_is_the_steps_own(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(TWO, *CELLS)
    result = runs(raw_orders, path, resources={"io_manager": dg.mem_io_manager})
    assert result.output_for_node("nb_notebook", "total") == 7.0


CHECK = '[tool.daglab.assets.a]\n[tool.daglab.checks.c]\nasset = "a"\n'


def test_checks_may_be_results_with_metadata(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(
        CHECK,
        "import dagster as dg\nWARN = dg.AssetCheckSeverity.WARN",
        "a = 1",
        "c = dg.AssetCheckResult(passed=False, metadata={'n': a}, description='d', severity=WARN)",
    )
    (check,) = runs(path).get_asset_check_evaluations()
    assert (check.passed, check.metadata["n"].value, check.description) == (False, 1, "d")
    assert check.severity is dg.AssetCheckSeverity.WARN


def test_a_check_may_read_inputs_and_other_assets(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(
        '[tool.daglab.inputs]\nraw = "raw/orders"\n[tool.daglab.assets.a]\n[tool.daglab.assets.b]\n'
        '[tool.daglab.checks.c]\nasset = "a"\n[tool.daglab.checks.d]\nasset = "a"',
        "raw = None",
        "a = 2",
        "b = a + 1",
        "c = len(raw) == a",
        "d = b > a",
    )
    runs(raw_orders, path)
    key = dg.AssetKey("a")
    both = dg.AssetSelection.checks(dg.AssetCheckKey(key, "c"), dg.AssetCheckKey(key, "d"))
    result = dg.materialize([raw_orders, notebook_assets(path)], instance=runs.instance, selection=both)
    assert {check.check_name: check.passed for check in result.get_asset_check_evaluations()} == {"c": True, "d": True}


def test_numpys_bools_are_checks_and_numbers_are_not(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(CHECK, "import numpy as np\na = np.array([1, 2])", "c = (a > 0).all()")
    (check,) = runs(path).get_asset_check_evaluations()
    assert isinstance(np.array([1]).all(), np.bool_)
    assert check.passed
    runs(write_notebook(CHECK, "a = 1", ("judge", "c = a")), ok=False)
    assert "cell 'judge': the check 'c' is of type int" in runs.failure().user_failure_data.description


def test_a_blocking_check_that_fails_ends_the_run(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(CHECK + "blocking = true\n", "a = 1", "c = a > 1")

    @dg.asset(deps=["a"])
    def after() -> None:
        return None

    runs(path, after, ok=False)
    assert runs.materialized() == ["a"]


def test_the_process_is_as_before(runs: Any, write_notebook: Any) -> None:
    import duckdb
    import matplotlib.pyplot as plt

    before = sys.modules["__main__"], sys.stdout, sys.stderr, duckdb.default_connection(), plt.get_fignums()
    duckdb.execute("create or replace table outside as select 1 as x")
    path = write_notebook(
        "[tool.daglab.assets.a]\n[tool.daglab.assets.b]",
        "import duckdb\nimport matplotlib.pyplot as plt",
        "plt.plot([1, 2])\nduckdb.sql('create table t as select 42 as x')\n"
        "a = duckdb.sql('select x from t').fetchall()[0][0]",
        "b = mo.sql('select count(*) as n from duckdb_tables()')",
    )
    for _ in range(2):  # the second run must not find the first one's table
        runs(path)
    assert runs.value(path, key="a") == 42
    assert (sys.modules["__main__"], sys.stdout, sys.stderr) == before[:3]
    assert duckdb.execute("select x from outside").fetchall() == [(1,)]
    assert plt.get_fignums() == before[4]


def test_a_notebook_may_ask_for_its_run(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(
        '[tool.daglab.assets.a]\ndeps = ["raw/orders"]',
        "import daglab\na = (daglab.context().run.run_id, daglab.partition_key('none'), "
        "len(daglab.load_asset('raw/orders')))",
    )
    result = runs(raw_orders, path)
    assert runs.value(path, key="a") == (result.run_id, "none", 2)
    assert daglab.context() is None
    assert daglab.partition_key("mine") == "mine"


def test_a_notebook_may_use_the_resources_that_it_declares(runs: Any, write_notebook: Any) -> None:
    cell = "import daglab\na = daglab.context().resources.token"
    path = write_notebook('[tool.daglab]\nresources = ["token"]\n[tool.daglab.assets.a]', cell)
    result = runs(path, resources={"token": "from the environment"})
    assert result.asset_value("a") == "from the environment"


def test_a_notebook_cannot_wait_for_itself(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(
        "[tool.daglab.assets.a]",
        ("nested", "from daglab.runtime.isolation import alone\nwith alone():\n    a = 1"),
    )
    runs(path, ok=False)
    assert "it can't run another one" in runs.failure().user_failure_data.description
