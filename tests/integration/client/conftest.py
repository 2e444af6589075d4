"""A Dagster with more to cope with than the tier's: several locations, one of them broken, all kinds of definitions."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from daglab.client import RunSubmitResult
from daglab.processes import LOOPBACK, free_port, spawn
from tests.integration.client.calling import with_client
from tests.integration.conftest import RunningDagster

SHOP = Path(__file__).parent / "shop_project"


def copy_of_shop(folder: Path) -> Path:
    """A copy of the project with an instance of its own in ``home``."""
    shutil.copytree(SHOP, folder)
    (folder / "home").mkdir()
    (folder / "dagster.yaml").rename(folder / "home" / "dagster.yaml")
    return folder


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDagster]:
    folder = copy_of_shop(tmp_path_factory.mktemp("client") / "shop")
    running = RunningDagster(folder, folder / "home", free_port())
    argv = [sys.executable, "-m", "dagster", "dev", "--host", LOOPBACK, "--port", str(running.port)]
    with spawn(argv, cwd=folder, env={**os.environ, "DAGSTER_HOME": str(running.home)}) as child:
        child.wait_until_healthy(f"{running.url}/server_info", timeout=120)
        child.wait_until_healthy(lambda: _runs_start(running.url), timeout=60)  # the daemon comes up later
        yield running


def _runs_start(url: str) -> bool:
    return with_client(url, lambda c: c.daemon_health()).launch_problem is None


@pytest.fixture(scope="package")
def made(shop: RunningDagster) -> RunSubmitResult:
    """One run that made raw/orders and sales/orders, with its checks."""
    config = {"ops": {"sales__orders": {"config": {"limit": 3}}}}
    run = with_client(shop.url, lambda c: c.submit_assets(["raw/orders", "sales/orders"], config=config))
    assert with_client(shop.url, lambda c: c.wait(run.run_id, timeout=120)).status == "SUCCESS"
    return run
