"""Partitioned notebooks in a real Dagster: a backfill by its daemon, and what an edit of one cell makes stale."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from daglab.runtime.definitions import notebook_assets

DAYS = ["mon", "tue", "wed"]
ASSETS = ["busy", "report", "visits"]
BACKFILL = """
mutation Backfill($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) { __typename ... on LaunchBackfillSuccess { backfillId } }
}
"""
STALENESS = """
query Staleness($keys: [AssetKeyInput!]) {
  assetNodes(assetKeys: $keys) {
    assetKey { path }
    staleStatus(partition: "tue")
    staleCauses(partition: "tue") { category key { path } }
  }
}
"""
RELOAD = 'mutation { reloadRepositoryLocation(repositoryLocationName: "mini") { __typename } }'


class Asked:
    """The tier's Dagster, asked about a notebook of its project."""

    def __init__(self, dagster: Any) -> None:
        self.dagster = dagster
        self.notebook = Path(dagster.project) / "mini" / "notebooks" / "visits.py"

    def graphql(self, query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.dagster.url}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            document = json.load(answer)
        assert "errors" not in document, document
        return document["data"]

    def materialize(self, *assets: str) -> None:
        """Make Tuesday's partition of the assets, in this process but in the tier's instance."""
        with dg.DagsterInstance.from_config(str(self.dagster.home)) as instance:
            made = dg.materialize(
                [notebook_assets(self.notebook)], selection=list(assets), instance=instance, partition_key="tue"
            )
        assert made.success

    def stale(self) -> dict[str, list[tuple[str, str]]]:
        """Stale asset -> why, and for which asset."""
        nodes = self.graphql(STALENESS, keys=[{"path": [key]} for key in ASSETS])["assetNodes"]
        return {
            node["assetKey"]["path"][0]: [(cause["category"], cause["key"]["path"][0]) for cause in node["staleCauses"]]
            for node in nodes
            if node["staleStatus"] != "FRESH"
        }


@pytest.fixture
def asked(dagster: Any) -> Asked:
    return Asked(dagster)


@pytest.mark.nightly  # the daemon looks for backfills every 30 seconds
def test_a_backfill_of_three_partitions_by_the_daemon(asked: Asked) -> None:
    params = {"assetSelection": [{"path": [key]} for key in ASSETS], "partitionNames": DAYS}
    started = asked.graphql(BACKFILL, params=params)["launchPartitionBackfill"]
    assert started["__typename"] == "LaunchBackfillSuccess"
    defs = dg.Definitions([notebook_assets(asked.notebook)])
    with dg.DagsterInstance.from_config(str(asked.dagster.home)) as instance:
        deadline = time.monotonic() + 180
        while len(instance.get_materialized_partitions(dg.AssetKey("report"))) < len(DAYS):
            assert time.monotonic() < deadline, [run.status for run in instance.get_runs()]
            time.sleep(0.5)
        runs = [run for run in instance.get_runs() if run.tags.get("dagster/backfill") == started["backfillId"]]
        assert sorted(run.tags["dagster/partition"] for run in runs) == DAYS
        values = {
            day: [defs.load_asset_value(key, partition_key=day, instance=instance) for key in ASSETS] for day in DAYS
        }
    assert values == {
        "mon": [True, "mon is busy", 12],
        "tue": [False, "tue is calm", 3],
        "wed": [True, "wed is busy", 30],
    }


def test_an_edit_of_a_cell_makes_exactly_what_is_below_it_stale(asked: Asked) -> None:
    before = asked.notebook.read_text()
    asked.materialize(*ASSETS)
    assert asked.stale() == {}
    try:
        asked.notebook.write_text(before.replace("least = 10", "least = 2"))
        asked.graphql(RELOAD)
        assert asked.stale() == {"busy": [("CODE", "busy")]}
        asked.materialize("busy")  # Dagster looks no further than one asset up
        assert asked.stale() == {"report": [("DATA", "busy")]}
        asked.materialize("report")
        assert asked.stale() == {}
    finally:
        asked.notebook.write_text(before)
        asked.graphql(RELOAD)
    assert asked.stale() == {"busy": [("CODE", "busy")]}
