"""The workspace in the server's memory: what it costs Dagster, how soon it tells, how it survives an outage."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from tornado.httpclient import HTTPClientError

from daglab.server.services import SETTING
from daglab.server.workspace import Workspace
from tests.integration.server.counting_proxy import CountingProxy

Fetch = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="module")
def proxy(dagster: Any) -> Iterator[CountingProxy]:
    with CountingProxy(dagster.port).running() as running:
        yield running


@pytest.fixture(autouse=True)
def _before_the_server(proxy: CountingProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGLAB_DAGSTER__URL", proxy.url)


@pytest.fixture
def workspace(_before_the_server: None, jp_serverapp: Any) -> Workspace:
    workspace: Workspace = jp_serverapp.web_app.settings[SETTING].workspace
    workspace._linger = 2.0
    return workspace


@pytest.fixture
def get(workspace: Workspace, jp_fetch: Fetch) -> Fetch:
    async def fetch(path: str, **query: str) -> Any:
        response = await jp_fetch("daglab", "api", *path.split("/"), params=query, request_timeout=60)
        return json.loads(response.body)

    return fetch


@pytest.fixture
def post(workspace: Workspace, jp_fetch: Fetch) -> Fetch:
    async def fetch(path: str, body: Any = None) -> Any:
        response = await jp_fetch(
            "daglab", "api", *path.split("/"), method="POST", body=json.dumps(body), request_timeout=60
        )
        return json.loads(response.body)

    return fetch


class Browser:
    """Listens to the websocket; ``events`` are those it was told, each with the time of its arrival."""

    def __init__(self, socket: Any) -> None:
        self.events: list[tuple[float, dict[str, Any]]] = []
        self._socket = socket
        self._reading = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        while (message := await self._socket.read_message()) is not None:
            event = json.loads(message)
            if "topic" in event:
                self.events.append((time.time(), event))

    async def told(
        self, topic: str, wanted: Callable[[dict[str, Any]], bool], seconds: float = 60, since: float = 0.0
    ) -> float:
        """When the first such event arrived, of those that did at ``since`` or later."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for at, event in self.events:
                if at >= since and event["topic"] == topic and wanted(event["data"]):
                    return at
            await asyncio.sleep(0.02)
        raise AssertionError(self.events)

    async def close(self) -> None:
        self._socket.close()
        await asyncio.wait_for(self._reading, 10)


