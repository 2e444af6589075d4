"""What a client tells of assets, as a real Dagster has them."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daglab.client import AssetStatus, DagsterClient, RunSubmitResult
from daglab.errors import NotFoundError, ValidationError
from tests.integration.client.calling import with_client
from tests.integration.conftest import RunningDagster


def test_definitions_come_without_statuses(shop: RunningDagster) -> None:
    assets = {asset.key: asset for asset in with_client(shop.url, lambda c: c.definitions())}
    assert set(assets) == {
        "raw/orders", "sales/orders", "sales/broken", "by_region", "by_day", "by_week", "by_customer", "by_both",
        "slow", "vendor/feed", "tools/report", "poison/set", "poison/items", "poison/split", "poison/checked",
    }  # fmt: skip
    orders = assets["raw/orders"]
    assert (orders.group, orders.kinds, dict(orders.tags)) == ("raw", ("csv", "python"), {"tier": "gold"})
    assert orders.owners == ("ann@example.com", "team:sales")
    assert (orders.location, orders.repository, orders.op_names) == ("shop", "__repository__", ("raw__orders",))
    assert "nightly" in orders.job_names
    assert orders.description == "Three orders."
    assert (orders.has_config, orders.has_checks, orders.partitioned, orders.materializable) == (
        False,
        False,
        False,
        True,
    )
    cleaned = assets["sales/orders"]
    assert (cleaned.has_config, cleaned.config_required, cleaned.has_checks) == (True, True, True)
    assert cleaned.dependencies == ("raw/orders",)
    assert assets["tools/report"].location == "tools"
    assert assets["by_both"].partitioned
    assert assets["vendor/feed"].status is AssetStatus.EXTERNAL
    assert not assets["vendor/feed"].materializable


def test_definitions_of_keys(shop: RunningDagster) -> None:
    keys = ["sales/orders", "nothing", '"]}){__schema{x}}']
    assert [a.key for a in with_client(shop.url, lambda c: c.definitions(keys))] == ["sales/orders"]
    assert with_client(shop.url, lambda c: c.definitions([])) == []


def test_statuses_with_failed_checks(shop: RunningDagster, made: RunSubmitResult) -> None:
    states = with_client(shop.url, lambda c: c.statuses(["sales/orders", "slow", "nothing"]))
    assert set(states) == {"sales/orders", "slow"}
    orders = states["sales/orders"]
    assert (orders.status, orders.materialized_by) == (AssetStatus.MATERIALIZED, made.run_id)
    assert (orders.failed_checks, orders.warned_checks) == (("none_negative",), ("fresh",))
    assert orders.materialized_at is not None
    assert abs(orders.materialized_at - time.time()) < 600
    assert states["slow"].status is AssetStatus.NEVER
    without = with_client(shop.url, lambda c: c.statuses(["sales/orders"], checked=[]))
    assert without["sales/orders"].failed_checks == ()
    assert with_client(shop.url, lambda c: c.statuses([])) == {}


def test_metadata_of_every_kind(shop: RunningDagster, made: RunSubmitResult) -> None:
    details = with_client(shop.url, lambda c: c.asset("raw/orders"))
    (event,) = details.events
    assert (event.kind, event.run_id, event.partition) == ("materialization", made.run_id, None)
    found = {entry.label: (entry.kind, entry.value) for entry in event.metadata}
    name = {
        "name": "name", "type": "string", "description": "given name", "nullable": True, "unique": True,
        "constraints": [], "tags": {},
    }  # fmt: skip
    age = {
        "name": "age", "type": "int", "description": None, "nullable": False, "unique": False, "constraints": ["> 0"],
        "tags": {},
    }  # fmt: skip
    assert found == {
        "text": ("text", "plain <b>text</b>"),
        "markdown": ("markdown", "*md*"),
        "url": ("url", "https://example.com/report"),
        "path": ("path", "/data/orders.csv"),
        "notebook": ("notebook", "notebooks/orders.ipynb"),
        "int": ("int", 3),
        "big_int": ("int", 2**40),
        "float": ("float", 1.5),
        "nan": ("float", "nan"),
        "bool": ("bool", True),
        "json": ("json", {"a": [1, {"b": None}]}),
        "table": ("table", {"columns": [name, age], "records": [{"name": "ann", "age": 3}]}),
        "schema": ("table_schema", [name, age]),
        "lineage": ("column_lineage", [{"column": "id", "from": [{"asset": "vendor/feed", "column": "no"}]}]),
        "asset": ("asset", "vendor/feed"),
        "run": ("run", "an-id"),
        "job": ("job", {"job": "nightly", "repository": None, "location": "shop"}),
        "timestamp": ("timestamp", 1_700_000_000.0),
        "null": ("null", None),
        "artifact": ("python_artifact", {"module": "dagster._core.definitions.asset_key", "name": "AssetKey"}),
        "code": (
            "code_references",
            [{"file": "/src/orders.py", "line": 7, "label": "orders"}, {"url": "https://example.com/x", "label": None}],
        ),
    }
    json.dumps(found, allow_nan=False)


def test_details_of_an_asset(shop: RunningDagster, made: RunSubmitResult) -> None:
    details = with_client(shop.url, lambda c: c.asset("sales/orders"))
    assert (details.upstream, details.downstream) == (("raw/orders",), ("sales/broken", "tools/report"))
    assert details.asset.status is AssetStatus.MATERIALIZED
    checks = {check.name: check for check in details.checks}
    assert {name: check.latest and check.latest.status for name, check in checks.items()} == {
        "some": "SUCCEEDED", "none_negative": "FAILED", "fresh": "FAILED",
    }  # fmt: skip
    some, negative, fresh = checks["some"].latest, checks["none_negative"].latest, checks["fresh"].latest
    assert some and negative and fresh
    assert [(entry.label, entry.value) for entry in some.metadata] == [("count", 3)]
    assert (negative.description, negative.severity, negative.run_id) == ("one is", "ERROR", made.run_id)
    assert fresh.severity == "WARN"
    assert checks["some"].description == "Some are there."
    schema = details.config_schema
    assert schema is not None
    assert schema["required"] == ["limit"]
    assert {"type": "integer"} in schema["properties"]["limit"]["anyOf"]
    assert schema["properties"]["mode"]["default"] == "all"
    assert details.partitions is None
    assert details.events_error is details.checks_error is None


def test_an_unknown_asset_names_the_nearest(shop: RunningDagster) -> None:
    with pytest.raises(NotFoundError, match="did you mean sales/orders"):
        with_client(shop.url, lambda c: c.asset("sales/order"))


def test_partitions_of_each_kind(shop: RunningDagster) -> None:
    static = with_client(shop.url, lambda c: c.asset("by_region")).partitions
    days = with_client(shop.url, lambda c: c.asset("by_day")).partitions
    customers = with_client(shop.url, lambda c: c.asset("by_customer")).partitions
    both = with_client(shop.url, lambda c: c.asset("by_both")).partitions
    assert static and days and customers and both
    assert [(d.kind, d.keys) for d in static.dimensions] == [("static", ("a", "b", "c"))]
    assert days.dimensions[0].kind == "time_window"
    assert (days.dimensions[0].keys[0], days.dimensions[0].keys[-1]) == ("2024-01-01", "2024-01-10")
    assert [(d.kind, d.keys, d.dynamic_name) for d in customers.dimensions] == [("dynamic", (), "customers")]
    assert list(both.all_keys()) == ["n|big", "n|small", "s|big", "s|small"]
    assert "n|big" in both
    assert "big|n" not in both
    assert "n" not in both
    assert both.status("n|big") == "missing"


def test_discover(shop: RunningDagster) -> None:
    everything = with_client(shop.url, lambda c: c.discover())
    assert [(place.name, bool(place.error)) for place in everything.locations] == [
        ("shop", False), ("tools", False), ("unloadable", True),
    ]  # fmt: skip
    assert [job.name for job in everything.jobs] == [
        *("every_config", "greet_each", "hello", "nightly", "places", "shared", "shared")
    ]
    assert [schedule.name for schedule in everything.schedules] == ["at_night"]
    assert [sensor.name for sensor in everything.sensors] == ["idle"]
    assert len(everything.assets) == 15


ORDERED = ["raw/orders", "sales/broken", "sales/orders"]


@pytest.mark.parametrize(
    ("filters", "jobs", "assets", "timed"),
    [
        ({"selection": 'key:"sales/*"'}, [], ["sales/broken", "sales/orders"], []),
        ({"selection": "+key:tools/report"}, [], ["raw/orders", "sales/orders", "tools/report"], []),
        ({"pattern": "*a*"}, ["greet_each", "places", "shared", "shared"], ["by_day", *ORDERED], ["at_night"]),
        ({"tag": "tier=gold"}, [], ["raw/orders"], []),
        ({"tag": "team"}, ["hello"], [], []),
        ({"group": "raw"}, [], ["raw/orders"], []),
        ({"kind": "csv"}, [], ["raw/orders"], []),
        ({"owner": "team:sales"}, [], ["raw/orders"], []),
        ({"location": "tools"}, ["shared"], ["tools/report"], []),
        ({"location": "tools", "group": "raw"}, [], [], []),
    ],
)  # fmt: skip
def test_discover_narrows(
    shop: RunningDagster, filters: dict[str, str], jobs: list[str], assets: list[str], timed: list[str]
) -> None:
    found = with_client(shop.url, lambda c: c.discover(**filters))
    assert [job.name for job in found.jobs] == jobs
    assert [asset.key for asset in found.assets] == assets
    assert [thing.name for thing in (*found.schedules, *found.sensors)] == timed


def test_a_selection_that_is_not_valid(shop: RunningDagster) -> None:
    with pytest.raises(ValidationError, match='key:"sales"'):
        with_client(shop.url, lambda c: c.discover("sales"))


KEYS = st.text(max_size=30) | st.sampled_from(
    ['"]}){x}', "$keys", "/", "//", "\\", "a\x00b", "sales/orders\n", "\u202e"]
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=KEYS)
def test_any_text_is_a_key_and_nothing_more(shop: RunningDagster, key: str) -> None:
    """T17: whatever is asked for, it is not found, or is an asset of that very key."""

    async def work(client: DagsterClient) -> None:
        known = {asset.key for asset in await client.definitions()}
        for call in (
            client.asset(key),
            client.submit_assets([key]),
            client.report_observation(key),
            client.runs(asset=key),
        ):
            if key in known:
                call.close()
                continue
            with pytest.raises((NotFoundError, ValidationError)):
                await call
        assert {asset.key for asset in await client.definitions([key])} == known & {key}
        with pytest.raises((NotFoundError, ValidationError)):
            await client.submit_job(key)
        with pytest.raises((NotFoundError, ValidationError)):
            await client.run(key)

    with_client(shop.url, work)
