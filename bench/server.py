"""The server extension: GET assets beside Dagster's GraphQL, what it adds to Jupyter, many clients, many runs."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from bench.measure import Row, median_seconds
from daglab.processes import LOOPBACK, Child, free_port, spawn

_TESTS = Path(__file__).parents[1] / "tests"
_TOKEN = "bench"
_HEADERS = {"Authorization": f"token {_TOKEN}"}
_CLIENTS, _SECONDS, _RUNS = 100, 30.0, 50
_WHAT = "GET assets, 10,000 of them"
_DEFINITIONS = """{assetNodes {
  assetKey {path} groupName kinds description isMaterializable isPartitioned tags {key value}
  dependencyKeys {path} repository {location {name}}}}"""
_STATES = """query ($keys: [AssetKeyInput!]!) {
  assetNodes(assetKeys: $keys) {assetKey {path} staleStatus}
  assetsLatestInfo(assetKeys: $keys) {
    assetKey {path} latestMaterialization {timestamp runId} unstartedRunIds inProgressRunIds latestRun {runId status}
  }}"""


def run() -> list[Row]:
    """Real servers on the loopback interface."""
    with tempfile.TemporaryDirectory(prefix="daglab-bench-") as name:
        folder = Path(name)
        return [*_added(folder / "added"), *_large(folder / "large"), *_runs(folder / "runs")]


@contextmanager
def _jupyter(folder: Path, dagster: str = "", *, extension: bool = True) -> Iterator[tuple[str, Child, float]]:
    """The address of a Jupyter server, its process, and the seconds that it took to answer."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    places = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    environment = {**os.environ, **places, "JUPYTER_TOKEN": _TOKEN, "JUPYTER_PREFER_ENV_PATH": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package is compiled once
    environment["PYTHONPYCACHEPREFIX"] = str(folder.parent / "compiled")
    if dagster:
        environment["DAGLAB_DAGSTER__URL"] = dagster
    root = folder / "root"
    root.mkdir(exist_ok=True)
    argv = [
        sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root", f"--ServerApp.ip={LOOPBACK}",
        f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}",
        f"--ServerApp.jpserver_extensions={{'daglab.server': {extension}}}",
    ]  # fmt: skip
    began = time.perf_counter()
    with spawn(argv, cwd=root, env=environment, log=folder / "log") as child:
        address = f"http://{LOOPBACK}:{port}"
        child.wait_until_healthy(f"{address}/api/status?token={_TOKEN}", timeout=60)
        yield f"{address}/daglab/api", child, time.perf_counter() - began


def _added(folder: Path, rounds: int = 5) -> list[Row]:
    """What the extension adds to a Jupyter server that nobody uses it in."""
    seconds: dict[bool, list[float]] = {False: [], True: []}
    megabytes: dict[bool, list[float]] = {False: [], True: []}
    for number in range(rounds):
        for extension in (False, True):
            with _jupyter(folder / f"{number}-{extension}", extension=extension) as (_, child, took):
                time.sleep(1)
                seconds[extension].append(took)
                megabytes[extension].append(psutil.Process(child.pid).memory_info().rss / 1e6)
    memory = statistics.median(megabytes[True]) - statistics.median(megabytes[False])
    return [
        Row("memory of an idle Jupyter server", "without daglab", statistics.median(megabytes[False]), "MB"),
        Row("memory added to it", "daglab", memory, "MB", budget=30),
        Row("start of a Jupyter server", "without daglab", min(seconds[False])),
        Row("start slowed by", "daglab", min(seconds[True]) - min(seconds[False]), budget=0.3),
    ]


def _large(folder: Path) -> list[Row]:
    """10,000 assets: one client, then a hundred."""
    folder.mkdir()
    port = free_port()
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    argv = [sys.executable, "-m", "dagster_webserver", "-m", "large", "-h", LOOPBACK, "-p", str(port)]
    environment = {**os.environ, "DAGSTER_HOME": str(folder)}
    with ExitStack() as stack:
        child = stack.enter_context(
            spawn(argv, cwd=_TESTS / "large_project", env=environment, log=folder / "dagster.log")
        )
        dagster = f"http://{LOOPBACK}:{port}"
        child.wait_until_healthy(f"{dagster}/server_info", timeout=120)
        api, _, _ = stack.enter_context(_jupyter(folder / "jupyter", dagster))
        client = stack.enter_context(httpx.Client(headers=_HEADERS, timeout=120, trust_env=False))
        etag = client.get(f"{api}/assets").raise_for_status().headers["ETag"]
        unchanged = client.get(f"{api}/assets", headers={"If-None-Match": etag})
        assert unchanged.status_code == 304, unchanged
        return [
            Row(
                _WHAT, "Dagster's GraphQL, the same fields", median_seconds(lambda: _graphql(client, dagster), rounds=3)
            ),
            Row(
                _WHAT,
                "daglab, warm",
                median_seconds(lambda: client.get(f"{api}/assets").raise_for_status(), rounds=15),
                budget=0.05,
            ),
            Row(
                _WHAT,
                "daglab, unchanged (304)",
                median_seconds(lambda: client.get(f"{api}/assets", headers={"If-None-Match": etag}), rounds=30),
                budget=0.005,
            ),
            *asyncio.run(_many(api)),
        ]


