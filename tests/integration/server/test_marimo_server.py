"""The supervised marimo: its sessions, its deaths, and what a killed server leaves."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from daglab.errors import MissingSessionError, ProcessError
from daglab.processes import LOOPBACK
from daglab.server.leftovers import MARK, Hold, sweep
from daglab.server.live_config import LiveConfig
from daglab.server.marimo_process import MarimoSetting
from daglab.server.marimo_server import MarimoServer

NOTEBOOKS = Path(__file__).parents[2] / "mini_project" / "mini" / "notebooks"
LOG = logging.getLogger("test")


class Told(list[dict[str, Any]]):
    """What was published."""

    def take(self, topic: str, data: dict[str, Any]) -> None:
        assert topic == "marimo"
        json.dumps(data)
        self.append(data)

    async def wait_for(self, event: str, timeout: float = 15) -> dict[str, Any]:
        return await until(lambda: next((one for one in self if one["event"] == event), None), timeout)


async def until(found: Callable[[], Any], timeout: float = 15) -> Any:
    deadline = time.monotonic() + timeout
    while not (value := found()):
        assert time.monotonic() < deadline, "it did not come"
        await asyncio.sleep(0.05)
    return value


@asynccontextmanager
async def marimo(tmp_path: Path) -> AsyncIterator[tuple[MarimoServer, Told]]:
    root = tmp_path / "root"
    shutil.copytree(NOTEBOOKS, root / "deep ünder")
    told = Told()
    setting = MarimoSetting(root, "/user/ada/", tmp_path / "runtime", LiveConfig(root, LOG))
    server = MarimoServer(setting, LOG, told.take)
    try:
        yield server, told
    finally:
        await server.stop()
    assert list((tmp_path / "runtime").iterdir()) == []


async def page(server: MarimoServer, session: str, path: str) -> WebSocketClientConnection:
    """What a page of marimo's does: the socket of a notebook, its kernel ready."""
    url = f"ws://{LOOPBACK}:{server.port}/user/ada/daglab/marimo/ws?session_id={session}&file={path}"
    socket = await websocket_connect(HTTPRequest(url, headers=server.headers))
    assert "kernel-ready" in str(await socket.read_message())
    server.look()
    return socket


async def closed(socket: WebSocketClientConnection) -> None:
    while await asyncio.wait_for(socket.read_message(), 10) is not None:
        pass


def carriers(folder: Path) -> set[int]:
    """Processes of the marimo whose token lies in ``folder``."""
    found = set()
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == folder.name:
                found.add(process.pid)
        except psutil.Error:
            continue
    return found


def test_sessions_are_listed_closed_and_told(tmp_path: Path) -> None:
    async def run() -> None:
        async with marimo(tmp_path) as (server, told):
            assert await server.sessions() == []
            assert not server.running
            starting = asyncio.create_task(server.ensure())
            await asyncio.sleep(0.2)
            assert await server.sessions() == []  # waits for it
            assert starting.done()
            assert [one["event"] for one in told] == ["started"]
            first = await page(server, "s_first1", "deep%20%C3%BCnder/orders.py")
            second = await page(server, "s_second", "deep%20%C3%BCnder/visits.py")
            names = {one.id: (one.name, one.path) for one in await server.sessions()}
            assert names["s_first1"] == ("orders.py", "deep ünder/orders.py")
            assert names["s_second"] == ("visits.py", "deep ünder/visits.py")
            await until(lambda: len(told[-1]["sessions"]) == 2)
            assert {"session": "s_first1", "name": "orders.py", "path": "deep ünder/orders.py"} in told[-1]["sessions"]

            left = await server.close("s_first1")
            assert [one.id for one in left] == ["s_second"]
            await closed(first)
            assert [one["session"] for one in told[-1]["sessions"]] == ["s_second"]
            with pytest.raises(MissingSessionError, match="s_first1"):
                await server.close("s_first1")

            # marimo's own page closes one as well; the watch sees it.
            process = server._process
            assert process is not None
            await process.home.close_session("s_second")
            await closed(second)
            await until(lambda: told[-1]["sessions"] == [])
            await server.stop()
            assert told[-1] == {"event": "stopped", "running": False, "sessions": []}

    asyncio.run(run())


