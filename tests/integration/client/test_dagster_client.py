"""DagsterClient against a real Dagster, and against peers that fail."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar

import pytest

from daglab.client import AssetStatus, DagsterClient, Run
from daglab.config_model import Auth, Dagster
from daglab.errors import (
    AuthenticationError,
    DagsterConnectionError,
    NotFoundError,
    ReadOnlyError,
    ValidationError,
)
from daglab.processes import LOOPBACK, free_port

T = TypeVar("T")
CANARY = "canary-4c1f0a7e-token"


class RunningDagster(Protocol):
    url: str


def with_client(url: str, work: Callable[[DagsterClient], Awaitable[T]], **options: Any) -> T:
    async def run() -> T:
        async with DagsterClient(Dagster(url=url, **options)) as client:
            return await work(client)

    return asyncio.run(run())


async def ended(client: DagsterClient, run: Run, timeout: float = 120) -> Run:
    deadline = time.monotonic() + timeout
    while not run.is_final:
        assert time.monotonic() < deadline, run
        await asyncio.sleep(0.3)
        run = await client.run(run.run_id)
    return run


def test_status(dagster: RunningDagster) -> None:
    async def until_the_daemon_beats(client: DagsterClient) -> None:
        deadline = time.monotonic() + 60
        while (await client.status()).launch_problem is not None:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.3)
        status = await client.status()
        assert status.version.startswith("1.")
        assert [(x.name, x.loading, x.error) for x in status.locations] == [("mini", False, None)]

    with_client(dagster.url, until_the_daemon_beats)


def test_assets(dagster: RunningDagster) -> None:
    assets = {asset.key: asset for asset in with_client(dagster.url, lambda client: client.assets())}
    plain = {"by_region", "raw/orders", "sales/broken", "sales/orders", "vendor/feed"}
    assert set(assets) == plain | {"visits", "busy", "report"}
    orders = assets["sales/orders"]
    assert (orders.group, orders.location, orders.dependencies) == ("sales", "mini", ("raw/orders",))
    assert assets["raw/orders"].kinds == ("python",)
    assert assets["by_region"].partitioned
    assert assets["vendor/feed"].status is AssetStatus.EXTERNAL


def test_a_launched_run_is_followed_to_success_and_shows_in_the_asset(dagster: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        launched = await client.submit_assets(["raw/orders"])
        (asset,) = await client.assets(["raw/orders"])
        assert (asset.status, asset.run_id) == (AssetStatus.RUNNING, launched.run_id)
        run = await ended(client, launched)
        assert (run.status, run.assets, run.steps_done, run.steps_total) == ("SUCCESS", ("raw/orders",), 1, 1)
        (asset,) = await client.assets(["raw/orders"])
        assert asset.status is AssetStatus.MATERIALIZED
        assert asset.materialized_by == run.run_id
        assert asset.materialized_at is not None
        assert abs(asset.materialized_at - time.time()) < 60

    with_client(dagster.url, work)


def test_a_failed_run_tells_its_step_and_cause(dagster: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        run = await ended(client, await client.submit_assets(["sales/broken"]))
        assert run.status == "FAILURE"
        (failure,) = run.failures
        assert failure.step == "sales__broken"
        assert "no such column: amount" in f"{failure.message} {failure.cause}"
        (asset,) = await client.assets(["sales/broken"])
        assert (asset.status, asset.run_id) == (AssetStatus.FAILED, run.run_id)

    with_client(dagster.url, work)


def test_a_request_id_is_launched_once(dagster: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        first = await client.submit_assets(["raw/orders"], request_id="request-one")
        second = await client.submit_assets(["raw/orders"], request_id="request-one")
        assert first.run_id == second.run_id
        await ended(client, first)

    with_client(dagster.url, work)


@pytest.mark.parametrize(
    ("keys", "error", "text"),
    [
        ([], ValidationError, "select at least one"),
        (["sales/order"], NotFoundError, "did you mean sales/orders"),
        (["by_region"], ValidationError, "partitioned"),
        (["vendor/feed"], ValidationError, "not made by Dagster"),
        (['"]}){__schema{x}}'], NotFoundError, "no asset"),
    ],
)
def test_refused_selections(dagster: RunningDagster, keys: list[str], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        with_client(dagster.url, lambda client: client.submit_assets(keys))


def test_an_unknown_run(dagster: RunningDagster) -> None:
    with pytest.raises(NotFoundError, match="nope"):
        with_client(dagster.url, lambda client: client.run("nope"))


def test_read_only_launches_nothing(dagster: RunningDagster) -> None:
    async def run() -> None:
        async with DagsterClient(Dagster(url=dagster.url), read_only=True) as client:
            with pytest.raises(ReadOnlyError):
                await client.submit_assets(["raw/orders"])
            assert await client.assets()

    asyncio.run(run())


def test_nobody_answers() -> None:
    with pytest.raises(DagsterConnectionError, match="No Dagster answers") as caught:
        with_client(f"http://{LOOPBACK}:{free_port()}", lambda client: client.status())
    assert "dagster dev" in caught.value.remedy


Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


def with_peer(answer: Answer, work: Callable[[DagsterClient], Awaitable[T]], **options: Any) -> T:
    """``work`` with a client of a peer that behaves as no Dagster does on request."""

    async def run() -> T:
        server = await asyncio.start_server(answer, LOOPBACK, 0)
        port = server.sockets[0].getsockname()[1]
        try:
            async with DagsterClient(Dagster(url=f"http://{LOOPBACK}:{port}", **options)) as client:
                return await work(client)
        finally:
            server.close()

    return asyncio.run(run())


def replying(status: str, body: str = "", header: str = "X-A: b") -> Answer:
    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        length = len(body.encode())
        writer.write(
            f"HTTP/1.1 {status}\r\n{header}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}".encode()
        )
        await writer.drain()
        writer.close()

    return reply


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (replying("401 Unauthorized"), AuthenticationError, "refuses the credentials"),
        (replying("403 Forbidden"), AuthenticationError, "HTTP 403"),
        (replying("200 OK", "<html>hello</html>"), DagsterConnectionError, "not as Dagster does"),
        (replying("302 Found", header="Location: http://127.0.0.1:9/"), DagsterConnectionError, "HTTP 302"),
        (replying("500 Oops", '{"errors": [{"message": "no such field"}]}'), Exception, "no such field"),
    ],
)
def test_peers_that_are_no_dagster(answer: Answer, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        with_peer(answer, lambda client: client.status())


def test_a_silent_peer_is_given_up_after_the_timeout() -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    began = time.monotonic()
    with pytest.raises(DagsterConnectionError, match="did not answer"):
        with_peer(silence, lambda client: client.status(), timeout=0.5)
    assert time.monotonic() - began < 5


def test_a_launch_whose_answer_is_lost_is_looked_up_not_repeated(dagster: RunningDagster) -> None:
    """A proxy passes everything to Dagster and cuts the connection instead of handing back the launch's answer."""
    port = int(dagster.url.rsplit(":", 1)[1])
    launches = 0

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal launches
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        body = await reader.readexactly(length)
        up_reader, up_writer = await asyncio.open_connection(LOOPBACK, port)
        up_writer.write(head.replace(b"keep-alive", b"close") + body)
        answer = await up_reader.read()
        if b"mutation DaglabLaunchRun" in body:
            launches += 1
        else:
            writer.write(answer)
            await writer.drain()
        writer.close()
        up_writer.close()

    async def work(client: DagsterClient) -> Run:
        return await client.submit_assets(["raw/orders"], request_id="lost-answer")

    run = with_peer(cut, work)
    assert launches == 1
    assert with_client(dagster.url, lambda client: ended(client, run)).status == "SUCCESS"


def test_the_token_is_sent_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = b""

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen = await reader.readuntil(b"\r\n\r\n")
        await replying("401 Unauthorized")(_fed(seen), writer)

    monkeypatch.setenv("DAGLAB_TEST_CANARY", CANARY)
    shown: list[str] = []

    async def work(client: DagsterClient) -> None:
        shown.extend((repr(client), repr(client._transport), str(vars(client))))
        with pytest.raises(AuthenticationError) as caught:
            await client.status()
        shown.extend((str(caught.value), str(caught.value.to_json())))

    with_peer(note, work, auth=Auth(type="bearer", token_env="DAGLAB_TEST_CANARY"))
    assert f"Bearer {CANARY}".encode() in seen
    assert not [text for text in shown if CANARY in text]


def _fed(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    return reader
