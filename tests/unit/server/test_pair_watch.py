"""Which folders a server watches: its root; below one that is too large, the projects in which somebody works."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import watchfiles

from daglab.pair import sync
from daglab.pair.watched import WatchedPairs, WatchEvent
from daglab.server import pair_watch
from daglab.server.pair_watch import PairWatch
from tests.unit.pair.conftest import Files, synced_pair


class Watched:
    def __init__(self, root: Path) -> None:
        self.events: list[WatchEvent] = []
        self.watch = PairWatch(root, WatchedPairs(sync), self.events.append, logging.getLogger("test"))

    def until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < end
            time.sleep(0.02)

    def synced(self, pair: Files) -> None:
        """Whether an edit of a pair is synced unasked."""
        old = pair.sources[2].removeprefix("total = ")
        new = f"sum(orders) + {time.monotonic_ns()}"
        pair.edit_py(old, new)
        self.until(lambda: pair.sources[2] == f"total = {new}")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """A root with more folders than can be watched, and projects in it."""
    monkeypatch.setattr(pair_watch, "_MOST_FOLDERS", 5)
    root = tmp_path / "home"
    for number in range(8):
        (root / f"folder{number}").mkdir(parents=True)
    watched = Watched(root)
    watched.watch.start()
    yield watched
    watched.watch.stop()


def project(home: Path, name: str) -> Files:
    (home / name).mkdir(exist_ok=True)
    return synced_pair(home / name)


def test_the_project_of_an_opened_notebook_is_watched(home: Watched, tmp_path: Path) -> None:
    shop, lab = project(tmp_path / "home", "shop"), project(tmp_path / "home", "lab")
    shop.edit_py("sum(orders)", "max(orders)")
    home.watch.notice(lab.ipynb)
    home.synced(lab)
    assert shop.sources[2] == "total = sum(orders)"
    home.watch.notice(shop.ipynb)
    home.until(lambda: shop.sources[2] == "total = max(orders)")
    home.watch.notice(lab.py)
    home.watch.notice(shop.ipynb)
    home.synced(lab)
    shop.edit_py("max(orders)", "len(orders)")
    home.until(lambda: shop.sources[2] == "total = len(orders)")
    home.until(lambda: [event.pair.py for event in home.events] == [lab.py, shop.py, lab.py, shop.py])


def test_a_project_that_goes_ends_the_watch_of_no_other(home: Watched, tmp_path: Path) -> None:
    shop, lab = project(tmp_path / "home", "shop"), project(tmp_path / "home", "lab")
    for pair in (lab, shop):
        home.watch.notice(pair.ipynb)
        home.synced(pair)
    shutil.rmtree(lab.py.parent)
    attic = project(tmp_path / "home", "attic")
    home.watch.notice(attic.py)
    home.synced(attic)
    home.synced(shop)
    lab = project(tmp_path / "home", "lab")
    home.watch.notice(lab.py)
    home.synced(lab)


def test_only_the_project_that_cannot_be_watched_is_left_out_and_not_for_ever(
    home: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real, full = watchfiles.watch, True

    def fail(*folders: Path, **options: Any) -> Any:
        if full and any(folder.name == "lab" for folder in folders):
            raise OSError("no watches left")
        return real(*folders, **options)

    monkeypatch.setattr("watchfiles.watch", fail)
    monkeypatch.setattr(pair_watch, "_REFUSED", 0.5)
    shop, lab = project(tmp_path / "home", "shop"), project(tmp_path / "home", "lab")
    home.watch.notice(shop.py)
    home.synced(shop)
    home.watch.notice(lab.py)
    home.until(lambda: "no watches left" in caplog.text)
    home.synced(shop)
    full = False
    time.sleep(0.5)
    home.watch.notice(lab.py)
    home.synced(lab)


def test_a_notebook_that_is_opened_while_folders_are_counted_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting, counted = threading.Event(), threading.Event()

    def is_large(folder: Path) -> bool:
        counting.set()
        assert counted.wait(20)
        return folder == tmp_path

    monkeypatch.setattr(pair_watch, "_is_large", is_large)
    shop = project(tmp_path, "shop")
    watched = Watched(tmp_path)
    watched.watch.start()
    assert counting.wait(20)
    watched.watch.notice(shop.py)
    counted.set()
    watched.synced(shop)
    watched.watch.stop()


def test_the_watch_outlives_whatever_goes_wrong_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fails = [RuntimeError("Set changed size during iteration")]

    def is_large(folder: Path) -> bool:
        if fails:
            raise fails.pop()
        return False

    monkeypatch.setattr(pair_watch, "_is_large", is_large)
    monkeypatch.setattr(pair_watch, "_PAUSE", 0.1)
    shop = project(tmp_path, "shop")
    watched = Watched(tmp_path)
    assert not watched.watch.started
    watched.watch.start()
    watched.synced(shop)
    assert "it begins again" in caplog.text
    watched.watch.stop()
    assert watched.watch.started  # or the server would begin another one


def test_a_root_that_cannot_be_watched_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*roots: Path, **options: object) -> None:
        raise OSError("no watches left")

    monkeypatch.setattr("watchfiles.watch", fail)
    watched = Watched(tmp_path)
    watched.watch.start()
    watched.until(lambda: bool(caplog.records))
    watched.watch.notice(tmp_path / "a.ipynb")
    watched.until(lambda: not watched.watch._opened)
    watched.watch.stop()
    assert [record.message for record in caplog.records if "no watches left" in record.message][1:] == []
    assert "when they are saved in Jupyter only" in caplog.text
