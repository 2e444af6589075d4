"""The notebook that `daglab scaffold` makes, in marimo: its buttons launch, compare, recover and terminate runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from daglab.client import BlockingDagsterClient, Run
from daglab.config_model import Dagster
from daglab.processes import LOOPBACK, free_port, spawn
from tests.integration.cli.conftest import copy_of_project
from tests.integration.conftest import RunningDagster

pytestmark = pytest.mark.nightly
Opened = Callable[[str], Page]


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDagster]:
    folder = copy_of_project(tmp_path_factory.mktemp("explored") / "cells")
    running = RunningDagster(folder, folder / ".dagster_home", free_port())
    argv = [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml", "--host", LOOPBACK]
    argv += ["--port", str(running.port)]
    with spawn(argv, cwd=folder, env={**os.environ, "DAGSTER_HOME": str(running.home)}) as child:
        child.wait_until_healthy(f"{running.url}/server_info", timeout=120)
        with BlockingDagsterClient(Dagster(url=running.url)) as client:
            child.wait_until_healthy(lambda: client.daemon_health().launch_problem is None, timeout=60)
        yield running


@pytest.fixture
def opened(cells: RunningDagster, context: BrowserContext) -> Iterator[Opened]:
    """Makes the notebook of an asset, and opens it in marimo."""
    environment = {**os.environ, "DAGLAB_DAGSTER__URL": cells.url, "DAGSTER_HOME": str(cells.home)}
    children = []

    def open_(asset: str) -> Page:
        name = f"{asset}.py"
        command = [sys.executable, "-m", "daglab", "scaffold", "--asset", asset, "--filename", name]
        subprocess.run(command, cwd=cells.project, env=environment, check=True, timeout=120)
        port = free_port()
        argv = [sys.executable, "-m", "marimo", "edit", name, "--headless", "--no-token", "--skip-update-check"]
        child = spawn([*argv, "--host", LOOPBACK, "--port", str(port)], cwd=cells.project, env=environment)
        children.append(child)
        child.__enter__()
        child.wait_until_healthy(f"http://{LOOPBACK}:{port}/health", timeout=60)
        page = context.new_page()
        page.goto(f"http://{LOOPBACK}:{port}/")
        page.locator(".cm-content").first.wait_for(timeout=60_000)
        page.keyboard.press("Control+Shift+R")  # run all that has not been run
        expect(page.get_by_text(f"answers at {cells.url}")).to_be_visible(timeout=60_000)
        return page

    yield open_
    for child in children:
        child.__exit__(None, None, None)


def runs_of(cells: RunningDagster, asset: str) -> list[Run]:
    """Those that Dagster has, newest first."""
    with BlockingDagsterClient(Dagster(url=cells.url)) as client:
        return list(client.runs(asset=asset).runs)


def test_launch_compare_and_recover(cells: RunningDagster, opened: Opened) -> None:
    page = opened("ratio")
    expect(page.get_by_text("Valid.", exact=True)).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Launch a run").click()
    expect(page.get_by_text("failed: ratio_notebook, cell 'divide', ratio.py:")).to_be_visible(timeout=60_000)
    (launched,) = runs_of(cells, "ratio")
    assert launched.status == "FAILURE"
    assert page.get_by_role("link", name=launched.run_id).get_attribute("href") == f"{cells.url}/runs/{launched.run_id}"
    page.get_by_role("button", name="Run it in-process").click()
    expect(page.get_by_text("in-process", exact=True)).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Re-execute from failure").click()
    expect(page.get_by_text("failed: ratio_notebook, cell 'divide', ratio.py:")).to_have_count(2, timeout=60_000)
    newest, in_process, oldest = runs_of(cells, "ratio")
    assert (newest.parent_run_id, in_process.parent_run_id, oldest.run_id) == (launched.run_id, None, launched.run_id)


def test_to_interrupt_the_cell_terminates_the_run(cells: RunningDagster, opened: Opened) -> None:
    page = opened("slow")
    page.get_by_role("button", name="Launch a run").click()
    expect(page.get_by_text("STARTED, ")).to_be_visible(timeout=60_000)
    page.get_by_test_id("interrupt-button").click()
    expect(page.get_by_text("CANCELED, ")).to_be_visible(timeout=60_000)
    (run,) = runs_of(cells, "slow")
    assert run.status == "CANCELED"
