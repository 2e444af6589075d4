"""marimo as a client of the Jupyter server sees it: odd names, sessions, deaths, and what a killed server leaves."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import psutil
import pytest
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from daglab.server.leftovers import MARK
from tests.process_trees import argv_of

NOTEBOOK = "mini/notebooks/orders.py"
ODD_NAMES = [
    "`touch pwned`.py", "a; touch pwned; #.py", "$(touch pwned).py", "-x.py", "--help", "{{7*7}}.py", "%2e%2e.py",
    "ünï 日本.py", "a&file=b?c#d+e.py", "'quoted\".py", "<img src=x onerror=alert(1)>.py",
]  # fmt: skip


@pytest.fixture(scope="module")
def odd(jupyter: Any) -> Path:
    folder: Path = jupyter.root / "-odd {{n}}"
    folder.mkdir()
    return folder


async def connect(jupyter: Any, session: str, page: str) -> WebSocketClientConnection:
    """The socket of marimo's page at ``page``, its kernel ready, as the browser opens it."""
    query = urlsplit(page).query
    url = f"{jupyter.url('daglab/marimo/ws').replace('http', 'ws')}?session_id={session}&{query}"
    socket = await websocket_connect(HTTPRequest(url, headers=jupyter.headers))
    message = await asyncio.wait_for(socket.read_message(), 30)
    assert "kernel-ready" in str(message), message
    return socket


async def closed(socket: WebSocketClientConnection) -> None:
    while await asyncio.wait_for(socket.read_message(), 10) is not None:
        pass


def opened(jupyter: Any, path: str) -> str:
    response = jupyter.request("POST", "marimo", json={"path": path})
    assert response.status_code == 200, response.text
    url: str = response.json()["url"]
    return url


def marimo_of(jupyter: Any) -> psutil.Process:
    children = psutil.Process(jupyter.child.pid).children()
    (found,) = [child for child in children if "marimo" in argv_of(child)]
    return found


def carriers(hold: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == hold:
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_opened_as_they_are(jupyter: Any, odd: Path, name: str) -> None:
    file = odd / (name if name.endswith(".py") else f"{name}.py")
    file.write_text((jupyter.root / NOTEBOOK).read_text())
    path = f"{odd.name}/{file.name}"
    url = opened(jupyter, path)
    assert url.startswith("/user/ada/daglab/marimo/?file=")
    assert parse_qs(urlsplit(url).query) == {"file": [path]}
    page = httpx.get(jupyter.origin + url, headers=jupyter.headers, timeout=60)
    assert page.status_code == 200
    assert "<img src=x" not in page.text

    async def use() -> None:
        socket = await connect(jupyter, "s_oddone", url)
        sessions = jupyter.request("GET", "marimo").json()["sessions"]
        assert {"session": "s_oddone", "name": file.name, "path": path, "url": url} in sessions
        assert jupyter.request("DELETE", "marimo/s_oddone").status_code == 200
        await closed(socket)

    asyncio.run(use())
    assert list(jupyter.root.rglob("pwned*")) == []


@pytest.mark.parametrize("path", ["a\nb.py", "-\r.py", "a\tb.py"])
def test_control_characters_in_names_are_refused(jupyter: Any, odd: Path, path: str) -> None:
    (odd / path).write_text((jupyter.root / NOTEBOOK).read_text())
    response = jupyter.request("POST", "marimo", json={"path": f"{odd.name}/{path}"})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "request")


def test_sessions_are_told_closed_and_missed(jupyter: Any) -> None:
    cursor = jupyter.request("GET", "events").json()["cursor"]

    def told(count: int) -> dict[str, Any]:
        """The first event, from the cursor on, that tells of so many sessions."""
        deadline = time.monotonic() + 20
        while True:
            for event in jupyter.request("GET", f"events?since={cursor}").json()["events"]:
                if event["topic"] == "marimo" and len(event["data"]["sessions"]) == count:
                    data: dict[str, Any] = event["data"]
                    return data
            assert time.monotonic() < deadline
            time.sleep(0.1)

    async def use() -> None:
        nonlocal cursor
        socket = await connect(jupyter, "s_told01", opened(jupyter, NOTEBOOK))
        assert told(1)["sessions"] == [{"session": "s_told01", "name": "orders.py", "path": NOTEBOOK}]
        cursor = jupyter.request("GET", "events").json()["cursor"]
        state = jupyter.request("DELETE", "marimo/s_told01").json()
        assert (state["running"], state["sessions"]) == (True, [])
        await closed(socket)
        assert socket.close_code == 1000
        assert told(0)["event"] == "sessions"

    asyncio.run(use())
    response = jupyter.request("DELETE", "marimo/s_told01")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "missing-session")


