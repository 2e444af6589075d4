"""`daglab discover` on a real Dagster, also behind a proxy that asks for credentials."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from daglab.client import DagsterClient
from daglab.processes import free_port
from tests.integration.cli.command import daglab
from tests.integration.client.proxy import PASS, Proxy, reply, through_proxy
from tests.integration.conftest import RunningDagster

CANARY = "canary-81d0-token"

JOBS = "hello    cells  Says hello.\nletters  cells  -\n"


def found(cells: RunningDagster, *arguments: str) -> dict[str, list[dict[str, Any]]]:
    done = daglab("discover", *arguments, "--json", "--url", cells.url, cwd=cells.project)
    assert done.returncode == 0, done.stderr
    document: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    return document


def test_everything_in_the_documented_shapes(cells: RunningDagster) -> None:
    document = found(cells)
    assert set(document) == {"assets", "jobs", "locations", "repos", "schedules", "sensors"}
    assets = {asset["key"]: asset for asset in document["assets"]}
    assert assets["raw/orders"] == {
        "key": "raw/orders",
        "group": "raw",
        "kinds": [],
        "description": "Three orders.",
        "dependencies": [],
        "location": "cells",
        "repository": "__repository__",
        "jobs": [],
        "materializable": True,
        "partitioned": False,
        "tags": {"tier": "gold"},
        "owners": [],
    }
    assert assets["sales/orders"]["dependencies"] == ["raw/orders"]
    assert not assets["vendor/feed"]["materializable"]
    job, letters = document["jobs"]
    assert (job["name"], job["description"], job["tags"]) == ("hello", "Says hello.", {"team": "sales"})
    assert (job["location"], job["repository"], job["makes_assets"]) == ("cells", "__repository__", False)
    assert (job["partitioned"], letters["name"], letters["partitioned"]) == (False, "letters", True)
    states = {place["name"]: place["state"] for place in document["locations"]}
    assert states == {"cells": "loaded", "unloadable": "failed"}
    assert all(set(place) == {"name", "state", "error", "updated_at"} for place in document["locations"])
    (repository,) = document["repos"]
    assert repository == {
        "name": "__repository__",
        "location": "cells",
        "jobs": ["hello", "letters"],
        "schedules": ["at_night"],
        "sensors": ["idle"],
    }
    (schedule,) = document["schedules"]
    assert (schedule["name"], schedule["cron"], schedule["job"]) == ("at_night", "0 3 * * *", "hello")
    (sensor,) = document["sensors"]
    assert (sensor["name"], sensor["jobs"], sensor["interval"]) == ("idle", ["hello"], 3600)


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (["--group", "sales"], ["sales/count", "sales/orders"]),
        (["--pattern", "*orders"], ["raw/orders", "sales/orders"]),
        (["--tags", "tier=gold"], ["raw/orders"]),
        (["--select", 'key:"raw/orders"+ and not group:raw'], ["sales/count", "sales/orders"]),
        (["--location", "unloadable"], []),
    ],
)
def test_assets_are_narrowed(cells: RunningDagster, arguments: list[str], keys: list[str]) -> None:
    assert [asset["key"] for asset in found(cells, "assets", *arguments)["assets"]] == keys


def test_what_has_no_such_property_is_left_out(cells: RunningDagster) -> None:
    document = found(cells, "--group", "sales")
    assert {name for name, rows in document.items() if rows} == {"assets"}
    document = found(cells, "--pattern", "*e*l*")
    assert [job["name"] for job in document["jobs"]] == ["hello"]
    assert [place["name"] for place in document["locations"]] == ["cells"]
    assert [sensor["name"] for sensor in document["sensors"]] == []


def test_columns_for_people_and_a_word_on_what_is_broken(cells: RunningDagster) -> None:
    done = daglab("discover", "--url", cells.url, cwd=cells.project)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        *("assets:", "jobs:", "locations:", "repos:", "schedules:", "sensors:")
    ]
    raw = next(line for line in lines if line.startswith("  raw/orders "))
    sales = next(line for line in lines if line.startswith("  sales/orders "))
    assert raw.index(" raw ") == sales.index(" sales ")  # the second column begins at one place
    assert "unloadable could not be loaded: ImportError: no module named frobnicate" in done.stderr
    done = daglab("discover", "jobs", "--url", cells.url, "--quiet", cwd=cells.project)
    assert (done.stdout, done.stderr) == (JOBS, "")


def test_a_selection_that_is_none(cells: RunningDagster) -> None:
    done = daglab("discover", "--select", "grup:x", "--url", cells.url, "--json", cwd=cells.project)
    assert done.returncode == 7
    assert json.loads(done.stdout)["error"]["code"] == "validation"


def test_no_dagster_is_told_with_how_to_start_it(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = daglab("discover", "--url", url, cwd=tmp_path)
    assert done.returncode == 5
    assert f"No Dagster answers at {url}" in done.stderr
    assert "dagster dev" in done.stderr


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        ("bearer", f"Bearer {CANARY}"),
        ("basic, username: ann", f"Basic {base64.b64encode(f'ann:{CANARY}'.encode()).decode()}"),
        ("header, header: X-Key", CANARY),
    ],
)
def test_credentials_are_those_of_the_configuration(
    cells: RunningDagster, tmp_path: Path, auth: str, header: str
) -> None:
    name = "X-Key" if auth.startswith("header") else "Authorization"

    async def work(_: DagsterClient, proxy: Proxy) -> list[subprocess.CompletedProcess[str]]:
        (tmp_path / "daglab.yaml").write_text(
            f"dagster:\n  url: {proxy.url}\n  auth: {{type: {auth}, token_env: DAGLAB_TEST_CANARY}}\n"
        )
        tokens = (CANARY, "another")
        return [
            await asyncio.to_thread(daglab, "discover", "jobs", cwd=tmp_path, DAGLAB_TEST_CANARY=token)
            for token in tokens
        ]

    right, wrong = through_proxy(
        cells.url, lambda request: PASS if request.header(name) == header else reply("401 Unauthorized"), work
    )
    assert (right.returncode, right.stdout) == (0, JOBS)
    assert wrong.returncode == 6
    assert "refuses the credentials" in wrong.stderr
    assert "dagster.auth" in wrong.stderr
    assert CANARY not in right.stdout + right.stderr + wrong.stderr
