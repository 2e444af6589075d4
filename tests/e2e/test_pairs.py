"""Pairs in JupyterLab: each side follows the other, conflicts are compared and decided, marimo dies and comes back."""

from __future__ import annotations

import json
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
    folder = pair_lab.root / f"{len(list(pair_lab.root.iterdir()))}-{request.function.__name__[5:25]}"
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


def save(page: Page, way: str) -> None:
    """Save the document in front."""
    if way == "shortcut":
        page.keyboard.press("Control+s")
    elif way == "toolbar":
        page.locator(".jp-NotebookPanel-toolbar [data-command='docmanager:save']").click()
    else:
        page.get_by_role("menuitem", name="File", exact=True).click()
        page.locator(".lm-Menu-item[data-command='docmanager:save']").click()


def kill_marimo(lab: PairLab) -> None:
    children = psutil.Process(lab.pid).children(recursive=True)
    (process,) = [one for one in children if "marimo" in one.cmdline() and "edit" in one.cmdline()]
    process.kill()


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
    accessible(page, ".jp-NotebookPanel-toolbar .jp-Daglab-badge")
    accessible(page, ".jp-Daglab-statusBadge")
    badge(page).click()
    menu = page.get_by_role("menu")
    expect(menu.get_by_role("menuitem")).to_have_text(
        ["Keep the notebook’s", "Keep marimo’s", "Compare pair", "Open in marimo"]
    )
    menu.get_by_role("menuitem", name="Compare pair").click()

    compare = page.locator(".jp-Daglab-compare")
    expect(compare.locator(".jp-Daglab-conflict")).to_have_count(1, timeout=FOLLOW_MILLISECONDS)
    expect(compare.locator("legend")).to_contain_text("edited differently in both halves")
    page.emulate_media(forced_colors="active", color_scheme="dark")
    differing = "words => words.map(word => [word, word.parentElement].map(one => getComputedStyle(one).color))"
    colours = compare.locator("mark").evaluate_all(differing)
    assert colours == [["rgb(255, 255, 255)"] * 2] * 4  # on black
    page.emulate_media(forced_colors="none", color_scheme="light")
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
    tops = compare.locator(".jp-Daglab-changes .jp-Daglab-line").evaluate_all(
        "lines => lines.map(line => line.getBoundingClientRect().top)"
    )
    assert len(tops) > 2
    assert tops == sorted(set(tops))  # each line below the last
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


@pytest.mark.nightly
def test_unsaved_edits_are_merged_with_what_was_written(page: Page, folder: Path) -> None:
    cells = open_notebook(page)
    cells.nth(1).click()
    page.keyboard.press("End")
    page.keyboard.type("  # mine")
    (folder / "orders.py").write_text(NOTEBOOK.replace("print(total)", "print(-total)"), "utf-8")
    expect(badge(page)).to_have_text("Conflict with unsaved edits", timeout=FOLLOW_MILLISECONDS)
    expect(page.get_by_text("has unsaved edits here, and its other half was changed.").first).to_be_visible()
    expect(cells.nth(1)).to_have_text("total = sum(orders)  # mine")
    page.get_by_role("button", name="Compare", exact=True).click()
    compare = page.locator(".jp-Daglab-compare")
    expect(compare).to_contain_text("Both halves say the same", timeout=FOLLOW_MILLISECONDS)
    accessible(page, ".jp-Daglab-compare")
    page.get_by_role("tab", name="orders.ipynb").click()
    expect(cells.nth(1)).to_have_text("total = sum(orders)  # mine")
    expect(cells.nth(2)).to_have_text("print(-total)")
    py = (folder / "orders.py").read_text("utf-8")
    assert "total = sum(orders)  # mine" in py
    assert "print(-total)" in py
    expect(page.locator(".jp-Dialog")).to_have_count(0)


