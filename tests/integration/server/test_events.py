"""Events as clients get them: polled, and through the websocket."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

from daglab.server.events import EventHub
from daglab.server.services import SETTING


@pytest.fixture
def hub(jp_serverapp: Any) -> EventHub:
    services = jp_serverapp.web_app.settings[SETTING]
    assert isinstance(services.events, EventHub)
    return services.events


async def poll(jp_fetch: Any, **query: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((await jp_fetch("daglab", "api", "events", params=query)).body)
    return answer


async def test_polling_answers_what_came_after_the_cursor(jp_fetch: Any, hub: EventHub) -> None:
    begin = await poll(jp_fetch)
    assert (begin["events"], begin["reset"]) == ([], True)
    hub.publish("runs", {"id": "one"})
    page = await poll(jp_fetch, since=begin["cursor"])
    assert [(event["topic"], event["data"]) for event in page["events"]] == [("runs", {"id": "one"})]
    assert not page["reset"]
    assert (await poll(jp_fetch, since=page["cursor"]))["events"] == []


async def test_a_waiting_poll_ends_with_the_event(jp_fetch: Any, hub: EventHub) -> None:
    waiting = asyncio.ensure_future(poll(jp_fetch, since=hub.cursor, wait="30"))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    hub.publish("assets", {"keys": ["a"]})
    page = await asyncio.wait_for(waiting, 5)
    assert page["events"][0]["data"] == {"keys": ["a"]}


@pytest.mark.parametrize("query", [{"wait": "31"}, {"wait": "soon"}, {"sinse": "x"}, {"since": "x" * 65}])
async def test_wrong_parameters_are_told_by_name(jp_fetch: Any, query: dict[str, str]) -> None:
    with pytest.raises(HTTPClientError) as caught:
        await poll(jp_fetch, **query)
    assert caught.value.response is not None
    error = json.loads(caught.value.response.body)["error"]
    assert (caught.value.code, error["code"]) == (400, "request")
    assert next(iter(query)) in error["message"]


async def test_the_parameters_of_jupyterlab_are_let_pass(jp_fetch: Any) -> None:
    assert (await poll(jp_fetch, **{"1767225600500": ""}))["reset"]


async def test_the_socket_catches_up_then_tells(jp_ws_fetch: Any, hub: EventHub) -> None:
    begin = hub.cursor
    hub.publish("runs", {"id": "before"})
    socket = await jp_ws_fetch("daglab", "api", "events", "socket", params={"since": begin})
    hello = json.loads(await socket.read_message())
    assert hello == {"cursor": hub.cursor, "reset": False}
    assert json.loads(await socket.read_message())["data"] == {"id": "before"}
    hub.publish("pairs", {"path": "a.py"})
    event = json.loads(await asyncio.wait_for(socket.read_message(), 5))
    assert (event["topic"], event["data"], event["cursor"]) == ("pairs", {"path": "a.py"}, hub.cursor)
    socket.close()
    for _ in range(100):
        if not hub.listened:
            break
        await asyncio.sleep(0.05)
    assert not hub.listened


async def test_a_cursor_that_is_too_long_is_refused_before_anybody_listens(jp_ws_fetch: Any, hub: EventHub) -> None:
    with pytest.raises(HTTPClientError) as caught:
        await jp_ws_fetch("daglab", "api", "events", "socket", params={"since": f"{hub.cursor}{'0' * 5_000}"})
    assert caught.value.code == 400
    assert not hub.listened


async def test_many_events_come_in_order_and_in_parts(jp_fetch: Any, jp_ws_fetch: Any, hub: EventHub) -> None:
    begin = hub.cursor
    for number in range(1_000):
        hub.publish("runs", {"number": number})
    socket = await jp_ws_fetch("daglab", "api", "events", "socket", params={"since": begin})
    await socket.read_message()
    hub.publish("runs", {"number": 1_000})  # while it catches up
    told = [json.loads(await socket.read_message())["data"]["number"] for _ in range(1_001)]
    assert told == list(range(1_001))
    socket.close()
    polled, cursor = [], begin
    while (page := await poll(jp_fetch, since=cursor))["events"]:
        assert len(page["events"]) <= 100
        polled += [event["data"]["number"] for event in page["events"]]
        cursor = page["cursor"]
    assert (polled, cursor) == (told, hub.cursor)
