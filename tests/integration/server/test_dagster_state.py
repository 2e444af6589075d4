"""GET `status` as a set of states, each made by breaking a real Dagster, and gone when that is mended."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import psutil
import pytest

from daglab.processes import LOOPBACK, Child, free_port, spawn
from tests.conftest import FreshVenv
from tests.integration.server.conftest import RunningJupyter, start_jupyter
from tests.integration.server.reverse_proxy import ReverseProxy, reverse_proxy

MINI_PROJECT = Path(__file__).parents[2] / "mini_project"


class Watching:
    """A Jupyter server whose configuration names one Dagster after the other."""

    def __init__(self, jupyter: RunningJupyter) -> None:
        self.jupyter = jupyter

    def configure(self, text: str) -> None:
        (self.jupyter.root / "daglab.yaml").write_text(text)

    def look_at(self, url: str, more: str = "") -> None:
        self.configure(f"dagster: {{url: '{url}'{more}}}\n")
        deadline = time.monotonic() + 10
        while self.dagster()["address"] != url:  # who asks while it is read is answered by the one before
            assert time.monotonic() < deadline
            time.sleep(0.1)
        time.sleep(0.6)  # an answer holds for half a second

    def dagster(self) -> dict[str, Any]:
        status: dict[str, Any] = self.jupyter.request("GET", "status").json()["dagster"]
        assert status["state"] == (codes(status) or ["ok"])[0]
        assert all(problem["message"] and problem["remedy"] for problem in status["problems"])
        assert status["reachable"] == (status["error"] is None)
        if status["error"]:
            assert status["error"]["code"] == status["state"]
        return status

    def problems(self) -> list[str]:
        return codes(self.dagster())

    def until(self, *wanted: str, seconds: float = 60) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while codes(found := self.dagster()) != list(wanted):
            assert time.monotonic() < deadline, found
            time.sleep(0.3)
        return found


def codes(dagster: dict[str, Any]) -> list[str]:
    return [problem["code"] for problem in dagster["problems"]]


@pytest.fixture(scope="module")
def watching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watching]:
    folder = tmp_path_factory.mktemp("watching")
    root = folder / "root"
    root.mkdir()
    running = start_jupyter(folder, root, {})
    with running.child:
        yield Watching(running)


@pytest.fixture
def proxy(dagster: Any) -> Iterator[ReverseProxy]:
    with reverse_proxy(dagster.url) as running:
        yield running


def test_nobody_listens(watching: Watching, dagster: Any) -> None:
    watching.look_at(f"http://{LOOPBACK}:{free_port()}")
    began = time.monotonic()
    assert watching.problems() == ["dagster-unreachable"]
    assert time.monotonic() - began < 20
    watching.look_at(dagster.url)
    assert watching.problems() == []
    assert [location["error"] for location in watching.dagster()["locations"]] == [None]


def test_the_configuration_is_wrong(watching: Watching, dagster: Any) -> None:
    watching.configure("dagster: {prot: 1}\n")
    assert watching.until("config")["address"] is None
    watching.look_at(dagster.url)
    assert watching.problems() == []


def test_the_configuration_takes_force_though_nobody_asks(watching: Watching, dagster: Any) -> None:
    watching.configure("marimo: {prut: 1}\n")
    deadline = time.monotonic() + 30
    while "unknown key marimo.prut" not in watching.jupyter.log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    watching.look_at(dagster.url)


def test_a_stopped_dagster_is_slow(watching: Watching, dagster: Any) -> None:
    watching.look_at(dagster.url)
    assert watching.problems() == []
    time.sleep(1.1)
    (web,) = [process for process in psutil.process_iter() if _serves(process, dagster.port)]
    web.suspend()
    try:
        began = time.monotonic()
        assert watching.problems() == ["dagster-slow"]
        assert time.monotonic() - began < 30
    finally:
        web.resume()
    watching.until()


def _serves(process: psutil.Process, port: int) -> bool:
    try:
        return any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in process.net_connections("tcp"))
    except psutil.Error:
        return False


def test_all_who_ask_at_once_share_one_question(watching: Watching, proxy: ReverseProxy) -> None:
    watching.look_at(proxy.url)
    before, proxy.delay = proxy.requests, 4.0  # all have asked by then
    url, headers = watching.jupyter.url("daglab/api/status"), watching.jupyter.headers
    with httpx.Client(headers=headers, timeout=90, trust_env=False) as client, ThreadPoolExecutor(20) as pool:
        found = [answer.json()["dagster"]["state"] for answer in pool.map(client.get, [url] * 20)]
    assert len(found) == 20
    assert len(set(found)) == 1
    assert proxy.requests == before + 1


def test_a_proxy_that_delays(watching: Watching, proxy: ReverseProxy) -> None:
    watching.look_at(proxy.url, ", timeout: 0.5")
    proxy.delay = 2.0
    assert watching.problems() == ["dagster-slow"]
    proxy.delay = 0.0
    watching.until()


def test_a_proxy_that_wants_a_token(watching: Watching, proxy: ReverseProxy) -> None:
    proxy.token = "canary-proxy-token"
    token = watching.jupyter.root / "token"
    token.write_text("wrong")
    watching.look_at(proxy.url, f", auth: {{type: bearer, token_file: {token}}}")
    assert watching.problems() == ["dagster-authentication"]
    token.write_text(proxy.token)
    watching.until()
    shown = watching.jupyter.request("GET", "status").text + watching.jupyter.log.read_text()
    assert proxy.token not in shown


def test_a_proxy_whose_dagster_is_gone(watching: Watching, proxy: ReverseProxy) -> None:
    alive, proxy.target = proxy.target, f"http://{LOOPBACK}:{free_port()}"
    watching.look_at(proxy.url)
    assert watching.problems() == ["dagster-busy"]
    proxy.target = alive
    watching.until()


@pytest.mark.parametrize(
    "answer", [b"<html>A shop</html>", b'{"data": {}}', b'{"errors": []}', b'{"errors": ["x"]}', b'{"items": 3}']
)
def test_somebody_else_answers(watching: Watching, answer: bytes) -> None:
    class Shop(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # http.server gives the name
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

    with HTTPServer((LOOPBACK, 0), Shop) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        watching.look_at(f"http://{LOOPBACK}:{server.server_address[1]}")
        assert watching.problems() == ["not-dagster"]
        assets = watching.jupyter.request("GET", "assets")
        assert (assets.status_code, assets.json()["error"]["code"]) == (503, "not-dagster")
        server.shutdown()


def test_a_version_that_is_too_old(watching: Watching, proxy: ReverseProxy) -> None:
    version = httpx.get(f"{proxy.target}/server_info", timeout=30).json()["dagster_version"].encode()
    proxy.change = lambda answer: answer.replace(b'"version":"%b"' % version, b'"version":"1.11.16"').replace(
        b'"version": "%b"' % version, b'"version": "1.11.16"'
    )
    watching.look_at(proxy.url)
    assert watching.problems() == ["dagster-version"]
    assert "1.11.16" in watching.dagster()["problems"][0]["message"]
    proxy.change = bytes
    watching.until()


class Alone:
    """A web server of Dagster without its daemon, on a project of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.project, self.port = folder / "mini", free_port()
        shutil.copytree(MINI_PROJECT, self.project)
        (self.project / ".dagster_home").mkdir()
        shutil.move(self.project / "dagster.yaml", self.project / ".dagster_home")
        self.url = f"http://{LOOPBACK}:{self.port}"
        argv = ["-m", "dagster_webserver", "--host", LOOPBACK, "--port", str(self.port), *arguments]
        self.child = self.spawn(*argv)

    def spawn(self, *arguments: str) -> Child:
        environment = {**os.environ, "DAGSTER_HOME": str(self.project / ".dagster_home")}
        return spawn([sys.executable, *arguments], cwd=self.project, env=environment)

    @property
    def definitions(self) -> Path:
        return self.project / "mini" / "definitions.py"