def test_a_killed_marimo_ends_its_sockets_and_comes_back_with_the_next_request(jupyter: Any) -> None:
    url = opened(jupyter, NOTEBOOK)
    marimo = marimo_of(jupyter)
    hold = marimo.environ()[MARK]

    async def use() -> None:
        socket = await connect(jupyter, "s_killed", url)
        assert len(carriers(hold)) >= 2
        marimo.kill()
        await closed(socket)
        page = httpx.get(jupyter.origin + url, headers=jupyter.headers, timeout=60)  # a page, not our API
        assert page.status_code == 200
        assert marimo_of(jupyter).pid != marimo.pid
        assert carriers(hold) == []
        again = await connect(jupyter, "s_killed", url)
        again.close()

    asyncio.run(use())
    assert jupyter.request("DELETE", "marimo/s_killed").json()["sessions"] == []


def test_no_page_of_marimo_has_its_token(jupyter: Any) -> None:
    url = opened(jupyter, NOTEBOOK)
    (file,) = jupyter.folder.glob("runtime_dir/daglab-marimo-*/token")
    token = file.read_text()
    below = jupyter.url("daglab/marimo/")
    shown = [
        httpx.get(address, headers=jupyter.headers, timeout=60)
        for address in (jupyter.origin + url, below, f"{below}?file=none.py", f"{below}auth/login",
                        f"{below}api/status", f"{below}api/usage", f"{below}health", f"{below}no/such/page")
    ]  # fmt: skip
    shown.append(httpx.post(f"{below}api/home/shutdown_session", headers=jupyter.headers, content=b"x", timeout=60))
    assert {200, 404} <= {response.status_code for response in shown}
    for response in shown:
        assert token not in response.text, response.url
        assert token not in str(response.headers), response.url
    assert token not in jupyter.log.read_text()


@pytest.mark.parametrize(
    "path",
    ["//evil.example/", "///evil.example", "/\\evil.example", "/%5Cevil.example", "/%2F%2Fevil.example/..",
     "/auth/login?next=//evil.example", "/auth/login?next=https://evil.example", "/?file=//evil.example",
     "/?file=https://evil.example/x.py", "/@file//evil.example"],
)  # fmt: skip
def test_no_link_to_marimo_leads_to_another_server(jupyter: Any, path: str) -> None:
    opened(jupyter, NOTEBOOK)
    url = httpx.URL(jupyter.origin, raw_path=f"{jupyter.base}daglab/marimo{path}".encode())
    answer = httpx.get(url, headers={**jupyter.headers, "Accept": "text/html"}, timeout=60)
    location = answer.headers.get("Location", "")
    assert re.match(rf"$|/user/ada/daglab/marimo/|{re.escape(jupyter.origin)}/user/ada/daglab/marimo/", location), (
        location
    )
    assert "evil.example" not in re.sub(r"[?].*", "", location)


WITHOUT_THE_SIGNAL = """
import functools, sys
from daglab import processes
from daglab.server import marimo_process
marimo_process.spawn = lambda argv, die_with_parent, **options: processes.spawn(argv, **options)
from jupyter_server.serverapp import main
main(sys.argv[1:])
"""


def test_what_a_killed_server_leaves_is_ended_by_the_next_one(
    start: Callable[..., Any], tmp_path: Path, jupyter: Any
) -> None:
    """As where no signal tells of a parent's death."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "orders.py").write_text((jupyter.root / NOTEBOOK).read_text())
    first = start(root, command=["-c", WITHOUT_THE_SIGNAL])
    url = opened(first, "orders.py")
    marimo = marimo_of(first)
    hold = marimo.environ()[MARK]

    async def use() -> None:
        await connect(first, "s_orphan", url)
        first.child.process.kill()
        first.child.wait(10)

    asyncio.run(use())
    left = carriers(hold)
    assert marimo in left and len(left) >= 2
    other_hold = marimo_of(jupyter).environ()[MARK]  # of a server that lives
    second = start(root)
    _, alive = psutil.wait_procs(left, timeout=20)
    assert alive == []
    assert not (tmp_path / "runtime_dir" / hold).exists()
    assert carriers(other_hold) != []
    assert str(marimo.pid) in second.log.read_text()


async def test_read_only_takes_force_for_a_page_that_is_open(start: Callable[..., Any], tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "x.py").write_text("import marimo\napp = marimo.App()\n")
    jupyter = start(root)
    assert jupyter.request("POST", "marimo", json={"path": "x.py"}).status_code == 200
    url = jupyter.url("daglab/marimo/")
    assert httpx.get(url, headers=jupyter.headers, timeout=60).status_code == 200
    socket = await websocket_connect(
        HTTPRequest(url.replace("http", "ws") + "ws?session_id=s_first1&file=x.py", headers=jupyter.headers)
    )
    (root / "daglab.yaml").write_text("read_only: true\n")
    await asyncio.sleep(1.1)  # the file is read once a second; nothing but the proxy is asked
    await socket.write_message("x")
    while await asyncio.wait_for(socket.read_message(), 20) is not None:
        pass
    assert socket.close_code == 1008
    answer = httpx.get(url, headers=jupyter.headers, timeout=60)
    assert answer.status_code == 403 and "read only" in answer.text
    (session,) = jupyter.request("GET", "marimo").json()["sessions"]
    assert jupyter.request("DELETE", f"marimo/{session['session']}").json()["sessions"] == []  # it changes no file
