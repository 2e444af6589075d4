"""daglab where others put it: below a base URL, in Notebook 7, with a Dagster that dies, for who has no mouse."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from daglab.pair import create_pair
from daglab.processes import LOOPBACK, free_port, spawn
from tests.conftest import FreshVenv
from tests.e2e.conftest import RunningLab, accessible, isolated, ready, show_sidebar
from tests.e2e.test_pairs import NOTEBOOK
from tests.e2e.test_sidebar import latest, marimo_frame, row
from tests.e2e.test_sidebar_actions import api

pytestmark = pytest.mark.nightly

TOKEN = "places"
SLOW = 120_000  # milliseconds


@contextmanager
def jupyter(python: str, module: str, folder: Path, root: Path, base: str, **environment: str) -> Iterator[str]:
    """The address of a Jupyter server with a base URL and a token."""
    port = free_port()
    argv = [python, "-m", module, "--no-browser", "--allow-root", f"--ServerApp.ip={LOOPBACK}"]
    argv += [f"--ServerApp.port={port}", f"--ServerApp.base_url={base}", f"--ServerApp.root_dir={root}"]
    argv += [f"--IdentityProvider.token={TOKEN}"]
    with spawn(argv, cwd=root, env={**isolated(folder), **environment}, log=folder / "log") as child:
        child.wait_until_healthy(f"http://{LOOPBACK}:{port}{base}api?token={TOKEN}", timeout=120)
        yield f"http://{LOOPBACK}:{port}{base}"


def errors_of(page: Page) -> list[str]:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(error.stack or str(error)))
    return errors


def test_below_a_base_url(context: BrowserContext, lab: RunningLab, tmp_path: Path) -> None:
    base = "/user/ada@example.com/"
    environment = {"DAGLAB_DAGSTER__URL": lab.dagster_url, "DAGLAB_MARIMO__PORT": str(free_port())}
    with jupyter(sys.executable, "jupyterlab", tmp_path, lab.project, base, **environment) as url:
        page = context.new_page()
        errors = errors_of(page)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(urlsplit(request.url).path))
        page.on("websocket", lambda socket: asked.append(urlsplit(socket.url).path))
        page.goto(f"{url}lab?token={TOKEN}&reset")
        ready(page)
        show_sidebar(page)
        row(page, "sales/orders").dblclick()
        expect(page.locator(".jp-Daglab-assetHeader")).to_contain_text("sales/orders")
        row(page, "sales/orders").click()
        page.keyboard.press("Alt+Enter")
        expect(marimo_frame(page).get_by_text("min_amount").first).to_be_visible(timeout=SLOW)
        ours = [path for path in asked if "daglab" in path]
        assert any("/events/socket" in path for path in ours)
        assert [path for path in ours if not path.replace("%40", "@").startswith(base)] == []
        assert errors == []


def test_the_first_start_without_a_dagster(context: BrowserContext, tmp_path: Path) -> None:
    root = tmp_path / "shop"
    init = [sys.executable, "-m", "daglab", "init", "--package", "shop", "--bootstrap", str(root)]
    subprocess.run(init, check=True, capture_output=True)
    port = free_port()
    with jupyter(sys.executable, "jupyterlab", tmp_path, root, "/", DAGLAB_DAGSTER__PORT=str(port)) as url:
        page = context.new_page()
        page.goto(f"{url}lab?token={TOKEN}&reset")
        ready(page)
        show_sidebar(page)
        empty = page.locator(".jp-Daglab-empty")
        expect(empty.get_by_role("heading", name="Dagster does not answer")).to_be_visible(timeout=SLOW)
        accessible(page, "#daglab-sidebar")
        empty.get_by_role("button", name="Start Dagster").click()
        expect(row(page, "raw/orders")).to_contain_text("Never materialized", timeout=SLOW)
        row(page, "raw/orders").click()
        page.get_by_role("button", name="Materialize").click()
        expect(row(page, "raw/orders")).to_contain_text("Materialized · just now", timeout=SLOW)
        instance = root / ".dagster_home"
        assert instance.is_dir()
    with socket.socket() as probe:
        assert probe.connect_ex((LOOPBACK, port)) != 0  # it has ended with the server


def test_a_reload_restores_all(page: Page, lab: RunningLab) -> None:
    row(page, "sales/orders").dblclick()
    expect(page.locator(".jp-Daglab-assetHeader")).to_contain_text("sales/orders")
    page.locator(".jp-Daglab-footer").get_by_role("button", name="Runs").click()
    expect(page.get_by_role("tab", name="Runs")).to_be_visible()
    row(page, "sales/orders").click(button="right")
    page.get_by_role("menuitem", name="Compare pair").click()
    expect(page.get_by_role("tab", name="Compare orders")).to_be_visible()
    row(page, "sales/orders").click(button="right")
    page.get_by_role("menuitem", name="Open in marimo").click()
    expect(marimo_frame(page).locator(".cm-content").first).to_be_visible(timeout=SLOW)
    run = api(lab, "POST", "runs", {"assets": ["raw/orders"]})["id"]
    page.get_by_role("tab", name="Runs").click()
    page.locator(".jp-Daglab-runs").get_by_text("raw/orders").first.click()
    tabs = page.locator("#jp-main-dock-panel [role=tab]")
    names = [tab.inner_text() for tab in tabs.all()]
    assert len(names) >= 5, run
    page.wait_for_timeout(2000)  # JupyterLab saves its layout a second after the last change
    page.goto(re.sub(r"\?.*", "", page.url))
    ready(page)
    for name in names:
        expect(page.locator("#jp-main-dock-panel").get_by_role("tab", name=name, exact=True)).to_be_visible(
            timeout=SLOW
        )
    page.get_by_role("tab", name="Compare orders").click()
    expect(page.locator(".jp-Daglab-compare")).to_contain_text("Both halves say the same", timeout=SLOW)
    expect(row(page, "sales/orders")).to_be_visible()


def test_a_dagster_that_is_killed_comes_back(page: Page, lab: RunningLab) -> None:
    expect(row(page, "raw/orders")).to_be_visible()
    server = api(lab, "GET", "status")["dagster"]["server"]
    for process in reversed([*psutil.Process(server["pid"]).children(recursive=True)]):
        process.kill()
    banner = page.locator(".jp-Daglab-banner")
    expect(banner).to_contain_text("Dagster", timeout=SLOW)
    expect(row(page, "raw/orders")).to_be_visible()  # what was known stays
    expect(banner).to_have_count(0, timeout=SLOW)
    assert api(lab, "GET", "status")["dagster"]["server"]["restarts"] > server["restarts"]


def test_a_whole_journey_with_the_keyboard(page: Page, lab: RunningLab) -> None:
    page.wait_for_function("document.activeElement.closest('.jp-Launcher')")  # JupyterLab's start ends with this
    before = latest(lab, "raw/orders")["latestMaterialization"]
    page.keyboard.press("Control+Shift+c")
    page.keyboard.type("Search assets")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Search assets")).to_be_focused()
    page.keyboard.type("raw/orders")
    expect(page.get_by_role("treeitem")).to_have_count(3)
    page.keyboard.press("Tab")
    if not page.locator(".jp-Daglab-row:focus").count():  # the button that clears the search comes first
        page.keyboard.press("Tab")
    page.keyboard.press("End")
    expect(page.locator(".jp-Daglab-row:focus")).to_have_attribute("aria-label", re.compile("^raw/orders"))
    page.keyboard.press("Shift+Enter")
    expect(row(page, "raw/orders")).to_contain_text("Materialized · just now", timeout=SLOW)
    assert latest(lab, "raw/orders")["latestMaterialization"] != before
    page.keyboard.press("Enter")
    expect(page.locator(".jp-Daglab-assetHeader")).to_contain_text("raw/orders")
    page.keyboard.press("Control+Shift+c")
    page.keyboard.type("Show runs")
    page.keyboard.press("Enter")
    runs = page.get_by_role("tab", name="Runs", selected=True)
    expect(runs).to_be_visible()


def test_notebook_7(context: BrowserContext, tmp_path: Path, daglab_wheel: Path, wheel_environ: dict[str, str]) -> None:
    venv = FreshVenv(tmp_path / "venv", wheel_environ)
    venv.install(f"{daglab_wheel}[jupyter]", "notebook>=7")
    root = tmp_path / "root"
    root.mkdir()
    (root / "pyproject.toml").write_text("")
    (root / "orders.py").write_text(NOTEBOOK)
    create_pair(root / "orders.py")
    python = str(venv.folder / "bin" / "python")
    with jupyter(python, "notebook", tmp_path, root, "/", DAGLAB_DAGSTER__PORT="1") as url:
        page = context.new_page()
        errors = errors_of(page)
        page.goto(f"{url}tree?token={TOKEN}")
        expect(page.get_by_text("orders.ipynb").first).to_be_visible(timeout=SLOW)
        page.goto(f"{url}notebooks/orders.ipynb?token={TOKEN}")
        expect(page.get_by_role("button", name=re.compile("in sync", re.I)).first).to_be_visible(timeout=SLOW)
        assert [error for error in errors if "/labextensions/" in error] == []  # its own settings raise one without us
