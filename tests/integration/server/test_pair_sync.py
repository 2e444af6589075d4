"""Pairs in a real Jupyter server, through its contents API: with jupytext's contents manager, and without jupytext."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from daglab.pair import create_pair, pair_status
from daglab.pair.watched import SETTLE
from tests.integration.server.conftest import RunningJupyter, start_jupyter
from tests.integration.server.inotify import Writes
from tests.unit.pair.conftest import PY, Files, synced_pair

FORMATS = "ipynb,py:marimo"


def until(holds: Callable[[], Any], seconds: float = 20) -> Any:
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, f"not within {seconds:g} s"
        time.sleep(0.02)
    return found


class Browser:
    """A browser with a notebook open: what it has of it, and the contents API."""

    def __init__(self, jupyter: RunningJupyter, folder: Path) -> None:
        self.jupyter = jupyter
        self.folder = folder
        self.paired_by_jupytext = False
        self.client = httpx.Client(headers=jupyter.headers, timeout=60, trust_env=False)
        self.cursor = ""
        self.events()

    def api(self, method: str, name: str, body: Any = None, *, suffix: str = "", **params: str) -> Any:
        path = quote(f"{self.folder.name}/{name}".rstrip("/"))
        url = self.jupyter.url(f"api/contents/{path}{suffix}")
        response = self.client.request(method, url, json=body, params=params)
        assert response.status_code < 300, response.text
        return response.json() if response.content else None

    def open(self, name: str = "orders.ipynb") -> Any:
        return self.api("GET", name, content="1", hash="1", type="notebook")

    def hash(self, name: str = "orders.ipynb") -> str:
        found: str = self.api("GET", name, content="0", hash="1")["hash"]
        return found

    def save(self, content: Any, name: str = "orders.ipynb") -> Any:
        return self.api("PUT", name, {"type": "notebook", "format": "json", "content": content})

    def events(self) -> list[Any]:
        """What was published of pairs since the last call."""
        params = {"since": self.cursor} if self.cursor else {}
        page = self.client.get(self.jupyter.url("daglab/api/events"), params=params).json()
        assert page["reset"] != bool(self.cursor)
        self.cursor = page["cursor"]
        return [event["data"] for event in page["events"] if event["topic"] == "pairs"]


@pytest.fixture(scope="module", params=["jupytext", "no jupytext"])
def jupyter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningJupyter]:
    folder = tmp_path_factory.mktemp("jupyter")
    root = folder / "root"
    root.mkdir()
    (root / "pyproject.toml").write_text("")
    extensions = {"jupyterlab_jupytext": request.param == "jupytext"}
    running = start_jupyter(folder, root, {"DAGLAB_DAGSTER__PORT": "1"}, extensions=extensions)
    with running.child:
        assert ("TextFileContentsManager" in running.log.read_text()) == (request.param == "jupytext")
        yield running
    assert "Traceback" not in running.log.read_text()


@pytest.fixture(params=[None, FORMATS], ids=["daglab", "formats"])
def browser(jupyter: RunningJupyter, request: pytest.FixtureRequest) -> Iterator[Browser]:
    """A browser beside a synced pair in a folder of its own, with and without jupytext's formats."""
    folder = jupyter.root / f"test{len(list(jupyter.root.iterdir()))}"
    folder.mkdir()
    (folder / "orders.py").write_text(PY, "utf-8")
    create_pair(folder / "orders.py", jupytext=request.param is not None)
    browser = Browser(jupyter, folder)
    has_jupytext = "TextFileContentsManager" in jupyter.log.read_text()
    browser.paired_by_jupytext = has_jupytext and request.param is not None
    yield browser
    browser.client.close()


@pytest.fixture
def pair(browser: Browser) -> Files:
    return Files(browser.folder)


