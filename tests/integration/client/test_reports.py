"""Materializations and observations reported from outside a run."""

from __future__ import annotations

from typing import Any

import pytest

from daglab.client import DagsterClient
from daglab.errors import NotFoundError, ValidationError
from tests.integration.client.calling import with_client
from tests.integration.conftest import RunningDagster


def test_reports_arrive(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        await client.report_observation(
            "vendor/feed",
            metadata={"rows": 3, "note": "é\n", "more": {"a": [1]}},
            description="seen",
            data_version="v1",
        )
        await client.report_materialization("by_customer", metadata={"rows": 4})
        await client.report_materialization("by_both", partition="s|big")
        event = (await client.asset("vendor/feed")).events[0]
        assert (event.kind, event.description, event.run_id) == ("observation", "seen", "")
        assert event.tags["dagster/data_version"] == "v1"
        found = {entry.label: (entry.kind, entry.value) for entry in event.metadata}
        assert found == {"rows": ("int", 3), "note": ("text", "é\n"), "more": ("json", {"a": [1]})}
        both = (await client.asset("by_both")).partitions
        assert both is not None
        assert both.status("s|big") == "materialized"

    with_client(shop.url, work)


@pytest.mark.parametrize(
    ("key", "arguments", "error", "text"),
    [
        ("vendor/fed", {}, NotFoundError, "vendor/feed"),
        ("by_region", {"partition": "z"}, ValidationError, "no partition z"),
        ("vendor/feed", {"partition": "a"}, ValidationError, "no partition a"),
        ("vendor/feed", {"metadata": {"__class__": "x"}}, ValidationError, "key __class__"),
        ("vendor/feed", {"metadata": {"a": [{"b": {"__enum__": 1}}]}}, ValidationError, r"key a\.0\.b\.__enum__"),
        ("vendor/feed", {"metadata": {"a": ({"__class__": 1},)}}, ValidationError, r"key a\.0\.__class__"),
        ("vendor/feed", {"metadata": {"a": {1, 2}}}, ValidationError, "no JSON"),
        ("vendor/feed", {"metadata": {"a": float("inf")}}, ValidationError, "no JSON"),
    ],
)
def test_refused(shop: RunningDagster, key: str, arguments: dict[str, Any], error: type[Exception], text: str) -> None:
    async def work(client: DagsterClient) -> None:
        known = key if key != "vendor/fed" else "vendor/feed"
        before = (await client.asset(known)).events
        for report in (client.report_observation, client.report_materialization):
            with pytest.raises(error, match=text):
                await report(key, **arguments)
        assert (await client.asset(known)).events == before

    with_client(shop.url, work)


def test_an_asset_whose_events_dagster_cannot_read_is_told_nevertheless(shop: RunningDagster) -> None:
    """Somebody else reported metadata that poisons the asset: the rest of it stays visible."""
    import httpx

    body = {"asset_key": ["slow"], "metadata": {"a": {"__class__": "Nonsense"}}}
    response = httpx.post(f"{shop.url}/report_asset_observation/", json=body)
    assert response.status_code == 200
    details = with_client(shop.url, lambda c: c.asset("slow"))
    assert details.asset.group == "slow"
    assert details.events == ()
    assert details.events_error
