"""The hub of events: cursors, catching up, listening."""

from __future__ import annotations

import asyncio
import threading

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
    for cursor in (EventHub().cursor, "", "-", f"{hub.cursor}9", f"{hub.cursor.split('-')[0]}--1", "x" * 60):
        page = hub.since(cursor)
        assert (page.events, page.cursor, page.reset) == ((), hub.cursor, True), cursor


def test_listeners_hear_other_threads_in_order_until_they_end() -> None:
    async def listened() -> None:
        hub, heard = EventHub(), []
        end = hub.listen(lambda event: heard.append(event.data["number"]))
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
        waiting = asyncio.ensure_future(hub.wait(30, frozenset({"pairs"})))
        await asyncio.sleep(0.01)
        hub.publish("runs", {})
        await asyncio.sleep(0.01)
        assert not waiting.done()
        hub.publish("pairs", {})
        await asyncio.wait_for(waiting, 1)
        await asyncio.wait_for(hub.wait(0.01, frozenset({"pairs"})), 1)
        assert not hub.listened

    asyncio.run(waited())
