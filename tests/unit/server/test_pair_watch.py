"""Which folders a server watches: its root; below one that is too large, the projects in which somebody works."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

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
    (home / name).mkdir()
    return synced_pair(home / name)


def test_the_project_of_an_opened_notebook_is_watched(home: Watched, tmp_path: Path) -> None:
    shop, lab = project(tmp_path / "home", "shop"), project(tmp_path / "home", "lab")
    shop.edit_py("sum(orders)", "max(orders)")
    time.sleep(1)
    assert shop.sources[2] == "total = sum(orders)"
    home.watch.notice(shop.ipynb)
    home.until(lambda: shop.sources[2] == "total = max(orders)")
    home.watch.notice(lab.py)
    home.watch.notice(shop.ipynb)
    lab.edit_py("sum(orders)", "min(orders)")
    home.until(lambda: lab.sources[2] == "total = min(orders)")
    shop.edit_py("max(orders)", "len(orders)")
    home.until(lambda: shop.sources[2] == "total = len(orders)")
    home.until(lambda: [event.pair.py for event in home.events] == [shop.py, lab.py, shop.py])


def test_a_root_that_cannot_be_watched_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*roots: Path, **options: object) -> None:
        raise OSError("no watches left")

    monkeypatch.setattr("watchfiles.watch", fail)
    watched = Watched(tmp_path)
    watched.watch.start()
    watched.until(lambda: bool(caplog.records))
    time.sleep(0.3)
    watched.watch.notice(tmp_path / "a.ipynb")
    watched.watch.stop()
    assert [record.message for record in caplog.records if "no watches left" in record.message][1:] == []
    assert "when they are saved in Jupyter only" in caplog.text