def _graphql(client: httpx.Client, dagster: str) -> None:
    def ask(query: str, **variables: object) -> dict[str, list[dict[str, object]]]:
        response = client.post(f"{dagster}/graphql", json={"query": query, "variables": variables})
        data: dict[str, list[dict[str, object]]] = response.raise_for_status().json()["data"]
        return data

    ask(_STATES, keys=[node["assetKey"] for node in ask(_DEFINITIONS)["assetNodes"]])


async def _many(api: str) -> list[Row]:
    """A hundred clients at once, each of which asks again as soon as it is answered."""
    paths = ("assets?limit=100", "assets?text=asset_05&limit=100", "locations", "events", "assets")
    until = time.perf_counter() + _SECONDS
    took: list[float] = []
    errors: list[str] = []

    async def one(number: int) -> None:
        headers = dict(_HEADERS)
        async with httpx.AsyncClient(headers=headers, timeout=60, trust_env=False) as client:
            etags: dict[str, str] = {}
            while time.perf_counter() < until:
                path = paths[number % len(paths)]
                number += 1
                began = time.perf_counter()
                try:
                    response = await client.get(f"{api}/{path}", headers={"If-None-Match": etags.get(path, "")})
                except httpx.HTTPError as error:
                    errors.append(repr(error))
                    continue
                took.append(time.perf_counter() - began)
                etags[path] = response.headers.get("ETag", "")
                if response.status_code not in (200, 304):
                    errors.append(f"{path}: {response.status_code}")

    await asyncio.gather(*(one(number) for number in range(_CLIENTS)))
    what = f"{_CLIENTS} clients for {_SECONDS:g} s"
    note = f"{len(took) / _SECONDS:.0f} requests a second"
    return [
        Row(f"{what}: slowest of a hundred answers", "daglab", statistics.quantiles(took, n=100)[98], note=note),
        Row(f"{what}: errors", "daglab", len(errors), "", budget=0, note="; ".join(errors[:2])),
    ]


def _runs(folder: Path) -> list[Row]:
    """Runs launched at once through the API, and followed by its events."""
    project = folder / "mini"
    shutil.copytree(_TESTS / "mini_project", project)
    home = project / ".dagster_home"
    home.mkdir()
    (project / "dagster.yaml").rename(home / "dagster.yaml")
    port = free_port()
    argv = [sys.executable, "-m", "dagster", "dev", "--host", LOOPBACK, "--port", str(port)]
    with ExitStack() as stack:
        environment = {**os.environ, "DAGSTER_HOME": str(home)}
        child = stack.enter_context(spawn(argv, cwd=project, env=environment, log=folder / "dagster.log"))
        child.wait_until_healthy(f"http://{LOOPBACK}:{port}/server_info", timeout=120)
        api, _, _ = stack.enter_context(_jupyter(folder / "jupyter", f"http://{LOOPBACK}:{port}"))
        return asyncio.run(_follow(api))


async def _follow(api: str) -> list[Row]:
    async with httpx.AsyncClient(headers=_HEADERS, timeout=120, trust_env=False) as client:
        (await client.get(f"{api}/assets")).raise_for_status()
        address = f"ws{api.removeprefix('http')}/events/socket"
        socket = await websocket_connect(HTTPRequest(address, headers=_HEADERS))
        told: dict[str, float] = {}  # run id -> when its end was told

        async def listen() -> None:
            while (message := await socket.read_message()) is not None:
                event = json.loads(message)
                if event.get("topic") == "runs" and event["data"]["final"]:
                    told.setdefault(event["data"]["id"], time.time())

        listening = asyncio.ensure_future(listen())
        began = time.perf_counter()
        body = {"assets": ["raw/orders"]}
        launched = await asyncio.gather(*(client.post(f"{api}/runs", json=body) for _ in range(_RUNS)))
        wanted = {response.raise_for_status().json()["id"] for response in launched}
        while not wanted <= told.keys() and time.perf_counter() - began < 900:
            await asyncio.sleep(0.5)
        took = time.perf_counter() - began
        ended = wanted & told.keys()
        runs = [(await client.get(f"{api}/runs/{run_id}")).raise_for_status().json() for run_id in ended]
        late = sorted(told[run["id"]] - run["ended_at"] for run in runs)
        socket.close()
        await listening
        what = f"{_RUNS} runs launched at once"
        followed = Row(
            f"{what}: followed to their end", "daglab", len(ended), "", at_least=_RUNS, note=f"in {took:.0f} s"
        )
        if len(late) < 2:
            return [followed]
        slowest = statistics.quantiles(late, n=20)[18]
        note = f"median {statistics.median(late):.2f} s, all within {late[-1]:.2f} s"
        return [followed, Row(f"{what}: from end to websocket, 95 of 100", "daglab", slowest, budget=1.0, note=note)]
