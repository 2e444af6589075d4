"""A Dagster without its daemon, and one that restarts while somebody waits."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from daglab.client import DagsterClient
from daglab.config_model import Dagster
from daglab.errors import DagsterConnectionError, RunTimeoutError
from daglab.processes import LOOPBACK, Child, free_port, spawn
from tests.integration.client.calling import with_client
from tests.integration.client.conftest import copy_of_shop
from tests.integration.conftest import RunningDagster


def web_server(running: RunningDagster) -> Child:
    """Dagster's web server alone, of one code location."""
    argv = [sys.executable, "-m", "dagster_webserver", "--host", LOOPBACK, "--port", str(running.port)]
    env = {**os.environ, "DAGSTER_HOME": str(running.home)}
    child = spawn([*argv, "-f", "tools.py"], cwd=running.project, env=env)
    child.wait_until_healthy(f"{running.url}/server_info", timeout=120)
    return child


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> RunningDagster:
    folder = copy_of_shop(tmp_path_factory.mktemp("restart") / "shop")
    return RunningDagster(folder, folder / "home", free_port())


@pytest.fixture
def alone(place: RunningDagster) -> Iterator[RunningDagster]:
    with web_server(place):
        yield place


def test_a_run_that_nothing_will_start_is_told(alone: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        run = await client.submit_job("shared")
        assert run.status == "QUEUED"
        assert run.launch_problem == "No Dagster daemon is running."
        assert (await client.daemon_health()).launch_problem == run.launch_problem
        with pytest.raises(RunTimeoutError, match="is QUEUED after 1 s") as caught:
            await client.wait(run.run_id, timeout=1)
        assert caught.value.remedy == "No Dagster daemon is running."
        assert (await client.terminate(run.run_id)).status == "CANCELED"

    with_client(alone.url, work)


@pytest.mark.nightly
def test_a_wait_survives_a_restart(place: RunningDagster) -> None:
    async def watch(client: DagsterClient, run_id: str) -> None:
        async for _ in client.watch_run(run_id):
            pass

    async def work() -> None:
        async with DagsterClient(Dagster(url=place.url)) as client:
            with web_server(place):
                run = await client.submit_job("shared")
                waiting = asyncio.create_task(client.wait(run.run_id, timeout=120, check=False))
                watching = asyncio.create_task(watch(client, run.run_id))
                await asyncio.sleep(2)
            with pytest.raises(DagsterConnectionError):
                await asyncio.wait_for(watching, timeout=10)
            await asyncio.sleep(1)
            assert not waiting.done()
            with web_server(place):
                assert not waiting.done()
                await client.terminate(run.run_id)
                ended = await asyncio.wait_for(waiting, timeout=30)
                assert ended.status == "CANCELED"

    asyncio.run(work())


def test_a_dagster_that_stays_away_is_told_when_the_time_is_over(tmp_path: Path) -> None:
    async def work(client: DagsterClient) -> None:
        with pytest.raises(DagsterConnectionError, match="No Dagster answers"):
            await client.wait("some-run", timeout=1)

    with_client(f"http://{LOOPBACK}:{free_port()}", work)
