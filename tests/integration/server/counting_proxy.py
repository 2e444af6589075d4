"""A TCP proxy before Dagster that counts what passes, and can be cut."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from daglab.processes import LOOPBACK, free_port

_MARKS = {b"POST /graphql": "queries", b"GET /graphql": "subscriptions"}


class CountingProxy:
    """Counts HTTP requests by what begins them; ``queries`` and ``subscriptions`` are those so far."""

    def __init__(self, target_port: int) -> None:
        self.port = free_port()
        self.queries = 0
        self.subscriptions = 0
        self._target_port = target_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @contextmanager
    def running(self) -> Iterator[CountingProxy]:
        self._thread.start()
        self.mend()
        try:
            yield self
        finally:
            self.cut()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)

    def mend(self) -> None:
        """Let connections through."""
        self._run(self._listen())

    def cut(self) -> None:
        """End all connections and refuse new ones."""
        self._run(self._close())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._open:
            writer.close()
        self._open.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there = await asyncio.open_connection(LOOPBACK, self._target_port)
        self._open |= {writer, there}
        await asyncio.gather(self._pass(reader, there, count=True), self._pass(there_reader, writer, count=False))
        self._open -= {writer, there}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, count: bool) -> None:
        with suppress(OSError):
            while data := await reader.read(2**16):
                if count:  # a client sends a request's head in one piece
                    for mark, name in _MARKS.items():
                        setattr(self, name, getattr(self, name) + data.count(mark))
                writer.write(data)
                await writer.drain()
        writer.close()
