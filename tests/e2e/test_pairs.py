"""Pairs in JupyterLab: each side follows the other, conflicts are compared and decided, marimo dies and comes back."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, expect

from daglab.pair import create_pair, pair_status
from daglab.processes import LOOPBACK, free_port, spawn
from tests.e2e.conftest import accessible, isolated, ready
from tests.e2e.test_sidebar import MARIMO_MILLISECONDS, screenshot

TOKEN = "pairs"
FOLLOW_MILLISECONDS = 30_000
NOTEBOOK = """import marimo

__generated_with = "0.20.0"
app = marimo.App()


@app.cell
def load():
    orders = [
        120,
        80,
        310,
    ]
    return (orders,)


@app.cell
def _(orders):
    total = sum(orders)
    return (total,)


@app.cell
def _(total):
    print(total)
    return


if __name__ == "__main__":
    app.run()
"""


@dataclass(frozen=True)
class PairLab:
    """A JupyterLab without a Dagster; each test has a folder of its own in its root."""

    url: str
    root: Path
    pid: int

    def api(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"token {TOKEN}"}
        answer = httpx.request(method, f"{self.url}/{path}", headers=headers, timeout=120, **options)
        assert answer.is_success, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def pair_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PairLab]:
    folder, root = tmp_path_factory.mktemp("pair-lab"), tmp_path_factory.mktemp("pairs")
    (root / "pyproject.toml").write_text("")
    port = free_port()
    argv = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.ip={LOOPBACK}"]
    argv += [f"--ServerApp.port={port}", f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={root}"]
    environment = {**isolated(folder), "DAGLAB_DAGSTER__PORT": "1"}
    with spawn(argv, cwd=root, env=environment, log=folder / "log") as child:
        url = f"http://{LOOPBACK}:{port}"
        child.wait_until_healthy(f"{url}/api?token={TOKEN}", timeout=120)
        yield PairLab(url, root, child.pid)


@pytest.fixture
def folder(pair_lab: PairLab, request: pytest.FixtureRequest) -> Path:
    folder = pair_lab.root / request.node.name.removeprefix("test_")[:24]
    folder.mkdir()
    (folder / "orders.py").write_text(NOTEBOOK)
    create_pair(folder / "orders.py")
    return folder


@pytest.fixture
def page(context: BrowserContext, pair_lab: PairLab, folder: Path) -> Page:
    """JupyterLab, loaded, with the test's folder in the file browser."""
    page = context.new_page()
    page.goto(f"{pair_lab.url}/lab/tree/{folder.name}?token={TOKEN}&reset")
    ready(page)
    return page


def source(ipynb: Path, cell: int) -> str:
    return "".join(json.loads(ipynb.read_bytes())["cells"][cell]["source"])


def edit_ipynb(ipynb: Path, cell: int, text: str) -> None:
    notebook = json.loads(ipynb.read_bytes())
    notebook["cells"][cell]["source"] = [text]
    ipynb.write_text(json.dumps(notebook, indent=1))


