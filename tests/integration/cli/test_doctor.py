"""``daglab doctor`` before a real Dagster, whole and in parts."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from daglab.processes import LOOPBACK, free_port, spawn
from tests.integration.cli.command import daglab
from tests.integration.cli.conftest import copy_of_project
from tests.integration.client.proxy import Proxy, Verdict, through_proxy
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
@pytest.mark.timeout(600)
def test_a_web_server_without_its_daemon_and_a_daemon_that_is_killed(tmp_path: Path) -> None:
    folder = copy_of_project(tmp_path / "cells")
    home = folder / ".dagster_home"
    running = RunningDagster(folder, home, free_port())

    def daemon_until(state: str, timeout: float) -> dict[str, Any]:
        deadline = time.monotonic() + timeout
        while True:
            (found,) = findings(folder, running.url)[1]["daemon"]
            if found["state"] == state or time.monotonic() > deadline:
                return found
            time.sleep(2)

    start = partial(spawn, cwd=folder, env={**os.environ, "DAGSTER_HOME": str(home)})
    argv = [sys.executable, "-m", "dagster_webserver", "-w", "workspace.yaml"]
    argv += ["--host", LOOPBACK, "--port", str(running.port)]
    with start(argv) as child:
        child.wait_until_healthy(f"{running.url}/server_info", timeout=120)
        none = daemon_until("critical", 0)
        assert none["message"] == "No Dagster daemon is running. Launched runs stay queued."
        assert "daglab dev" in none["remedy"]
        with start([sys.executable, "-m", "dagster._daemon", "run", "-w", "workspace.yaml"]) as daemon:
            assert daemon_until("ok", 120)["state"] == "ok"
            os.kill(daemon.pid, signal.SIGKILL)
            # Dagster itself says for half an hour that it is well.
            killed = daemon_until("warning", 180)
        assert killed["state"] == "warning"
        assert re.search(r"was heard \d+ min ago for the last time", killed["message"])
        assert "dagster-daemon run" in killed["remedy"]


def test_a_slow_dagster(cells: RunningDagster) -> None:
    async def work(_: Any, proxy: Proxy) -> tuple[int, dict[str, list[dict[str, Any]]]]:
        return await asyncio.to_thread(findings, cells.project, proxy.url)

    _, found = through_proxy(cells.url, lambda _: Verdict(delay=1.2), work)
    (graphql,) = found["graphql"]
    assert graphql["state"] == "warning"
    assert "overloaded" in graphql["remedy"]
