"""Where an asset stands while it is made, after it was made, and after that failed."""

from __future__ import annotations

import time

from daglab.client import AssetStatus, DagsterClient
from tests.integration.client.calling import with_client
from tests.integration.conftest import RunningDagster


def test_an_asset_is_running_then_materialized(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        launched = await client.submit_assets(["raw/orders"])
        (asset,) = await client.assets(["raw/orders"])
        assert (asset.status, asset.run_id) == (AssetStatus.RUNNING, launched.run_id)
        run = await client.wait(launched.run_id, timeout=120)
        assert (run.status, run.assets, run.steps_done, run.steps_total) == ("SUCCESS", ("raw/orders",), 1, 1)
        (asset,) = await client.assets(["raw/orders"])
        assert (asset.status, asset.materialized_by) == (AssetStatus.MATERIALIZED, run.run_id)
        assert asset.materialized_at is not None
        assert abs(asset.materialized_at - time.time()) < 60

    with_client(shop.url, work)


def test_an_asset_whose_latest_run_failed(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        launched = await client.submit_assets(["sales/broken"])
        run = await client.wait(launched.run_id, timeout=120, check=False)
        (failure,) = run.failures
        assert failure.step == "sales__broken"
        assert "no such column: amount" in f"{failure.message} {failure.cause}"
        (asset,) = await client.assets(["sales/broken"])
        assert (asset.status, asset.run_id) == (AssetStatus.FAILED, run.run_id)

    with_client(shop.url, work)


def test_status_of_the_instance(shop: RunningDagster) -> None:
    status = with_client(shop.url, lambda c: c.status())
    assert status.address == shop.url
    assert status.launch_problem is None
    assert [(place.name, bool(place.error)) for place in status.locations] == [
        ("shop", False),
        ("tools", False),
        ("unloadable", True),
    ]
