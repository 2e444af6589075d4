"""The panel of an asset: seen, walked from asset to asset, live; and nothing of what others wrote in it runs."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import RunningLab, accessible, ready
from tests.e2e.test_sidebar import RUN_MILLISECONDS, row, screenshot
from tests.e2e.test_sidebar_actions import Project, api

EXTRA = '''
import time

import dagster as dg

DESCRIPTION = """Revenue of *all* shops, one row a day. See [the rules](https://rules.example/): $r = a_1 + a_2$.

| column | meaning |
|---|---|
| day | in UTC |
| amount | in euros |
"""
EVIL = """# Titled

See [a page here](/lab/tree/x). <img src="x" onerror="window.hacked = 1"><script>window.hacked = 2</script>
<a href="javascript:window.hacked=3">click</a>
<button data-commandlinker-command="apputils:change-theme"
 data-commandlinker-args='{"theme": "JupyterLab Dark"}'>free</button>
"""
SCHEMA = dg.TableSchema([dg.TableColumn("day", "date"), dg.TableColumn("amount", "float")])
DAYS = [dg.TableRecord({"day": f"2026-01-0{day}", "amount": day * 99.5}) for day in range(1, 5)]

@dg.asset(group_name="panel", owners=["ada@example.com"], tags={"tier": "gold"}, kinds={"polars"},
          description=DESCRIPTION, deps=[dg.AssetKey(["sales", "daily_revenue"])],
          check_specs=[dg.AssetCheckSpec(name, asset="report") for name in ("not_empty", "positive")])
def report():
    yield dg.AssetCheckResult(check_name="not_empty", passed=True, description="It has 4 rows.")
    yield dg.AssetCheckResult(
        check_name="positive", passed=False, severity=dg.AssetCheckSeverity.WARN, description="one amount is below 0"
    )
    yield dg.Output(1, metadata={
        "rows": dg.MetadataValue.int(int(time.time()) % 10_000),
        "docs": dg.MetadataValue.url("https://docs.example/report"),
        "preview": dg.MetadataValue.table(DAYS, SCHEMA),
        "config": {"currency": "EUR", "shops": 12},
    })

@dg.asset(group_name="panel", description=EVIL)
def notes():
    yield dg.Output(1, metadata={
        "script": dg.MetadataValue.url("javascript:window.hacked=4"),
        "elsewhere": dg.MetadataValue.url("//evil.example/x"),
        "note": "plain <img src=x onerror='window.hacked=5'>",
        "summary": dg.MetadataValue.md("**bold** <img src=x onerror='window.hacked=6'>"),
        "config": {"deep": ["</div><script>window.hacked=7</script>"]},
    })

@dg.asset(group_name="panel", deps=["report"], partitions_def=dg.StaticPartitionsDefinition(["north", "south", "west"]))
def by_region(context) -> str:
    if context.partition_key == "west":
        raise ValueError("no such region: <b>west</b>")
    return context.partition_key

@dg.asset(group_name="panel", deps=["by_region"])
def letter() -> int:
    raise ValueError("no such column: <b>amount</b>")
'''
NOTEBOOK = """
# /// script
# [tool.daglab.assets.told]
# key = "panel/told"
# ///

import marimo

app = marimo.App()


@app.cell
def made():
    class _Page:
        def _repr_html_(self):
            return "<p>A <b>page</b></p><img src=x onerror='top.hacked=8'>"

    told = 1
    _Page()
    return (told,)
""".lstrip()


def launched(lab: RunningLab, *assets: str, partition: str | None = None) -> dict[str, Any]:
    """The run that makes the assets, once it has ended."""
    run: dict[str, Any] = api(lab, "POST", "runs", {"assets": assets, "partition": partition})
    deadline = time.monotonic() + RUN_MILLISECONDS / 1000
    while not run["final"]:
        assert time.monotonic() < deadline
        time.sleep(0.5)
        run = api(lab, "GET", f"runs/{run['id']}")
    return run


@pytest.fixture(scope="module")
def project(lab: RunningLab) -> Iterator[Project]:
    project = Project(lab)
    notebook = project.package / "notebooks" / "told.py"
    notebook.write_text(NOTEBOOK, "utf-8")
    project.extend(EXTRA)
    project.reload()
    assert launched(lab, "report", "notes", "panel/told")["status"] == "SUCCESS"
    yield project
    for half in (notebook, notebook.with_suffix(".ipynb")):
        half.unlink(missing_ok=True)
    project.restore()
    project.reload()


def opened(page: Page, key: str) -> Locator:
    """The panel of an asset, opened from the sidebar."""
    row(page, key).dblclick()
    return panel(page, key)


def panel(page: Page, key: str) -> Locator:
    found = page.locator(f"[id='daglab-asset-{key.replace('/', '%2F')}']")
    expect(found.get_by_role("heading", level=2, name=key)).to_be_visible()
    return found


def section(panel: Locator, title: str) -> Locator:
    return panel.get_by_role("region", name=title, exact=True)


def entry(panel: Locator, label: str) -> Locator:
    return panel.locator(".jp-Daglab-entry", has=panel.page.get_by_text(label, exact=True)).locator("dd")


def test_an_asset_is_seen_walked_and_materialized(page: Page, project: Project) -> None:
    report = opened(page, "report")
    expect(report.locator(".jp-Daglab-assetHeader")).to_contain_text("Materialized")
    expect(section(report, "About")).to_contain_text("ada@example.com")
    expect(section(report, "About")).to_contain_text("tier=gold")
    checks = section(report, "Checks").get_by_role("listitem")
    expect(checks).to_contain_text(["Passed", "Failed (warning)"])
    expect(entry(report, "preview").get_by_role("cell").first).to_have_text("2026-01-01")
    expect(entry(report, "docs").get_by_role("link")).to_have_attribute("rel", "noopener noreferrer")
    expect(section(report, "Description").get_by_role("cell")).to_have_count(4)
    expect(section(report, "Description").locator("mjx-container")).to_be_visible()
    expect(report.locator(".jp-Daglab-node")).to_have_count(5)

    # made again, live
    runs = section(report, "Latest runs").get_by_role("listitem")
    expect(runs.first).to_contain_text("Succeeded")
    before = runs.count()
    report.get_by_role("toolbar").get_by_role("button", name="Materialize asset").click()
    header = report.locator(".jp-Daglab-assetHeader")
    expect(header).to_contain_text("Running", timeout=RUN_MILLISECONDS)
    expect(header).to_contain_text("Materialized", timeout=RUN_MILLISECONDS)
    expect(runs).to_have_count(before + 1, timeout=20_000)
    expect(runs.first).to_contain_text("Succeeded")
    expect(report.get_by_role("img", name=re.compile(r"^rows of the latest \d+ materializations"))).to_be_visible()
    assert len(api(project.lab, "GET", "runs?asset=report")["runs"]) == before + 1

    accessible(page, ".jp-Daglab-assetTab")

    # along the lineage, with the keyboard alone
    report.locator('.jp-Daglab-node[data-key="report"]').focus()
    page.keyboard.press("ArrowRight")
    expect(report.locator(".jp-Daglab-node:focus")).to_have_attribute("data-key", "by_region")
    page.keyboard.press("Enter")
    expect(report.locator(".jp-Daglab-node[aria-current=true]")).to_have_attribute("data-key", "by_region")
    expect(report.locator(".jp-Daglab-node")).to_have_count(4)
    page.keyboard.press("ArrowRight")
    expect(report.locator(".jp-Daglab-node:focus")).to_have_attribute("data-key", "letter")
    report.get_by_role("button", name="List", exact=True).click()
    report.get_by_role("button", name="Open asset by_region").click()
    expect(section(panel(page, "by_region"), "Partitions")).to_contain_text("3 missing")

    # a reload brings both panels back
    page.wait_for_timeout(1500)  # JupyterLab saves its layout a second after the last change
    page.goto(re.sub(r"\?.*", "", page.url))
    ready(page)
    expect(section(panel(page, "by_region"), "Partitions")).to_contain_text("3 missing")
    page.get_by_role("tab", name="report").click()
    report = panel(page, "report")
    expect(section(report, "Latest runs").get_by_role("listitem")).to_have_count(before + 1)
    expect(report.locator(".jp-Daglab-node[aria-current=true]")).to_be_in_viewport(ratio=1)
    screenshot(page, "asset")


def test_nothing_of_what_others_wrote_runs(page: Page, project: Project) -> None:
    notes = opened(page, "notes")
    theme = page.locator("body").get_attribute("data-jp-theme-name") or ""
    description = section(notes, "Description")
    expect(description.get_by_role("heading", name="Titled")).to_be_visible()
    expect(description.get_by_role("link")).to_have_attribute("target", "_blank")
    description.get_by_text("click").click()
    description.get_by_role("button", name="free").click()
    assert "commandlinker" not in notes.evaluate("panel => panel.innerHTML")
    expect(entry(notes, "summary").locator("strong")).to_have_text("bold")
    for label, text in (("script", "javascript:window.hacked=4"), ("elsewhere", "//evil.example/x")):
        expect(entry(notes, label)).to_have_text(text)
        expect(entry(notes, label).get_by_role("link")).to_have_count(0)
    expect(entry(notes, "note")).to_contain_text("<img src=x")
    expect(entry(notes, "config")).to_contain_text("</div><script>")
    assert page.evaluate("window.hacked") is None
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", theme)


@pytest.mark.nightly
def test_an_executed_notebook_is_seen_and_nothing_of_it_runs(page: Page, project: Project) -> None:
    row(page, "panel/told").click()
    page.keyboard.press("Enter")
    told = panel(page, "panel/told")
    expect(told.get_by_role("toolbar").get_by_role("button", name="Open in marimo")).to_be_visible()
    section(told, "Latest runs").get_by_role("button", name="Executed notebook").first.click()
    frame = page.frame_locator(".jp-Daglab-executed iframe")
    expect(frame.get_by_text("A page")).to_be_visible(timeout=60_000)
    expect(page.locator(".jp-Daglab-executed iframe")).to_have_attribute("sandbox", "")
    assert frame.locator("[onerror]").count() == 0
    accessible(page, ".jp-Daglab-executed")
    assert page.evaluate("window.hacked") is None
    screenshot(page, "asset-executed")


@pytest.mark.nightly
def test_missing_and_failed_partitions_are_made(page: Page, project: Project) -> None:
    region = opened(page, "by_region")
    partitions = section(region, "Partitions").first
    partitions.get_by_role("button", name="Missing (3)").click()
    partitions.get_by_role("button", name="Materialize 3 partitions").focus()
    page.keyboard.press("Enter")
    expect(partitions.get_by_role("button", name="Materialize the chosen partitions")).to_be_focused()
    expect(partitions).to_contain_text("2 materialized", timeout=2 * RUN_MILLISECONDS)
    expect(partitions).to_contain_text("1 failed", timeout=RUN_MILLISECONDS)
    counts = api(project.lab, "GET", "assets/by_region")["partitions"]["counts"]
    assert (counts["materialized"], counts["failed"]) == (2, 1)
    partitions.get_by_label("Filter Partitions").fill("we")
    expect(partitions.get_by_role("option")).to_have_text(["west · failed"])
    partitions.get_by_role("button", name="Failed").click()
    expect(partitions.get_by_role("button", name="Materialize 1 partition")).to_be_enabled()
    expect(region.locator(".jp-Daglab-banner")).to_contain_text("no such region: <b>west</b>")
    accessible(page, ".jp-Daglab-assetTab")
    screenshot(page, "asset-partitions")


def choose_theme(page: Page, theme: str) -> None:
    page.get_by_text("Settings", exact=True).click()
    page.get_by_text("Theme", exact=True).hover()
    item = {"name": theme, "exact": True}
    page.get_by_role("menuitemradio", **item).or_(page.get_by_role("menuitem", **item)).first.click()
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", theme)


@pytest.mark.nightly
@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_the_panel_in_dark_themes(page: Page, project: Project, theme: str) -> None:
    choose_theme(page, theme)
    report = opened(page, "report")
    expect(report.locator(".jp-Daglab-node")).to_have_count(5)
    expect(section(report, "Latest runs").get_by_role("listitem").first).to_be_visible()
    accessible(page, ".jp-Daglab-assetTab")
    screenshot(page, f"asset-{theme.lower().replace(' ', '-')}")
    choose_theme(page, "JupyterLab Light")  # it is kept, also for other tests


@pytest.mark.nightly
def test_nothing_is_cut_off_in_little_room(page: Page, project: Project) -> None:
    report = opened(page, "report")
    expect(section(report, "Latest runs").get_by_role("listitem").first).to_be_visible()
    page.get_by_role("tab", name="Dagster assets").click()  # the sidebar goes away
    page.set_viewport_size({"width": 320, "height": 640})  # 1,280 pixels at 400 %
    expect(report.get_by_role("button", name="List", exact=True)).to_have_attribute("aria-pressed", "true")
    content = report.locator(".jp-Daglab-assetPanel")
    page.wait_for_timeout(500)
    assert content.evaluate("node => node.scrollWidth <= node.clientWidth")
    cut = content.evaluate("""node => [...node.querySelectorAll('h2, h3, dt, dd, li, button, p')]
        .filter(one => !one.closest('.jp-Daglab-graph, .jp-Daglab-tableScroller, .jp-Daglab-markdown')
                       && one.getBoundingClientRect().right > node.getBoundingClientRect().right + 1)
        .map(one => one.outerHTML.slice(0, 200))""")
    assert cut == []
    accessible(page, ".jp-Daglab-assetPanel")  # the toolbar's "More commands" is JupyterLab's
    screenshot(page, "asset-narrow")


@pytest.mark.nightly
def test_a_hidden_or_idle_panel_asks_for_nothing(page: Page, project: Project) -> None:
    opened(page, "report")
    opened(page, "panel/told")
    expect(section(panel(page, "panel/told"), "Latest runs").get_by_role("listitem").first).to_be_visible()
    page.wait_for_timeout(3000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/daglab/api/" in request.url else None)
    page.wait_for_timeout(15_000)
    assert len(asked) <= 1, asked
    launched(project.lab, "report")
    page.wait_for_timeout(8_000)
    assert [url for url in asked if "assets/report" in url or "asset=report" in url] == []


@pytest.mark.nightly
def test_an_asset_that_is_gone_is_told_with_its_remedy(page: Page, project: Project) -> None:
    opened(page, "letter")
    project.extend(EXTRA[: EXTRA.index('@dg.asset(group_name="panel", deps=["by_region"])')])
    project.reload()
    page.wait_for_timeout(1500)
    page.goto(re.sub(r"\?.*", "", page.url))
    ready(page)
    empty = page.locator(".jp-Daglab-assetPanel .jp-Daglab-empty")
    expect(empty.get_by_role("heading", name="Dagster has no such asset")).to_be_visible(timeout=60_000)
    accessible(page, ".jp-Daglab-assetTab")
    project.extend(EXTRA)
    project.reload()
    empty.get_by_role("button", name="Try again").click()
    panel(page, "letter")