def sentinel(browser: Browser) -> None:
    """A change of another pair, which is synced when this returns: by then the watch has seen all that came before."""
    folder = browser.folder / f"sentinel{len(list(browser.folder.glob('sentinel*')))}"
    folder.mkdir()
    other = synced_pair(folder)
    (folder / "pyproject.toml").unlink()
    other.edit_py("sum(orders)", "min(orders)")
    until(lambda: other.sources[2] == "total = min(orders)")


def test_a_save_is_answered_when_the_pair_is_in_sync(browser: Browser, pair: Files) -> None:
    content = browser.open()["content"]
    content["cells"][2]["source"] = "total = min(orders)"
    before = pair.py.read_text("utf-8")
    saved = browser.save(content)
    assert pair.py.read_text("utf-8") == before.replace("sum(orders)", "min(orders)")
    assert pair_status(pair.py).state == "in-sync"
    assert saved["last_modified"] == browser.api("GET", "orders.ipynb", content="0")["last_modified"]
    (event,) = browser.events()
    assert (event["cause"], event["state"], event["conflicts"]) == ("save", "in-sync", [])
    written = {one["path"].rpartition(".")[2]: one for one in event["written"]}
    assert written["ipynb"]["reload"] is False  # nothing but metadata is new to the browser
    assert written["ipynb"]["hash"] == hashlib.sha256(pair.ipynb.read_bytes()).hexdigest()


def test_edits_go_on_in_a_browser_that_never_loads_again(browser: Browser, pair: Files) -> None:
    """Its base is of the first sync, and each of its saves is an edit of the last one."""
    content = browser.open()["content"]
    for function in ("min", "max", "len"):
        content["cells"][2]["source"] = f"total = {function}(orders)"
        browser.save(content)
        assert f"total = {function}(orders)" in pair.py.read_text("utf-8")
        assert pair_status(pair.py).state == "in-sync"
    del content["cells"][3]
    browser.save(content)
    assert "print(total)" not in pair.py.read_text("utf-8")
    assert [event["state"] for event in browser.events()] == ["in-sync"] * 4


def test_a_change_of_the_py_reaches_the_ipynb(browser: Browser, pair: Files) -> None:
    browser.open()
    pair.edit_py("sum(orders)", "max(orders)")
    until(lambda: pair.sources[2] == "total = max(orders)")
    (event,) = until(browser.events)
    assert (event["cause"], event["state"]) == ("disk", "in-sync")
    assert event["written"] == [{
        "path": f"{browser.folder.name}/orders.ipynb",
        "hash": hashlib.sha256(pair.ipynb.read_bytes()).hexdigest(),
        "reload": True,
    }]  # fmt: skip
    assert browser.open()["content"]["cells"][2]["source"] == "total = max(orders)"


def test_what_a_stale_browser_saves_is_merged(browser: Browser, pair: Files) -> None:
    content = browser.open()["content"]
    pair.edit_py("sum(orders)", "max(orders)")
    until(browser.events)
    assert pair.sources[2] == "total = max(orders)"
    content["cells"][3]["source"] = "print('the total', total)"
    browser.save(content)
    assert "max(orders)" in pair.py.read_text("utf-8")
    assert "the total" in pair.py.read_text("utf-8")
    assert pair.sources[2:] == ["total = max(orders)", "print('the total', total)"]
    (event,) = browser.events()
    assert [one["reload"] for one in event["written"] if one["path"].endswith(".ipynb")] == [True]


def test_a_conflict_is_told_and_nothing_is_written(browser: Browser, pair: Files) -> None:
    content = browser.open()["content"]
    pair.edit_py("sum(orders)", "max(orders)")
    until(browser.events)
    assert pair.sources[2] == "total = max(orders)"
    content["cells"][2]["source"] = "total = min(orders)"
    before = pair.py.read_bytes()
    browser.save(content)
    (event,) = browser.events()
    assert (event["state"], event["written"]) == ("conflict", [])
    assert [one["cell"] for one in event["conflicts"]] == ["3"]
    assert pair.py.read_bytes() == before
    assert pair.sources[2] == "total = min(orders)"
    content = browser.open()["content"]  # what is in the .ipynb, not what jupytext would take from the .py
    assert content["cells"][2]["source"] == "total = min(orders)"
    content["cells"][2]["source"] = "total = max(orders)"
    browser.save(content)
    (event,) = browser.events()
    assert (event["state"], pair.py.read_bytes()) == ("in-sync", before)