@pytest.mark.nightly
@pytest.mark.parametrize(("half", "way"), [("ipynb", "shortcut"), ("py", "menu"), ("ipynb", "toolbar")])
def test_no_way_to_save_offers_to_drop_edits(page: Page, folder: Path, half: str, way: str) -> None:
    if half == "ipynb":
        open_notebook(page).nth(1).click()
    else:
        open_file(page, "orders.py")
        page.locator(".jp-FileEditor .cm-content").get_by_text("sum(orders)").click()
    page.keyboard.press("End")
    page.keyboard.type("  # mine")
    if half == "ipynb":
        (folder / "orders.py").write_text(NOTEBOOK.replace("print(total)", "print(-total)"), "utf-8")
    else:
        edit_ipynb(folder / "orders.ipynb", 2, "print(-total)")
    expect(page.get_by_text("has unsaved edits here, and its other half was changed.").first).to_be_visible(
        timeout=FOLLOW_MILLISECONDS
    )
    save(page, way)
    if half == "py":
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("button")).to_have_text(["Cancel", "Keep the notebook’s", "Keep marimo’s"])
        dialog.get_by_role("button", name="Keep marimo’s").click()
    wait_for(page, lambda: "# mine" in (folder / "orders.py").read_text("utf-8"))  # an .ipynb may be half written
    wait_for(page, lambda: "# mine" in source(folder / "orders.ipynb", 1))
    assert ("print(-total)" in (folder / "orders.py").read_text("utf-8")) == (half == "ipynb")
    expect(page.locator(".jp-Dialog")).to_have_count(0)
    expect(page.locator(".jp-mod-dirty")).to_have_count(0, timeout=FOLLOW_MILLISECONDS)


@pytest.mark.nightly
def test_unsaved_edits_of_the_same_cell_are_a_conflict_that_asks(page: Page, folder: Path) -> None:
    cells = open_notebook(page)
    cells.nth(1).click()
    page.keyboard.press("End")
    page.keyboard.type("  # mine")
    (folder / "orders.py").write_text(NOTEBOOK.replace("sum(orders)", "max(orders)"), "utf-8")
    expect(badge(page)).to_have_text("Conflict with unsaved edits", timeout=FOLLOW_MILLISECONDS)
    accessible(page, ".jp-NotebookPanel-toolbar .jp-Daglab-badge")
    page.get_by_role("button", name="Keep the notebook’s").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Replace cells of orders.py?", timeout=FOLLOW_MILLISECONDS)
    expect(dialog).to_contain_text("cell 2")
    dialog.get_by_role("button", name="Keep the notebook’s").click()
    expect(badge(page)).to_have_text("Pair in sync", timeout=FOLLOW_MILLISECONDS)
    assert "total = sum(orders)  # mine" in (folder / "orders.py").read_text("utf-8")
    expect(cells.nth(1)).to_have_text("total = sum(orders)  # mine")


@pytest.mark.nightly
def test_a_text_editor_follows_as_well(page: Page, folder: Path) -> None:
    open_file(page, "orders.py")
    badge = page.locator(".jp-FileEditor .jp-Daglab-badge, .jp-Toolbar .jp-Daglab-badge").first
    expect(badge).to_have_text("Pair in sync", timeout=FOLLOW_MILLISECONDS)
    edit_ipynb(folder / "orders.ipynb", 1, "total = min(orders)")
    expect(page.locator(".jp-FileEditor .cm-content")).to_contain_text("min(orders)", timeout=FOLLOW_MILLISECONDS)
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)


