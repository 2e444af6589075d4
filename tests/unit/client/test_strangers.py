"""Somebody else than Dagster answers: whatever it says, the error is one of daglab's."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from daglab.client import DagsterClient
from daglab.config_model import Dagster
from daglab.errors import DaglabError

ODD: list[Any] = [
    None, True, 7, "odd", [], [7], [None], {}, [{}], {"__typename": "Odd"}, {"nodes": 7}, {"results": [None]},
]  # fmt: skip
ASKED: dict[str, Callable[[DagsterClient], Awaitable[Any]]] = {
    "status": lambda client: client.status(),
    "daemon_health": lambda client: client.daemon_health(),
    "jobs": lambda client: client.jobs(),
    "assets": lambda client: client.assets(),
    "statuses": lambda client: client.statuses(["orders"]),
    "asset": lambda client: client.asset("orders"),
    "runs": lambda client: client.runs(),
    "run": lambda client: client.run("a-run"),
    "run_logs": lambda client: client.run_logs("a-run"),
    "backfill_status": lambda client: client.backfill_status("abc"),
    "pulse": lambda client: client.pulse(),
    "progress": lambda client: client.progress(["a-run"]),
    "submit_job": lambda client: client.submit_job("a_job"),
    "submit_assets": lambda client: client.submit_assets(["orders"]),
    "terminate": lambda client: client.terminate("a-run"),
    "reexecute": lambda client: client.reexecute("a-run"),
    "reload_location": lambda client: client.reload_location("here"),
}


class Stranger(BaseHTTPRequestHandler):
    """Answers ``odd`` for every field, at any depth up to which the question's fields are objects."""

    protocol_version = "HTTP/1.1"
    odd: Any = None
    depth = 1

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        names = set(re.findall(r"[A-Za-z_]\w*", asked.get("query", "")))
        value = self.odd
        for _ in range(self.depth):
            value = dict.fromkeys(names, value)
        content = json.dumps({"data": value}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("name", ASKED)
def test_odd_answers_are_named_errors(name: str, address: str) -> None:
    async def ask() -> None:
        async with DagsterClient(Dagster(url=address, timeout=5)) as client:
            for Stranger.depth in (1, 2):
                for Stranger.odd in ODD:
                    with contextlib.suppress(DaglabError):
                        await ASKED[name](client)

    asyncio.run(ask())


def test_a_wrong_call_is_no_fault_of_dagsters(address: str) -> None:
    client: Any = DagsterClient(Dagster(url=address))
    with pytest.raises(TypeError, match="no_such"):
        asyncio.run(client.runs(no_such=1))
