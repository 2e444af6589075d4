"""The hub of events: cursors, catching up, listening."""

from __future__ import annotations

import asyncio
import threading

import pytest

from daglab.server import events
from daglab.server.events import EventHub


def test_a_cursor_answers_what_came_after_it() -> None:
    hub = EventHub()
    begin = hub.since(None)
    assert (begin.events, begin.reset) == ((), True)
    hub.publish("runs", {"id": "a"})
    hub.publish("assets", {"keys": ["b"]})
    page = hub.since(begin.cursor)
    assert [(event.topic, event.data) for event in page.events] == [("runs", {"id": "a"}), ("assets", {"keys": ["b"]})]
    assert not page.reset
    assert hub.since(page.events[0].cursor).events == page.events[1:]
    assert hub.since(page.cursor) == events.Page((), page.cursor, reset=False)


def test_what_is_forgotten_resets() -> None:
    hub = EventHub()
    begin = hub.cursor
    for number in range(events._KEPT):
        hub.publish("runs", {"number": number})
    assert len(hub.since(begin).events) == events._KEPT
    hub.publish("runs", {})
    assert hub.since(begin).reset


def test_cursors_of_other_servers_and_nonsense_reset() -> None:
    hub = EventHub()
    hub.publish("runs", {})
    digits = f"{hub.cursor}{'0' * 5_000}"  # more than Python makes a number of
    for cursor in (EventHub().cursor, "", "-", f"{hub.cursor}9", f"{hub.cursor.split('-')[0]}--1", "x" * 60, digits):
        page = hub.since(cursor)
        assert (page.events, page.cursor, page.reset) == ((), hub.cursor, True), cursor


def test_listeners_hear_other_threads_in_order_until_they_end() -> None:
    async def listened() -> None:
        hub, heard = EventHub(), []
        _, end = hub.subscribe(None, lambda event: heard.append(event.data["number"]))
        thread = threading.Thread(target=lambda: [hub.publish("runs", {"number": number}) for number in range(500)])
        thread.start()
        while len(heard) < 500:
            await asyncio.sleep(0.01)
        thread.join()
        assert heard == list(range(500))
        end()
        assert not hub.listened
        hub.publish("runs", {"number": -1})
        await asyncio.sleep(0.01)
        assert heard[-1] == 499

    asyncio.run(listened())


def test_waiting_ends_at_an_event_of_the_topics_and_in_time() -> None:
    async def waited() -> None:
        hub = EventHub()
        begin = hub.cursor
        waiting = asyncio.ensure_future(hub.wait(hub.cursor, 30, frozenset({"pairs"})))
        await asyncio.sleep(0.01)
        hub.publish("runs", {})
        await asyncio.sleep(0.01)
        assert not waiting.done()
        hub.publish("pairs", {})
        page = await asyncio.wait_for(waiting, 1)
        assert [event.topic for event in page.events] == ["pairs"]
        assert (await asyncio.wait_for(hub.wait(hub.cursor, 0.01, frozenset({"pairs"})), 1)).events == ()
        for cursor in (begin, None):
            assert (await asyncio.wait_for(hub.wait(cursor, 30, frozenset({"pairs"})), 1)).reset == (cursor is None)
        assert not hub.listened

    asyncio.run(waited())


def test_no_event_of_another_thread_is_lost_between_catching_up_and_listening(monkeypatch: pytest.MonkeyPatch) -> None:
    class Contended:
        """A lock for which another thread has waited: as soon as it is free for the first time, that one publishes."""

        def __init__(self) -> None:
            self.lock, self.waiting = threading.Lock(), True

        def __enter__(self) -> None:
            self.lock.acquire()

        def __exit__(self, *error: object) -> None:
            self.lock.release()
            if self.waiting:
                self.waiting = False
                thread = threading.Thread(target=hub.publish, args=("runs", {"number": 1}))
                thread.start()
                thread.join()

    hub = EventHub()

    async def subscribed() -> None:
        begin, heard = hub.cursor, []
        monkeypatch.setattr(hub, "_lock", Contended())
        page, _ = hub.subscribe(begin, lambda event: heard.append(event.cursor))
        await asyncio.sleep(0.01)
        assert [*(event.cursor for event in page.events), *heard] == [hub.cursor]

    asyncio.run(subscribed())