@pytest.fixture
def browser(workspace: Workspace, jp_ws_fetch: Fetch, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[Any]:
    opened: list[Browser] = []

    async def open_one() -> Browser:
        opened.append(Browser(await jp_ws_fetch("daglab", "api", "events", "socket")))
        return opened[-1]

    yield open_one
    for one in opened:
        jp_asyncio_loop.run_until_complete(one.close())


@pytest.mark.nightly
async def test_an_idle_server_asks_nothing(workspace: Workspace, proxy: CountingProxy, get: Fetch) -> None:
    before = proxy.queries, proxy.subscriptions
    await asyncio.sleep(2)
    assert (proxy.queries, proxy.subscriptions) == before
    assert {asset["key"] for asset in (await get("assets"))["assets"]} >= {"raw/orders", "sales/orders"}
    assert proxy.queries > before[0]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:  # it lingers for 2 seconds, and the last pause takes 1.5
        before = proxy.queries, proxy.subscriptions
        await asyncio.sleep(5)
        if (proxy.queries, proxy.subscriptions) == before:
            return
    raise AssertionError("Dagster is asked on though nobody is there")


async def test_a_run_is_told_from_launch_to_end(browser: Any, get: Fetch, post: Fetch) -> None:
    one = await browser()
    await get("assets")
    delays: list[tuple[float, float, bool]] = []
    while len(delays) < 3 and not any(run <= 1.0 and asset <= 1.5 and running for run, asset, running in delays):
        began = time.time()
        run = await post("runs", {"assets": ["raw/orders"]})
        told_at = await one.told("runs", lambda data, run=run: data["id"] == run["id"] and data["final"])
        ended = await get(f"runs/{run['id']}")
        assert ended["status"] == "SUCCESS"
        last = [event["data"] for _, event in one.events if event["topic"] == "runs"][-1]
        assert (last["status"], last["assets"], last["steps_total"], last["steps_done"]) == (
            "SUCCESS",
            ["raw/orders"],
            1,
            1,
        )
        changed_at = await one.told("assets", lambda data: state_of("raw/orders", data) == "materialized", since=began)
        running = any(
            state_of("raw/orders", event["data"]) == "running"
            for at, event in one.events
            if event["topic"] == "assets" and at >= began
        )
        delays.append((told_at - ended["ended_at"], changed_at - ended["ended_at"], running))
    assert min(run for run, _, _ in delays) <= 1.0
    assert min(asset for _, asset, _ in delays) <= 1.5
    assert any(running for _, _, running in delays)


def state_of(key: str, data: dict[str, Any]) -> str | None:
    """The state of an asset that an event tells."""
    state: str | None = (data["changed"] or {}).get(key, {}).get("status")
    return state


async def test_a_run_that_somebody_else_launched_is_followed_too(
    browser: Any, get: Fetch, proxy: CountingProxy
) -> None:
    one = await browser()
    await get("assets")
    mutation = """mutation($params: ExecutionParams!) {launchRun(executionParams: $params) {
      ... on LaunchRunSuccess {run {runId}}}}"""
    selector = {
        "repositoryLocationName": "mini", "repositoryName": "__repository__", "jobName": "__ASSET_JOB",
        "assetSelection": [{"path": ["sales", "broken"]}],
    }  # fmt: skip
    params = {"selector": selector, "runConfigData": {}}
    delays: list[float] = []
    while len(delays) < 3 and not any(delay <= 1.0 for delay in delays):
        body = {"query": mutation, "variables": {"params": params}}
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            answer = await client.post(f"{proxy.url}/graphql", json=body)
        run_id = answer.json()["data"]["launchRun"]["run"]["runId"]
        told_at = await one.told("runs", lambda data, run_id=run_id: data["id"] == run_id and data["final"])
        ended = await get(f"runs/{run_id}")
        assert (ended["status"], ended["failures"][0]["step"]) == ("FAILURE", "sales__broken")
        delays.append(told_at - ended["ended_at"])
    assert min(delays) <= 1.0
    assert {asset["key"]: asset for asset in (await get("assets"))["assets"]}["sales/broken"]["status"] == "failed"


@pytest.mark.nightly
async def test_twenty_browsers_cost_what_one_costs(browser: Any, get: Fetch, post: Fetch, proxy: CountingProxy) -> None:
    """Whatever they look at: lists, one asset, runs, a run and its log. One is measured, then twenty."""
    run = await post("runs", {"assets": ["raw/orders"]})
    paths = ("assets", "locations", "assets/raw/orders", "runs", f"runs/{run['id']}", f"runs/{run['id']}/logs")

    async def poll(until: float) -> None:
        while time.monotonic() < until:
            await asyncio.gather(*(get(path) for path in paths))
            await asyncio.sleep(0.5)

    async def cost(browsers: int) -> tuple[float, float]:
        """Queries and subscriptions a second."""
        before, began = (proxy.queries, proxy.subscriptions), time.monotonic()
        await asyncio.gather(*(poll(began + 15) for _ in range(browsers)))
        seconds = time.monotonic() - began
        return (proxy.queries - before[0]) / seconds, (proxy.subscriptions - before[1]) / seconds

    first = await browser()
    await first.told("runs", lambda data: data["id"] == run["id"] and data["final"])
    await asyncio.sleep(3)
    queries, subscriptions = await cost(1)
    for _ in range(19):
        await browser()
    many_queries, many_subscriptions = await cost(20)
    print(f"queries a second: {queries:.1f} of one browser, {many_queries:.1f} of twenty")
    # Asked as often as an answer is fresh, which one browser alone may just miss: twice in a second, for each path.
    assert many_queries <= 2 * queries + 1
    assert many_subscriptions <= subscriptions + 0.2


async def test_a_reload_is_told_at_once_though_the_next_pulse_is_far(
    workspace: Workspace, browser: Any, get: Fetch, proxy: CountingProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By Dagster's subscription: without it the pulse would tell of it, after a minute."""
    for name in ("_IDLE_SECONDS", "_RUNNING_SECONDS"):
        monkeypatch.setattr(f"daglab.server.workspace.workspace.{name}", 60.0)
    one = await browser()
    await get("assets")
    for _ in range(100):
        if proxy.subscriptions and workspace._beat_at > float("-inf"):
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(2)  # it listens, and the pulses that the beginning led to are over
    mutation = """mutation {reloadRepositoryLocation(repositoryLocationName: "mini") {__typename}}"""
    delays: list[float] = []
    while len(delays) < 3 and not any(delay <= 1.0 for delay in delays):
        began = time.time()
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            answer = await client.post(f"{proxy.url}/graphql", json={"query": mutation})
        assert answer.json()["data"]["reloadRepositoryLocation"]["__typename"] == "WorkspaceLocationEntry"
        loaded_at = time.time()
        told_at = await one.told("locations", lambda data: data.get("name") == "mini", 30, since=began)
        delays.append(told_at - loaded_at)
    assert min(delays) <= 1.0, delays


async def test_an_outage_is_told_and_ends_by_itself(browser: Any, get: Fetch, proxy: CountingProxy) -> None:
    one = await browser()
    await get("assets")
    proxy.cut()
    await one.told("locations", lambda data: data.get("reachable") is False, 20)
    with pytest.raises(HTTPClientError) as caught:
        await get("assets")
    assert caught.value.code == 503
    assert caught.value.response is not None
    assert json.loads(caught.value.response.body)["error"]["code"] == "dagster-unreachable"
    proxy.mend()
    await one.told("locations", lambda data: data.get("reachable") is True, 20)
    assert (await get("assets"))["total"] > 0
