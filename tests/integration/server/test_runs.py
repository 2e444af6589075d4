"""Runs and backfills over a real Jupyter server and a real Dagster."""

from __future__ import annotations

import time
from typing import Any

import pytest


def followed(jupyter: Any, path: str, timeout: float = 120) -> dict[str, Any]:
    deadline = time.monotonic() + timeout
    while True:
        found: dict[str, Any] = jupyter.request("GET", path).json()
        if found["final"]:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.3)


@pytest.fixture(scope="module")
def failed(jupyter: Any) -> dict[str, Any]:
    """A run whose asset raises."""
    body = {"assets": ["sales/broken"], "tags": {"team": "sales"}}
    response = jupyter.request("POST", "runs", json=body)
    assert response.status_code == 201, response.text
    return followed(jupyter, f"runs/{response.json()['id']}")


def test_runs_are_listed_newest_first(jupyter: Any, failed: dict[str, Any]) -> None:
    page = jupyter.request("GET", "runs", params={"limit": 1, "tag": "team=sales"}).json()
    (run,) = page["runs"]
    assert (run["id"], run["status"], run["tags"]["team"]) == (failed["id"], "FAILURE", "sales")
    assert run["url"].endswith(f"/runs/{failed['id']}")
    everything = jupyter.request("GET", "runs").json()["runs"]
    assert [run["created_at"] for run in everything] == sorted((run["created_at"] for run in everything), reverse=True)


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ({"status": "FAILURE"}, True),
        ({"status": ["SUCCESS", "QUEUED"]}, False),
        ({"asset": "sales/broken"}, True),
        ({"asset": "by_region"}, False),
        ({"job": "no_such_job"}, False),
        ({"tag": "team=raw"}, False),
    ],
)
def test_runs_are_filtered(jupyter: Any, failed: dict[str, Any], query: dict[str, Any], there: bool) -> None:
    runs = jupyter.request("GET", "runs", params={"limit": 200, **query}).json()["runs"]
    assert (failed["id"] in {run["id"] for run in runs}) is there


def test_a_log_is_read_in_pages_searched_and_by_level(jupyter: Any, failed: dict[str, Any]) -> None:
    events, cursor = [], {}
    while True:
        page = jupyter.request("GET", f"runs/{failed['id']}/logs", params={"limit": 5, **cursor}).json()
        assert len(page["events"]) <= 5
        events += page["events"]
        cursor = {"cursor": page["cursor"]}
        if not page["has_more"]:
            break
    kinds = [event["kind"] for event in events]
    assert {"RUN_ENQUEUED", "RUN_FAILURE"} <= set(kinds)
    (planned,) = (event for event in events if event["kind"] == "ASSET_MATERIALIZATION_PLANNED")
    assert planned["asset"] == "sales/broken"
    (failure,) = (event for event in events if event["kind"] == "STEP_FAILURE")
    assert failure["error"]["cause"]["class_name"] == "ValueError"
    assert failure["step"] == planned["step"]
    assert jupyter.request("GET", f"runs/{failed['id']}/logs", params=cursor).json()["events"] == []
    errors = jupyter.request("GET", f"runs/{failed['id']}/logs", params={"level": "ERROR"}).json()["events"]
    assert {event["level"] for event in errors} == {"ERROR"}
    query = {"search": "NO SUCH COLUMN", "limit": 2}
    found = jupyter.request("GET", f"runs/{failed['id']}/logs", params=query).json()["events"]
    assert failure in found
    assert len(found) < len(events)


def test_a_run_is_launched_again(jupyter: Any, failed: dict[str, Any]) -> None:
    response = jupyter.request("POST", f"runs/{failed['id']}/reexecute", json={"strategy": "from_failure"})
    assert response.status_code == 201, response.text
    again = followed(jupyter, f"runs/{response.json()['id']}")
    assert (again["parent_run_id"], again["status"], again["assets"]) == (failed["id"], "FAILURE", ["sales/broken"])


def test_a_list_tells_the_progress_of_runs_that_have_not_ended(jupyter: Any, failed: dict[str, Any]) -> None:
    body = {"assets": ["sales/broken", "raw/orders"]}
    run = jupyter.request("POST", "runs", json=body).json()
    listed = {one["id"]: one for one in jupyter.request("GET", "runs").json()["runs"]}
    assert (listed[run["id"]]["steps_done"], listed[run["id"]]["steps_total"]) == (0, run["steps_total"])
    assert run["steps_total"] >= 1
    assert listed[failed["id"]]["steps_total"] == 0
    jupyter.request("DELETE", f"runs/{run['id']}", params={"force": "true"})


