"""One JupyterLab with its Dagster for the tier, started as `make lab` does, and Chromium."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from daglab.processes import spawn

AXE = Path(__file__).parents[2] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = os.environ.get("DAGLAB_CHROMIUM", "/usr/bin/chromium")


@dataclass(frozen=True)
class RunningLab:
    project: Path
    """The bootstrapped shop."""
    jupyter_url: str
    dagster_url: str

    def page_url(self, query: str = "") -> str:
        return f"{self.jupyter_url}{query}"


def isolated(folder: Path) -> dict[str, str]:
    """A Jupyter that reads and writes nothing of the user's, and asks nothing at its first start."""
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    names += ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    places = {name: str(folder / name.lower()) for name in names}
    page_config = Path(places["JUPYTER_CONFIG_DIR"]) / "labconfig" / "page_config.json"
    page_config.parent.mkdir(parents=True)
    disabled = {"@jupyterlab/apputils-extension:announcements": True}
    page_config.write_text(json.dumps({"disabledExtensions": disabled}))
    return {**os.environ, **places, "JUPYTER_PREFER_ENV_PATH": "1"}


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    folder = tmp_path_factory.mktemp("lab")
    log = folder / "lab.log"
    daglab = [sys.executable, "-m", "daglab"]
    init = [*daglab, "init", "--package", "shop", "--bootstrap", str(folder / "shop")]
    subprocess.run(init, check=True)
    with spawn([*daglab, "dev", "--lab"], cwd=folder / "shop", env=isolated(folder), log=log) as child:
        child.wait_until_healthy(lambda: "Ctrl-C ends both" in log.read_text(), timeout=180)
        urls = dict(
            line.split(maxsplit=1)
            for line in log.read_text().splitlines()
            if line[:7] in ("Jupyter", "Dagster") and "http" in line
        )
        yield RunningLab(folder / "shop", urls["JupyterLab"], urls["Dagster"])
        family = psutil.Process(child.pid).children(recursive=True)
        assert len(family) > 4, family
        child.process.terminate()
        assert child.wait(60) == 143
        _, alive = psutil.wait_procs(family, timeout=5)
        assert alive == []


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, device_scale_factor=1)
    context.set_default_timeout(30_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, lab: RunningLab) -> Page:
    """JupyterLab, loaded, with a fresh workspace and the assets' sidebar open."""
    page = context.new_page()
    parts = urlsplit(lab.jupyter_url)
    page.goto(f"{parts.scheme}://{parts.netloc}/lab?{parts.query}&reset")
    ready(page)
    show_sidebar(page)
    return page


def show_sidebar(page: Page) -> None:
    """Open the assets' sidebar, where the layout that JupyterLab restores doesn't have it open."""
    tab, sidebar = page.get_by_role("tab", name="Dagster assets"), page.locator("#daglab-sidebar")
    if tab.get_attribute("aria-selected") != "true":
        tab.click()
    sidebar.wait_for()


def ready(page: Page) -> None:
    """Wait until JupyterLab has started."""
    page.locator("#jupyterlab-splash").wait_for(state="detached", timeout=60_000)
    page.locator(".jp-SideBar.jp-mod-left").wait_for(timeout=60_000)


def accessible(page: Page, where: str) -> None:
    """No violation of WCAG 2.2 AA in what the selector finds, as far as axe-core sees."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        """where => axe.run({ include: [[where]] }, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })
             .then(result => result.violations.map(one => [one.id, one.nodes.map(node => node.html)]))""",
        where,
    )
    assert found == []
