"""A browser in a room of jupyter-collaboration, run by a Python that has it: ``room_client.py URL TOKEN PATH KIND``.

It takes commands, a line of JSON each, and answers each with the room's sources: ``[2, "x = 1"]`` types into the third
cell (of a plain file: into all of it), ``[]`` only asks.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from jupyter_ydoc import YNotebook, YUnicode
from pycrdt import Doc, Provider
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect


class Channel:
    """A websocket as pycrdt wants it."""

    def __init__(self, socket: WebSocketClientConnection, path: str) -> None:
        self._socket = socket
        self.path = path

    async def send(self, message: bytes) -> None:
        await self._socket.write_message(message, binary=True)

    async def recv(self) -> bytes:
        message = await self._socket.read_message()
        if message is None:
            raise ConnectionError
        assert isinstance(message, bytes)
        return message

    def __aiter__(self) -> Channel:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await self.recv()
        except ConnectionError:
            raise StopAsyncIteration from None


async def main(url: str, token: str, path: str, kind: str) -> None:
    headers = {"Authorization": f"token {token}"}
    about = {"type": kind, "format": "json" if kind == "notebook" else "text"}
    request = HTTPRequest(
        f"{url}api/collaboration/session/{path}", method="PUT", headers=headers, body=json.dumps(about)
    )
    session = json.loads((await AsyncHTTPClient().fetch(request)).body)
    room = f"{about['format']}:{kind}:{session['fileId']}"
    address = f"{url.replace('http', 'ws', 1)}api/collaboration/room/{room}?sessionId={session['sessionId']}"
    socket = await websocket_connect(HTTPRequest(address, headers=headers))
    shared: Any = Doc()
    document: Any = (YNotebook if kind == "notebook" else YUnicode)(shared)
    async with Provider(shared, Channel(socket, room)):
        while not document.source or (kind == "notebook" and not document.source["cells"]):
            await asyncio.sleep(0.02)
        while True:
            print(json.dumps(sources(document, kind)), flush=True)
            line = await asyncio.to_thread(sys.stdin.readline)
            if not line:
                break
            if command := json.loads(line):
                write(document, kind, *command)
            await asyncio.sleep(0.05)
    socket.close()


def sources(document: Any, kind: str) -> list[str]:
    return [cell["source"] for cell in document.source["cells"]] if kind == "notebook" else [document.source]


def write(document: Any, kind: str, index: int, source: str) -> None:
    if kind == "notebook":
        document.set_cell(index, {**document.get_cell(index), "source": source})
    else:
        document.source = source


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
