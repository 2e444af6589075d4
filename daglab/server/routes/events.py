"""``events``: changes of assets, runs, locations, pairs, marimo and Dagster, pushed by a websocket or polled."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import Annotated, Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from jupyter_server.utils import ensure_async
from pydantic import Field
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from daglab.errors import RequestError
from daglab.server.events import TOPICS, Event, Topic
from daglab.server.handler import DaglabHandler, JsonErrors, refuse_unauthorized
from daglab.server.models import Model, Query
from daglab.server.operation import Route, operation
from daglab.server.services import SETTING, Services

_RESOURCES: dict[Topic, str] = {
    "assets": "daglab.assets",
    "runs": "daglab.runs",
    "locations": "daglab.dagster",
    "pairs": "daglab.pairs",
    "marimo": "daglab.marimo",
    "dagster": "daglab.dagster",
}


_LONGEST_CURSOR = 64
_AT_ONCE = 100
"""Events that are encoded without a pause: each may tell of a hundred assets."""


class EventModel(Model):
    """One change; ``at`` in seconds since the epoch, ``data`` as the topic's own page of the documentation says."""

    cursor: str
    topic: Topic
    at: float
    data: dict[str, Any]

    @classmethod
    def of(cls, event: Event) -> EventModel:
        """The event for a client."""
        return cls(cursor=event.cursor, topic=event.topic, at=event.at, data=event.data)


class EventsModel(Model):
    """What has changed since a cursor. ``reset``: that is not known any more, so read the resources again."""

    events: list[EventModel]
    cursor: str
    reset: bool


class EventsQuery(Query):
    """``since``: the cursor of the last answer; without it the answer is the cursor to begin with."""

    since: Annotated[str, Field(max_length=_LONGEST_CURSOR)] | None = None
    wait: Annotated[float, Field(ge=0, le=30)] = 0
    """Seconds to wait for an event where there is none yet."""


class EventsHandler(DaglabHandler):
    """Polled events."""

    auth_resource = "daglab.dagster"

    @operation("What has changed since a cursor", action="read", query=EventsQuery, answers={200: EventsModel})
    async def get(self) -> None:
        """Answer the events of the topics that the user may read, at most 100: the rest come after the cursor."""
        query, hub = self.query(EventsQuery), self.services.events
        follow(self.services)
        topics = await readable_topics(self)
        page = (await hub.wait(query.since, query.wait, topics)).first(_AT_ONCE)
        events = [EventModel.of(event) for event in page.events]
        self.answer(EventsModel(events=events, cursor=page.cursor, reset=page.reset))


class EventsSocket(WebSocketMixin, WebSocketHandler, JsonErrors):
    """Pushed events: first ``{"cursor", "reset"}``, then each event as it comes, beginning after ``?since=``."""

    auth_resource = "daglab.dagster"
    _end: Callable[[], None] | None = None
    _later: deque[Event] | None = None
    """What the client is still to be told before what happens now; None: it has caught up."""

    async def prepare(self) -> None:  # type: ignore[override]
        """Let nobody pass but authorized users; the origin is checked by Jupyter's handler."""
        await super().prepare()
        await refuse_unauthorized(self, "read", self.auth_resource)

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Become a websocket."""
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            raise HTTPError(400, "This is a websocket; GET events is the same by polling.")
        self._since = self.get_query_argument("since", None)
        if self._since is not None and len(self._since) > _LONGEST_CURSOR:
            raise RequestError(
                f"since: a cursor has at most {_LONGEST_CURSOR} characters.", remedy="give that of the last event"
            )
        self._topics = await readable_topics(self)
        await super().get(*args, **kwargs)

    async def open(self) -> None:
        """Catch up, some events at a time so that others get their turn, then tell each event as it comes."""
        super().open()
        services = self.settings[SETTING]
        assert isinstance(services, Services)
        hub = services.events
        follow(services)
        page, self._end = hub.subscribe(self._since, self._tell)
        self._later = deque(page.events)
        self._send({"cursor": page.cursor, "reset": page.reset})
        while self._later:
            for _ in range(min(_AT_ONCE, len(self._later))):
                self._tell_now(self._later.popleft())
            await asyncio.sleep(0)
        self._later = None

    def on_message(self, message: str | bytes) -> None:
        """Nothing is expected from a client."""

    def on_close(self) -> None:
        """Listen no more."""
        if self._end is not None:
            self._end()
        if self._later is not None:
            self._later.clear()
        super().on_close()

    def _tell(self, event: Event) -> None:
        if self._later is not None:
            self._later.append(event)
        else:
            self._tell_now(event)

    def _tell_now(self, event: Event) -> None:
        if event.topic in self._topics:
            self._send(EventModel.of(event).model_dump())

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self.write_message(json.dumps(message))
        except WebSocketClosedError:
            self.on_close()


def follow(services: Services) -> None:
    """Let what changes in Dagster become events, as long as somebody listens."""
    if services.live.error is None:
        services.workspace.touch()


async def readable_topics(handler: JupyterHandler) -> frozenset[Topic]:
    """The topics that the user may read."""
    user, authorizer = handler.current_user, handler.authorizer
    return frozenset(
        {topic for topic in TOPICS
         if await ensure_async(authorizer.is_authorized(handler, user, "read", _RESOURCES[topic]))}
    )  # fmt: skip


ROUTES = (Route("events", EventsHandler),)
HANDLERS: list[tuple[str, type[Any]]] = [(r"/daglab/api/events/socket", EventsSocket)]
