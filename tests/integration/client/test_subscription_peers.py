"""What a websocket may send in place of what Dagster sends."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from daglab.client import DagsterClient
from daglab.config_model import Dagster
from daglab.errors import DagsterConnectionError, DagsterError
from daglab.processes import LOOPBACK

CHANGE = (
    '{"type": "data", "id": "1", "payload": {"data": {"locationStateChangeEvents": {"event": '
    '{"locationName": "shop", "eventType": "LOCATION_FROM_THE_FUTURE", "message": "m"}}}}}'
)


def watched(messages: list[str | bytes], subprotocol: str = "graphql-ws") -> list[str]:
    """The kinds of changes that a client is told by a peer that sends these messages and closes."""

    async def peer(socket: ServerConnection) -> None:
        await socket.recv()
        await socket.recv()
        for message in messages:
            await socket.send(message)

    async def run() -> list[str]:
        async with serve(peer, LOOPBACK, 0, subprotocols=[Subprotocol(subprotocol)]) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            async with DagsterClient(Dagster(host=LOOPBACK, port=port)) as client:
                return [change.kind async for change in client.watch_locations()]

    return asyncio.run(run())


def test_the_protocol_is_followed_to_its_end() -> None:
    messages: list[str | bytes] = [
        '{"type": "connection_ack"}',
        '{"type": "ka"}',
        CHANGE,
        '{"type": "complete", "id": "1"}',
    ]
    assert watched(messages) == ["LOCATION_FROM_THE_FUTURE"]


@pytest.mark.parametrize(
    ("message", "error", "text"),
    [
        ("no JSON", DagsterConnectionError, "JSONDecodeError"),
        (b"\xff\x00", DagsterConnectionError, "failed"),
        ("[]", DagsterConnectionError, "TypeError"),
        ("{}", DagsterConnectionError, "KeyError"),
        ('{"type": "data", "payload": {"errors": [{"message": "no such field"}]}}', DagsterError, "no such field"),
        ('{"type": "error", "payload": {"message": "not now"}}', DagsterError, "not now"),
        ('{"type": "connection_error", "payload": {"message": "not you"}}', DagsterError, "not you"),
        ('{"type": "from_the_future"}', DagsterError, "message of type from_the_future"),
    ],
)
def test_what_no_dagster_sends(message: str | bytes, error: type[DagsterError], text: str) -> None:
    with pytest.raises(error, match=text):
        watched([message])


def test_a_peer_that_closes() -> None:
    with pytest.raises(DagsterConnectionError, match="ended the subscription"):
        watched(['{"type": "connection_ack"}'])


def test_a_peer_of_another_protocol() -> None:
    with pytest.raises(DagsterConnectionError, match="subscription"):
        watched([], "graphql-transport-ws")
