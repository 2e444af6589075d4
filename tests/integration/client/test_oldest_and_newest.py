"""The oldest Dagster that daglab supports and the newest that there is, really installed."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from daglab.client import AssetStatus, DagsterClient
from daglab.client.reserved import RESERVED
from daglab.processes import LOOPBACK, free_port, spawn
from tests.conftest import ROOT, FreshVenv
from tests.integration.client.calling import with_client
from tests.integration.client.conftest import copy_of_shop
from tests.integration.conftest import RunningDagster
from tests.unit.client.test_documents import DOCUMENTS
from tests.unit.client.test_reserved import keys_unpacked

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(1200)]
_SCHEMA = "from dagster_graphql.schema import create_schema; print(create_schema())"


@pytest.fixture(scope="module", params=["oldest", "newest"])
def venv(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> FreshVenv:
    """An environment with the lowest version that pyproject.toml allows, or with the latest that there is."""
    floor = re.search(r'"dagster>=([\d.]+)"', (ROOT / "pyproject.toml").read_text("utf-8"))
    assert floor is not None
    version = floor[1] if floor[1].count(".") == 2 else f"{floor[1]}.0"
    wanted = f"=={version}" if request.param == "oldest" else ""
    venv = FreshVenv(tmp_path_factory.mktemp(request.param) / "venv", dict(os.environ))
    venv.install(*(f"{name}{wanted}" for name in ("dagster", "dagster-webserver", "dagster-graphql")))
    return venv


def told(venv: FreshVenv, program: str) -> str:
    done = venv.run("python", "-c", program)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_documents_are_valid_there(venv: FreshVenv) -> None:
    schema = build_schema(told(venv, _SCHEMA))
    faults = {name: validate(schema, parse(text)) for name, text in DOCUMENTS.items()}
    assert {name: found for name, found in faults.items() if found} == {}


def test_the_reserved_keys_are_known(venv: FreshVenv) -> None:
    source = told(venv, "import inspect; from dagster_shared.serdes import serdes; print(inspect.getsource(serdes))")
    assert {"__class__", "__set__"} <= keys_unpacked(source) <= RESERVED


def test_the_client_works_with_it(venv: FreshVenv, tmp_path: Path) -> None:
    version = told(venv, "import dagster; print(dagster.__version__)")
    folder = copy_of_shop(tmp_path / "shop")
    running = RunningDagster(folder, folder / "home", free_port())
    argv = [str(venv.folder / "bin" / "dagster"), "dev", "--host", LOOPBACK, "--port", str(running.port)]
    environ = {**venv.environ, "DAGSTER_HOME": str(running.home)}
    environ["PATH"] = f"{venv.folder / 'bin'}{os.pathsep}{environ['PATH']}"

    async def work(client: DagsterClient) -> None:
        assert await client.version() == version
        assert {asset.key for asset in await client.definitions()} >= {"raw/orders", "tools/report"}
        config = {"ops": {"sales__orders": {"config": {"limit": 3}}}}
        run = await client.submit_assets(["raw/orders", "sales/orders"], config=config)
        pages = [page async for page in client.watch_run(run.run_id)]
        assert pages[-1].events[-1].ends_run
        assert (await client.wait(run.run_id, timeout=120)).status == "SUCCESS"
        details = await client.asset("sales/orders")
        assert details.asset.status is AssetStatus.MATERIALIZED
        assert {check.latest.status for check in details.checks if check.latest} == {"SUCCEEDED", "FAILED"}
        assert (await client.asset("raw/orders")).events[0].metadata
        partition = await client.submit_assets(["by_both"], partitions=["n|small"])
        assert (await client.wait(partition.run_id, timeout=120)).partition == "n|small"
        backfill = await client.backfill(["by_region"], ["a"])
        await client.cancel_backfill(backfill.backfill_id)
        again = await client.reexecute(run.run_id)
        await client.terminate(again.run_id)
        assert (await client.run_config_schema(job="hello")).default_yaml
        assert await client.validate_config({}, job="hello")
        assert (await client.reload_location("tools")).error is None
        await client.report_observation("vendor/feed", metadata={"rows": 1})
        assert (await client.runs(asset="raw/orders")).runs

    with spawn(argv, cwd=folder, env=environ) as child:
        child.wait_until_healthy(f"{running.url}/server_info", timeout=180)
        with_client(running.url, work)
