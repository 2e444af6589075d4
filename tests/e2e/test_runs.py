"""The panels of runs: a failing cell and the way to it, a run again from its failure, a long run terminated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.conftest import RunningLab, accessible, ready
from tests.e2e.test_sidebar import MARIMO_MILLISECONDS, RUN_MILLISECONDS, marimo_frame, row, screenshot
from tests.e2e.test_sidebar_actions import api

HEADER = """
# /// script
# requires-python = ">=3.10"
# dependencies = ["daglab", "marimo"]
#
# [tool.daglab]
# group = "ledger"
#
# [tool.daglab.assets.{asset}]
# key = "ledger/{asset}"
{inputs}# ///

import marimo

app = marimo.App()
""".lstrip()
ENTRIES = """

@app.cell
def load():
    rows = [{"day": "2026-01-01", "amount": 12.5}, {"day": "2026-01-02", "amount": 30.0}]
    print(f"{len(rows)} rows")
    return (rows,)


@app.cell
def clean(rows):
    entries = [row for row in rows if row["amount"] > 0]
    return (entries,)
"""
HOSTILE = "<img src=x onerror=window.hacked=1><b data-commandlinker-command=filebrowser:delete>x</b>"
TOTALS = f"""

@app.cell
def _():
    import daglab

    return (daglab,)


@app.cell
def read(daglab):
    entries = daglab.load_asset("ledger/entries")
    return (entries,)


@app.cell
def by_day(entries):
    print("{HOSTILE}")
    amounts = {{row["day"]: row for row in entries}}
    return (amounts,)


@app.cell
def add_up(amounts):
    totals = {{day: row["amout"] for day, row in amounts.items()}}
    return (totals,)
"""
SLOW = """

@app.cell
def wait():
    import time

    for _second in range(600):
        print(f"{_second} s")
        time.sleep(1)
    slow = 1
    return (slow,)
"""
CHATTY = (
    """

@app.cell
def part_1():
    for _line in range(4990):
        print(f"part 1, line {_line}: " + "lorem ipsum dolor sit amet " * (_line % 5))
    x1 = 1
    return (x1,)
"""
    + "".join(
        f"""

@app.cell
def part_{n}(x{n - 1}):
    for _line in range(4990):
        print(f"part {n}, line {{_line}}: " + "lorem ipsum dolor sit amet " * (_line % 5))
    x{n} = x{n - 1} + 1
    return (x{n},)
"""
        for n in range(2, 5)
    )
    + """

@app.cell
def end(x4):
    chatty = x4
    return (chatty,)
