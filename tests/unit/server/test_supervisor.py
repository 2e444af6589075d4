"""A process that is kept alive, with small real processes."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from daglab.errors import ProcessError
from daglab.processes import LOOPBACK, free_port, spawn
from daglab.server.supervisor import Command, Standing, Supervisor

LOG = logging.getLogger("test")


def server(folder: Path, port: int, before: str = "") -> Command:
    code = (
        f"{before}\nimport http.server, sys\n"
        f"http.server.ThreadingHTTPServer(('{LOOPBACK}', {port}), http.server.SimpleHTTPRequestHandler).serve_forever()"
    )
    argv = [sys.executable, "-c", code]
    return Command("the server", argv, folder, dict(os.environ), folder / "x.log", f"http://{LOOPBACK}:{port}/")


def supervised(told: list[Standing], **options: Any) -> Supervisor:
    return Supervisor(changed=told.append, log=LOG, **options)


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def run(scenario: Coroutine[Any, Any, None] | Awaitable[None]) -> None:
    async def whole() -> None:
        await scenario

    asyncio.run(asyncio.wait_for(whole(), 60))


def test_it_starts_answers_and_stops(tmp_path: Path) -> None:
    async def scenario() -> None:
        told: list[Standing] = []
        supervisor = supervised(told)
        supervisor.start(server(tmp_path, free_port()))
        assert supervisor.active and supervisor.standing.state == "starting"
        await until(lambda: supervisor.standing.state == "running")
        pid = supervisor.standing.pid
        assert pid and psutil.pid_exists(pid)
        await supervisor.stop()
        assert not supervisor.active and not psutil.pid_exists(pid)
        assert [standing.state for standing in told] == ["starting", "running", "stopped"]
        await supervisor.stop()  # a second call does no harm
        assert len(told) == 3

    run(scenario())


def test_a_killed_one_is_started_anew_until_it_dies_too_often(tmp_path: Path) -> None:
    async def scenario() -> None:
        told: list[Standing] = []
        supervisor = supervised(told, backoff=(0.01, 0.01))
        supervisor.start(server(tmp_path, free_port(), "print('the last words', flush=True)"))
        for restarts in range(3):
            await until(lambda n=restarts: (supervisor.standing.state, supervisor.standing.restarts) == ("running", n))
            assert supervisor.standing.pid
            os.kill(supervisor.standing.pid, signal.SIGKILL)
        await until(lambda: supervisor.standing.state == "failed")
        assert supervisor.standing.last_words.splitlines()[0] == "the last words"
        assert [standing.state for standing in told] == [
            *["starting", "running", "restarting", "restarting", "running", "restarting", "restarting", "running"],
            "restarting",
            "failed",
        ]

    run(scenario())


def test_a_long_life_makes_up_for_earlier_deaths(tmp_path: Path) -> None:
    async def scenario() -> None:
        told: list[Standing] = []
        supervisor = supervised(told, backoff=(0.01,), steady=0.0)
        supervisor.start(server(tmp_path, free_port()))
        for restarts in range(3):
            await until(lambda n=restarts: (supervisor.standing.state, supervisor.standing.restarts) == ("running", n))
            assert supervisor.standing.pid
            os.kill(supervisor.standing.pid, signal.SIGKILL)
        await until(lambda: supervisor.standing.restarts == 3)
        await supervisor.stop()

    run(scenario())


def test_one_that_never_was_ready_has_failed_at_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        told: list[Standing] = []
        supervisor = supervised(told, backoff=(60.0,))
        supervisor.start(server(tmp_path, free_port(), "raise SystemExit('no such module: shop')"))
        await until(lambda: supervisor.standing.state == "failed")
        assert supervisor.standing.last_words == "no such module: shop"
        await supervisor.stop()
        assert supervisor.standing.state == "stopped"
        supervisor.start(server(tmp_path, free_port()))
        assert (supervisor.standing.last_words, supervisor.standing.restarts) == ("", 0)
        await supervisor.stop()

    run(scenario())


def test_stopping_ends_the_pause_before_a_restart(tmp_path: Path) -> None:
    async def scenario() -> None:
        told: list[Standing] = []
        supervisor = supervised(told, backoff=(600.0,))
        supervisor.start(server(tmp_path, free_port()))
        await until(lambda: supervisor.standing.state == "running")
        assert supervisor.standing.pid
        os.kill(supervisor.standing.pid, signal.SIGKILL)
        await until(lambda: supervisor.standing.state == "restarting")
        await asyncio.wait_for(supervisor.stop(), 5)
        assert supervisor.standing.state == "stopped"

    run(scenario())


def test_what_cannot_be_started_is_an_error(tmp_path: Path) -> None:
    async def scenario() -> None:
        supervisor = supervised([])
        command = server(tmp_path, free_port())
        missing = Command(command.name, command.argv, tmp_path / "none", command.env, command.log, command.health)
        with pytest.raises(ProcessError, match="could not be started"):
            supervisor.start(missing)
        assert not supervisor.active

    run(scenario())


def test_an_unforeseen_error_ends_the_process_and_is_told(tmp_path: Path) -> None:
    async def scenario() -> None:
        supervisor = supervised([])
        # httpx has an error of its own for such an address.
        command = replace(server(tmp_path, free_port()), health="http://localhost:port/")
        supervisor.start(command)
        pid = supervisor.standing.pid
        await until(lambda: supervisor.standing.state == "failed")
        assert supervisor.standing.last_words.startswith("InvalidURL")
        assert pid and not psutil.pid_exists(pid)
        await supervisor.stop()
        supervisor.start(server(tmp_path, free_port()))
        await supervisor.stop()

    run(scenario())


def test_without_an_event_loop_the_process_ends_as_well(tmp_path: Path) -> None:
    supervisor = supervised([])

    async def scenario() -> None:
        supervisor.start(server(tmp_path, free_port()))
        await until(lambda: supervisor.standing.state == "running")

    run(scenario())  # the loop ends, the process lives on
    pid = supervisor.standing.pid
    assert pid and psutil.pid_exists(pid)
    supervisor.stop_now()
    assert not psutil.pid_exists(pid)


def test_another_program_at_its_port_is_not_taken_for_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        told: list[Standing] = []
        with spawn([sys.executable, "-m", "http.server", "--bind", LOOPBACK, str(port := free_port())]) as squatter:
            await asyncio.to_thread(squatter.wait_until_healthy, f"http://{LOOPBACK}:{port}/", 20)
            supervisor = supervised(told)
            supervisor.start(server(tmp_path, port, "import time; time.sleep(1)"))
            await until(lambda: supervisor.standing.state == "failed")
        assert "running" not in [standing.state for standing in told]

    run(scenario())
