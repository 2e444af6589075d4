"""Notebooks run by Dagster's own command, in the processes of its multiprocess executor."""

from __future__ import annotations

import json
import os
import pickle
import sys
import time
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import nbformat
import pandas as pd
import pytest

from daglab.processes import LOOPBACK, free_port, spawn

EXPECTED = pd.DataFrame({"day": [1, 2], "amount": [2.5, 4.0]}, index=[1, 2])


def stored(project: Any, *key: str) -> Any:
    return pickle.loads(Path(project.home, "storage", *key).read_bytes())


def test_values_are_those_of_plain_code(materialized: Any) -> None:
    pd.testing.assert_frame_equal(stored(materialized, "sales", "orders"), EXPECTED)
    assert stored(materialized, "sales", "daily") == {1: 2.5, 2: 4.0}
    assert stored(materialized, "total") == 6.5


def test_dagster_knows_what_was_run(materialized: Any) -> None:
    with dg.DagsterInstance.from_config(str(materialized.home)) as instance:
        (run,) = instance.get_runs()
        assert run.status is dg.DagsterRunStatus.SUCCESS
        event = instance.get_latest_materialization_event(dg.AssetKey(["sales", "orders"]))
        assert event is not None
        assert event.asset_materialization is not None
        metadata = {key: value.value for key, value in event.asset_materialization.metadata.items()}
        messages = [line for entry in instance.all_logs(run.run_id) for line in entry.user_message.split("\n")]
    path = materialized.root / ".daglab" / "executed" / run.run_id / "sales__orders.ipynb"
    assert metadata["notebook"] == str(path)
    document = json.loads(path.read_text())
    nbformat.validate(nbformat.from_dict(document))
    text = path.read_text()
    assert "cleaning" in text
    assert "<table" in text
    assert "cell 'clean' | cleaning" in messages
    assert any("Asset check 'positive'" in message for message in messages)


def test_a_selection_leaves_the_other_asset_as_it_was(copied: Any) -> None:
    before = Path(copied.home, "storage", "sales", "orders").stat().st_mtime_ns
    arguments = ("-m", "dagster", "asset", "materialize", "-m", "shoplet.definitions", "--select", "sales/daily")
    config = json.dumps({"ops": {"orders_notebook": {"config": {"least": 100.0}}}})
    copied.python(*arguments, "--config-json", config)
    assert Path(copied.home, "storage", "sales", "orders").stat().st_mtime_ns == before
    assert stored(copied, "sales", "daily") == {1: 2.5, 2: 4.0}
    copied.python(
        *arguments[:-1],
        "sales/orders",
        "--config-json",
        json.dumps({"ops": {"orders_notebook": {"config": {"least": "x"}}}}),
        ok=False,
    )


LOAD = "import daglab\nprint(daglab.load_asset({}))"


def test_a_value_is_loaded_interactively_from_the_projects_own_dagster(materialized: Any) -> None:
    done = materialized.python("-c", LOAD.format("'sales/daily'"))
    assert done.stdout.strip().endswith("{1: 2.5, 2: 4.0}")


def test_what_cannot_be_loaded_is_said_in_one_line(materialized: Any) -> None:
    code = """
import daglab
from daglab.errors import DaglabError
for arguments in (("sales/dayly",), ("regions",), ("regions", "eu"), ("regions", "es"), ("total", "eu")):
    try:
        daglab.load_asset(*arguments)
    except DaglabError as error:
        print("ERROR", error)
"""
    lines = [line for line in materialized.python("-c", code).stdout.splitlines() if line.startswith("ERROR")]
    home = materialized.home
    assert lines == [
        "ERROR there is no asset 'sales/dayly' in shoplet.definitions (did you mean 'sales/daily'?)",
        'ERROR the asset \'regions\' is partitioned (name one: load_asset("regions", partition="..."))',
        f"ERROR the asset 'regions' (partition eu) has no stored value in {home} (materialize 'regions' first)",
        "ERROR the asset 'regions' has no partition 'es' (known: eu, us)",
        "ERROR the asset 'total' has no partitions, and 'eu' was asked for (leave the partition out)",
    ]