def wait_for(page: Page, holds: Callable[[], bool]) -> None:
    for _ in range(FOLLOW_MILLISECONDS // 100):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError("never")


def entry(page: Page, name: str) -> Locator:
    return page.locator(".jp-DirListing-item").filter(has=page.get_by_text(name, exact=True))


def open_file(page: Page, name: str) -> None:
    entry(page, name).dblclick()
    expect(page.get_by_role("tab", name=name)).to_be_visible(timeout=FOLLOW_MILLISECONDS)


def open_notebook(page: Page) -> Locator:
    """The editors of the pair's .ipynb, opened."""
    open_file(page, "orders.ipynb")
    cells = page.locator(".jp-Notebook .jp-CodeCell .cm-content")
    expect(cells).to_have_count(3, timeout=FOLLOW_MILLISECONDS)
    expect(badge(page)).to_have_text("Pair in sync", timeout=FOLLOW_MILLISECONDS)
    return cells


def badge(page: Page) -> Locator:
    return page.locator(".jp-NotebookPanel-toolbar .jp-Daglab-badge")


def choose(page: Page, name: str, command: str) -> None:
    entry(page, name).click(button="right")
    page.get_by_role("menuitem", name=command, exact=True).click()


def marimo(page: Page) -> FrameLocator:
    return page.frame_locator(".jp-Daglab-marimo:not(.lm-mod-hidden) iframe")


def marimo_cell(page: Page, text: str) -> Locator:
    return marimo(page).locator(".cm-content").filter(has_text=text).first


def conflict(folder: Path) -> None:
    """Edit one cell differently in both halves at once, so that no sync comes between."""
    ipynb = folder / "orders.ipynb"
    text = (folder / "orders.py").read_text("utf-8").replace("sum(orders)", "max(orders)")
    edit_ipynb(ipynb, 1, "total = min(orders)")
    (folder / "orders.py").write_text(text, "utf-8")


def test_each_side_follows_the_other(page: Page, folder: Path) -> None:
    py, ipynb = folder / "orders.py", folder / "orders.ipynb"
    dialogs = page.locator(".jp-Dialog")
    cells = open_notebook(page)
    choose(page, "orders.ipynb", "Open in marimo")
    expect(marimo_cell(page, "sum(orders)")).to_be_visible(timeout=MARIMO_MILLISECONDS)

    # edited in marimo, the .ipynb and its open document follow
    marimo_cell(page, "sum(orders)").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("total = max(orders)")
    page.keyboard.press("Control+s")
    wait_for(page, lambda: source(ipynb, 1) == "total = max(orders)")
    page.get_by_role("tab", name="orders.ipynb").click()
    expect(cells.nth(1)).to_have_text("total = max(orders)", timeout=FOLLOW_MILLISECONDS)
    expect(badge(page)).to_have_text("Pair in sync")

    # edited in Jupyter, the .py and marimo's page follow
    cells.nth(1).click()
    page.keyboard.press("Control+a")
    page.keyboard.type("total = min(orders)")
    expect(badge(page)).to_have_text("Pair: unsaved edits")
    page.keyboard.press("Control+s")
    wait_for(page, lambda: "total = min(orders)" in py.read_text("utf-8"))
    expect(badge(page)).to_have_text("Pair in sync", timeout=FOLLOW_MILLISECONDS)
    page.get_by_role("tab", name="orders.py").click()
    expect(marimo_cell(page, "min(orders)")).to_be_visible(timeout=FOLLOW_MILLISECONDS)
    assert pair_status(py).state == "in-sync"
    expect(dialogs).to_have_count(0)


def test_a_conflict_is_compared_and_resolved(page: Page, folder: Path) -> None:
    cells = open_notebook(page)
    conflict(folder)
    expect(badge(page)).to_have_text("Conflict between both halves", timeout=FOLLOW_MILLISECONDS)
    expect(page.get_by_text("orders.py was not synced: 1 conflict between both halves.").first).to_be_visible()
    expect(page.locator(".jp-Daglab-statusBadge")).to_have_text("Conflict between both halves")
    badge(page).click()
    menu = page.get_by_role("menu")
    expect(menu.get_by_role("menuitem")).to_have_text(
        ["Keep the notebook’s", "Keep marimo’s", "Compare pair", "Open in marimo"]
    )
    menu.get_by_role("menuitem", name="Compare pair").click()

    compare = page.locator(".jp-Daglab-compare")
    expect(compare.locator(".jp-Daglab-conflict")).to_have_count(1, timeout=FOLLOW_MILLISECONDS)
    expect(compare.locator("legend")).to_contain_text("edited differently in both halves")
    expect(compare.get_by_role("group", name="The version of orders.ipynb")).to_contain_text("min(orders)")
    expect(compare.get_by_role("group", name="The version of orders.py").locator(".jp-mod-removed")).to_contain_text(
        "sum"
    )
    expect(compare.get_by_role("button", name="Apply")).to_be_disabled()
    compare.get_by_label("Keep marimo’s").focus()
    page.keyboard.press("Space")
    expect(compare.locator(".jp-Daglab-compareFoot")).to_contain_text("1 of 1 decided")
    accessible(page, ".jp-Daglab-compare")
    compare.get_by_role("button", name="Preview").click()
    expect(compare.locator(".jp-Daglab-changes")).to_contain_text("+total = max(orders)".removeprefix("+"))
    screenshot(page, "conflict")
    compare.get_by_role("button", name="Apply").click()
    expect(compare).to_contain_text("The conflict is resolved", timeout=FOLLOW_MILLISECONDS)
    accessible(page, ".jp-Daglab-compare")

    assert pair_status(folder / "orders.py").state == "in-sync"
    assert source(folder / "orders.ipynb", 1) == "total = max(orders)"
    page.get_by_role("tab", name="orders.ipynb").click()
    expect(cells.nth(1)).to_have_text("total = max(orders)", timeout=FOLLOW_MILLISECONDS)
    expect(badge(page)).to_have_text("Pair in sync")
    expect(page.locator(".jp-Dialog")).to_have_count(0)
