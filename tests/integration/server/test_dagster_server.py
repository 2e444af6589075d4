"""POST and DELETE `dagster`: the project's Dagster, started by a real Jupyter server, killed, found by others."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from daglab.processes import LOOPBACK, free_port
from tests.integration.server.conftest import RunningJupyter, start_jupyter
from tests.process_trees import argv_of, assert_ended, family

MINI_PROJECT = Path(__file__).parents[2] / "mini_project"
Start = Callable[..., RunningJupyter]


SLOW = """

@dg.asset
def slow() -> None:
    import time

    time.sleep(300)


defs = dg.Definitions.merge(defs, dg.Definitions(assets=[slow]))
"""


def mini_copy(folder: Path) -> Path:
    shutil.copytree(MINI_PROJECT, folder)
    (folder / ".dagster_home").mkdir()
    (folder / "dagster.yaml").rename(folder / ".dagster_home" / "dagster.yaml")
    return folder


def dagster_of(jupyter: RunningJupyter) -> dict[str, Any]:
    found: dict[str, Any] = jupyter.request("GET", "status").json()["dagster"]
    return found


def until(jupyter: RunningJupyter, wanted: Callable[[dict[str, Any]], bool], seconds: float = 120) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while not wanted(found := dagster_of(jupyter)):
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    return found


def is_up(dagster: dict[str, Any]) -> bool:
    """It answers, and its supervisor, who looks now and then, has seen that."""
    return bool(dagster["state"] == "ok" and dagster["server"]["state"] == "running")


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningJupyter]:
    """A Jupyter server on a project of its own, whose Dagster nobody has started."""
    folder = tmp_path_factory.mktemp("supervised")
    environment = {"DAGLAB_DAGSTER__PORT": str(free_port())}
    root = mini_copy(folder / "mini")
    with (root / "mini" / "definitions.py").open("a") as definitions:
        definitions.write(SLOW)
    running = start_jupyter(folder, root, environment)
    with running.child:
        yield running


@pytest.fixture(scope="module")
def started(jupyter: RunningJupyter) -> dict[str, Any]:
    """What the status tells of Dagster once it answers, after five requests at once to start it."""
    cursor = jupyter.request("GET", "events").json()["cursor"]
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: jupyter.request("POST", "dagster"), range(5)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["pid"] for answer in answers}) == 1
    starting = dagster_of(jupyter)
    assert starting["state"] == starting["error"]["code"] == "dagster-starting"
    assert starting["server"]["state"] == "starting"
    found = until(jupyter, is_up)
    events = jupyter.request("GET", "events", params={"since": cursor}).json()["events"]
    states = [event["data"]["state"] for event in events if event["topic"] == "dagster"]
    assert states == ["starting", "running"]
    return found


def test_one_dagster_runs_with_the_projects_instance(jupyter: RunningJupyter, started: dict[str, Any]) -> None:
    server = started["server"]
    assert (server["state"], server["restarts"]) == ("running", 0)
    children = psutil.Process(jupyter.child.pid).children()
    (guard,) = [child for child in children if "dagster" in argv_of(child)]
    assert guard.pid == server["pid"]
    (process,) = guard.children()
    assert process.environ()["DAGSTER_HOME"] == str(jupyter.root / ".dagster_home")
    assert process.cwd() == str(jupyter.root)
    assert "127.0.0.1" in process.cmdline()
    assert "dagster-webserver" in (jupyter.root / ".daglab" / "logs" / "dagster.log").read_text()
    again = jupyter.request("POST", "dagster")
    assert (again.status_code, again.json()["pid"]) == (200, server["pid"])


def test_another_server_of_the_project_uses_it_and_does_not_end_it(
    jupyter: RunningJupyter, started: dict[str, Any], start: Start
) -> None:
    other = start(jupyter.root, DAGLAB_DAGSTER__PORT=started["address"].rpartition(":")[2])
    answer = other.request("POST", "dagster")
    assert (answer.status_code, answer.json()["state"]) == (200, "external")
    assert dagster_of(other)["state"] == "ok"
    refused = other.request("DELETE", "dagster")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "dagster-conflict")
    assert refused.json()["error"]["remedy"]
    assert dagster_of(jupyter)["state"] == "ok"


def test_a_port_that_is_taken_is_told_with_who_takes_it(
    jupyter: RunningJupyter, started: dict[str, Any], start: Start, tmp_path: Path
) -> None:
    root = tmp_path / "other"
    root.mkdir()
    (root / "pyproject.toml").write_text('[tool.dagster]\nmodule_name = "other.definitions"\n')
    running = start(root)
    port = int(started["address"].rpartition(":")[2])
    for taken, said in ((port, "Another project's Dagster"), (None, "(process ")):
        with socket.create_server((LOOPBACK, 0)) as stranger:
            number = taken or stranger.getsockname()[1]
            (root / "daglab.yaml").write_text(f"dagster: {{port: {number}}}\n")
            time.sleep(1.1)
            error = running.request("POST", "dagster").json()["error"]
        assert error["code"] == "dagster-conflict"
        assert f"{number}" in error["message"] and said in error["message"]
        assert "dagster.port" in error["remedy"]
    (root / "daglab.yaml").write_text("dagster: {url: 'https://dagster.example/prod'}\n")
    time.sleep(1.1)
    elsewhere = running.request("POST", "dagster")
    assert (elsewhere.status_code, elsewhere.json()["error"]["code"]) == (409, "dagster-conflict")
    assert "dagster.example" in elsewhere.json()["error"]["message"]
    (root / "daglab.yaml").write_text("read_only: true\n")
    time.sleep(1.1)
    for method in ("POST", "DELETE"):
        assert running.request(method, "dagster").json()["error"]["code"] == "read-only"


def launched(jupyter: RunningJupyter) -> dict[str, Any]:
    """The run of one request, which is made once or again."""
    body = {"assets": ["slow"], "request_id": "killed-in-mid-run"}
    run: dict[str, Any] = jupyter.request("POST", "runs", json=body).json()
    return run


def run_until(jupyter: RunningJupyter, run_id: str, *statuses: str, seconds: float = 90) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while (run := jupyter.request("GET", f"runs/{run_id}").json())["status"] not in statuses:
        assert time.monotonic() < deadline, run
        time.sleep(0.3)
    found: dict[str, Any] = run
    return found


@pytest.mark.nightly
def test_a_dagster_killed_in_mid_run_comes_back_and_tells_the_truth(
    jupyter: RunningJupyter, started: dict[str, Any]
) -> None:
    run = launched(jupyter)
    run_until(jupyter, run["id"], "STARTED")
    before = family(started["server"]["pid"])
    assert len(before) > 4
    assert before[1].cmdline()[1:4] == ["-m", "dagster", "dev"]
    before[1].kill()
    dead = until(jupyter, lambda dagster: dagster["state"] != "ok")
    assert dead["state"] == "dagster-restarting"
    assert dead["server"]["last_words"]
    found = until(jupyter, is_up)
    assert found["server"]["restarts"] == 1
    assert found["server"]["pid"] != before[0].pid
    assert_ended(before, 1)  # the run's own process among them
    ended = run_until(jupyter, run["id"], "FAILURE", "CANCELED")
    assert ended["final"]
    assert launched(jupyter)["id"] == run["id"]
    runs = jupyter.request("GET", "runs", params={"asset": "slow"}).json()["runs"]
    assert [one["id"] for one in runs] == [run["id"]]


def test_it_is_ended_on_request_and_can_be_started_again(jupyter: RunningJupyter, started: dict[str, Any]) -> None:
    processes = family(dagster_of(jupyter)["server"]["pid"])
    ended = jupyter.request("DELETE", "dagster")
    assert (ended.status_code, ended.json()["state"]) == (200, "stopped")
    assert_ended(processes, 1)
    assert dagster_of(jupyter)["state"] == "dagster-unreachable"
    assert jupyter.request("DELETE", "dagster").status_code == 200
    assert list(jupyter.folder.glob("runtime_dir/daglab-dagster-*")) == []


def test_one_that_cannot_start_has_failed_with_its_last_words(jupyter: RunningJupyter, started: dict[str, Any]) -> None:
    config = jupyter.root / ".dagster_home" / "dagster.yaml"
    right = config.read_text()
    config.write_text("no_such_section: 1\n")
    assert jupyter.request("POST", "dagster").status_code == 202
    failed = until(jupyter, lambda dagster: dagster["state"] != "dagster-starting")
    assert failed["state"] == failed["error"]["code"] == "dagster-failed"
    assert "no_such_section" in failed["error"]["message"]
    config.write_text(right)
    assert jupyter.request("POST", "dagster").status_code == 202
    until(jupyter, is_up)


def test_nothing_is_left_when_jupyter_is_killed(jupyter: RunningJupyter, started: dict[str, Any]) -> None:
    server = dagster_of(jupyter)["server"]
    assert server["state"] == "running"
    run = jupyter.request("POST", "runs", json={"assets": ["slow"]}).json()
    run_until(jupyter, run["id"], "STARTED")
    processes = family(server["pid"])
    jupyter.child.process.kill()
    jupyter.child.wait(10)
    assert_ended(processes)


def test_without_a_code_location_nothing_is_started(start: Start, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    running = start(root, DAGLAB_DAGSTER__PORT=str(free_port()))
    answer = running.request("POST", "dagster")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "config")
    assert "project" in answer.json()["error"]["remedy"]
    assert httpx.get(running.url("daglab/api/status"), headers=running.headers).json()["dagster"]["state"] == (
        "dagster-unreachable"
    )


@pytest.mark.nightly
def test_a_dg_project_is_started_as_dg_does(start: Start, tmp_path: Path) -> None:
    root = tmp_path / "shop"
    (root / "src" / "shop" / "defs").mkdir(parents=True)
    (root / "src" / "shop" / "__init__.py").touch()
    (root / "src" / "shop" / "definitions.py").write_text("import dagster as dg\n\ndefs = dg.Definitions()\n")
    (root / "pyproject.toml").write_text(
        "[project]\nname = 'shop'\nversion = '0'\n[tool.dg]\ndirectory_type = 'project'\n"
        "[tool.dg.project]\nroot_module = 'shop'\ncode_location_name = 'the shop'\n"
    )
    running = start(root, DAGLAB_DAGSTER__PORT=str(free_port()))
    assert running.request("POST", "dagster").status_code == 202
    found = until(running, lambda dagster: dagster["state"] == "ok")
    assert [location["name"] for location in found["locations"]] == ["the shop"]
    other = start(root, DAGLAB_DAGSTER__PORT=found["address"].rpartition(":")[2])
    assert other.request("POST", "dagster").json()["state"] == "external"