@pytest.mark.nightly
def test_files_are_told_by_what_they_hold_and_paired(page: Page, folder: Path) -> None:
    (folder / "module.py").write_text("import marimo\n", "utf-8")
    (folder / "-a `b`; c.py").write_text(NOTEBOOK, "utf-8")
    page.locator(".jp-FileBrowser").get_by_role("button", name="Refresh").first.click()
    own = ("Open in marimo", "Pair with marimo", "Pair with Jupyter", "Sync pair")
    for name, shown in (
        ("module.py", []),
        ("-a `b`; c.py", ["Open in marimo", "Pair with Jupyter"]),
        ("orders.ipynb", ["Open in marimo", "Sync pair"]),
    ):
        item = entry(page, name)
        expect(item).to_be_visible(timeout=FOLLOW_MILLISECONDS)
        page.wait_for_timeout(1500)  # the folder is asked for at most once a second
        item.click(button="right")
        expect(page.get_by_role("menuitem", name="Rename")).to_be_visible()
        labels = [label.strip() for label in page.locator(".lm-Menu-itemLabel:visible").all_inner_texts()]
        assert [label for label in labels if label in own] == shown
        page.keyboard.press("Escape")
    choose(page, "-a `b`; c.py", "Pair with Jupyter")
    expect(page.get_by_text("-a `b`; c.py and -a `b`; c.ipynb are a pair.").first).to_be_visible()
    assert pair_status(folder / "-a `b`; c.py").state == "in-sync"


@pytest.mark.nightly
def test_a_new_pair_from_the_launcher(page: Page, folder: Path) -> None:
    (folder / "untitled.ipynb").write_text("{}", "utf-8")
    page.locator(".jp-LauncherCard").filter(has_text="marimo notebook").click()
    expect(page.get_by_role("tab", name="untitled1.py")).to_be_visible(timeout=MARIMO_MILLISECONDS)
    expect(marimo(page).locator(".cm-content").first).to_be_visible(timeout=MARIMO_MILLISECONDS)
    assert pair_status(folder / "untitled1.py").state == "in-sync"
    assert (folder / "untitled.ipynb").read_text("utf-8") == "{}"


@pytest.mark.nightly
def test_tabs_survive_a_reload_and_marimo_its_death(page: Page, folder: Path, pair_lab: PairLab) -> None:
    choose(page, "orders.py", "Open in marimo")
    expect(marimo_cell(page, "sum(orders)")).to_be_visible(timeout=MARIMO_MILLISECONDS)
    open_notebook(page)
    badge(page).click()
    page.get_by_role("menuitem", name="Compare pair").click()
    expect(page.locator(".jp-Daglab-compare")).to_contain_text("Both halves say the same", timeout=FOLLOW_MILLISECONDS)
    page.wait_for_timeout(2000)  # JupyterLab saves its layout a second after the last change
    page.goto(f"{pair_lab.url}/lab")
    ready(page)
    expect(page.locator(".jp-Daglab-compare")).to_contain_text("Both halves say the same", timeout=FOLLOW_MILLISECONDS)
    page.get_by_role("tab", name="orders.py").click()
    expect(marimo_cell(page, "sum(orders)")).to_be_visible(timeout=MARIMO_MILLISECONDS)

    kill_marimo(pair_lab)
    notice = page.locator(".jp-Daglab-marimoNotice")
    expect(notice).to_contain_text("marimo has ended", timeout=FOLLOW_MILLISECONDS)
    accessible(page, ".jp-Daglab-marimoNotice")
    notice.get_by_role("button", name="Restart marimo").click()
    expect(notice).to_be_hidden(timeout=MARIMO_MILLISECONDS)
    expect(marimo_cell(page, "sum(orders)")).to_be_visible(timeout=MARIMO_MILLISECONDS)
    path = f"{folder.name}/orders.py"  # the page shows cells a moment before it is connected
    wait_for(page, lambda: path in [one["path"] for one in pair_lab.api("GET", "daglab/api/marimo")["sessions"]])

    kill_marimo(pair_lab)  # marimo's page looks for it by itself, which starts another one
    expect(notice).to_contain_text("marimo was started again", timeout=MARIMO_MILLISECONDS)
    notice.get_by_role("button", name="Dismiss").click()
    expect(notice).to_be_hidden()


HOSTILE = """<img src=x onerror="window.hacked=1"><b data-commandlinker-command="help:about">b</b>"""


