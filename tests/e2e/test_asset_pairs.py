"""Notebooks of assets from the sidebar: opened in Jupyter, created, synced, and where their pair stands."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import RunningLab
from tests.e2e.test_sidebar import row

NOTEBOOKS = "src/shop/notebooks"
PAIR_MILLISECONDS = 30_000


def choose(page: Page, key: str, command: str) -> None:
    row(page, key).click(button="right")
    page.get_by_role("menuitem", name=command, exact=True).click()


def test_the_notebook_opens_in_jupyter(page: Page) -> None:
    choose(page, "sales/orders", "Open in Jupyter")
    expect(page.get_by_role("tab", name="orders.ipynb")).to_be_visible(timeout=PAIR_MILLISECONDS)
    expect(page.locator(".jp-Notebook")).to_be_visible(timeout=PAIR_MILLISECONDS)
    choose(page, "sales/orders", "Sync pair")
    expect(page.get_by_text("orders.py was in sync already.").first).to_be_visible(timeout=PAIR_MILLISECONDS)


def test_a_notebook_that_explores_an_asset_is_created(page: Page, lab: RunningLab) -> None:
    before = set(lab.project.rglob("explore_*"))
    choose(page, "raw/orders", "Create notebook to explore")
    expect(page.get_by_text("explore_orders.py and explore_orders.ipynb are a pair.").first).to_be_visible()
    made = set(lab.project.rglob("explore_*")) - before
    try:
        assert {file.name for file in made} == {"explore_orders.py", "explore_orders.ipynb"}
        assert 'load_asset("raw/orders")' in next(f for f in made if f.suffix == ".py").read_text("utf-8")
        page.get_by_role("button", name="Open in Jupyter").first.click()
        expect(page.get_by_role("tab", name="explore_orders.ipynb")).to_be_visible(timeout=PAIR_MILLISECONDS)
    finally:
        for file in made:
            file.unlink()


@pytest.mark.nightly
def test_a_conflict_shows_and_goes(page: Page, lab: RunningLab) -> None:
    halves = [lab.project / NOTEBOOKS / name for name in ("orders.py", "orders.ipynb")]
    texts = [half.read_text("utf-8") for half in halves]
    pair = row(page, "sales/orders").locator(".jp-Daglab-pair")
    expect(pair).to_have_attribute("title", "Pair in sync")
    try:
        for half, text, value in zip(halves, texts, ("1.5", "2.5"), strict=True):
            half.write_text(text.replace("min_amount: float = 0.0", f"min_amount: float = {value}"), "utf-8")
        expect(pair).to_have_attribute("title", "Conflict between both halves", timeout=PAIR_MILLISECONDS)
        choose(page, "sales/orders", "Sync pair")
        expect(page.get_by_text("orders.py was not synced: 1 conflict between both halves.").first).to_be_visible()
    finally:
        for half, text in zip(halves, texts, strict=True):
            half.write_text(text, "utf-8")
    expect(pair).to_have_attribute("title", "Pair in sync", timeout=PAIR_MILLISECONDS)
