"""What has changed, told to all that listen: numbered, kept for a while, so that who was away can catch up."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

Topic = Literal["assets", "runs", "locations", "pairs", "marimo", "dagster"]
TOPICS: tuple[Topic, ...] = get_args(Topic)

_KEPT = 2_000
_DIGITS = 20
"""Of a number of events, fewer: of thousands of digits Python makes no number."""


@dataclass(frozen=True)
class Event:
    """One change. ``at`` is in seconds since the epoch; what ``data`` holds depends on the topic."""

    cursor: str
    topic: Topic
    at: float
    data: dict[str, Any]


@dataclass(frozen=True)
class Page:
    """The events since a cursor. ``reset``: some of them are not known any more, so read the resources again."""

    events: tuple[Event, ...]
    cursor: str
    reset: bool

    def only(self, topics: frozenset[Topic]) -> Page:
        """The page without the events of other topics."""
        return replace(self, events=tuple(event for event in self.events if event.topic in topics))

    def first(self, most: int) -> Page:
        """The page with its first events; its cursor leads to the others."""
        if len(self.events) <= most:
            return self
        return replace(self, events=self.events[:most], cursor=self.events[most - 1].cursor)


class EventHub:
    """Publishes events to listeners of one event loop; :meth:`publish` may be called from any thread.

    A cursor names this hub and the number of its last event, so that one of an earlier server is not mistaken.
    """

    def __init__(self) -> None:
        self._name = secrets.token_hex(4)
        self._events: deque[Event] = deque(maxlen=_KEPT)
        self._count = 0
        self._lock = threading.Lock()
        self._listeners: dict[Callable[[Event], None], asyncio.AbstractEventLoop] = {}

    @property
    def cursor(self) -> str:
        """After the latest event."""
        return f"{self._name}-{self._count}"

    @property
    def listened(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def publish(self, topic: Topic, data: dict[str, Any]) -> None:
        """Tell all listeners, in the order of publication; ``data`` holds JSON values and is not changed later."""
        with self._lock:  # the numbers and the calls are in one order
            self._count += 1
            event = Event(self.cursor, topic, time.time(), data)
            self._events.append(event)
            for listener, loop in self._listeners.items():
                if not loop.is_closed():
                    loop.call_soon_threadsafe(listener, event)

    def since(self, cursor: str | None) -> Page:
        """The events after ``cursor``; None, or one that is unknown or too old: none of them, and ``reset``."""
        with self._lock:
            return self._since(cursor)

    def subscribe(self, cursor: str | None, listener: Callable[[Event], None]) -> tuple[Page, Callable[[], None]]:
        """The events after ``cursor``, as :meth:`since` has them, and ``listener`` called with each that follows.

        It is called in this event loop, later; the second part of the answer, called, ends that.
        """
        with self._lock:  # together: no event is between the page and what follows it
            page = self._since(cursor)
            self._listeners[listener] = asyncio.get_running_loop()

        def end() -> None:
            with self._lock:
                self._listeners.pop(listener, None)

        return page, end

    async def wait(self, cursor: str | None, seconds: float, topics: frozenset[Topic]) -> Page:
        """The events of ``topics`` after ``cursor``; where there is none yet, those that the next ``seconds`` bring."""
        arrived = asyncio.Event()
        page, end = self.subscribe(cursor, lambda event: arrived.set() if event.topic in topics else None)
        try:
            if not page.reset and not page.only(topics).events:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(arrived.wait(), seconds)
                page = self.since(cursor)
        finally:
            end()
        return page.only(topics)

    def _since(self, cursor: str | None) -> Page:
        name, _, number = (cursor or "").rpartition("-")
        known = name == self._name and number.isdecimal() and len(number) < _DIGITS
        missed = self._count - int(number) if known else -1
        if not 0 <= missed <= len(self._events):
            return Page((), self.cursor, reset=True)
        return Page(tuple(self._events)[len(self._events) - missed :], self.cursor, reset=False)
