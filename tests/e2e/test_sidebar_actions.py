"""What the sidebar does with assets: runs with configuration and partitions, failures, searches; what goes wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import RunningLab, accessible, ready, show_sidebar
from tests.e2e.test_sidebar import RUN_MILLISECONDS, latest, row, screenshot

EXTRA = """
import dagster as dg

class Limits(dg.Config):
    limit: int
    note: str | None = None

@dg.asset(group_name="ops", owners=["ada@example.com"], tags={"tier": "gold"})
def configured(config: Limits) -> int:
    return config.limit

@dg.asset(group_name="ops", partitions_def=dg.StaticPartitionsDefinition(["north", "south", "west"]))
def by_region(context: dg.AssetExecutionContext) -> str:
    return context.partition_key

@dg.asset(group_name="ops", description="<img src=x onerror=window.hacked=1>")
def broken() -> None:
    raise ValueError("no such column: <b>amount</b>")

@dg.asset(group_name="ops", deps=["configured"], check_specs=[dg.AssetCheckSpec("not_empty", asset="checked")])
def checked():
    yield dg.AssetCheckResult(check_name="not_empty", passed=False)
    yield dg.Output(1)
"""
RUNS = """
query($keys: [AssetKeyInput!]!) {
  assetsLatestInfo(assetKeys: $keys) { latestRun { runConfig tags { key value } } }
}
"""


class Project:
    """The shop with more assets, whose definitions can be changed."""

    def __init__(self, lab: RunningLab) -> None:
        self.lab = lab
        self.package = lab.project / "src" / "shop"
        self.definitions = self.package / "definitions.py"
        self.original = self.definitions.read_text("utf-8")

    def extend(self, extra: str) -> None:
        (self.package / "extra.py").write_text(extra, "utf-8")
        text = self.original.replace("from shop import orders", "from shop import extra, orders")
        self.definitions.write_text(text.replace("[orders]", "[extra, orders]"), "utf-8")

    def restore(self) -> None:
        (self.package / "extra.py").unlink(missing_ok=True)
        self.definitions.write_text(self.original, "utf-8")

    def reload(self) -> None:
        api(self.lab, "POST", "locations/shop/reload")


def api(lab: RunningLab, method: str, path: str, body: Any = None) -> Any:
    base, _, token = lab.jupyter_url.partition("/lab?token=")
    headers = {"Authorization": f"token {token}"}
    answer = httpx.request(method, f"{base}/daglab/api/{path}", headers=headers, json=body, timeout=120)
    assert answer.is_success, answer.text
    return answer.json()


def latest_run(lab: RunningLab, key: str) -> dict[str, Any]:
    body = {"query": RUNS, "variables": {"keys": [{"path": key.split("/")}]}}
    answer = httpx.post(f"{lab.dagster_url}/graphql", json=body, timeout=30).json()
    run: dict[str, Any] = answer["data"]["assetsLatestInfo"][0]["latestRun"]
    return run


@pytest.fixture(scope="module")
def project(lab: RunningLab) -> Iterator[Project]:
    project = Project(lab)
    project.extend(EXTRA)
    project.reload()
    yield project
    project.restore()
    project.reload()


def materialize_button(page: Page) -> Any:
    return page.locator(".jp-Daglab-sidebar").get_by_role("button", name="Materialize")


def test_a_configuration_is_asked_for_where_one_is_needed(page: Page, project: Project) -> None:
    row(page, "configured").click()
    materialize_button(page).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("limit")).to_be_focused()
    expect(dialog.locator(".text-danger")).to_have_count(0)
    dialog.get_by_label("limit").fill("5")
    accessible(page, ".jp-Daglab-options")
    screenshot(page, "configuration")
    dialog.get_by_role("button", name="Materialize").click()
    expect(row(page, "configured")).to_contain_text("Materialized · just now", timeout=RUN_MILLISECONDS)
    config = latest_run(project.lab, "configured")["runConfig"]
    assert json.loads(json.dumps(config)) and config["ops"]["configured"]["config"]["limit"] == 5


def test_a_partition_is_chosen(page: Page, project: Project) -> None:
    row(page, "by_region").click()
    page.keyboard.press("Shift+Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Filter Partitions").fill("sou")
    dialog.get_by_role("button", name="Latest").click()
    expect(dialog).to_contain_text("One run makes this partition.")
    expect(dialog.get_by_role("option")).to_have_text([re.compile("^south · ")])
    accessible(page, ".jp-Daglab-options")
    dialog.get_by_role("button", name="Materialize").click()
    expect(row(page, "by_region")).to_contain_text("just now", timeout=RUN_MILLISECONDS)
    tags = {tag["key"]: tag["value"] for tag in latest_run(project.lab, "by_region")["tags"]}
    assert tags["dagster/partition"] == "south"


@pytest.mark.nightly
def test_several_partitions_are_a_backfill(page: Page, project: Project) -> None:
    row(page, "by_region").click()
    materialize_button(page).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="All (3)").click()
    expect(dialog).to_contain_text("A backfill makes these 3 partitions.")
    dialog.get_by_role("button", name="Materialize").click()
    expect(page.get_by_text("by_region is materialized.").first).to_be_visible(timeout=2 * RUN_MILLISECONDS)
    counts = api(project.lab, "GET", "assets/by_region")["partitions"]["counts"]
    assert counts == {"materialized": 3, "missing": 0}


@pytest.mark.nightly
def test_failures_are_told_in_words_and_nothing_of_them_runs(page: Page, project: Project) -> None:
    row(page, "broken").click()
    row(page, "checked").click(modifiers=["Control"])
    expect(page.locator(".jp-Daglab-footer")).to_contain_text("2 selected")
    expect(page.locator(".jp-Daglab-row[aria-selected=true]")).to_have_count(2)
    row(page, "checked").click(button="right")
    page.get_by_role("menuitem", name="Materialize 2 assets").click()
    expect(row(page, "broken")).to_contain_text("Failed", timeout=RUN_MILLISECONDS)
    expect(row(page, "checked")).to_contain_text("Failed checks", timeout=RUN_MILLISECONDS)
    told = page.get_by_text("no such column: <b>amount</b>")
    expect(told.first).to_be_visible(timeout=RUN_MILLISECONDS)
    expect(page.get_by_role("button", name="Open run").first).to_be_visible()
    assert page.evaluate("window.hacked") is None
    page.locator(".jp-Daglab-footer").get_by_role("button", name="1 with failed checks").click()
    expect(page.locator(".jp-Daglab-asset")).to_have_count(1)
    accessible(page, "#daglab-sidebar")
    screenshot(page, "failures")


@pytest.mark.nightly
def test_searches_by_field_and_by_selection(page: Page, project: Project) -> None:
    search, assets = page.get_by_label("Search assets"), page.locator(".jp-Daglab-asset")
    for text, count in (
        ("owner:ada", 1),
        ("tag:tier=gold", 1),
        ("group:ops", 4),
        ('+key:"checked"', 2),
        ("group:ops or group:raw", 5),
    ):
        search.fill(text)
        expect(assets).to_have_count(count)
    search.fill("key:")
    expect(page.locator(".jp-Daglab-searchFault")).to_be_visible()
    expect(search).to_have_attribute("aria-invalid", "true")
    accessible(page, "#daglab-sidebar")
    search.fill("")
    expect(assets).to_have_count(8)
    row(page, "configured").click()
    page.keyboard.press("Alt+ArrowDown")
    expect(search).to_have_value('key:"configured"+')
    expect(assets).to_have_count(2)
    page.wait_for_timeout(2000)  # what was chosen is saved a little later
    page.goto(re.sub(r"\?.*", "", page.url))
    ready(page)
    show_sidebar(page)
    expect(search).to_have_value('key:"configured"+')
    expect(assets).to_have_count(2)
    expect(row(page, "configured")).to_have_attribute("aria-selected", "true")


@pytest.mark.nightly
def test_a_code_location_that_fails_and_is_mended(page: Page, project: Project) -> None:
    project.extend(EXTRA + "\nraise RuntimeError('boom <b>here</b>')\n")
    row(page, "configured").click(button="right")
    page.get_by_role("menuitem", name="Reload code location").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("RuntimeError: boom <b>here</b>", timeout=60_000)
    dialog.get_by_role("button", name="Close").click()
    banner = page.locator(".jp-Daglab-banner")
    expect(banner).to_contain_text("shop failed to load")
    expect(banner).to_contain_text("RuntimeError: boom <b>here</b>")
    accessible(page, "#daglab-sidebar")
    screenshot(page, "location-failed")
    project.extend(EXTRA)
    banner.get_by_role("button", name="Reload").click()
    expect(page.locator(".jp-Daglab-asset")).to_have_count(8, timeout=60_000)
    expect(banner).to_have_count(0)


@pytest.mark.nightly
def test_the_keyboard_selects_several(page: Page) -> None:
    row(page, "raw/orders").click()
    page.keyboard.press("Shift+End")
    chosen = page.locator(".jp-Daglab-asset[aria-selected=true]")
    expect(chosen).to_have_count(4)
    page.keyboard.press("Escape")
    expect(chosen).to_have_count(1)
    page.keyboard.press("Control+a")
    expect(chosen).to_have_count(page.locator(".jp-Daglab-asset").count())


@pytest.mark.nightly
def test_it_asks_for_nothing_while_nothing_happens(page: Page) -> None:
    expect(row(page, "raw/orders")).to_be_visible()
    page.wait_for_timeout(3000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/daglab/api/" in request.url else None)
    page.wait_for_timeout(15_000)
    assert len(asked) <= 1, asked


@pytest.mark.nightly
def test_without_websockets_the_events_are_polled(page: Page, lab: RunningLab) -> None:
    page.route_web_socket(re.compile("daglab/api/events"), lambda socket: socket.close())
    with page.expect_request(re.compile(r"daglab/api/events\?since=.*wait="), timeout=60_000):
        page.reload()
        ready(page)
    show_sidebar(page)
    before = latest(lab, "raw/orders")["latestMaterialization"]
    row(page, "raw/orders").click()
    materialize_button(page).click()
    expect(row(page, "raw/orders")).to_contain_text("Running", timeout=RUN_MILLISECONDS)
    expect(row(page, "raw/orders")).to_contain_text("Materialized · just now", timeout=RUN_MILLISECONDS)
    assert latest(lab, "raw/orders")["latestMaterialization"] != before


def test_dagster_is_started_from_the_button(page: Page, lab: RunningLab) -> None:
    expect(row(page, "raw/orders")).to_be_visible()
    api(lab, "DELETE", "dagster")
    banner = page.locator(".jp-Daglab-banner")
    expect(banner).to_contain_text("Dagster does not answer", timeout=60_000)
    expect(row(page, "raw/orders")).to_be_visible()
    accessible(page, "#daglab-sidebar")
    page.reload()
    ready(page)
    show_sidebar(page)
    empty = page.locator(".jp-Daglab-empty")
    expect(empty.get_by_role("heading", name="Dagster does not answer")).to_be_visible(timeout=60_000)
    accessible(page, "#daglab-sidebar")
    screenshot(page, "no-dagster")
    empty.get_by_role("button", name="Start Dagster").click()
    expect(empty.get_by_role("heading", name="Dagster is starting")).to_be_visible(timeout=30_000)
    accessible(page, "#daglab-sidebar")
    expect(row(page, "raw/orders")).to_be_visible(timeout=120_000)
    assert api(lab, "GET", "status")["dagster"]["server"]["state"] == "running"