def test_each_file_is_written_once_by_one_engine(browser: Browser, pair: Files) -> None:
    """Jupyter writes what is saved; daglab the .py, and the .ipynb's metadata. A save without edits writes neither."""
    content = browser.open()["content"]
    content["cells"][2]["source"] = "total = min(orders)"
    writes = Writes(browser.folder)
    browser.save(content)
    sentinel(browser)
    counted = writes.counted()
    assert (counted["orders.py"], counted["orders.ipynb"]) == (1, 2)
    py, ipynb = pair.py.read_bytes(), json.loads(pair.ipynb.read_bytes())
    writes = Writes(browser.folder)
    browser.save(browser.open()["content"])
    sentinel(browser)
    assert writes.counted()["orders.py"] == 0
    assert (pair.py.read_bytes(), json.loads(pair.ipynb.read_bytes())) == (py, ipynb)


def test_a_rename_takes_the_other_half_along(browser: Browser, pair: Files) -> None:
    (browser.folder / "more").mkdir()
    base = browser.folder.name
    for old, new in (("orders.ipynb", "sales.ipynb"), ("sales.py", "Sales.py"), ("Sales.ipynb", "more/sales.ipynb")):
        browser.api("PATCH", old, {"path": f"{base}/{new}"})
        moved = Files(browser.folder / Path(new).parent, Path(new).stem)
        assert pair_status(moved.py).state == "in-sync"
        halves = {path.relative_to(browser.folder).as_posix() for path in browser.folder.rglob("*.*") if _is_half(path)}
        assert halves == {new, Path(new).with_suffix({".py": ".ipynb", ".ipynb": ".py"}[Path(new).suffix]).as_posix()}
    content = browser.open("more/sales.ipynb")["content"]
    content["cells"][2]["source"] = "total = min(orders)"
    browser.save(content, "more/sales.ipynb")
    assert "min(orders)" in moved.py.read_text("utf-8")
    assert {path.name for path in browser.folder.iterdir() if _is_half(path)} == set()


def _is_half(path: Path) -> bool:
    return path.suffix in (".py", ".ipynb") and ".ipynb_checkpoints" not in path.parts


def test_a_rename_never_takes_the_place_of_another_file(browser: Browser, pair: Files) -> None:
    (browser.folder / "sales.py").write_text("x = 1\n")
    url = browser.jupyter.url(f"api/contents/{browser.folder.name}/orders.ipynb")
    response = browser.client.patch(url, json={"path": f"{browser.folder.name}/sales.ipynb"})
    assert (response.status_code, "sales.py" in response.json()["message"]) == (409, True)
    assert pair.ipynb.exists() and not (browser.folder / "sales.ipynb").exists()
    assert (browser.folder / "sales.py").read_text() == "x = 1\n"


def test_a_copy_is_a_notebook_of_its_own(browser: Browser, pair: Files) -> None:
    """Without a .py; but with one of its own where jupytext makes it. The pair never hears of its edits."""
    before = pair.both()
    copied = browser.api("POST", "", {"copy_from": f"{browser.folder.name}/orders.ipynb"})
    copy = browser.folder / copied["name"]
    content = browser.open(copy.name)["content"]
    assert [cell["source"] for cell in content["cells"]] == pair.sources
    content["cells"][2]["source"] = "total = min(orders)"
    browser.save(content, copy.name)
    sentinel(browser)
    assert pair.both() == before
    state = pair_status(copy).state
    assert copy.with_suffix(".py").exists() == browser.paired_by_jupytext
    if browser.paired_by_jupytext:
        assert (state, "min(orders)" in copy.with_suffix(".py").read_text("utf-8")) == ("in-sync", True)
    else:
        assert (state, content["metadata"].get("daglab")) == ("unpaired", None)


