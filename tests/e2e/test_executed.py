"""An executed notebook on Dagster's own page: a table, a figure, a chart and a widget are seen."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import plotly
import pytest
from playwright.sync_api import BrowserContext, Route

from daglab.processes import LOOPBACK, free_port, spawn

NOTEBOOK = """
# /// script
# [tool.daglab.assets.revenue]
# ///

import marimo

app = marimo.App()

with app.setup:
    import marimo as mo
    import matplotlib.pyplot as plt
    import pandas as pd
    import plotly.express as px


@app.cell
def orders():
    sold = pd.DataFrame({"day": ["Mon", "Tue", "Wed", "Thu"], "amount": [120, 90, 160, 210]})
    mo.ui.table(sold)
    return (sold,)


@app.cell
def figure(sold):
    _figure, _axes = plt.subplots(figsize=(6, 2))
    _axes.plot(sold["day"], sold["amount"])
    total = sold["amount"].sum()
    _axes
    return (total,)


@app.cell
def chart(sold, total):
    revenue = int(total)
    px.bar(sold, x="day", y="amount", height=260)
    return (revenue,)
""".lstrip()
DEFINITIONS = 'import daglab\n\ndefs = daglab.notebook_definitions("notebooks")\n'
SCREENSHOTS = os.environ.get("DAGLAB_SCREENSHOTS")  # a folder: the picture of docs/runtime.md is made there
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


def serve_plotly(route: Route) -> None:
    """Answer as plotly's public address does, with the file that is part of its package."""
    route.fulfill(path=PLOTLY, content_type="text/javascript", headers={"Access-Control-Allow-Origin": "*"})


@pytest.mark.nightly
def test_a_table_a_figure_and_a_chart_are_seen(context: BrowserContext, tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "sales.py").write_text(NOTEBOOK)
    (tmp_path / "definitions.py").write_text(DEFINITIONS)
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, "DAGSTER_HOME": str(home)}
    port = free_port()
    url = f"http://{LOOPBACK}:{port}"
    argv = [sys.executable, "-m", "dagster", "dev", "-f", "definitions.py", "--host", LOOPBACK, "--port", str(port)]
    with spawn(argv, cwd=tmp_path, env=environment) as child:
        child.wait_until_healthy(f"{url}/server_info", timeout=120)
        context.route("https://cdn.plot.ly/**", serve_plotly)
        page = context.new_page()
        page.goto(f"{url}/locations/definitions.py/asset-groups/default/lineage/revenue")
        page.get_by_role("button", name="Skip").click()  # Dagster's invitation, at the first visit
        page.get_by_role("button", name="Materialize selected").click()
        page.get_by_role("button", name="View Notebook").click(timeout=60_000)
        notebook = page.frame_locator("iframe")
        notebook.locator("table.dataframe td", has_text="210").wait_for()
        notebook.locator("img").first.wait_for()
        notebook.locator(".js-plotly-plot .bars path").first.wait_for()
        if SCREENSHOTS:
            page.set_viewport_size({"width": 1100, "height": 1240})
            page.locator("iframe").evaluate("frame => { frame.height = 1040 }")
            page.wait_for_timeout(1000)  # the dialog moves to its place
            page.screenshot(path=Path(SCREENSHOTS) / "executed-notebook.png")
