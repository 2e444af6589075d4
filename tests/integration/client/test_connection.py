"""A client whose connection to Dagster is cut, delayed, answered by somebody else."""

from __future__ import annotations

import asyncio
import time
from uuid import uuid4

import pytest

from daglab.client import DagsterClient
from daglab.config_model import Dagster
from daglab.errors import AuthenticationError, DagsterConnectionError, DagsterError
from daglab.processes import LOOPBACK, free_port
from tests.integration.client.calling import with_client
from tests.integration.client.proxy import PASS, Proxy, Request, Verdict, reply, through_proxy
from tests.integration.conftest import RunningDagster

NOWHERE = f"http://{LOOPBACK}:9"
HELLO = {"ops": {"greet": {"config": {"name": "ann"}}}}
LAUNCH = "mutation DaglabLaunchRun"


def test_nobody_answers() -> None:
    began = time.monotonic()
    with pytest.raises(DagsterConnectionError, match="No Dagster answers") as caught:
        with_client(f"http://{LOOPBACK}:{free_port()}", lambda c: c.status())
    assert "dagster dev" in caught.value.remedy
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("verdict", "error", "text"),
    [
        (reply("401 Unauthorized"), AuthenticationError, "refuses the credentials"),
        (reply("403 Forbidden"), AuthenticationError, "HTTP 403"),
        (reply("200 OK", "<html>hello</html>"), DagsterConnectionError, "not as Dagster does"),
        (reply("200 OK", "[]"), DagsterConnectionError, "not as Dagster does"),
        (reply("404 Not Found", "{}"), DagsterConnectionError, "HTTP 404"),
        (reply("500 Oops", '{"errors": [{"message": "no such field"}]}'), DagsterError, "no such field"),
        (reply("200 OK", '{"data": null}'), DagsterError, "no data"),
        (reply("503 Busy"), DagsterConnectionError, "HTTP 503"),
    ],
)
def test_peers_that_are_no_dagster(verdict: Verdict, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        through_proxy(NOWHERE, lambda _: verdict, lambda client, _: client.status())


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
def test_redirects_are_not_followed(status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """T7: neither of requests nor of websockets, whose library follows them by itself."""
    monkeypatch.setenv("CANARY", "canary-token")

    async def work(client: DagsterClient, proxy: Proxy) -> None:
        async with Proxy(NOWHERE, lambda _: reply("200 OK")) as elsewhere:
            target = elsewhere.url
            proxy.decide = lambda _: reply(status, header=f"Location: {target}/graphql")
            with pytest.raises(DagsterConnectionError, match=status[:3]):
                await client.status()
            with pytest.raises(DagsterConnectionError):
                await client.watch_locations().__anext__()
            assert len(proxy.requests) == 2
            assert elsewhere.requests == []

    through_proxy(NOWHERE, lambda _: PASS, work, auth={"type": "bearer", "token_env": "CANARY"})


def test_a_silent_peer_is_given_up_after_the_timeout() -> None:
    async def work(client: DagsterClient, proxy: Proxy) -> None:
        began = time.monotonic()
        with pytest.raises(DagsterConnectionError, match="did not answer"):
            await client.status()
        assert time.monotonic() - began < 5
        assert len(proxy.requests) == 1  # to ask again would add to the load of one that is slow
        with pytest.raises(DagsterConnectionError, match="subscription"):
            await client.watch_locations().__anext__()
        assert time.monotonic() - began < 8

    through_proxy(NOWHERE, lambda _: Verdict(delay=60), work, timeout=0.5)


@pytest.mark.parametrize(
    "trouble", [Verdict(cut=True), Verdict(refuse=True), Verdict(keep=40), reply("502 Bad Gateway")]
)
def test_a_query_is_asked_again_when_it_is_cut(shop: RunningDagster, trouble: Verdict) -> None:
    verdicts = [trouble, trouble, PASS]

    async def work(client: DagsterClient, proxy: Proxy) -> None:
        assert (await client.version()).startswith("1.")
        assert len(proxy.requests) == 3

    through_proxy(shop.url, lambda _: verdicts.pop(0), work)


def test_a_query_is_asked_three_times_at_most(shop: RunningDagster) -> None:
    async def work(client: DagsterClient, proxy: Proxy) -> None:
        with pytest.raises(DagsterConnectionError):
            await client.version()
        assert len(proxy.requests) == 3

    through_proxy(shop.url, lambda _: Verdict(cut=True), work)


def test_a_late_answer_is_waited_for(shop: RunningDagster) -> None:
    async def work(client: DagsterClient, proxy: Proxy) -> None:
        assert await client.version()
        assert len(proxy.requests) == 1

    through_proxy(shop.url, lambda _: Verdict(delay=1), work)


@pytest.mark.parametrize(
    "trouble",
    [Verdict(cut=True), Verdict(keep=40), Verdict(keep=250), reply("502 Bad Gateway"), reply("500 Oops", "?")],
)
def test_a_launch_whose_answer_is_lost_is_looked_up_not_repeated(shop: RunningDagster, trouble: Verdict) -> None:
    passes_on = trouble.answer is None

    def decide(request: Request) -> Verdict:
        return trouble if request.operation == LAUNCH else PASS

    async def work(client: DagsterClient, proxy: Proxy) -> None:
        id_ = uuid4().hex
        if passes_on:
            run = await client.submit_job("hello", run_config=HELLO, request_id=id_)
            assert run.request_id == id_
            assert (await client.wait(run.run_id, timeout=120)).status == "SUCCESS"
        else:
            with pytest.raises(DagsterConnectionError, match="request id") as caught:
                await client.submit_job("hello", run_config=HELLO, request_id=id_)
            assert caught.value.details["request_id"] == id_
        assert proxy.operations(LAUNCH) == 1
        found = await client.runs(tags={"daglab/request_id": id_})
        assert len(found.runs) == passes_on

    through_proxy(shop.url, decide, work)


@pytest.mark.parametrize("operation", ["mutation DaglabReexecute", "mutation DaglabLaunchBackfill"])
def test_the_other_launches_as_well(shop: RunningDagster, operation: str) -> None:
    def decide(request: Request) -> Verdict:
        return Verdict(cut=True) if request.operation == operation else PASS

    async def work(client: DagsterClient, proxy: Proxy) -> None:
        if "Backfill" in operation:
            backfill = await client.backfill(["by_day"], ["2024-01-08"])
            await client.cancel_backfill(backfill.backfill_id)
        else:
            run = await client.submit_job("shared", location="tools")
            await client.wait(run.run_id, timeout=120)
            again = await client.reexecute(run.run_id)
            assert again.parent_run_id == run.run_id
        assert proxy.operations(operation) == 1

    through_proxy(shop.url, decide, work)


def test_a_launch_that_did_not_reach_dagster_is_not_looked_up_for_long(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        began = time.monotonic()
        with pytest.raises(DagsterConnectionError, match="No Dagster answers"):
            await client.submit_job("hello", run_config=HELLO)
        assert time.monotonic() - began < 5

    with_client(f"http://{LOOPBACK}:{free_port()}", work)


def test_a_wait_is_told_of_the_end_by_one_subscription(shop: RunningDagster) -> None:
    async def work(client: DagsterClient, proxy: Proxy) -> None:
        run = await client.submit_job("hello", run_config=HELLO)
        assert (await client.wait(run.run_id, timeout=120)).status == "SUCCESS"
        assert proxy.operations("upgrade") == 1

    through_proxy(shop.url, lambda _: PASS, work)


def test_a_run_is_waited_for_where_websockets_are_refused(shop: RunningDagster) -> None:
    def decide(request: Request) -> Verdict:
        return reply("400 Bad Request") if request.operation == "upgrade" else PASS

    async def work(client: DagsterClient, proxy: Proxy) -> None:
        run = await client.submit_job("hello", run_config=HELLO)
        assert (await client.wait(run.run_id, timeout=120)).status == "SUCCESS"
        assert proxy.operations("upgrade") > 1
        with pytest.raises(DagsterConnectionError, match="websockets"):
            await client.watch_locations().__anext__()

    through_proxy(shop.url, decide, work)


def test_a_subscription_that_is_cut_says_so(shop: RunningDagster) -> None:
    async def work(client: DagsterClient, proxy: Proxy) -> None:
        changes = client.watch_locations()
        watching = asyncio.ensure_future(changes.__anext__())
        while not proxy.requests:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        await proxy.__aexit__()
        with pytest.raises(DagsterConnectionError, match="subscription"):
            await asyncio.wait_for(watching, timeout=10)

    through_proxy(shop.url, lambda _: PASS, work)


def test_a_cut_wait_goes_on(shop: RunningDagster) -> None:
    """Every second connection fails, websockets among them."""
    count = 0

    def decide(request: Request) -> Verdict:
        nonlocal count
        count += 1
        return Verdict(refuse=True) if count % 2 else PASS

    async def run() -> None:
        async with DagsterClient(Dagster(url=shop.url)) as direct:
            launched = await direct.submit_job("hello", run_config=HELLO)
        async with Proxy(shop.url, decide) as proxy, DagsterClient(Dagster(url=proxy.url)) as client:
            assert (await client.wait(launched.run_id, timeout=120)).status == "SUCCESS"
            assert count > 2

    asyncio.run(run())
