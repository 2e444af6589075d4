"""Dagster's own page, used as its users do: one asset of a notebook is materialized, one check is run alone."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext

from tests.e2e.conftest import RunningLab

RUNS = "{ runsOrError { ... on Runs { results { runId status } } } }"
LATEST = """
query($key: AssetKeyInput!) {
  assetNodeOrError(assetKey: $key) { ... on AssetNode {
    dataVersion
    assetMaterializations(limit: 1) { runId metadataEntries { label ... on NotebookMetadataEntry { path } }
      tags { key value } }
  } }
}"""
EVENTS = """
query($id: ID!) {
  logsForRun(runId: $id, limit: 1000) { ... on EventConnection { events {
    __typename ... on MessageEvent { message }
    ... on MaterializationEvent { assetKey { path } }
    ... on AssetCheckEvaluationEvent { evaluation { checkName success } }
  } } }
}"""
LAUNCH = """
mutation($params: ExecutionParams!) {
  launchRun(executionParams: $params) { __typename ... on LaunchRunSuccess { run { runId } } }
}"""
SELECTOR = {"repositoryLocationName": "shop", "repositoryName": "__repository__", "jobName": "__ASSET_JOB"}


def ask(lab: RunningLab, query: str, **variables: Any) -> dict[str, Any]:
    body = {"query": query, "variables": variables}
    answer = httpx.post(f"{lab.dagster_url}/graphql", json=body, timeout=30).json()
    assert "errors" not in answer, answer
    data: dict[str, Any] = answer["data"]
    return data


def latest(lab: RunningLab, key: str) -> dict[str, Any]:
    found: dict[str, Any] = ask(lab, LATEST, key={"path": key.split("/")})["assetNodeOrError"]
    return found


def finished(lab: RunningLab) -> dict[str, str]:
    """The statuses of the runs that have ended; other tests' runs fail on purpose."""
    runs = ask(lab, RUNS)["runsOrError"]["results"]
    return {run["runId"]: run["status"] for run in runs if run["status"] in ("SUCCESS", "FAILURE")}


def events_of_next_run(lab: RunningLab, before: dict[str, str]) -> list[dict[str, Any]]:
    deadline = time.monotonic() + 120
    while not (new := finished(lab).items() - before.items()):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    ((run, status),) = new
    assert status == "SUCCESS"
    events: list[dict[str, Any]] = ask(lab, EVENTS, id=run)["logsForRun"]["events"]
    return events


def ran(events: list[dict[str, Any]]) -> list[str]:
    """What the step said of the cells that it runs and leaves out."""
    return [event["message"] for event in events if event.get("message", "").startswith("runs cell")]


@pytest.mark.nightly
def test_one_asset_of_a_notebook_and_one_check_alone(context: BrowserContext, lab: RunningLab) -> None:
    if not latest(lab, "sales/orders")["assetMaterializations"]:
        before = finished(lab)
        selection = [{"path": ["raw", "orders"]}, {"path": ["sales", "orders"]}]
        ask(lab, LAUNCH, params={"selector": SELECTOR | {"assetSelection": selection}, "runConfigData": {}})
        events_of_next_run(lab, before)
    orders = latest(lab, "sales/orders")

    before = finished(lab)
    page = context.new_page()
    page.goto(f"{lab.dagster_url}/assets/sales/daily_revenue")
    page.get_by_role("button", name="Skip").click()  # Dagster's invitation, at the first visit
    page.get_by_role("button", name="Materialize").click()
    events = events_of_next_run(lab, before)
    assert [e["assetKey"]["path"] for e in events if "assetKey" in e] == [["sales", "daily_revenue"]]
    assert ran(events) == ["runs cell 1, cell 11, cell 12; leaves out cell 4, cell 6, cell 8, cell 9, cell 13"]
    assert latest(lab, "sales/orders") == orders
    (made,) = latest(lab, "sales/daily_revenue")["assetMaterializations"]
    tags = {tag["key"]: tag["value"] for tag in made["tags"]}
    assert tags["dagster/input_data_version/sales/orders"] == orders["dataVersion"]
    (path,) = [entry["path"] for entry in made["metadataEntries"] if entry["label"] == "notebook"]
    cells = json.loads(Path(path).read_text("utf-8"))["cells"]
    states = [cell["metadata"]["daglab"]["executed"]["state"] for cell in cells]
    assert [index + 1 for index, state in enumerate(states) if state == "run"] == [1, 11, 12]

    before = finished(lab)
    page.goto(f"{lab.dagster_url}/assets/sales/orders?view=checks")
    page.get_by_role("button").filter(has_text=re.compile("^Execute$")).click()
    events = events_of_next_run(lab, before)
    assert [e["evaluation"] for e in events if "evaluation" in e] == [
        {"checkName": "no_negative_amounts", "success": True}
    ]
    assert not [event for event in events if "assetKey" in event]
    assert latest(lab, "sales/orders") == orders
    assert ran(events) == ["runs cell 9; leaves out cell 1, cell 4, cell 6, cell 8, cell 11, cell 12, cell 13"]