def test_a_broken_location_and_no_daemon_until_both_are_mended(watching: Watching, tmp_path: Path) -> None:
    with ExitStack() as stack:
        alone = Alone(tmp_path)
        stack.enter_context(alone.child)
        right = alone.definitions.read_text()
        alone.definitions.write_text("raise ValueError('no such column: amount')")
        watching.look_at(alone.url)
        found = watching.until("location-failed", "no-daemon")
        assert found["reachable"]
        assert "no such column: amount" in found["problems"][0]["message"]
        assert found["launch_problem"] == "No Dagster daemon is running."
        alone.definitions.write_text(right)
        reload = 'mutation { reloadRepositoryLocation(repositoryLocationName: "mini") { __typename } }'
        httpx.post(f"{alone.url}/graphql", json={"query": reload}, timeout=60).raise_for_status()
        watching.until("no-daemon")
        stack.enter_context(alone.spawn("-m", "dagster._daemon", "run"))
        watching.until()


def test_no_code_location(watching: Watching, tmp_path: Path) -> None:
    alone = Alone(tmp_path, "--empty-workspace")
    with alone.child:
        watching.look_at(alone.url)
        assert watching.until("no-location", "no-daemon")["locations"] == []


@pytest.mark.nightly
def test_a_dagster_that_really_is_too_old(watching: Watching, tmp_path: Path, wheel_environ: dict[str, str]) -> None:
    venv = FreshVenv(tmp_path / "venv", wheel_environ)
    venv.install("dagster==1.11.*", "dagster-webserver==1.11.*")
    port, home = free_port(), tmp_path / "home"
    home.mkdir()
    argv = [str(venv.folder / "bin" / "dagster-webserver"), "-h", LOOPBACK, "-p", str(port), "--empty-workspace"]
    with spawn(argv, cwd=tmp_path, env={**venv.environ, "DAGSTER_HOME": str(home)}):
        watching.look_at(f"http://{LOOPBACK}:{port}")
        found = watching.until("dagster-version", "no-location", "no-daemon", seconds=120)
        assert found["version"].startswith("1.11.")
