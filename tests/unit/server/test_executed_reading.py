"""What takes long keeps nothing else waiting: a store of executed notebooks that hangs, or many pages at once."""

from __future__ import annotations

import asyncio
import threading

import pytest

from daglab.errors import StorageError
from daglab.server.lane import BusyServerError, Lane
from daglab.server.routes import executed


def test_a_store_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executed, "_SECONDS", 0.2)
    answered = threading.Event()

    def hang() -> bytes:
        answered.wait(30)
        return b""

    async def ask() -> None:
        asks = [asyncio.ensure_future(executed._within_seconds(hang)) for _ in range(50)]
        assert await asyncio.wait_for(asyncio.to_thread(lambda: 1), 5) == 1
        assert all(isinstance(error, StorageError) for error in await asyncio.gather(*asks, return_exceptions=True))

    try:
        asyncio.run(ask())
    finally:
        answered.set()


def test_slow_work_has_threads_of_its_own_and_more_of_it_than_may_wait_is_refused() -> None:
    go_on = threading.Event()

    async def ask() -> None:
        lane = Lane("pages", threads=2, waiting=3)
        slow = [asyncio.ensure_future(lane.run(lambda: go_on.wait(30))) for _ in range(20)]
        assert await asyncio.wait_for(asyncio.to_thread(lambda: 1), 5) == 1
        refused = [task for task in slow if task.done()]
        assert len(refused) == 15
        for task in refused:
            assert isinstance(task.exception(), BusyServerError)
        for task in slow:
            task.cancel()  # who has gone leaves a place only when the work has ended
        go_on.set()
        await asyncio.gather(*slow, return_exceptions=True)
        for _ in range(5):
            assert await lane.run(lambda: 2) == 2

    try:
        asyncio.run(ask())
    finally:
        go_on.set()
