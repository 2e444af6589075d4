"""A store of executed notebooks that hangs keeps nothing else waiting."""

from __future__ import annotations

import asyncio
import threading

import pytest

from daglab.errors import StorageError
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
