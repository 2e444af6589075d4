"""What a process that runs a project in-process tells; the whole command is tested in tests/integration."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from daglab.errors import DaglabError, NotFoundError, ValidationError
from daglab.runtime.in_process import Runner


@dg.asset(key=["raw", "orders"])
def raw_orders() -> list[int]:
    return [1, 2, 3]


@dg.asset(key=["sales", "orders"], ins={"orders": dg.AssetIn(["raw", "orders"])})
def sales_orders(orders: list[int]) -> int:
    return len(orders)


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a", "b"]))
def by_region(context: dg.AssetExecutionContext) -> str:
    return context.partition_key


@dg.asset(partitions_def=dg.DynamicPartitionsDefinition(name="customers"))
def by_customer() -> None: ...


@dg.asset
def broken() -> None:
    raise dg.Failure("no luck", metadata={"cell": "cell 'x'", "count": 3})


@dg.op(config_schema={"name": str})
def greet(context: dg.OpExecutionContext) -> None:
    context.log.info("hello %s", context.op_config["name"])


@dg.job
def hello() -> None:
    greet()


@dg.static_partitioned_config(["a", "b", "bad"])
def by_letter(key: str) -> dict[str, Any]:
    return {"ops": {"greet": {"config": {"name": 3 if key == "bad" else f"letter {key}"}}}}


@dg.job(config=by_letter)
def letters() -> None:
    greet()


class InMemory(dg.IOManager):
    """An IO manager of the project's own, which must not be replaced."""

    def __init__(self) -> None:
        self.stored: list[str] = []

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        self.stored.append(context.asset_key.to_user_string())

    def load_input(self, context: dg.InputContext) -> Any:
        raise AssertionError("nothing is read")


ASSETS = [raw_orders, sales_orders, by_region, by_customer, broken, dg.AssetSpec(["vendor", "feed"])]
DEFINITIONS = dg.Definitions(assets=ASSETS, jobs=[hello, letters])


def told(instance: dg.DagsterInstance, definitions: dg.Definitions = DEFINITIONS, **request: Any) -> list[Any]:
    file = io.StringIO()
    whole = {"job": None, "assets": [], "partitions": [], "config": {}, "tags": {}, "validate_only": False}
    Runner(definitions, instance, file).run({**whole, **request})
    return [json.loads(line) for line in file.getvalue().splitlines()]


def test_values_are_stored_and_found_by_the_next_run(instance: dg.DagsterInstance) -> None:
    lines = told(instance, assets=["raw/orders"], tags={"why": "test"})
    first, last = lines[0]["run"], lines[-1]["run"]
    assert first == {"run_id": last["run_id"], "job": "__ASSET_JOB", "assets": ["raw/orders"]} | {
        "partition": None,
        "steps": 1,
        "status": "STARTED",
    }
    assert last["status"] == "SUCCESS"
    run = instance.get_run_by_id(first["run_id"])
    assert run is not None
    assert run.tags["why"] == "test"
    kinds = [line["log"]["kind"] for line in lines[1:-1]]
    assert kinds.index("STEP_START") < kinds.index("ASSET_MATERIALIZATION") < kinds.index("STEP_SUCCESS")
    (made,) = (line["log"] for line in lines[1:-1] if line["log"]["kind"] == "ASSET_MATERIALIZATION")
    assert (made["asset"], made["step"], made["level"]) == ("raw/orders", "raw__orders", "DEBUG")
    assert told(instance, assets='key:"sales/orders"')[-1]["run"]["status"] == "SUCCESS"


def test_the_projects_own_io_manager_stays(instance: dg.DagsterInstance) -> None:
    own = InMemory()
    told(instance, dg.Definitions(assets=[raw_orders], resources={"io_manager": own}), assets=["raw/orders"])
    assert own.stored == ["raw/orders"]


def test_a_failure_has_its_error_and_the_texts_of_its_metadata(instance: dg.DagsterInstance) -> None:
    lines = told(instance, assets=["broken"])
    (failure,) = (line["log"] for line in lines[1:-1] if line["log"]["kind"] == "STEP_FAILURE")
    assert failure["failure"] == {"cell": "cell 'x'"}
    assert "no luck" in failure["error"]["message"]
    assert failure["error"]["stack"]
    assert lines[-1]["run"]["status"] == "FAILURE"


def test_partitions_are_runs_of_their_own(instance: dg.DagsterInstance) -> None:
    runs = [line["run"] for line in told(instance, assets=["by_region"], partitions=["b", "a"]) if "run" in line]
    assert [(run["partition"], run["status"]) for run in runs] == [
        ("b", "STARTED"),
        ("b", "SUCCESS"),
        ("a", "STARTED"),
        ("a", "SUCCESS"),
    ]