def test_a_copy_of_a_notebook_whose_py_stands_elsewhere_does_not_write_that(browser: Browser, pair: Files) -> None:
    (browser.folder / "scripts").mkdir()
    pair.py.rename(browser.folder / "scripts" / "load.py")
    document = json.loads(pair.ipynb.read_bytes())
    document["metadata"]["daglab"]["py"] = "scripts/load.py"
    document["metadata"].pop("jupytext", None)
    state = browser.jupyter.root / ".daglab" / "state"
    known = set(state.glob("*.link"))
    pair.ipynb.write_text(json.dumps(document), "utf-8")
    until(lambda: set(state.glob("*.link")) - known)  # the pair is remembered once it was synced
    assert pair_status(pair.ipynb).state == "in-sync"
    py = (browser.folder / "scripts" / "load.py").read_bytes()
    copied = browser.api("POST", "", {"copy_from": f"{browser.folder.name}/orders.ipynb"})
    content = browser.open(copied["name"])["content"]
    content["cells"][2]["source"] = "total = min(orders)"
    browser.save(content, copied["name"])
    (browser.folder / "twin.ipynb").write_text(json.dumps(document).replace("sum(orders)", "max(orders)"), "utf-8")
    event = until(lambda: [one for one in browser.events() if one["state"] == "error"])[0]
    assert (event["ipynb"], event["error"]["code"]) == (f"{browser.folder.name}/twin.ipynb", "pair")
    assert "daglab unpair" in event["error"]["remedy"]
    sentinel(browser)
    assert (browser.folder / "scripts" / "load.py").read_bytes() == py


def test_a_restored_checkpoint_is_an_edit(browser: Browser, pair: Files) -> None:
    content = browser.open()["content"]
    (checkpoint,) = browser.api("GET", "orders.ipynb", suffix="/checkpoints") or [
        browser.api("POST", "orders.ipynb", suffix="/checkpoints")
    ]
    content["cells"][2]["source"] = "total = min(orders)"
    browser.save(content)
    pair.edit_py("print(total)", "print(2 * total)")
    until(lambda: pair.sources[3] == "print(2 * total)")
    browser.api("POST", "orders.ipynb", suffix=f"/checkpoints/{checkpoint['id']}")
    assert pair.sources[2:] == ["total = sum(orders)", "print(total)"]
    assert pair_status(pair.py).state == "in-sync"
    assert "sum(orders)" in pair.py.read_text("utf-8") and "print(total)" in pair.py.read_text("utf-8")
    kept = [path.read_text("utf-8") for path in (browser.jupyter.root / ".daglab" / "backups").rglob("*orders.py")]
    assert any("print(2 * total)" in text for text in kept)


def test_a_deleted_half_stays_deleted(browser: Browser, pair: Files) -> None:
    browser.api("DELETE", "orders.ipynb")
    pair.edit_py("sum(orders)", "max(orders)")
    sentinel(browser)  # by now the edit is seen
    time.sleep(SETTLE)
    sentinel(browser)  # and by now a missing half would be there
    assert not pair.ipynb.exists()


def test_a_notebook_saved_under_a_new_name_leaves_the_pair_alone(browser: Browser, pair: Files) -> None:
    before = pair.both()
    content = browser.open()["content"]
    content["cells"][2]["source"] = "total = min(orders)"
    browser.save(content, "other.ipynb")
    sentinel(browser)
    assert pair.both() == before
    assert pair_status(browser.folder / "other.ipynb").state in ("half", "in-sync")


