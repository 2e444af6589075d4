"""Assets, locations and jobs over a real Jupyter server and a real Dagster."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from daglab.client import AssetStatus
from daglab.server.routes.asset import AssetDetailsModel
from daglab.server.routes.assets import AssetsModel
from daglab.server.routes.locations import LocationsModel


def listed(jupyter: Any, **query: Any) -> list[str]:
    response = jupyter.request("GET", "assets", params=query)
    assert response.status_code == 200, response.text
    return [asset["key"] for asset in response.json()["assets"]]


def test_the_list_is_as_openapi_tells_it(jupyter: Any) -> None:
    answer = jupyter.request("GET", "assets")
    model = AssetsModel.model_validate_json(answer.content)
    assert json.loads(model.model_dump_json()) == answer.json()
    assert model.total == len(model.assets) and model.cursor is None
    orders = next(asset for asset in model.assets if asset.key == "raw/orders")
    assert (orders.kinds, orders.group, orders.location, orders.description) == (
        ["python"], "raw", "mini", "Three orders.",
    )  # fmt: skip


def test_who_has_the_list_gets_304(jupyter: Any) -> None:
    deadline = time.monotonic() + 30  # until the runs of other tests are told
    while True:
        first = jupyter.request("GET", "assets")
        headers = {**jupyter.headers, "If-None-Match": first.headers["ETag"]}
        again = httpx.get(jupyter.url("daglab/api/assets"), headers=headers, timeout=30)
        if again.status_code == 304:
            break
        assert time.monotonic() < deadline
    assert again.content == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    assert not first.headers["ETag"].startswith("W/")
    assert first.headers["Cache-Control"] == "private, no-cache"


def test_lists_are_compressed_for_who_takes_that(jupyter: Any) -> None:
    url = jupyter.url("daglab/api/assets")
    with httpx.Client(headers=jupyter.headers, trust_env=False, timeout=30) as client:
        for accepted, zipped in (
            ("gzip, deflate", True),
            ("gzip;q=0", False),
            ("identity", False),
            ("br, gzip;q=0.5", True),
        ):
            with client.stream("GET", url, headers={"Accept-Encoding": accepted}) as response:
                raw = b"".join(response.iter_raw())
            assert (response.headers.get("Content-Encoding") == "gzip") is zipped, accepted
            assert response.headers["ETag"].endswith('-gzip"') is zipped
            assert "Accept-Encoding" in response.headers["Vary"]
            assert json.loads(gzip.decompress(raw) if zipped else raw)["total"] > 3


@pytest.mark.parametrize(
    ("query", "there", "missing"),
    [
        ({"text": "ORDERS"}, {"raw/orders", "sales/orders"}, {"by_region", "vendor/feed"}),
        ({"text": "three raw"}, {"raw/orders"}, {"sales/orders"}),
        ({"group": "sales"}, {"sales/orders", "sales/broken", "by_region"}, {"raw/orders"}),
        ({"group": ["raw", "sales"]}, {"sales/orders", "raw/orders"}, {"vendor/feed"}),
        ({"group": "sales", "text": "orders"}, {"sales/orders"}, {"raw/orders", "by_region"}),
        ({"kind": "python"}, {"raw/orders"}, {"sales/orders"}),
        ({"location": "mini"}, {"raw/orders"}, set()),
        ({"location": "other"}, set(), {"raw/orders"}),
        ({"status": "external"}, {"vendor/feed"}, {"raw/orders", "by_region"}),
        ({"status": [x.value for x in AssetStatus if x.value != "external"]}, {"by_region"}, {"vendor/feed"}),
        ({"tag": "no-such"}, set(), {"raw/orders"}),
        ({"tag": "tier"}, {"raw/orders"}, {"sales/orders"}),
        ({"tag": "tier=gold"}, {"raw/orders"}, {"sales/orders"}),
        ({"tag": "tier=silver"}, set(), {"raw/orders"}),
        ({"owner": "ada@example.com"}, {"raw/orders"}, {"sales/orders"}),
        ({"selection": 'key:"raw/orders"+'}, {"raw/orders", "sales/orders"}, {"by_region"}),
        ({"selection": "not group:sales", "text": "orders"}, {"raw/orders"}, {"sales/orders"}),
        ({"text": "<script>"}, set(), {"raw/orders"}),
    ],
)  # fmt: skip
def test_lists_are_filtered(jupyter: Any, query: dict[str, Any], there: set[str], missing: set[str]) -> None:
    found = set(listed(jupyter, **query))
    assert there <= found
    assert not missing & found


def test_pages_have_each_asset_once(jupyter: Any) -> None:
    everything, found, cursor = listed(jupyter), [], {}
    for _ in range(20):
        page = jupyter.request("GET", "assets", params={"limit": 2, **cursor}).json()
        assert page["total"] == len(everything)
        found += [asset["key"] for asset in page["assets"]]
        if page["cursor"] is None:
            break
        cursor = {"cursor": page["cursor"]}
    assert found == everything


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 20_001}, {"limit": "x"}, {"status": "gone"}, {"groups": "x"}, {"text": "x" * 501}]
)
def test_wrong_parameters_are_named(jupyter: Any, query: dict[str, Any]) -> None:
    response = jupyter.request("GET", "assets", params=query)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "request")
    assert next(iter(query)) in response.json()["error"]["message"]


def test_a_wrong_selection_is_told(jupyter: Any) -> None:
    response = jupyter.request("GET", "assets", params={"selection": "group:"})
    assert (response.status_code, response.json()["error"]["code"]) == (422, "validation")


def test_one_asset_is_told_in_full(jupyter: Any) -> None:
    for path in ("assets/sales/orders", "assets/sales%2Forders"):
        response = jupyter.request("GET", path)
        details = AssetDetailsModel.model_validate_json(response.content)
        assert (details.key, details.upstream, details.notebook) == (
            "sales/orders", ["raw/orders"], "mini/notebooks/orders.py",
        )  # fmt: skip
    assert jupyter.request("GET", "assets/raw/orders").json()["downstream"] == ["sales/orders"]


def test_partitions_are_told_with_their_states(jupyter: Any) -> None:
    partitions = jupyter.request("GET", "assets/by_region").json()["partitions"]
    assert partitions["dimensions"][0]["keys"] == ["a", "b"]
    assert sum(partitions["counts"].values()) == 2


@pytest.mark.parametrize("path", ["assets/raw/order", "assets/%3Cimg%20src=x%20onerror=alert(1)%3E", "assets/a%00b"])
def test_an_unknown_asset_is_404(jupyter: Any, path: str) -> None:
    response = jupyter.request("GET", path)
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not-found")
    assert response.headers["Content-Type"] == "application/json"


def test_locations_and_jobs(jupyter: Any) -> None:
    answer = jupyter.request("GET", "locations")
    (location,) = LocationsModel.model_validate_json(answer.content).locations
    assert (location.name, location.state, location.error, location.repositories) == (
        "mini", "loaded", None, ["__repository__"],
    )  # fmt: skip
    assert location.assets == len(listed(jupyter))
    (job,) = jupyter.request("GET", "jobs").json()["jobs"]
    assert (job["name"], job["location"], job["makes_assets"], job["partitioned"]) == ("regional", "mini", True, True)


def test_reloading_an_unknown_location_is_404(jupyter: Any) -> None:
    response = jupyter.request("POST", "locations/nowhere/reload")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not-found")


@pytest.fixture
def broken_definitions(dagster: Any, jupyter: Any) -> Iterator[None]:
    """The project's definitions with an error in them, mended and reloaded afterwards."""
    file = dagster.project / "mini" / "definitions.py"
    text = file.read_text()
    file.write_text(text + "\nraise RuntimeError('the <b>warehouse</b> is closed')\n")
    yield
    file.write_text(text)
    assert jupyter.request("POST", "locations/mini/reload").json()["state"] == "loaded"
    assert "raw/orders" in listed(jupyter)


def test_a_location_that_fails_to_load_says_why_until_it_is_mended(jupyter: Any, broken_definitions: None) -> None:
    since = jupyter.request("GET", "events").json()["cursor"]
    location = jupyter.request("POST", "locations/mini/reload").json()
    assert location["state"] == "error"
    assert "the <b>warehouse</b> is closed" in location["error"]
    assert listed(jupyter) == []
    events = jupyter.request("GET", "events", params={"since": since}).json()["events"]
    told = [event["data"] for event in events if event["topic"] == "locations"]
    assert [(data["name"], data["state"]) for data in told][-1] == ("mini", "error")
    assert "the <b>warehouse</b> is closed" in told[-1]["error"]
    assert {"changed": None} in [event["data"] for event in events if event["topic"] == "assets"]