def test_a_queued_run_is_ended(jupyter: Any) -> None:
    run = jupyter.request("POST", "runs", json={"assets": ["raw/orders"]}).json()
    response = jupyter.request("DELETE", f"runs/{run['id']}", params={"force": "true"})
    assert response.status_code == 200, response.text
    assert followed(jupyter, f"runs/{run['id']}")["status"] == "CANCELED"
    again = jupyter.request("DELETE", f"runs/{run['id']}")
    assert (again.status_code, again.json()["error"]["code"]) == (422, "validation")


def test_one_partition_is_a_run_and_several_are_a_backfill(jupyter: Any) -> None:
    run = jupyter.request("POST", "runs", json={"assets": ["by_region"], "partition": "a"}).json()
    assert run["partition"] == "a"
    body = {"assets": ["by_region"], "partitions": ["a", "b"], "request_id": "regions-2026"}
    response = jupyter.request("POST", "backfills", json=body)
    assert response.status_code == 201, response.text
    backfill = response.json()
    assert (backfill["assets"], backfill["partitions"]) == (["by_region"], 2)
    assert jupyter.request("POST", "backfills", json=body).json()["id"] == backfill["id"]
    assert jupyter.request("GET", f"backfills/{backfill['id']}").json()["id"] == backfill["id"]
    assert jupyter.request("DELETE", f"backfills/{backfill['id']}").status_code == 200
    assert followed(jupyter, f"backfills/{backfill['id']}")["status"].startswith(("CANCELED", "COMPLETED"))
    assert followed(jupyter, f"runs/{run['id']}")["status"] == "SUCCESS"


def test_a_job_has_partitions_too(jupyter: Any) -> None:
    response = jupyter.request("POST", "runs", json={"job": "regional", "partition": "b"})
    assert response.status_code == 201, response.text
    run = response.json()
    assert (run["job"], run["partition"]) == ("regional", "b")
    response = jupyter.request(
        "POST", "backfills", json={"job": "regional", "location": "mini", "all_partitions": True}
    )
    assert response.status_code == 201, response.text
    assert response.json()["partitions"] == 2
    assert jupyter.request("DELETE", f"backfills/{response.json()['id']}").status_code == 200
    assert followed(jupyter, f"runs/{run['id']}")["status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "runs", {"job": "regional"}, 422, "validation"),
        ("POST", "runs", {"job": "regional", "partition": "c"}, 422, "validation"),
        ("POST", "runs", {"assets": ["raw/orders"], "run_config": {"ops": {"raw_order": {}}}}, 422, "validation"),
        ("POST", "backfills", {"job": "regional", "partitions": ["a", "c"]}, 422, "validation"),
        ("POST", "backfills", {"job": "regional", "assets": ["by_region"], "partitions": ["a"]}, 400, "request"),
        ("POST", "backfills", {"assets": [], "partitions": ["a"]}, 422, "validation"),
        ("POST", "runs", {"assets": ["by_region"], "partition": "c"}, 422, "validation"),
        ("POST", "runs", {"assets": ["raw/orders"], "partition": "a"}, 422, "validation"),
        ("POST", "runs", {"assets": ["raw/orders"], "run_config": {"no": "such"}}, 422, "validation"),
        ("POST", "runs", {"assets": ["raw/orders"], "job": "all"}, 400, "request"),
        ("POST", "runs", {"assets": ["raw/orders"], "location": "mini"}, 400, "request"),
        ("POST", "runs", {"assets": ["raw/orders"], "tags": {"a": 1}}, 400, "request"),
        ("POST", "runs", {}, 400, "request"),
        ("POST", "runs", {"job": "no_such_job"}, 404, "not-found"),
        ("POST", "runs/no-such-run/reexecute", {}, 404, "not-found"),
        ("POST", "runs/no-such-run/reexecute", {"strategy": "some"}, 400, "request"),
        ("DELETE", "runs/no-such-run", None, 404, "not-found"),
        ("GET", "runs/no-such-run/logs", None, 404, "not-found"),
        ("GET", "runs?asset=no-such-asset", None, 404, "not-found"),
        ("GET", "runs?limit=201", None, 400, "request"),
        ("GET", "runs?status=DONE", None, 400, "request"),
        ("POST", "backfills", {"assets": ["by_region"]}, 400, "request"),
        ("POST", "backfills", {"assets": ["by_region"], "partitions": ["c"]}, 422, "validation"),
        ("POST", "backfills", {"assets": ["raw/orders"], "all_partitions": True}, 422, "validation"),
        ("GET", "backfills/nosuch", None, 404, "not-found"),
        ("DELETE", "backfills/nosuch", None, 404, "not-found"),
    ],
)
def test_what_cannot_be_done_is_told(jupyter: Any, method: str, path: str, body: Any, status: int, code: str) -> None:
    response = jupyter.request(method, path, json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code), response.text
    assert response.json()["error"]["message"] and response.json()["error"]["remedy"]
