"""What keeps a server from syncing a pair at the wrong moment, and what becomes of it when a sync fails."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daglab.errors import PairError
from daglab.pair import Pair, SyncResult, pair_of, sync
from daglab.pair.plan import Plan, plan
from daglab.pair.watched import WatchedPairs
from daglab.server import pair_sync
from daglab.server.pair_sync import PairSync
from daglab.server.rooms import Rooms
from tests.unit.pair.conftest import Files, synced_pair


class NoRooms(Rooms):
    possible = False


class SilentRooms(Rooms):
    """Rooms that never answer, since no peer can be made to be so slow."""

    possible = True
    cancelled = False

    async def refuse(self, *changed: Path) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


@pytest.fixture
def pair(tmp_path: Path) -> Files:
    (tmp_path / "root" / "shop").mkdir(parents=True)
    return synced_pair(tmp_path / "root" / "shop")


def syncing(root: Path, rooms: Rooms) -> PairSync:
    return PairSync(root, lambda _: None, rooms, lambda: True, logging.getLogger("test"))


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_a_file_that_is_saved_by_the_name_of_a_link_is_left_alone_by_its_own(pair: Files, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "linked").symlink_to(pair.py.parent)
    pairs = syncing(root, NoRooms(None, root))
    pair.edit_py("sum(orders)", "max(orders)")
    before = pair.both()
    with pairs.saving(root / "linked" / "orders.ipynb"):
        assert pairs._pairs.sync(pair_of(pair.py)) is None
        assert pair.both() == before
    assert pairs._pairs.sync(pair_of(pair.py)) is not None
    assert pair.sources[2] == "total = max(orders)"


def test_the_pair_of_a_file_that_is_uploaded_waits_but_not_for_ever(
    pair: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = syncing(tmp_path / "root", NoRooms(None, tmp_path))
    pair.edit_py("sum(orders)", "max(orders)")
    pairs.uploading(pair.ipynb)
    assert pairs._pairs.sync(pair_of(pair.py)) is None
    monkeypatch.setattr(pair_sync, "_UPLOAD_SECONDS", 0.0)
    pairs.uploading(pair.ipynb)
    assert pairs._pairs.sync(pair_of(pair.py)) is not None
    assert pair.sources[2] == "total = max(orders)"


def test_rooms_that_do_not_answer_refuse_the_sync_with_an_error_of_ours(
    pair: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loop: asyncio.AbstractEventLoop
) -> None:
    monkeypatch.setattr(pair_sync, "_ROOM_SECONDS", 0.05)
    rooms = SilentRooms(None, tmp_path)
    pairs = syncing(tmp_path / "root", rooms)
    pairs.use(loop)
    pair.edit_py("sum(orders)", "max(orders)")
    planned: Plan = plan(pair_of(pair.py))
    with pytest.raises(PairError, match=r"orders\.ipynb is open in a collaboration room is not known"):
        pairs.approve(planned)
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(10)
    assert rooms.cancelled


def test_an_unforeseen_failure_of_one_pair_is_an_event_once_and_is_tried_again(
    pair: Files, caplog: pytest.LogCaptureFixture
) -> None:
    failing = True

    def work(which: Pair) -> SyncResult:
        if failing:
            raise UnicodeError("odd")
        return sync(which)

    pairs = WatchedPairs(work)
    event = pairs.sync(pair_of(pair.py))
    assert event is not None
    said: dict[str, Any] = event.to_json()["error"]
    assert (said["code"], "UnicodeError: odd" in said["message"]) == ("pair", True)
    assert pairs.sync(pair_of(pair.py)) is None
    assert len(caplog.records) == 1
    assert [one.py for one in pairs.due(float("inf"))] == [pair.py]
    failing = False
    over = pairs.sync(pair_of(pair.py))
    assert over is not None and over.kind == "resolved"