def test_a_killed_marimo_is_told_leaves_no_kernel_and_comes_back(tmp_path: Path) -> None:
    async def run() -> None:
        async with marimo(tmp_path) as (server, told):
            await server.ensure()
            (hold,) = (tmp_path / "runtime").iterdir()
            socket = await page(server, "s_first1", "deep%20%C3%BCnder/orders.py")
            before = carriers(hold)
            assert len(before) >= 2  # marimo and a kernel
            for pid in before:  # the kernel can't notice: it is stopped
                if pid != server._process._child.pid:  # type: ignore[union-attr]
                    psutil.Process(pid).suspend()
            psutil.Process(server._process._child.pid).kill()  # type: ignore[union-attr]
            assert await server.sessions() == []
            await closed(socket)
            died = await told.wait_for("died")
            assert died == {"event": "died", "running": False, "sessions": []}
            await until(lambda: not carriers(hold))  # killed, and soon gone
            assert not hold.exists()
            await server.ensure()
            assert server.running
            assert [one["event"] for one in told].count("started") == 2
            assert await server.sessions() == []

    asyncio.run(run())


def child_with(hold: Hold) -> subprocess.Popen[bytes]:
    """A process that carries the mark, in a session of its own, as a child of its parent does."""
    code = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(90)']); "
    argv = [sys.executable, "-c", f"{code}time.sleep(90)"]
    return subprocess.Popen(argv, env={**os.environ, **hold.mark}, start_new_session=True)


OWNER = """
import pathlib, sys
from daglab.server.leftovers import Hold
holds = [Hold.take(pathlib.Path(sys.argv[1]), program) for program in sys.argv[2:]]
print(*(hold.folder for hold in holds), flush=True)
sys.stdin.read()
"""


def owner_of(runtime_dir: Path, *programs: str) -> tuple[subprocess.Popen[str], list[Hold]]:
    """Another process with a hold on each program."""
    argv = [sys.executable, "-c", OWNER, str(runtime_dir), *programs]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, [Hold(Path(folder)) for folder in process.stdout.readline().split()]


def test_only_what_an_ended_owner_left_is_swept(tmp_path: Path) -> None:
    mine = Hold.take(tmp_path, "marimo")
    killed, (dead, reused, elsewhere, other_program) = owner_of(tmp_path, "marimo", "marimo", "marimo", "dagster")
    living, (anothers,) = owner_of(tmp_path, "marimo")
    killed.kill()
    killed.wait(30)
    (elsewhere.folder / "owner.json").write_text(json.dumps({"host": "another-machine"}))
    (tmp_path / "daglab-marimo-broken").mkdir()
    (tmp_path / "daglab-marimo-begun").mkdir()
    (tmp_path / "daglab-marimo-begun" / "lock").touch()
    children = {hold: child_with(hold) for hold in (mine, dead, reused, elsewhere, other_program, anothers)}
    try:
        deadline = time.monotonic() + 15
        while any(len(carriers(hold.folder)) < 2 for hold in children):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        ended = sweep(tmp_path, "marimo")
        assert len(ended) == 4
        assert {children[dead].pid, children[reused].pid} < set(ended)
        for hold in (dead, reused):
            assert children[hold].wait(10) != 0
            assert not hold.folder.exists()
        for hold in (mine, elsewhere, other_program, anothers):
            assert len(carriers(hold.folder)) == 2
            assert hold.folder.exists()
        assert (tmp_path / "daglab-marimo-begun").exists()
    finally:
        living.kill()
        living.wait(30)
        for hold in children:
            hold.release()
        for child in children.values():
            child.wait(10)


class Squatter(BaseHTTPRequestHandler):
    """Another program at marimo's port, which says yes to everything."""

    def do_GET(self) -> None:
        seen: list[str] = self.server.seen  # type: ignore[attr-defined]
        seen.append(str(self.headers))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def test_another_program_at_its_port_is_not_taken_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(port: int) -> None:
        monkeypatch.setattr(MarimoSetting, "port", lambda _: port)  # it was free a moment ago
        async with marimo(tmp_path) as (server, _):
            with pytest.raises(ProcessError, match="marimo did not start"):
                await server.ensure()
            assert not server.running

    with ThreadingHTTPServer((LOOPBACK, 0), Squatter) as squatter:
        squatter.seen = []  # type: ignore[attr-defined]
        threading.Thread(target=squatter.serve_forever, daemon=True).start()
        asyncio.run(run(squatter.server_port))
        squatter.shutdown()
        assert squatter.seen and "Bearer" not in "".join(squatter.seen)  # type: ignore[attr-defined]


def test_a_token_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Hold.take(tmp_path, "marimo", **{"no/folder": "token"})
    assert list(tmp_path.iterdir()) == []