def test_a_partition_of_a_job_has_its_own_configuration(instance: dg.DagsterInstance) -> None:
    lines = told(instance, job="letters", partitions=["b", "a"])
    runs = [(line["run"]["partition"], line["run"]["status"]) for line in lines if "run" in line]
    assert runs == [("b", "STARTED"), ("b", "SUCCESS"), ("a", "STARTED"), ("a", "SUCCESS")]
    said = [line["log"]["message"] for line in lines if "log" in line]
    assert [text for text in said if text.startswith("hello")] == ["hello letter b", "hello letter a"]
    given = told(instance, job="letters", partitions=["a"], config={"ops": {"greet": {"config": {"name": "Ann"}}}})
    assert "hello Ann" in [line["log"]["message"] for line in given if "log" in line]
    assert told(instance, job="letters", partitions=["a"], validate_only=True) == [{"faults": []}]
    (line,) = told(instance, job="letters", partitions=["a", "bad"], validate_only=True)
    assert line["faults"][0]["path"] == ["ops", "greet", "config", "name"]


def test_an_op_that_nobody_has_is_a_fault(instance: dg.DagsterInstance) -> None:
    (line,) = told(instance, assets=["raw/orders"], config={"ops": {"raw__order": {}}}, validate_only=True)
    (fault,) = line["faults"]
    assert (fault["path"], fault["reason"]) == (["ops", "raw__order"], "FIELD_NOT_DEFINED")
    assert "did you mean 'raw__orders'" in fault["message"]
    fine = {"ops": {"broken": {}}}  # not selected, but there
    assert told(instance, assets=["raw/orders"], config=fine, validate_only=True) == [{"faults": []}]


def test_a_configuration_is_judged(instance: dg.DagsterInstance) -> None:
    config = {"ops": {"greet": {"config": {"name": "Ann"}}}}
    assert told(instance, job="hello", config=config, validate_only=True) == [{"faults": []}]
    (line,) = told(instance, job="hello", config={"ops": {"greet": {"config": {"name": 3}}}}, validate_only=True)
    (fault,) = line["faults"]
    assert (fault["path"], fault["reason"]) == (["ops", "greet", "config", "name"], "RUNTIME_TYPE_MISMATCH")
    assert told(instance, job="hello", config=config)[-1]["run"]["status"] == "SUCCESS"
    assert instance.get_runs_count() == 1


@pytest.mark.parametrize(
    ("request_", "kind", "says"),
    [
        ({"assets": ["sales/order"]}, NotFoundError, "no asset sales/order"),
        ({"assets": ["vendor/feed"]}, NotFoundError, "no asset vendor/feed"),
        ({"assets": 'key:"vendor/feed"'}, ValidationError, "No asset is selected"),
        ({"assets": "grup:sales"}, ValidationError, "Invalid selection string"),
        ({"assets": ["by_region"]}, ValidationError, "needs a partition"),
        ({"assets": ["by_region"], "partitions": ["a", "z"]}, ValidationError, "by_region: no partition z"),
        ({"assets": ["by_customer"], "partitions": ["ann"]}, ValidationError, "by_customer: no partition ann"),
        ({"assets": ["raw/orders"], "partitions": ["a"]}, ValidationError, "raw/orders: not partitioned"),
        ({"job": "helo"}, NotFoundError, "no job helo"),
        ({"job": "hello", "partitions": ["a"]}, ValidationError, "hello: not partitioned"),
        ({"job": "letters"}, ValidationError, "letters: partitioned: a run needs a partition"),
        ({"job": "letters", "partitions": ["a", "z"]}, ValidationError, "letters: no partition z"),
        ({"assets": ["raw/orders"], "config": {"ops": {"raw__order": {}}}}, ValidationError, "ops.raw__order: no such"),
        ({"job": "hello"}, ValidationError, 'Missing required config entry "ops"'),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is(
    instance: dg.DagsterInstance, request_: dict[str, Any], kind: type[DaglabError], says: str
) -> None:
    with pytest.raises(kind) as refused:
        told(instance, **request_)
    assert says in refused.value.message
    assert instance.get_runs_count() == 0


def test_a_project_without_assets(instance: dg.DagsterInstance) -> None:
    with pytest.raises(NotFoundError):
        told(instance, dg.Definitions(jobs=[hello]), assets=["x"])


ENDED = """
import os
import signal
import dagster as dg

@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a", "b"]))
def by_region(context):
    os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(100):
        time.sleep(0.1)

defs = dg.Definitions(assets=[by_region])
"""


def test_what_is_ended_begins_no_other_partition(tmp_path: Path) -> None:
    (tmp_path / "ended.py").write_text(f"import time\n{ENDED}")
    request, events = tmp_path / "request.json", tmp_path / "events"
    asked = {"target": "ended", "job": None, "assets": ["by_region"], "partitions": ["a", "b"]}
    request.write_text(json.dumps({**asked, "config": {}, "tags": {}, "validate_only": False}))
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "DAGSTER_HOME": str(tmp_path), "PYTHONPATH": path}
    command = [sys.executable, "-m", "daglab.runtime.in_process", str(request), str(events)]
    subprocess.run(command, env=environment, timeout=60, check=False)
    runs = [line["run"] for line in map(json.loads, events.read_text().splitlines()) if "run" in line]
    assert [(run["partition"], run["status"]) for run in runs] == [("a", "STARTED"), ("a", "FAILURE")]
