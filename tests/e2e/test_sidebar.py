"""A data engineer's first journey: see the assets, materialize one, open its notebook in marimo, reload."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, Literal, Protocol

import httpx
import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.e2e.conftest import accessible, ready, show_sidebar

RUN_MILLISECONDS = 120_000
MARIMO_MILLISECONDS = 90_000
SCREENSHOTS = os.environ.get("DAGLAB_SCREENSHOTS")  # before conftest clears the environment
ORDERS = "src/shop/notebooks/orders.py"
LATEST = """
query($keys: [AssetKeyInput!]!) {
  assetsLatestInfo(assetKeys: $keys) { latestMaterialization { runId } latestRun { status } }
}
"""


class RunningLab(Protocol):
    project: Path
    jupyter_url: str
    dagster_url: str


def latest(lab: RunningLab, key: str) -> dict[str, Any]:
    body = {"query": LATEST, "variables": {"keys": [{"path": key.split("/")}]}}
    answer = httpx.post(f"{lab.dagster_url}/graphql", json=body, timeout=30).json()
    info: dict[str, Any] = answer["data"]["assetsLatestInfo"][0]
    return info


def screenshot(page: Page, name: str) -> None:
    """Written only on request: DAGLAB_SCREENSHOTS names the folder (docs/images for the documentation)."""
    if SCREENSHOTS:
        page.wait_for_timeout(1000)  # marimo's and Jupyter's fades
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png")


def marimo_frame(page: Page) -> FrameLocator:
    return page.frame_locator(".jp-Daglab-marimo iframe")


def row(page: Page, key: str) -> Any:
    return page.locator(f'.jp-Daglab-asset[data-key="{key}"]')


def test_see_materialize_and_open_in_marimo(page: Page, lab: RunningLab) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    # the assets, with their status in words
    never = latest(lab, "raw/orders")["latestMaterialization"] is None
    expect(row(page, "raw/orders")).to_contain_text("Never materialized" if never else "Materialized")
    expect(page.locator(".jp-Daglab-asset")).to_have_count(4)
    expect(page.locator(".jp-Daglab-footer")).to_contain_text("4 assets")
    page.get_by_label("Search assets").fill("segments")
    expect(page.locator(".jp-Daglab-asset")).to_have_count(1)
    page.get_by_label("Search assets").press("Escape")

    # materialize one and see it followed to its end
    for key in ("raw/orders", "sales/orders"):
        row(page, key).click()
        page.get_by_role("button", name="Materialize").click()
        expect(row(page, key)).to_contain_text("Running", timeout=RUN_MILLISECONDS)
        expect(row(page, key)).to_contain_text("Materialized · just now", timeout=RUN_MILLISECONDS)
        expect(page.get_by_text("orders is materialized.").first).to_be_visible(timeout=RUN_MILLISECONDS)
        assert latest(lab, key)["latestRun"]["status"] == "SUCCESS"

    # open its pair in marimo
    page.get_by_role("button", name="Open in marimo").click()
    expect(marimo_frame(page).locator(".cm-content").first).to_be_visible(timeout=MARIMO_MILLISECONDS)
    expect(marimo_frame(page).get_by_text("load_asset").first).to_be_visible()
    screenshot(page, "jupyterlab")

    # a reload brings the tab back
    page.wait_for_timeout(1500)  # JupyterLab saves its layout a second after the last change
    page.goto(re.sub(r"\?.*", "", page.url))
    expect(page.get_by_role("tab", name="orders.py")).to_be_visible(timeout=60_000)
    expect(marimo_frame(page).locator(".cm-content").first).to_be_visible(timeout=MARIMO_MILLISECONDS)
    expect(row(page, "sales/orders")).to_contain_text("Materialized")
    assert (lab.project / ORDERS).is_file()
    assert errors == []


def test_the_tree_with_the_keyboard(page: Page) -> None:
    tree = page.get_by_role("tree", name="Assets")
    expect(tree.get_by_role("treeitem")).to_have_count(7)
    expect(tree.locator('[tabindex="0"]')).to_have_count(1)
    page.wait_for_function("document.activeElement.closest('.jp-Launcher')")  # JupyterLab's start ends with this
    page.get_by_label("Search assets").focus()
    page.keyboard.press("Tab")
    focused = page.locator(".jp-Daglab-row:focus")
    expect(focused).to_have_attribute("aria-label", "Code location shop, 4 assets")
    for key, label in (
        ("End", "sales/orders"),
        ("Home", "Code location shop"),
        ("ArrowDown", "Group raw"),
        ("ArrowRight", "raw/orders"),
        ("ArrowLeft", "Group raw"),
        ("s", "Code location shop|Group sales"),
        ("d", "sales/daily_revenue"),
    ):
        page.wait_for_timeout(700)  # a pause ends what was typed
        page.keyboard.press(key)
        expect(focused).to_have_attribute("aria-label", re.compile(f"^({label})"))
        expect(tree.locator('[tabindex="0"]')).to_have_count(1)
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    expect(focused).to_have_attribute("aria-expanded", "false")
    expect(tree.get_by_role("treeitem")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(tree.get_by_role("treeitem")).to_have_count(7)


def test_a_search_that_matches_nothing_can_be_cleared(page: Page) -> None:
    page.get_by_label("Search assets").fill("no such <b>asset</b>")
    expect(page.get_by_role("heading", name="No asset matches")).to_be_visible()
    expect(page.locator(".jp-Daglab-empty")).to_contain_text("“no such <b>asset</b>”")
    accessible(page, "#daglab-sidebar")
    page.locator(".jp-Daglab-empty").get_by_role("button", name="Clear search").click()
    expect(page.locator(".jp-Daglab-asset")).to_have_count(4)


UNREACHABLE = {"code": "dagster-unreachable", "message": "No Dagster answers.", "remedy": "start `dagster dev`"}


@pytest.mark.parametrize(
    ("status", "body", "title", "remedy"),
    [
        (404, "<html>", "The server half of daglab is missing", 'pip install "daglab[jupyter]"'),
        (503, json.dumps({"error": UNREACHABLE}), "Dagster does not answer", "Start dagster dev."),
    ],
)
def test_what_is_missing_is_told_with_its_remedy(page: Page, status: int, body: str, title: str, remedy: str) -> None:
    """Only the answer is replaced, as it comes from a server in that state; tests/integration makes the real ones."""
    page.route("**/daglab/api/**", lambda route: route.fulfill(status=status, body=body))
    page.reload()
    ready(page)
    show_sidebar(page)
    empty = page.locator(".jp-Daglab-empty")
    expect(empty.get_by_role("heading", name=title)).to_be_visible(timeout=60_000)
    expect(empty).to_contain_text(remedy)
    accessible(page, "#daglab-sidebar")
    screenshot(page, f"state-{status}")
    page.unroute("**/daglab/api/**")
    empty.get_by_role("button", name="Try again").click()
    expect(page.locator(".jp-Daglab-asset")).to_have_count(4)


@pytest.mark.nightly
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_forced_colours(page: Page, scheme: Literal["dark", "light"]) -> None:
    """As of Windows' high contrast: backgrounds and shadows go, texts get the system's colours."""
    page.emulate_media(forced_colors="active", color_scheme=scheme)
    page.get_by_label("Search assets").focus()
    expect(page.locator(".jp-Daglab-search")).to_have_css("outline-style", "solid")
    row(page, "sales/daily_revenue").click()
    selected = page.locator(".jp-Daglab-row.jp-mod-selected")
    expect(selected).to_have_count(1)
    colours = "row => [...row.querySelectorAll('*'), row].map(one => getComputedStyle(one).color)"
    assert len(set(selected.evaluate(colours))) == 1
    accessible(page, "#daglab-sidebar")


@pytest.mark.nightly
@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_the_dark_themes(page: Page, theme: str) -> None:
    expect(row(page, "sales/daily_revenue")).to_be_visible()
    page.get_by_text("Settings", exact=True).click()
    page.get_by_text("Theme", exact=True).hover()
    item = {"name": theme, "exact": True}
    page.get_by_role("menuitemradio", **item).or_(page.get_by_role("menuitem", **item)).first.click()
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", theme)
    row(page, "sales/daily_revenue").click()
    expect(row(page, "sales/daily_revenue")).to_have_class(re.compile("jp-mod-selected"))
    accessible(page, "#daglab-sidebar")
    screenshot(page, theme.lower().replace(" ", "-"))