def test_a_session_is_opened_once_and_again_on_request(copied: Any) -> None:
    definitions = copied.root / "src" / "shoplet" / "definitions.py"
    parts = definitions.rename(definitions.with_name("parts.py"))
    definitions.write_text(
        "import dagster as dg\nfrom shoplet import parts\n\n@dg.definitions\ndef defs():\n    return parts.defs\n"
    )
    code = f"""
import pathlib, time, daglab
from daglab.errors import AssetValueError
daglab.load_asset("total")
begin = time.perf_counter(); daglab.load_asset("total"); assert time.perf_counter() - begin < 1
path = pathlib.Path({str(parts)!r})
path.write_text(path.read_text().replace("regions", "areas"))
try:
    daglab.load_asset("areas", "eu")
except AssetValueError as error:
    print("BEFORE", error)
try:
    daglab.load_asset("areas", "eu", refresh=True)
except AssetValueError as error:
    print("AFTER", error)
"""
    lines = copied.python("-c", code).stdout.splitlines()
    assert [line.split(" (")[0] for line in lines if line.startswith(("BEFORE", "AFTER"))] == [
        "BEFORE there is no asset 'areas' in shoplet.definitions",
        "AFTER the asset 'areas'",
    ]


def test_a_project_without_definitions(copied: Any) -> None:
    definitions = copied.root / "src" / "shoplet" / "definitions.py"
    code = """
import daglab
from daglab.errors import DaglabError
try:
    daglab.load_asset("a")
except DaglabError as error:
    print("ERROR", error)
"""
    definitions.write_text("")
    assert "shoplet.definitions has 0 Definitions" in copied.python("-c", code).stdout
    definitions.unlink()
    assert "the code location shoplet.definitions cannot be imported" in copied.python("-c", code).stdout
    (copied.root / "pyproject.toml").write_text("")
    assert "ERROR" in copied.python("-c", code).stdout


def test_a_step_that_fails_keeps_its_notebook(copied: Any) -> None:
    notebook = copied.root / "src" / "shoplet" / "notebooks" / "orders.py"
    notebook.write_text(notebook.read_text().replace("orders.groupby", "orders.group_by"))
    arguments = ("-m", "dagster", "job", "execute", "-m", "shoplet.definitions", "-j", "everything")
    done = copied.python(*arguments, ok=False)
    line = notebook.read_text().split("\n").index('    daily = orders.group_by("day")["amount"].sum().to_dict()') + 1
    assert f"cell 'by_day' failed at orders.py:{line}: AttributeError" in done.stderr
    kept = [path.read_text() for path in (copied.root / ".daglab" / "executed").glob("*/sales__daily.ipynb")]
    assert sum('"output_type": "error"' in text for text in kept) == 1


def launch(url: str, key: list[str], config: dict[str, Any]) -> str:
    """Launch a run of one asset as Dagster's own page does, and wait for its end."""
    mutation = """
    mutation($params: ExecutionParams!) {
      launchRun(executionParams: $params) { __typename ... on LaunchRunSuccess { run { runId } } }
    }"""
    selector = {
        "repositoryLocationName": "shoplet.definitions",
        "repositoryName": "__repository__",
        "jobName": "__ASSET_JOB",
        "assetSelection": [{"path": key}],
    }
    params = {"selector": selector, "runConfigData": config}
    answer = httpx.post(f"{url}/graphql", json={"query": mutation, "variables": {"params": params}}, timeout=30).json()
    run = answer["data"]["launchRun"]["run"]["runId"]
    query = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
    for _ in range(240):
        found = httpx.post(f"{url}/graphql", json={"query": query, "variables": {"id": run}}, timeout=30).json()
        status = found["data"]["runOrError"]["status"]
        if status in ("SUCCESS", "FAILURE", "CANCELED"):
            return str(status)
        time.sleep(0.5)
    raise AssertionError(f"run {run} is still {status}")


@pytest.mark.nightly
def test_dagsters_page_launches_one_asset_with_a_param(copied: Any) -> None:
    port = free_port()
    argv = [sys.executable, "-m", "dagster", "dev", "--host", LOOPBACK, "--port", str(port)]
    environment = {**os.environ, "DAGSTER_HOME": str(copied.home), "PYTHONPATH": str(copied.root / "src")}
    with spawn(argv, cwd=copied.root, env=environment) as child:
        url = f"http://{LOOPBACK}:{port}"
        child.wait_until_healthy(f"{url}/server_info", timeout=120)
        config = {"ops": {"orders_notebook": {"config": {"least": 4.0}}}}
        assert launch(url, ["sales", "orders"], config) == "SUCCESS"
    assert stored(copied, "sales", "orders")["amount"].tolist() == [4.0]
    assert stored(copied, "sales", "daily") == {1: 2.5, 2: 4.0}