@pytest.mark.nightly
@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_what_notebooks_hold_does_nothing_in_the_view_of_a_pair(page: Page, folder: Path, theme: str) -> None:
    py = NOTEBOOK.replace("sum(orders)", f"max(orders)  # {HOSTILE}").replace("print(total)", f"print({'w' * 300!r})")
    edit_ipynb(folder / "orders.ipynb", 1, f"total = min(orders)  # {HOSTILE}")
    edit_ipynb(folder / "orders.ipynb", 2, "print(2 * total)")
    (folder / "orders.py").write_text(py, "utf-8")
    choose(page, "orders.py", "Sync pair")
    page.get_by_role("button", name="Compare", exact=True).click()
    compare = page.locator(".jp-Daglab-compare")
    expect(compare.locator(".jp-Daglab-conflict")).to_have_count(2, timeout=FOLLOW_MILLISECONDS)
    expect(compare.get_by_text(HOSTILE)).to_have_count(2)
    expect(compare.locator("img, b, [data-commandlinker-command]")).to_have_count(0)
    compare.get_by_role("button", name="Keep the notebook’s in all cells").click()
    compare.get_by_role("button", name="Preview").click()
    expect(compare.locator(".jp-Daglab-changes")).to_contain_text("onerror")
    page.get_by_text("Settings", exact=True).click()
    page.get_by_text("Theme", exact=True).hover()
    page.get_by_role("menuitemradio", name=theme, exact=True).or_(
        page.get_by_role("menuitem", name=theme, exact=True)
    ).first.click()
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", theme)
    page.wait_for_timeout(500)  # the theme's colours come with its style sheet
    accessible(page, ".jp-Daglab-compare")
    screenshot(page, f"conflict-{theme.lower().replace(' ', '-')}")
    page.keyboard.press("Control+b")  # the file browser away
    page.set_viewport_size({"width": 320, "height": 256})  # 1280 x 1024 at 400 %
    page.wait_for_timeout(500)
    cut_off = "node => node.scrollWidth > node.clientWidth"
    assert not compare.evaluate(cut_off)
    assert page.evaluate("window.hacked") is None


@pytest.mark.nightly
@pytest.mark.parametrize("keep", ["Keep the notebook’s", "Keep marimo’s"])
def test_unsaved_edits_of_a_text_editor_ask_and_none_is_lost(page: Page, folder: Path, keep: str) -> None:
    open_file(page, "orders.py")
    badge = page.locator(".jp-FileEditor .jp-Daglab-badge, .jp-Toolbar .jp-Daglab-badge").first
    expect(badge).to_have_text("Pair in sync", timeout=FOLLOW_MILLISECONDS)
    editor = page.locator(".jp-FileEditor .cm-content")
    editor.get_by_text("sum(orders)").click()
    page.keyboard.press("End")
    page.keyboard.type("  # mine")
    edit_ipynb(folder / "orders.ipynb", 2, "print(-total)")
    expect(badge).to_have_text("Conflict with unsaved edits", timeout=FOLLOW_MILLISECONDS)
    page.get_by_role("button", name=keep).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("orders.py was changed while you edited it")
    screenshot(page, "text-editor-conflict")
    dialog.get_by_role("button", name=keep).click()
    expect(badge).to_have_text("Pair in sync", timeout=FOLLOW_MILLISECONDS)
    if keep == "Keep marimo’s":
        wait_for(page, lambda: "# mine" in source(folder / "orders.ipynb", 1))
        assert "# mine" in (folder / "orders.py").read_text("utf-8")
        kept = [path for path in (folder.parent / ".daglab" / "backups").rglob("*") if path.is_file()]
        assert any("print(-total)" in path.read_text("utf-8") for path in kept if folder.name in str(path))
    else:
        expect(editor).to_contain_text("print(-total)")
        assert "# mine" not in (folder / "orders.py").read_text("utf-8")
        editor.click()
        page.keyboard.press("Control+z")
        expect(editor).to_contain_text("# mine")