def test_a_new_notebook_and_other_files_are_as_ever(browser: Browser, pair: Files) -> None:
    made = browser.api("POST", "", {"type": "notebook"})
    assert browser.open(made["name"])["content"]["cells"] == []
    browser.api("PUT", "notes.py", {"type": "file", "format": "text", "content": "x = 1\n"})
    assert browser.api("GET", "notes.py", content="1", type="file")["content"] == "x = 1\n"
    part = {"type": "file", "format": "text", "content": "# one\n", "chunk": 1}
    browser.api("PUT", "large.py", part)
    browser.api("PUT", "large.py", {**part, "content": "# two\n", "chunk": -1})
    assert (browser.folder / "large.py").read_text() == "# one\n# two\n"
    names = {one["name"] for one in browser.api("GET", "", content="1")["content"]}
    assert {"orders.py", "orders.ipynb", "notes.py", made["name"]} <= names
    assert not (browser.folder / "notes.ipynb").exists()


def test_a_save_is_answered_though_its_pair_cannot_be_synced(browser: Browser, pair: Files) -> None:
    content = browser.open()["content"]
    content["cells"][2]["source"] = "total = " + "+".join(["1"] * 20_000)
    before = pair.py.read_bytes()
    browser.save(content)
    (event,) = browser.events()
    assert (event["state"], "nested too deeply" in event["reason"]) == ("invalid", True)
    content["cells"][2]["source"] = "total = min(orders)"
    content["metadata"].setdefault("daglab", {})["py"] = "x" * 300 + ".py"
    browser.save(content)
    assert pair.py.read_bytes() == before.replace(b"sum(orders)", b"min(orders)")


def test_a_file_that_is_uploaded_in_parts_is_synced_when_all_are_there(browser: Browser, pair: Files) -> None:
    text = pair.py.read_text("utf-8").replace("sum(orders)", "max(orders)")
    pair.py.unlink()
    before = pair.ipynb.read_bytes()
    first, last = text[: text.index("print(total)")], text[text.index("print(total)") :]
    part = {"type": "file", "format": "text", "chunk": 1}
    browser.api("PUT", "orders.py", {**part, "content": first})
    sentinel(browser)
    assert (pair.ipynb.read_bytes(), pair.py.read_text("utf-8")) == (before, first)
    browser.api("PUT", "orders.py", {**part, "content": last, "chunk": -1})
    assert pair.sources[2:] == ["total = max(orders)", "print(total)"]
    assert {event["ipynb"] for event in browser.events() if event["state"] != "in-sync"} == set()


def test_a_rename_of_one_half_is_undone_where_the_other_one_cannot_follow(browser: Browser, pair: Files) -> None:
    before = pair.both()
    longest = "x" * 252 + ".py"  # what ends with .ipynb would be too long
    response = browser.client.patch(
        browser.jupyter.url(f"api/contents/{browser.folder.name}/orders.py"),
        json={"path": f"{browser.folder.name}/{longest}"},
    )
    assert (response.status_code, "can't be renamed along" in response.json()["message"]) == (409, True)
    assert not (browser.folder / longest).exists()
    assert pair.both() == before


@pytest.mark.parametrize("variable", ["DAGLAB_JUPYTER__SYNC_ON_SAVE=false", "DAGLAB_READ_ONLY=true"])
def test_it_can_be_switched_off(start: Callable[..., RunningJupyter], tmp_path: Path, variable: str) -> None:
    folder = tmp_path / "root" / "shop"
    folder.mkdir(parents=True)
    pair = synced_pair(folder)
    name, _, value = variable.partition("=")
    browser = Browser(start(folder.parent, **{name: value}), folder)
    content = browser.open()["content"]
    content["cells"][2]["source"] = "total = min(orders)"
    browser.save(content)
    pair.edit_py("print(total)", "print(2 * total)")
    browser.api("PATCH", "orders.ipynb", {"path": "shop/sales.ipynb"})
    time.sleep(1)
    assert sorted(path.name for path in folder.iterdir() if _is_half(path)) == ["orders.py", "sales.ipynb"]
    assert "min(orders)" not in pair.py.read_text("utf-8")
    assert "2 * total" not in (folder / "sales.ipynb").read_text("utf-8")
    assert browser.events() == []
    browser.client.close()
