"""Everything the header declares arrives in Dagster, without running or importing anything of the user's."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

import daglab
from daglab.errors import HeaderError, MissingExtraError, NotebookError
from daglab.notebook.header import read_header
from daglab.notebook.header_model import HeaderModel
from daglab.runtime.definitions import default_executor, notebook_assets, notebook_definitions

FULL = """
[tool.daglab]
group = "sales"
params = ["limit"]
resources = ["mail", "tokens"]
[tool.daglab.op_tags]
"dagster/priority" = 3
"dagster-k8s/config" = { container_config = { resources = { limits = { memory = "2Gi" } } } }
[tool.daglab.inputs]
raw = { key = "raw/orders", type = "list", partition_mapping = { time_window = { start_offset = -1 } } }
[tool.daglab.assets.orders]
key = "clean/orders"
key_prefix = "mart"
group = "other"
description = "One row each."
owners = ["a@example.com", "team:sales"]
tags = { tier = "gold" }
kinds = ["polars", "duckdb"]
metadata = { rows = 3, note = "x" }
deps = ["raw/calendar", { key = "raw/rates", partition_mapping = "last" }]
io_manager_key = "warehouse"
type = "list"
automation = "cron: 0 6 * * *"
freshness = { fail_window = "2w", warn_window = "36h" }
retry = { max_retries = 3, delay = 1.5, backoff = "exponential", jitter = "plus_minus" }
backfill = { max_partitions_per_run = 5 }
pool = "warehouse"
[tool.daglab.assets.total]
automation = "eager"
freshness = { deadline_cron = "0 9 * * *", lower_bound_delta = "90m", timezone = "Europe/Berlin" }
code_version = "7"
[tool.daglab.checks.good]
asset = "orders"
name = "is_good"
description = "Good."
blocking = true
deps = ["raw/rates"]
metadata = { limit = 1.5 }
automation = { cron = "0 7 * * *", timezone = "Europe/Berlin" }
[tool.daglab.partitions]
weekly = { start = "2026-01-04", end = "2026-03-01", timezone = "Europe/Berlin", hour_offset = 6, fmt = "%Y/%m/%d" }
"""
CELLS = ("raw = None", "limit: int = 5", "orders = raw", "total = len(orders)", "good = total > 0")


def test_every_argument_arrives(write_notebook: Any, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    assets = notebook_assets(write_notebook(FULL, *CELLS, name="shop/notebooks/my-orders.py"))
    orders, total = dg.AssetKey(["mart", "clean", "orders"]), dg.AssetKey("total")
    spec = assets.get_asset_spec(orders)
    assert spec.group_name == "other"
    assert spec.description == "One row each."
    assert list(spec.owners) == ["a@example.com", "team:sales"]
    assert spec.tags["tier"] == "gold"
    assert spec.kinds == {"polars", "duckdb"}
    assert (spec.metadata["rows"], spec.metadata["note"]) == (3, "x")
    assert spec.metadata["daglab/notebook"] == "shop/notebooks/my-orders.py"
    assert {dep.asset_key.to_user_string(): dep.partition_mapping for dep in spec.deps} == {
        "raw/orders": dg.TimeWindowPartitionMapping(start_offset=-1),
        "raw/calendar": None,
        "raw/rates": dg.LastPartitionMapping(),
    }
    assert assets.get_io_manager_key_for_asset_key(orders) == "warehouse"
    assert spec.automation_condition == dg.AutomationCondition.on_cron("0 6 * * *")
    assert spec.freshness_policy == dg.FreshnessPolicy.time_window(timedelta(weeks=2), timedelta(hours=36))
    assert len(spec.code_version or "") == 64
    other = assets.get_asset_spec(total)
    assert (other.group_name, other.code_version, other.kinds) == ("sales", "7", {"marimo"})
    assert [dep.asset_key for dep in other.deps] == [orders]
    assert other.automation_condition == dg.AutomationCondition.eager()
    assert other.freshness_policy == dg.FreshnessPolicy.cron("0 9 * * *", timedelta(minutes=90), "Europe/Berlin")
    assert assets.op.name == "my_orders_7988cd_notebook"
    assert assets.op.pool == "warehouse"
    assert assets.op.tags["dagster/priority"] == "3"
    config = {"container_config": {"resources": {"limits": {"memory": "2Gi"}}}}
    assert json.loads(assets.op.tags["dagster-k8s/config"]) == config
    assert assets.required_resource_keys == {"io_manager", "mail", "tokens", "warehouse"}
    assert assets.op.retry_policy == dg.RetryPolicy(
        max_retries=3, delay=1.5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
    )
    assert assets.backfill_policy == dg.BackfillPolicy.multi_run(5)
    (check,) = assets.check_specs
    assert (check.asset_key, check.name, check.description, check.blocking) == (orders, "is_good", "Good.", True)
    assert [dep.asset_key.to_user_string() for dep in check.additional_deps] == ["raw/rates"]
    assert check.metadata == {"limit": 1.5}
    assert check.automation_condition == dg.AutomationCondition.on_cron("0 7 * * *", "Europe/Berlin")
    weeks = assets.partitions_def
    assert isinstance(weeks, dg.WeeklyPartitionsDefinition)
    assert weeks.timezone == "Europe/Berlin"
    assert weeks.get_partition_keys(current_time=datetime(2027, 1, 1))[-1] == "2026/02/15"
    assert weeks.hour_offset == 6
    assert assets.can_subset
    resources = {"warehouse": dg.FilesystemIOManager(), "mail": 1, "tokens": 2}
    dg.Definitions([assets], resources=resources).resolve_job_def("__ASSET_JOB")


def test_that_header_says_all_that_a_header_may_say(write_notebook: Any) -> None:
    header = read_header(write_notebook(FULL, *CELLS).read_text())
    assert header is not None
    for name, tables in (("assets", header.assets), ("checks", header.checks), ("inputs", header.inputs)):
        said = {key for table in tables.values() for key in table.model_fields_set}
        assert said == set(HeaderModel.keys_at((name, "any"))), name
    assert header.model.model_fields_set == set(HeaderModel.keys_at(()))


START = datetime(2026, 1, 1)


@pytest.mark.parametrize(
    ("header", "made"),
    [
        (
            'hourly = { start = "2026-01-01T00:00", minute_offset = 15 }',
            dg.HourlyPartitionsDefinition(START, minute_offset=15),
        ),
        (
            'daily = { start = "2026-01-01", hour_offset = 6, minute_offset = 30, end_offset = 1 }',
            dg.DailyPartitionsDefinition(START, hour_offset=6, minute_offset=30, end_offset=1),
        ),
        (
            'weekly = { start = "2026-01-01", day_offset = 1, timezone = "Asia/Tokyo" }',
            dg.WeeklyPartitionsDefinition(START, day_offset=1, timezone="Asia/Tokyo"),
        ),
        ('monthly = { start = "2026-01-01", fmt = "%Y-%m" }', dg.MonthlyPartitionsDefinition(START, fmt="%Y-%m")),
        (
            'cron = { start = "2026-01-01", schedule = "0 */6 * * *" }',
            dg.TimeWindowPartitionsDefinition(start=START, cron_schedule="0 */6 * * *", fmt="%Y-%m-%d-%H:%M"),
        ),
        ('static = ["eu", "us"]', dg.StaticPartitionsDefinition(["eu", "us"])),
        ('dynamic = "customers"', dg.DynamicPartitionsDefinition(name="customers")),
        (
            'multi = { day = { daily = { start = "2026-01-01" } }, who = { dynamic = "customers" } }',
            dg.MultiPartitionsDefinition(
                {"day": dg.DailyPartitionsDefinition(START), "who": dg.DynamicPartitionsDefinition(name="customers")}
            ),
        ),
    ],
)
def test_each_kind_of_partitions(write_notebook: Any, header: str, made: dg.PartitionsDefinition[Any]) -> None:
    path = write_notebook(f"[tool.daglab.assets.a]\n[tool.daglab.partitions]\n{header}", "a = 1")
    partitions = notebook_assets(path).partitions_def
    assert type(partitions) is type(made)
    assert partitions == made


@pytest.mark.parametrize(
    ("header", "policy"),
    [
        ('"single_run"', dg.BackfillPolicy.single_run()),
        ("{ single_run = true }", dg.BackfillPolicy.single_run()),
        ("{ max_partitions_per_run = 3 }", dg.BackfillPolicy.multi_run(3)),
    ],
)
def test_each_backfill_policy(write_notebook: Any, header: str, policy: dg.BackfillPolicy) -> None:
    path = write_notebook(
        f'[tool.daglab.assets.a]\nbackfill = {header}\n[tool.daglab.partitions]\nstatic = ["x"]', "a = 1"
    )
    assert notebook_assets(path).backfill_policy == policy


def test_an_automation_on_missing(write_notebook: Any) -> None:
    path = write_notebook('[tool.daglab.assets.a]\nautomation = "on_missing"', "a = 1")
    assert notebook_assets(path).get_asset_spec(dg.AssetKey("a")).automation_condition == (
        dg.AutomationCondition.on_missing()
    )


def test_loading_runs_nothing_and_imports_no_library_of_the_users(write_notebook: Any, tmp_path: Path) -> None:
    path = write_notebook(
        '[tool.daglab.assets.a]\ntype = "polars.DataFrame"', "open('ran', 'w').close()\nimport sqlite3.dbapi2\na = 1"
    )
    code = (
        "import sys; from daglab import notebook_definitions as d\n"
        f"assert len(list(d({str(path.parent)!r}).assets)) == 1\n"
        "print([m for m in ('polars', 'pandas', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert not (tmp_path / "ran").exists()


def test_a_folder_becomes_definitions_with_defaults(write_notebook: Any, tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").touch()
    write_notebook("[tool.daglab.assets.a]", "a = 1", name="pkg/eu/orders.py")
    write_notebook(
        '[tool.daglab.assets.b]\ntags = { x = "own" }\nowners = ["b@example.com"]', "b = 1", name="pkg/us/orders.py"
    )
    write_notebook('[tool.daglab]\ngroup = "g"\n[tool.daglab.assets.c]', "c = 1", name="pkg/other.py")
    (tmp_path / "pkg" / "plain.py").write_text("raise SystemExit('never imported')")
    executor = default_executor()
    made = notebook_definitions(
        tmp_path / "pkg", group="all", owners=["a@example.com"], tags={"x": "1", "y": "2"}, executor=executor
    )
    by_key = {a.key.to_user_string(): a for a in made.assets if isinstance(a, dg.AssetsDefinition)}
    specs = {key: assets.get_asset_spec(assets.key) for key, assets in by_key.items()}
    assert {key: spec.group_name for key, spec in specs.items()} == {"a": "all", "b": "all", "c": "g"}
    assert {key: list(spec.owners) for key, spec in specs.items()}["b"] == ["b@example.com"]
    assert {k: v for k, v in specs["b"].tags.items() if not k.startswith("dagster")} == {"x": "own", "y": "2"}
    assert sorted(assets.op.name for assets in by_key.values()) == [
        "other_notebook",
        "pkg__eu__orders_notebook",
        "pkg__us__orders_notebook",
    ]
    assert made.executor is executor


def test_steps_have_names_of_their_own_that_other_notebooks_do_not_change(write_notebook: Any, tmp_path: Path) -> None:
    def names() -> dict[str, str]:
        made = notebook_definitions(tmp_path)
        dg.Definitions.validate_loadable(made)
        return {a.key.to_user_string(): a.op.name for a in made.assets or () if isinstance(a, dg.AssetsDefinition)}

    def add(*files: str) -> None:
        for file in files:
            key = f"k{len(list(tmp_path.rglob('*.py')))}"
            write_notebook(f'[tool.daglab.assets.a]\nkey = "{key}"', "a = 1", name=file)

    add("a_b.py", "orders.py")
    before = names()
    assert sorted(before.values()) == ["a_b_notebook", "orders_notebook"]
    add("a b.py", "a-b.py", "üñ.py", "éà.py", "x/same.py", "y/same.py", "x__y/same.py", "x/y/same.py")
    after = names()
    assert len(set(after.values())) == 10
    assert before.items() <= after.items()


def test_a_package_is_found_by_its_name_or_itself(
    write_notebook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    write_notebook("[tool.daglab.assets.a]", "a = 1", name="daglab_named/inner/nb.py")
    (tmp_path / "daglab_named" / "__init__.py").touch()
    (tmp_path / "daglab_named" / "module.py").touch()
    for given in ("daglab_named", "daglab_named.inner", str(tmp_path / "daglab_named")):
        assert len(list(notebook_definitions(given).assets)) == 1
    assert len(list(notebook_definitions(importlib.import_module("daglab_named")).assets)) == 1
    with pytest.raises(NotebookError, match=r"no package or folder 'nowhere\.at\.all'"):
        notebook_definitions("nowhere.at.all")
    with pytest.raises(NotebookError, match="not a package"):
        notebook_definitions(importlib.import_module("daglab_named.module"))


def test_what_is_no_asset_notebook_is_refused(write_notebook: Any, tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("import marimo\n\napp = marimo.App()\n")
    with pytest.raises(NotebookError, match=r"has no \[tool.daglab\] header"):
        notebook_assets(tmp_path / "plain.py")
    with pytest.raises(NotebookError, match=r"nb.py:4: no cell defines 'a'"):
        notebook_assets(write_notebook("[tool.daglab.assets.a]", "b = 1"))
    for broken in ("a = (", "a = 1\nbreak"):
        path = write_notebook("[tool.daglab.assets.a]", broken)
        with pytest.raises(NotebookError, match=r"nb.py:\d+: a cell does not parse"):
            notebook_assets(path)
    with pytest.raises(NotebookError, match="the cell of the input 'raw' defines other as well"):
        notebook_assets(
            write_notebook('[tool.daglab.inputs]\nraw = "x"\n[tool.daglab.assets.a]', "raw = other = 1", "a = raw")
        )
    with pytest.raises(NotebookError, match="declares no asset"):
        notebook_assets(write_notebook('[tool.daglab]\ngroup = "x"', "b = 1"))
    with pytest.raises(HeaderError, match="'a' and 'b' name different values of pool"):
        notebook_assets(
            write_notebook('[tool.daglab.assets.a]\npool = "x"\n[tool.daglab.assets.b]\npool = "y"', "a = 1", "b = 1")
        )
    with pytest.raises(HeaderError, match="unknown key"):
        notebook_assets(write_notebook("[tool.daglab.asets.a]", "a = 1"))


def test_faults_between_notebooks_have_a_file_and_a_line(write_notebook: Any, tmp_path: Path) -> None:
    write_notebook('[tool.daglab.inputs]\ny = "b"\n[tool.daglab.assets.a]', "y = 1", "a = y", name="a.py")
    write_notebook('[tool.daglab.inputs]\nx = "a"\n[tool.daglab.assets.b]', "x = 1", "b = x", name="b.py")
    with pytest.raises(NotebookError, match=r"[ab]\.py:6: assets depend on each other in a circle"):
        notebook_definitions(tmp_path)
    write_notebook("[tool.daglab.assets.a]", "a = 1", name="b.py")
    with pytest.raises(NotebookError, match=r"b\.py:4: the asset 'a' is made by .*a\.py too"):
        notebook_definitions(tmp_path)


def test_whatever_else_dagster_refuses_has_the_notebooks_name(write_notebook: Any, tmp_path: Path) -> None:
    write_notebook('[tool.daglab.assets.a]\nautomation = "cron: 0 0 31 2 *"', "a = 1")  # never
    with pytest.raises(NotebookError, match=r"nb\.py:4: Dagster refuses the header: .*0 0 31 2"):
        notebook_definitions(tmp_path)


@pytest.mark.parametrize(
    ("defaults", "says"),
    [
        ({"owners": ["nobody"]}, "owners has 'nobody': an owner is"),
        ({"group": "a b"}, "group has 'a b': a group is"),
        ({"tags": {"a b": "c"}}, "tags has 'a b': a tag's key is"),
    ],
)
def test_a_wrong_default_is_no_fault_of_a_notebook(
    defaults: dict[str, Any], says: str, write_notebook: Any, tmp_path: Path
) -> None:
    write_notebook("[tool.daglab.assets.a]", "a = 1")
    with pytest.raises(NotebookError, match=f"^{says}"):
        notebook_definitions(tmp_path, **defaults)


def test_the_executor_is_dagsters_multiprocess_with_a_preloaded_forkserver(monkeypatch: pytest.MonkeyPatch) -> None:
    import multiprocessing

    executor = default_executor()
    assert executor.name == "multiprocess"
    defs = dg.Definitions(executor=executor, jobs=[dg.define_asset_job("all")], assets=[dg.AssetSpec("a")])
    config = {"execution": {"config": {"max_concurrent": 4}}}
    applied = dg.validate_run_config(defs.resolve_job_def("all"), config)["execution"]["multiprocess"]
    assert applied["max_concurrent"] == 4
    assert applied["start_method"] == {"forkserver": {"preload_modules": ["daglab.runtime.preload"]}}
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    assert default_executor() is dg.multiprocess_executor


def test_public_names_are_lazy_and_complete() -> None:
    for name in daglab.__all__:
        assert callable(getattr(daglab, name))
        assert name in dir(daglab)
    with pytest.raises(AttributeError, match="nothing_such"):
        daglab.nothing_such  # noqa: B018


def test_a_missing_dagster_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [module for module in sys.modules if module.startswith("daglab.runtime")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "dagster", None)
    monkeypatch.delitem(daglab.__dict__, "notebook_assets", raising=False)
    with pytest.raises(MissingExtraError, match=r"daglab.notebook_assets needs daglab\[dagster\]"):
        daglab.notebook_assets  # noqa: B018
    assert daglab.partition_key("2026-01-01") == "2026-01-01"
    with pytest.raises(MissingExtraError, match=r"two dimensions needs daglab\[dagster\]"):
        daglab.partition_key({"day": "2026-01-01", "region": "eu"})


def test_notebooks_load_where_a_logger_stands_for_standard_output(write_notebook: Any) -> None:
    path = write_notebook("[tool.daglab.assets.a]", "a = 1")
    code = """
import sys, types
sys.stdout = sys.stderr = types.SimpleNamespace(write=len, flush=lambda: None)  # as Celery's workers do
import daglab
daglab.notebook_assets(sys.argv[1])
assert not hasattr(sys.stdout, "encoding")
"""
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
