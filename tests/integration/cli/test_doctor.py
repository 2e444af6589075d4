"""``daglab doctor`` before a real Dagster, whole and in parts."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from daglab.processes import LOOPBACK, free_port, spawn
from tests.integration.cli.command import daglab
from tests.integration.cli.conftest import copy_of_project
from tests.integration.conftest import RunningDagster


def findings(cwd: Path, url: str) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """The exit code, and what each check found."""
    done = daglab("doctor", "--json", cwd=cwd, DAGLAB_DAGSTER__URL=url, DAGSTER_HOME=str(cwd / ".dagster_home"))
    by_check: dict[str, list[dict[str, Any]]] = {}
    for one in json.loads(done.stdout)["findings"]:
        by_check.setdefault(one["check"], []).append(one)
    return done.returncode, by_check


def test_a_running_dagster_and_a_location_of_it_that_failed(cells: RunningDagster) -> None:
    code, found = findings(cells.project, cells.url)
    assert found["graphql"][0]["state"] == found["daemon"][0]["state"] == "ok", found
    assert " answers at " in found["graphql"][0]["message"]
    states = {one["message"].split()[3 if one["state"] == "ok" else 4].rstrip(":"): one for one in found["locations"]}
    assert states["cells"]["state"] == "ok"
    assert states["unloadable"]["state"] == "critical"
    assert found["code-location"][0]["state"] == "ok"
    assert code == 3


@pytest.mark.nightly
def test_a_web_server_without_its_daemon(tmp_path: Path) -> None:
    folder = copy_of_project(tmp_path / "cells")
    home = folder / ".dagster_home"
    running = RunningDagster(folder, home, free_port())
    argv = [sys.executable, "-m", "dagster_webserver", "-w", "workspace.yaml"]
    argv += ["--host", LOOPBACK, "--port", str(running.port)]
    with spawn(argv, cwd=folder, env={**os.environ, "DAGSTER_HOME": str(home)}) as child:
        child.wait_until_healthy(f"{running.url}/server_info", timeout=120)
        _, found = findings(folder, running.url)
    (daemon,) = found["daemon"]
    assert daemon["state"] == "critical"
    assert daemon["message"] == "No Dagster daemon is running. Launched runs stay queued."
    assert "daglab dev" in daemon["remedy"]