"""
)
NOTEBOOKS = {"entries": ENTRIES, "totals": TOTALS, "slow": SLOW, "chatty": CHATTY}
RUN = """
query($run: ID!) {
  runOrError(runId: $run) { ... on Run { status parentRunId stepKeysToExecute stepStats { stepKey status } } }
}
"""
SCROLLING = """async () => {
  const box = document.querySelector('.jp-Daglab-lines');
  let lines = 0, longest = 0, before = performance.now();
  for (let step = 1; step <= 100; step++) {
    box.scrollTop = (box.scrollHeight - box.clientHeight) * (step / 100);
    await new Promise(requestAnimationFrame);
    longest = Math.max(longest, performance.now() - before);
    await new Promise(resolve => setTimeout(resolve, 10));
    before = performance.now();
    lines = Math.max(lines, document.querySelectorAll('.jp-Daglab-logLine').length);
  }
  return [lines, longest];
}"""


class Ledger:
    """The shop with notebooks that fail, take long, and print much."""

    def __init__(self, lab: RunningLab) -> None:
        self.lab = lab
        self.folder = lab.project / "src" / "shop" / "notebooks"

    def write(self, asset: str, cells: str) -> None:
        inputs = '#\n# [tool.daglab.inputs]\n# entries = "ledger/entries"\n' if "entries" in cells else ""
        header = HEADER.format(asset=asset, inputs="" if asset == "entries" else inputs)
        (self.folder / f"{asset}.py").write_text(header + cells, "utf-8")

    def reload(self) -> None:
        api(self.lab, "POST", "locations/shop/reload")

    def launch(self, asset: str) -> str:
        return str(api(self.lab, "POST", "runs", {"assets": [f"ledger/{asset}"]})["id"])

    def run(self, run_id: str) -> dict[str, Any]:
        """What Dagster itself says of a run."""
        body = {"query": RUN, "variables": {"run": run_id}}
        answer = httpx.post(f"{self.lab.dagster_url}/graphql", json=body, timeout=30).json()
        found: dict[str, Any] = answer["data"]["runOrError"]
        return found


@pytest.fixture(scope="module")
def ledger(lab: RunningLab) -> Iterator[Ledger]:
    ledger = Ledger(lab)
    for asset, cells in NOTEBOOKS.items():
        ledger.write(asset, cells)
    ledger.reload()
    yield ledger
    for asset in NOTEBOOKS:
        (ledger.folder / f"{asset}.py").unlink()
    ledger.reload()


@pytest.fixture
def runs(page: Page, ledger: Ledger) -> Page:
    """JupyterLab with the assets of the ledger in its sidebar."""
    expect(row(page, "ledger/totals")).to_be_visible(timeout=60_000)
    return page


def view(page: Page) -> Locator:
    """The view of a run that is in front."""
    return page.locator(".jp-Daglab-runView:not(.lm-mod-hidden)")


def status(page: Page) -> Locator:
    return view(page).locator(".jp-Daglab-runTitle .jp-Daglab-runStatus")


def open_list(page: Page) -> Locator:
    page.locator(".jp-Daglab-footer").get_by_role("button", name="Runs", exact=True).click()
    return page.locator(".jp-Daglab-runs")


def open_run(page: Page, run_id: str) -> Locator:
    open_list(page).locator(f'[data-run="{run_id}"] .jp-Daglab-link').click()
    expect(view(page).locator(".jp-Daglab-lines")).to_be_visible()
    return view(page)


def shown_run(page: Page) -> str:
    return str(view(page).get_attribute("id")).removeprefix("daglab-run-")


def test_from_a_failing_cell_to_marimo_and_on_from_the_failure(runs: Page, ledger: Ledger) -> None:
    errors: list[str] = []
    runs.on("pageerror", lambda error: errors.append(str(error)))
    row(runs, "ledger/entries").click()
    row(runs, "ledger/totals").click(modifiers=["Control"])
    runs.locator(".jp-Daglab-sidebar").get_by_role("button", name="Materialize").click()

    # the notification leads to the run, which says which cell failed, where and why
    expect(row(runs, "ledger/totals")).to_contain_text("Failed", timeout=RUN_MILLISECONDS)
    runs.get_by_role("button", name="Open run").first.click()
    expect(status(runs)).to_have_text("Failed", timeout=RUN_MILLISECONDS)
    failure = view(runs).locator(".jp-Daglab-failure")
    expect(failure).to_contain_text("Step totals_notebook failed")
    expect(failure).to_contain_text(re.compile(r"cell 'add_up', totals\.py:\d+"))
    expect(failure).to_contain_text("KeyError: 'amout'")
    expect(failure.locator("pre")).to_contain_text('row["amout"] for day, row in amounts.items()')
    failed = shown_run(runs)
    assert ledger.run(failed)["status"] == "FAILURE"

    # its steps with their cells, its log with what was printed, of which nothing is more than text
    steps = view(runs).locator(".jp-Daglab-step")
    expect(steps).to_have_count(2)
    expect(steps.nth(1).locator(".jp-Daglab-cell")).to_contain_text(["cell 'by_day'", "cell 'add_up'failed"])
    view(runs).get_by_label("Search the log").fill("onerror")
    expect(view(runs).locator(".jp-Daglab-logLine")).to_have_count(1)
    expect(view(runs).locator(".jp-Daglab-logLine")).to_contain_text(HOSTILE)
    assert view(runs).locator(".jp-Daglab-logLine img, .jp-Daglab-logLine b").count() == 0
    assert runs.evaluate("window.hacked") is None
    view(runs).get_by_label("Search the log").fill("")
    accessible(runs, ".jp-Daglab-runView")
    failure.locator("summary").click()
    screenshot(runs, "run")

    # one click away: the cell in marimo
    failure.get_by_role("button", name="Open the failing cell in marimo").click()
    cell = marimo_frame(runs).locator('[data-cell-name="add_up"]')
    expect(cell).to_be_in_viewport(timeout=MARIMO_MILLISECONDS)
    expect(cell).to_contain_text("amout")
    expect(cell.locator(".cm-content:focus")).to_have_count(1)

    # mended, only what failed runs again
    ledger.write("totals", TOTALS.replace("amout", "amount"))
    ledger.reload()
    runs.get_by_role("tab", name="Run of 2 assets").click()
    view(runs).get_by_role("button", name="Re-execute from failure").click()
    expect(runs.locator(f"#daglab-run-{failed}")).to_be_hidden(timeout=RUN_MILLISECONDS)
    expect(status(runs)).to_have_text("Succeeded", timeout=RUN_MILLISECONDS)
    again = ledger.run(shown_run(runs))
    assert (again["status"], again["parentRunId"]) == ("SUCCESS", failed)
    assert [step["stepKey"] for step in again["stepStats"]] == ["totals_notebook"]
    expect(row(runs, "ledger/totals")).to_contain_text("Materialized")

    # what was run, with its outputs, on a page on which nothing runs
    view(runs).get_by_role("button", name="Open the executed notebook of totals_notebook").click()
    page = runs.locator(".jp-Daglab-executed iframe")
    expect(page).to_have_attribute("sandbox", "")
    expect(runs.frame_locator(".jp-Daglab-executed iframe").get_by_text("onerror").last).to_be_visible(timeout=60_000)
    assert runs.evaluate("window.hacked") is None
    assert errors == []


@pytest.mark.nightly
def test_a_long_run_is_terminated(runs: Page, ledger: Ledger) -> None:
    table = open_list(runs)
    run_id = ledger.launch("slow")
    listed = table.locator(f'[data-run="{run_id}"]')
    expect(listed).to_contain_text("Running", timeout=RUN_MILLISECONDS)
    expect(listed.get_by_role("progressbar", name="0 of 1 step")).to_be_visible()
    accessible(runs, ".jp-Daglab-runs")
    screenshot(runs, "runs")
    listed.click()

    # its cell, and what it prints, as it happens
    expect(view(runs).locator(".jp-Daglab-cell")).to_contain_text("cell 'wait'running", timeout=60_000)
    expect(view(runs).get_by_role("button", name="Follow")).to_have_attribute("aria-pressed", "true")
    last = view(runs).locator(".jp-Daglab-logLine").last
    expect(last).to_contain_text(re.compile(r"cell 'wait' \| \d+ s"), timeout=60_000)
    second = int(re.findall(r"\| (\d+) s", last.inner_text())[-1])
    expect(last).to_contain_text(re.compile(rf"\| ({second + 3}|{second + 4}|{second + 5}) s"), timeout=20_000)
    accessible(runs, ".jp-Daglab-runView")

    # it asks first
    view(runs).get_by_role("button", name="Terminate").click()
    runs.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert ledger.run(run_id)["status"] == "STARTED"
    view(runs).get_by_role("button", name="Terminate").click()
    runs.get_by_role("dialog").get_by_role("button", name="Terminate").click()
    expect(status(runs)).to_have_text("Canceled", timeout=60_000)
    expect(view(runs).get_by_role("button", name="Terminate")).to_have_count(0)
    assert ledger.run(run_id)["status"] == "CANCELED"


@pytest.mark.nightly
def test_a_run_that_waits_says_why_and_one_that_is_gone_too(runs: Page, ledger: Ledger) -> None:
    """Only the answer is changed, to that of a Dagster without a daemon; tests/integration has a real one."""
    run_id = ledger.launch("entries")
    listed = open_list(runs).locator(f'[data-run="{run_id}"]')
    expect(listed).to_contain_text("Succeeded", timeout=RUN_MILLISECONDS)

    def without_daemon(route: Route) -> None:
        queued = {"status": "QUEUED", "final": False, "started_at": None, "ended_at": None, "can_terminate": True}
        told = {**route.fetch().json(), **queued, "problem": "No Dagster daemon is running."}
        route.fulfill(json=told)

    address = re.compile(rf"/daglab/api/runs/{run_id}(\?|$)")
    runs.route(address, without_daemon)
    shown = open_run(runs, run_id)
    expect(status(runs)).to_have_text("Queued")
    expect(shown.locator(".jp-Daglab-banner")).to_contain_text("This run waits to be started")
    expect(shown.locator(".jp-Daglab-banner")).to_contain_text("No Dagster daemon is running.")
    accessible(runs, ".jp-Daglab-runView")
    runs.unroute(address)
    expect(status(runs)).to_have_text("Succeeded", timeout=RUN_MILLISECONDS)
    delete = "mutation($run: String!) { deletePipelineRun(runId: $run) { __typename } }"
    body = {"query": delete, "variables": {"run": run_id}}
    assert "Success" in httpx.post(f"{ledger.lab.dagster_url}/graphql", json=body, timeout=30).text
    runs.wait_for_timeout(2000)  # JupyterLab saves its layout a second after the last change
    runs.goto(re.sub(r"\?.*", "", runs.url))
    ready(runs)
    expect(view(runs).get_by_role("heading", name="Dagster does not have it")).to_be_visible()
    accessible(runs, ".jp-Daglab-runView")


@pytest.mark.nightly
def test_a_log_of_20000_lines(runs: Page, ledger: Ledger) -> None:
    run_id = ledger.launch("chatty")
    shown = open_run(runs, run_id)
    expect(status(runs)).to_have_text("Succeeded", timeout=RUN_MILLISECONDS)
    foot = shown.locator(".jp-Daglab-logFoot")
    expect(foot).to_have_text(
        re.compile(r"^199\d\d of 20\d\d\d lines$|^19\d\d\d of \d+ lines$|^20\d\d\d of \d+ lines$")
    )
    lines, longest = runs.evaluate(SCROLLING)
    print(f"{lines} lines in the page, {longest:.0f} ms the longest frame")
    assert lines <= 200
    assert longest <= 150
    began = runs.evaluate("performance.now()")
    shown.get_by_label("Search the log").fill("part 4, line 4989")
    expect(shown.locator(".jp-Daglab-logLine")).to_have_count(1)
    print(f"{runs.evaluate('performance.now()') - began:.0f} ms to find one of them")
    expect(shown.locator(".jp-Daglab-logLine mark")).to_have_text("part 4, line 4989")


@pytest.mark.nightly
def test_runs_are_filtered_and_walked_with_the_keyboard_and_come_back(runs: Page, ledger: Ledger) -> None:
    run_id = ledger.launch("entries")
    table = open_list(runs)
    expect(table.locator(f'[data-run="{run_id}"]')).to_contain_text("Succeeded", timeout=RUN_MILLISECONDS)
    table.get_by_label("Asset").fill("ledger/ent")
    expect(table).to_contain_text("1 key has this text")
    table.get_by_label("Asset").fill("ledger/entries")
    table.get_by_label("Status").select_option("succeeded")
    links = table.locator(".jp-Daglab-run .jp-Daglab-link")
    expect(links.first).to_have_text("ledger/entries")
    expect(table.locator(".jp-Daglab-run", has_text="Failed")).to_have_count(0)
    links.first.focus()
    runs.keyboard.press("Enter")
    expect(status(runs)).to_have_text("Succeeded")
    runs.wait_for_timeout(2000)  # JupyterLab saves its layout a second after the last change
    runs.goto(re.sub(r"\?.*", "", runs.url))
    ready(runs)
    expect(status(runs)).to_have_text("Succeeded")
    runs.get_by_role("tab", name="Runs", exact=True).click()
    expect(table.get_by_label("Asset")).to_have_value("ledger/entries")
    table.get_by_label("Status").select_option("queued")
    expect(table.get_by_role("heading", name="No run matches")).to_be_visible()
    accessible(runs, ".jp-Daglab-runs")
    table.get_by_role("button", name="Show all runs").click()
    expect(table.locator(f'[data-run="{run_id}"]')).to_be_visible()


@pytest.mark.nightly
@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_narrow_and_dark(runs: Page, ledger: Ledger, theme: str) -> None:
    run_id = ledger.launch("totals")
    runs.get_by_text("Settings", exact=True).click()
    runs.get_by_text("Theme", exact=True).hover()
    item = {"name": theme, "exact": True}
    runs.get_by_role("menuitemradio", **item).or_(runs.get_by_role("menuitem", **item)).first.click()
    expect(runs.locator("body")).to_have_attribute("data-jp-theme-name", theme)
    open_run(runs, run_id)
    expect(status(runs)).to_have_text(re.compile("Succeeded|Failed"), timeout=RUN_MILLISECONDS)
    accessible(runs, ".jp-Daglab-runView")
    name = theme.lower().replace(" ", "-")
    screenshot(runs, f"run-{name}")
    open_list(runs)
    accessible(runs, ".jp-Daglab-runs")
    screenshot(runs, f"runs-{name}")
    # 400 % of 1600 pixels, with the sidebar folded
    runs.get_by_role("tab", name="Dagster assets").click()
    runs.set_viewport_size({"width": 400, "height": 1200})
    for shown in (runs.locator(".jp-Daglab-runs"), view(runs)):
        if not shown.is_visible():
            runs.locator(f'.jp-Daglab-runs [data-run="{run_id}"] .jp-Daglab-link').click()
        assert shown.evaluate("node => node.scrollWidth <= node.clientWidth")
        accessible(runs, ".jp-Daglab-runs, .jp-Daglab-runView")
        screenshot(runs, f"narrow-{name}-{str(shown.get_attribute('id'))[:11]}")
