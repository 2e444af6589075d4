"""Pairs that are open in a live room of the real jupyter-collaboration: nothing that is typed is lost."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from daglab.pair import pair_status
from tests.conftest import FreshVenv
from tests.integration.server.conftest import RunningJupyter, start_jupyter
from tests.integration.server.test_pair_sync import Browser, sentinel, until
from tests.unit.pair.conftest import Files, synced_pair

pytestmark = pytest.mark.nightly  # it installs the package

SAVE_SECONDS, CLOSE_SECONDS = 3, 2


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has what this one has, and jupyter-collaboration, which would be active in all servers here."""
    venv = FreshVenv(tmp_path_factory.mktemp("collaboration") / "venv", dict(os.environ))
    venv.share()
    venv.install("jupyter-collaboration")
    return venv.folder / "bin" / "python"


@pytest.fixture(scope="module")
def jupyter(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningJupyter]:
    folder = tmp_path_factory.mktemp("jupyter")
    root = folder / "root"
    root.mkdir()
    (folder / "data_dir").mkdir()  # where jupyter-server-fileid has its database, and doesn't make the folder
    (root / "pyproject.toml").write_text("")
    command = (
        "-m", "jupyter_server",
        f"--YDocExtension.document_save_delay={SAVE_SECONDS}",
        f"--YDocExtension.document_cleanup_delay={CLOSE_SECONDS}",
    )  # fmt: skip
    environment, extensions = {"DAGLAB_DAGSTER__PORT": "1"}, {"jupyter_server_ydoc": True}
    running = start_jupyter(folder, root, environment, command, extensions, python)
    with running.child:
        assert "jupyter_server_ydoc | extension was successfully loaded" in running.log.read_text()
        yield running
    assert "Traceback" not in running.log.read_text()


@pytest.fixture
def browser(jupyter: RunningJupyter) -> Iterator[Browser]:
    folder = jupyter.root / f"test{len(list(jupyter.root.iterdir()))}"
    folder.mkdir()
    synced_pair(folder)
    browser = Browser(jupyter, folder)
    yield browser
    browser.client.close()


@pytest.fixture
def pair(browser: Browser) -> Files:
    return Files(browser.folder)


class Room:
    """A browser that has a document open with others."""

    def __init__(self, python: Path, jupyter: RunningJupyter, path: str, kind: str) -> None:
        program = Path(__file__).with_name("room_client.py")
        argv = [str(python), str(program), jupyter.url(""), jupyter.token, path, kind]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.sources = self._answer()

    def _answer(self) -> list[str]:
        assert self.process.stdout
        sources: list[str] = json.loads(self.process.stdout.readline())
        return sources

    def type(self, *command: Any) -> list[str]:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        self.sources = self._answer()
        return self.sources

    def look(self) -> list[str]:
        return self.type()

    def close(self) -> None:
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()
            self.process.wait(20)


@pytest.fixture
def enter(python: Path, jupyter: RunningJupyter, browser: Browser) -> Iterator[Callable[..., Room]]:
    rooms: list[Room] = []

    def enter(name: str = "orders.ipynb", kind: str = "notebook") -> Room:
        rooms.append(Room(python, jupyter, f"{browser.folder.name}/{name}", kind))
        return rooms[-1]

    yield enter
    for room in rooms:
        room.close()


def test_what_the_room_saves_is_synced_and_typing_goes_on(
    browser: Browser, pair: Files, enter: Callable[..., Room]
) -> None:
    room = enter()
    for number in range(3):
        room.type(2, f"total = min(orders)  # {number}")
        until(lambda: f"# {number}\n" in pair.py.read_text("utf-8"))  # noqa: B023 # it is asked at once
        room.type(3, f"print(total)  # {number}")  # right after the sync has written the .ipynb
        until(lambda: f"print(total)  # {number}" in pair.py.read_text("utf-8"))  # noqa: B023 # the room has saved it
        until(lambda: pair_status(pair.py).state == "in-sync")
        assert room.look()[2:] == [f"total = min(orders)  # {number}", f"print(total)  # {number}"]
    assert {event["state"] for event in browser.events()} == {"in-sync"}
    assert "Overwriting the content in room" not in browser.jupyter.log.read_text()
    assert pair_status(pair.py).state == "in-sync"


def test_an_edit_of_the_py_waits_until_the_room_is_closed(
    browser: Browser, pair: Files, enter: Callable[..., Room]
) -> None:
    room = enter()
    room.type(2, "total = min(orders)")
    pair.edit_py("print(total)", "print(2 * total)")
    before = pair.ipynb.read_bytes()
    event, *_ = until(browser.events)
    if "min(orders)" not in pair.ipynb.read_text("utf-8"):  # the typing isn't saved yet
        assert pair.ipynb.read_bytes() == before
    assert (event["state"], event["error"]["code"]) == ("error", "open-in-room")
    assert "orders.ipynb is open in a collaboration room" in event["error"]["message"]
    assert "close it" in event["error"]["remedy"]
    until(lambda: pair.sources[2] == "total = min(orders)")
    sentinel(browser)
    assert room.look()[2:] == ["total = min(orders)", "print(total)"]
    assert "min(orders)" not in pair.py.read_text("utf-8")
    room.close()
    until(lambda: pair_status(pair.py).state == "in-sync")
    assert pair.sources[2:] == ["total = min(orders)", "print(2 * total)"]
    assert "min(orders)" in pair.py.read_text("utf-8")
    assert [event["state"] for event in browser.events()][-1:] == ["in-sync"]


def test_a_sync_on_request_is_refused_as_well(
    browser: Browser, pair: Files, jupyter: RunningJupyter, enter: Callable[..., Room]
) -> None:
    room = enter()
    room.type(2, "total = min(orders)")
    pair.edit_py("print(total)", "print(2 * total)")
    before = pair.both()
    path = f"pairs/{browser.folder.name}/orders.py"
    for body in ({}, {"prefer": "py"}):
        response = jupyter.request("PATCH", path, json=body)
        assert (response.status_code, response.json()["error"]["code"]) == (409, "open-in-room"), response.text
        assert response.json()["error"]["details"]["path"] == f"{browser.folder.name}/orders.ipynb"
    assert jupyter.request("PATCH", path, json={"dry_run": True}).json()["state"] == "py-ahead"
    assert pair.both() == before
    assert room.look()[2] == "total = min(orders)"


def test_a_py_that_is_open_in_a_room_is_not_written(browser: Browser, pair: Files, enter: Callable[..., Room]) -> None:
    room = enter("orders.py", "file")
    content = browser.open()["content"]
    content["cells"][2]["source"] = "total = max(orders)"
    browser.save(content)
    typed = room.sources[0].replace("print(total)", "print(2 * total)")
    room.type(0, typed)
    content["cells"][2]["source"] = "total = min(orders)"
    browser.save(content)  # from now on the room's own save may come at any time
    ours = [event for event in browser.events() if event["py"] == f"{browser.folder.name}/orders.py"]
    errors = [event["error"] for event in ours if event["error"]]  # others' rooms may still be told of
    assert {(error["code"], "orders.py" in error["message"]) for error in errors} == {("open-in-room", True)}
    until(lambda: "2 * total" in pair.py.read_text("utf-8"))
    assert "sum(orders)" in pair.py.read_text("utf-8")
    assert room.look() == [typed]
    room.close()
    until(lambda: pair_status(pair.py).state == "in-sync")
    assert pair.sources[2:] == ["total = min(orders)", "print(2 * total)"]
