"""A real proxy between a client and Dagster: asks for credentials, cuts, delays, answers in Dagster's place."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from daglab.client import DagsterClient
from daglab.client.credentials import Refresh
from daglab.config_model import Dagster
from daglab.processes import LOOPBACK

T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    head: bytes
    body: bytes

    def header(self, name: str) -> str | None:
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None

    @property
    def operation(self) -> str:
        """``query DaglabRun``, say; ``upgrade`` for a websocket."""
        if self.header("Upgrade"):
            return "upgrade"
        text = self.body.decode(errors="replace")
        start = min((i for word in ("query Daglab", "mutation Daglab") if (i := text.find(word)) >= 0), default=-1)
        return text[start:].split("(")[0].split("{")[0].strip() if start >= 0 else ""


@dataclass(frozen=True)
class Verdict:
    """What becomes of a request. ``cut``: it reaches Dagster, its answer does not come back."""

    answer: bytes | None = None
    cut: bool = False
    refuse: bool = False
    delay: float = 0
    keep: int | None = None
    """Only so many bytes of the answer come back."""


PASS = Verdict()
Decide = Callable[[Request], Verdict]


def reply(status: str, body: str = "", header: str = "X-A: b") -> Verdict:
    length = len(body.encode())
    head = f"HTTP/1.1 {status}\r\n{header}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    return Verdict(answer=f"{head}{body}".encode())


class Proxy:
    """Each connection carries one request, or one websocket."""

    def __init__(self, upstream: str, decide: Decide) -> None:
        self.upstream = int(upstream.rsplit(":", 1)[1])
        self.decide = decide
        self.requests: list[Request] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, 0)
        self.url = f"http://{LOOPBACK}:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def operations(self, name: str) -> int:
        return sum(request.operation == name for request in self.requests)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._one(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = Request(head, b"").header("Content-Length")
        request = Request(head, await reader.readexactly(int(length or 0)))
        self.requests.append(request)
        verdict = self.decide(request)
        await asyncio.sleep(verdict.delay)
        if verdict.refuse:
            return
        if verdict.answer is not None:
            writer.write(verdict.answer)
            await writer.drain()
            return
        upgrade = request.operation == "upgrade"
        up_reader, up_writer = await asyncio.open_connection(LOOPBACK, self.upstream)
        try:
            up_writer.write((head if upgrade else head.replace(b"keep-alive", b"close")) + request.body)
            if upgrade:
                await _both_ways(reader, writer, up_reader, up_writer)
                return
            answer = await up_reader.read()
            if not verdict.cut:
                writer.write(answer[: verdict.keep])
                await writer.drain()
        finally:
            up_writer.close()


async def _both_ways(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    up_reader: asyncio.StreamReader,
    up: asyncio.StreamWriter,
) -> None:
    async def pipe(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()

    tasks = {asyncio.ensure_future(pipe(reader, up)), asyncio.ensure_future(pipe(up_reader, writer))}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def through_proxy(
    upstream: str,
    decide: Decide,
    work: Callable[[DagsterClient, Proxy], Awaitable[T]],
    *,
    read_only: bool = False,
    refresh: Refresh | None = None,
    **options: Any,
) -> T:
    """What ``work`` answers with a client that reaches Dagster through a proxy."""

    async def run() -> T:
        async with (
            Proxy(upstream, decide) as proxy,
            DagsterClient(Dagster(url=proxy.url, **options), read_only=read_only, refresh=refresh) as client,
        ):
            return await work(client, proxy)

    return asyncio.run(run())
