"""Partitions of every kind reach the notebook, and so do the partitions of what it reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

import daglab
from daglab.errors import AssetValueError

DAYS = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-06")
REGIONS = dg.StaticPartitionsDefinition(["eu", "us"])
BOTH = dg.MultiPartitionsDefinition({"day": DAYS, "region": REGIONS})
DAILY = 'daily = { start = "2026-01-01", end = "2026-01-06" }'
MULTI = f'multi = {{ day = {{ {DAILY} }}, region = {{ static = ["eu", "us"] }} }}'
ASSET = "[tool.daglab.assets.a]\n"
RANGE = {"dagster/asset_partition_range_start": "2026-01-02", "dagster/asset_partition_range_end": "2026-01-04"}


class Tables(dg.IOManager):
    """As an IO manager of tables: it takes several partitions at once. A value that it loads is its keys."""

    def __init__(self) -> None:
        self.stored: dict[tuple[str, ...], Any] = {}

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        self.stored[tuple(context.asset_partition_keys)] = obj

    def load_input(self, context: dg.InputContext) -> Any:
        return sorted(str(key) for key in context.asset_partition_keys)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """``made(notebook, *others, partition_key=...)``: what a run makes of the asset ``a``."""
    monkeypatch.chdir(tmp_path)

    def run(path: Path, *others: Any, partition_key: str) -> Any:
        with dg.DagsterInstance.ephemeral() as instance:
            instance.add_dynamic_partitions("customers", ["acme"])
            result = dg.materialize(
                [daglab.notebook_assets(path), *others],
                selection="a",
                instance=instance,
                partition_key=partition_key,
                resources={"io_manager": dg.mem_io_manager, "tables": Tables()},
            )
        return result.output_for_node("nb_notebook", "a")

    return run


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ('hourly = { start = "2026-01-01", minute_offset = 30 }', "2026-01-01-05:30"),
        ('weekly = { start = "2026-01-01", day_offset = 1, fmt = "%Y/%m/%d" }', "2026/01/05"),
        ('monthly = { start = "2026-01-01", fmt = "%Y-%m" }', "2026-02"),
        ('cron = { start = "2026-01-01", schedule = "0 */6 * * *" }', "2026-01-01-06:00"),
        ('static = ["eu", "us"]', "us"),
        ('dynamic = "customers"', "acme"),
    ],
)
def test_a_run_gives_the_key_of_each_kind_of_partitions(made: Any, write_notebook: Any, header: str, key: str) -> None:
    path = write_notebook(
        f"{ASSET}[tool.daglab.partitions]\n{header}",
        "import daglab",
        "partition_key = daglab.partition_key('x')",
        "a = (partition_key, daglab.partition_key('x'))",
    )
    assert made(path, partition_key=key) == (key, key)


def test_a_key_of_two_dimensions_is_a_string_that_knows_both(made: Any, write_notebook: Any) -> None:
    path = write_notebook(
        f"{ASSET}[tool.daglab.partitions]\n{MULTI}",
        "import daglab",
        "partition_key = daglab.partition_key({'day': '2026-01-01', 'region': 'us'})",
        "a = (str(partition_key), dict(partition_key.keys_by_dimension))",
    )
    key = dg.MultiPartitionKey({"day": "2026-01-02", "region": "eu"})
    assert made(path, partition_key=key) == ("2026-01-02|eu", {"day": "2026-01-02", "region": "eu"})
    interactive = daglab.partition_key({"region": "eu", "day": "2026-01-02"})
    assert interactive == key
    assert isinstance(interactive, dg.MultiPartitionKey)


@pytest.mark.parametrize(
    ("own", "run", "upstream", "mapping", "read"),
    [
        (DAILY, "2026-01-03", DAYS, '"identity"', ["2026-01-03"]),
        (DAILY, "2026-01-03", REGIONS, '"all"', ["eu", "us"]),
        (DAILY, "2026-01-03", REGIONS, '"last"', ["us"]),
        (DAILY, "2026-01-03", DAYS, "{ time_window = { start_offset = -2 } }", [f"2026-01-0{n}" for n in (1, 2, 3)]),
        (DAILY, "2026-01-03", DAYS, "{ time_window = { start_offset = -1, end_offset = -1 } }", ["2026-01-02"]),
        (
            DAILY,
            "2026-01-01",
            DAYS,
            "{ time_window = { start_offset = -1, end_offset = -1, allow_nonexistent_upstream_partitions = true } }",
            {},
        ),
        (DAILY, "2026-01-03", REGIONS, '{ specific = ["us"] }', ["us"]),
        (
            'static = ["eu", "us"]',
            "us",
            dg.StaticPartitionsDefinition(["EU", "US"]),
            '{ static = { US = ["us"] } }',
            ["US"],
        ),
        (MULTI, "2026-01-03|us", DAYS, '{ dimension = "day" }', ["2026-01-03"]),
        (DAILY, "2026-01-03", BOTH, '{ dimension = "day" }', ["2026-01-03|eu", "2026-01-03|us"]),
        (MULTI, "2026-01-03|us", BOTH, '{ dimensions = { day = "day", region = "region" } }', ["2026-01-03|us"]),
        (
            MULTI,
            "2026-01-03|us",
            BOTH,
            '{ dimensions = { region = "region", day = { dimension = "day", partition_mapping = "last" } } }',
            ["2026-01-05|us"],
        ),
    ],
)
def test_a_run_reads_the_partitions_of_its_mapping(
    made: Any, write_notebook: Any, own: str, run: str, upstream: Any, mapping: str, read: Any
) -> None:
    @dg.asset(partitions_def=upstream, io_manager_key="tables")
    def up() -> None: ...

    header = f'[tool.daglab.inputs]\nup = {{ key = "up", partition_mapping = {mapping} }}\n'
    path = write_notebook(f"{header}{ASSET}[tool.daglab.partitions]\n{own}", "up = None", "a = up")
    key = dg.MultiPartitionKey(dict(zip(("day", "region"), run.split("|"), strict=True))) if "|" in run else run
    assert made(path, up, partition_key=key) == read


def test_several_partitions_of_a_declared_type_are_checked_one_by_one(runs: Any, write_notebook: Any) -> None:
    @dg.asset(partitions_def=REGIONS)
    def up(context) -> Any:  # type: ignore[no-untyped-def]
        return {"eu": 1, "us": "two"}[context.partition_key]

    for key in ("eu", "us"):
        runs(up, partition_key=key)
    header = '[tool.daglab.inputs]\nup = {{ key = "up", type = "{}" }}\n' + ASSET
    path = write_notebook(header.format("int"), "up = None", "a = up")
    runs(up, path, select=["a"], ok=False)
    assert "the stored value of 'up' (partition us) is of type str, but" in runs.failure().user_failure_data.description
    path = write_notebook(header.format("object"), "up = None", "a = up")
    runs(up, path, select=["a"])
    assert runs.value(path, key="a") == {"eu": 1, "us": "two"}


SINGLE = f'{ASSET}backfill = "single_run"\nio_manager_key = "tables"\n[tool.daglab.partitions]\n{DAILY}'


def test_a_run_of_several_partitions_knows_them_and_hands_over_one_value(runs: Any, write_notebook: Any) -> None:
    @dg.asset(partitions_def=DAYS, io_manager_key="tables")
    def up() -> None: ...

    header = f'[tool.daglab.inputs]\nup = "up"\n[tool.daglab.checks.c]\nasset = "a"\n{SINGLE}'
    path = write_notebook(header, "import daglab", "up = 1", "a = (daglab.context().partition_keys, up)", "c = bool(a)")
    tables = Tables()
    result = runs(up, path, select=["a"], resources={"tables": tables}, tags=RANGE)
    days = ["2026-01-02", "2026-01-03", "2026-01-04"]
    assert tables.stored == {tuple(days): (days, days)}
    assert runs.materialized() == ["a", "a", "a"]  # one for each partition
    assert all(check.passed for check in result.get_asset_check_evaluations())


@pytest.mark.parametrize("reads", ["a = partition_key", "a = daglab.partition_key('')"])
def test_a_run_of_several_partitions_has_no_one_key(runs: Any, write_notebook: Any, reads: str) -> None:
    path = write_notebook(SINGLE, "import daglab", "partition_key = daglab.partition_key('')", reads)
    tables = Tables()
    runs(path, resources={"tables": tables}, tags=RANGE, ok=False)
    assert "the run makes 3 partitions at once, 2026-01-02 to 2026-01-04, and the notebook reads one key" in (
        runs.failure().user_failure_data.description
    )
    assert not tables.stored
    one = {**RANGE, "dagster/asset_partition_range_end": "2026-01-02"}
    runs(path, resources={"tables": tables}, tags=one)
    assert tables.stored == {("2026-01-02",): "2026-01-02"}


def test_a_run_whose_value_cannot_be_stored_is_refused_before_any_cell(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(SINGLE.replace('io_manager_key = "tables"\n', ""), "open('ran', 'w').close()\na = 1")
    runs(path, tags=RANGE, ok=False)
    assert "'a' has an IO manager that stores one at a time" in runs.failure().user_failure_data.description
    assert not Path("ran").exists()


def test_partitions_of_each_kind_are_loaded_interactively(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.dagster]\nmodule_name = "kinds_of_partitions"\n')
    (tmp_path / "kinds_of_partitions.py").write_text(
        "import dagster as dg\n"
        "days = dg.DailyPartitionsDefinition('2026-01-01')\n"
        "both = dg.MultiPartitionsDefinition({'day': days, 'region': dg.StaticPartitionsDefinition(['eu', 'us'])})\n"
        "@dg.asset(partitions_def=both)\n"
        "def sales(context): return dict(context.partition_key.keys_by_dimension)\n"
        "@dg.asset(partitions_def=dg.DynamicPartitionsDefinition(name='customers'))\n"
        "def customers(context): return context.partition_key\n"
        "defs = dg.Definitions([sales, customers])\n"
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AssetValueError, match=r"has no partition 'acme' \(it has none yet"):
        daglab.load_asset("customers", "acme")
    import kinds_of_partitions  # type: ignore[import-not-found]

    with dg.DagsterInstance.from_config(str(tmp_path / ".dagster_home")) as instance:
        instance.add_dynamic_partitions("customers", ["acme"])
        dg.materialize([kinds_of_partitions.customers], instance=instance, partition_key="acme")
        key = dg.MultiPartitionKey({"day": "2026-01-02", "region": "eu"})
        dg.materialize([kinds_of_partitions.sales], instance=instance, partition_key=key)
    assert daglab.load_asset("customers", "acme") == "acme"
    expected = {"day": "2026-01-02", "region": "eu"}
    assert daglab.load_asset("sales", "2026-01-02|eu") == expected
    assert daglab.load_asset("sales", {"region": "eu", "day": "2026-01-02"}) == expected
    assert daglab.load_asset("sales", partition_key="2026-01-02|eu") == expected
    for wanted, said in {
        "2026-01-02|e": "region: did you mean 'eu'?",
        "2026-01-02|asia": "region: known: eu, us",
        "2025-01-02|eu": "day: they go from 2026-01-01 to ",
        "2026-01-02": "join the keys of day and region",
    }.items():
        with pytest.raises(AssetValueError, match=f"has no partition {re.escape(repr(wanted))} .{re.escape(said)}"):
            daglab.load_asset("sales", wanted)
    with pytest.raises(AssetValueError, match="both partition and partition_key are named"):
        daglab.load_asset("sales", "2026-01-02|eu", partition_key="2026-01-02|eu")


def test_a_notebook_reads_the_day_before_of_its_own_asset(runs: Any, write_notebook: Any) -> None:
    mapping = "{ time_window = { start_offset = -1, end_offset = -1, allow_nonexistent_upstream_partitions = true } }"
    header = f'[tool.daglab.inputs]\nbefore = {{ key = "a", partition_mapping = {mapping} }}\n{ASSET}'
    path = write_notebook(
        f"{header}[tool.daglab.assets.b]\n[tool.daglab.partitions]\n{DAILY}",
        "before = 0",
        "partition_key = ''",
        "a = (before or 0) + 1",
        "b = (a, before)",
    )
    dg.Definitions.validate_loadable(daglab.notebook_definitions(path.parent))
    runs(path, partition_key="2026-01-01")
    runs(path, partition_key="2026-01-02")
    runs(path, select=["b"], partition_key="2026-01-02")
    assert runs.value(path, key="b", partition="2026-01-02") == (2, 1)
