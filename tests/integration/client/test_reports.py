"""Materializations and observations reported from outside a run."""

from __future__ import annotations

from typing import Any

import pytest

from daglab.client import Asset, AssetDetails, AssetStatus, DagsterClient
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
        ("vendor/feed", {"metadata": {"x": {"__set__": 5}}}, ValidationError, r"key x\.__set__"),
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


@pytest.mark.parametrize(
    ("key", "kind", "report"),
    [
        ("slow", "observation", {"metadata": {"a": {"__class__": "Nonsense"}}}),
        ("poison/set", "materialization", {"metadata": {"a": {"__set__": 5}}}),
        ("poison/items", "materialization", {"metadata": {"a": {"__mapping_items__": 5}}}),
        ("poison/split", "materialization", {"metadata": {"a": {"__enum__": 5}}, "partition": "a"}),
        ("poison/checked", "check", {"metadata": {"a": {"__set__": 5}}, "check_name": "fine", "passed": True}),
    ],
)
def test_what_dagster_cannot_read_of_an_asset_hides_nothing_else(
    shop: RunningDagster, key: str, kind: str, report: dict[str, Any]
) -> None:
    """Somebody else reported metadata that poisons the asset: the rest of it, and all others, stay visible."""
    import httpx

    body = {"asset_key": key.split("/"), **report}
    assert httpx.post(f"{shop.url}/report_asset_{kind}/", json=body).status_code == 200

    async def work(client: DagsterClient) -> tuple[AssetDetails, dict[str, Asset]]:
        return await client.asset(key), {asset.key: asset for asset in await client.assets()}

    details, assets = with_client(shop.url, work)
    assert details.asset.group == assets[key].group
    assert (details.events, bool(details.events_error)) == ((), kind != "check")
    assert assets["vendor/feed"].status is not AssetStatus.UNKNOWN
    unknown = key != "slow"  # its state does not depend on observations
    for asset in (details.asset, assets[key]):
        assert (asset.status is AssetStatus.UNKNOWN, bool(asset.status_error)) == (unknown, unknown)
    assert details.partitions is None or ("a" in details.partitions and not details.partitions.spans)
    assert [(check.name, check.latest) for check in details.checks] == ([("fine", None)] if kind == "check" else [])
