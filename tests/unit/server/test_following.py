"""How the workspace follows Dagster through failures, and ends, with answers that a real one can't be made to give."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from daglab.client import Asset, LoadedLocation, Pulse
from daglab.errors import ConfigError, DagsterConnectionError
from daglab.server.events import EventHub
from daglab.server.workspace import CurrentWorkspace, Workspace, workspace

LOG = logging.getLogger("test")


class EmptyDagster:
    """A Dagster without locations, whose pulse is what ``answer`` says; ``pulses`` counts how often it was asked."""

    def __init__(self) -> None:
        self.pulses = 0
        self.answer: Callable[[], Any] = lambda: None
        self.held = asyncio.Event()
        self.held.set()
        self.leaving = asyncio.Event()
        self.leaving.set()
        self.left = 0

    async def pulse(self) -> Pulse:
        self.pulses += 1
        await self.held.wait()
        self.answer()
        return Pulse((), ())

    async def locations(self) -> list[LoadedLocation]:
        return []

    async def definitions(self) -> list[Asset]:
        return []

    async def statuses(self, keys: object) -> dict[str, Any]:
        return {}

    async def watch_locations(self) -> AsyncGenerator[None, None]:
        try:
            await asyncio.Event().wait()
            yield
        finally:
            self.left += 1
            await self.leaving.wait()


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def follow(client: EmptyDagster, **options: Any) -> Workspace:
    return Workspace(client, EventHub(), LOG, **options)  # type: ignore[arg-type]


def raising(error: Exception) -> Callable[[], None]:
    def answer() -> None:
        raise error

    return answer


@pytest.mark.parametrize("error", [ConfigError("the token file is gone"), KeyError("entries"), AttributeError("get")])
def test_no_error_ends_the_following(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "_FAILING_SECONDS", 0.0)

    async def check() -> None:
        client = EmptyDagster()
        client.answer = raising(error)
        followed = follow(client)
        followed.touch()
        await until(lambda: client.pulses >= 3)
        client.answer = lambda: None
        await until(lambda: followed._complete_to == followed._wanting)
        assert (await followed.edition({})).graph.assets == ()
        await followed.close()

    asyncio.run(check())


def test_a_dagster_that_stays_away_is_asked_for_ever() -> None:
    async def check() -> None:
        followed = follow(EmptyDagster())
        followed.hurry()
        await followed._pause(time.monotonic(), 5_000)

    asyncio.run(check())


def test_who_comes_while_the_following_ends_is_not_forgotten() -> None:
    async def check() -> None:
        client = EmptyDagster()
        followed = follow(client, linger=0.2)
        client.leaving.clear()
        followed.touch()
        await until(lambda: client.left)
        before = client.pulses
        followed._linger = 60.0
        followed.touch()  # the subscription of the first one is still being closed
        await until(lambda: client.pulses > before)
        client.leaving.set()
        await followed.close()

    asyncio.run(check())


def test_a_closed_one_asks_nothing_and_says_so_to_all_who_wait_or_come() -> None:
    async def check() -> None:
        client = EmptyDagster()
        followed = follow(client)
        client.held.clear()
        waiting = asyncio.ensure_future(followed.edition({}))
        await until(lambda: client.pulses)
        await followed.close()
        with pytest.raises(DagsterConnectionError, match="ask again"):
            await waiting
        client.held.set()
        with pytest.raises(DagsterConnectionError, match="ask again"):
            await followed.edition({})
        with pytest.raises(DagsterConnectionError, match="ask again"):
            followed.touch()
        await asyncio.sleep(0.05)
        assert client.pulses == 1

    asyncio.run(check())


def test_a_configuration_that_is_wrong_ends_the_following_and_tells_the_browsers() -> None:
    async def check() -> None:
        client, hub = EmptyDagster(), EventHub()
        current, begin = CurrentWorkspace(hub, LOG), hub.cursor
        current.use(client)  # type: ignore[arg-type]
        first = current.of(client)  # type: ignore[arg-type]
        first.touch()
        current.use(None)
        await asyncio.sleep(0)
        with pytest.raises(DagsterConnectionError):
            first.touch()
        assert [event.data for event in hub.since(begin).events] == [{"changed": None}]
        assert current.of(client) is not first  # type: ignore[arg-type]
        await current.close()

    asyncio.run(check())
