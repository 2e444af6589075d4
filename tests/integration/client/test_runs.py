"""Runs followed: lists, logs, what Dagster pushes, waiting for the end."""

from __future__ import annotations

import asyncio
import base64
import time
from contextlib import aclosing

import pytest

from daglab.client import DagsterClient, RunEvent, RunSubmitResult
from daglab.errors import NotFoundError, RunFailedError, RunTimeoutError, ValidationError
from tests.integration.client.calling import with_client
from tests.integration.conftest import RunningDagster

HELLO = {"ops": {"greet": {"config": {"name": "ann"}}}}


async def watched(client: DagsterClient, run_id: str, cursor: str | None = None) -> list[RunEvent]:
    return [event async for page in client.watch_run(run_id, cursor) for event in page.events]


def test_a_run_is_watched_from_its_launch_to_its_end(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        run = await client.submit_job("hello", run_config=HELLO)
        delays = []
        kinds = []
        async for page in client.watch_run(run.run_id):
            kinds += [event.kind for event in page.events]
            delays += [time.time() - event.timestamp for event in page.events if event.ends_run]
        assert "RUN_SUCCESS" in kinds
        assert kinds.count("LOG") == 1
        assert min(delays) < 1  # from a run's end to the client
        assert await client.wait(run.run_id)
        again = await watched(client, run.run_id)
        logs = await client.run_logs(run.run_id)
        assert [event.kind for event in again] == [event.kind for event in logs.events]
        assert set(kinds) <= {event.kind for event in again}
        assert await watched(client, run.run_id, logs.cursor) == []

    with_client(shop.url, work)


def test_logs_page_by_page_and_by_level(shop: RunningDagster, made: RunSubmitResult) -> None:
    async def work(client: DagsterClient) -> None:
        everything = await client.run_logs(made.run_id)
        assert not everything.has_more
        paged: list[RunEvent] = []
        cursor, more = None, True
        while more:
            page = await client.run_logs(made.run_id, cursor, limit=7)
            assert len(page.events) <= 7
            paged += page.events
            cursor, more = page.cursor, page.has_more
        assert paged == list(everything.events)
        warnings = await client.run_logs(made.run_id, level="warning")
        assert [(event.level, event.message) for event in warnings.events] == [("WARNING", "few orders")]
        (event,) = [event for event in everything.events if event.asset == "raw/orders" and event.metadata]
        assert (event.kind, event.step) == ("ASSET_MATERIALIZATION", "raw__orders")
        times = [event.timestamp for event in everything.events]
        assert times == sorted(times)
        assert abs(times[-1] - time.time()) < 600

    with_client(shop.url, work)


@pytest.mark.parametrize("level", ["", "LOUD"])
def test_an_unknown_level(shop: RunningDagster, made: RunSubmitResult, level: str) -> None:
    with pytest.raises(ValidationError, match="DEBUG, INFO"):
        with_client(shop.url, lambda c: c.run_logs(made.run_id, level=level))


def test_a_failed_run_tells_the_users_own_error(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        run = await client.submit_assets(["sales/broken"])
        with pytest.raises(RunFailedError, match="no such column: amount") as caught:
            await client.wait(run.run_id, timeout=120)
        assert caught.value.details["status"] == "FAILURE"
        failed = await client.wait(run.run_id, check=False)
        assert failed.failures[0].step == "sales__broken"
        logs = await client.run_logs(run.run_id, level="ERROR")
        (event,) = [event for event in logs.events if event.kind == "STEP_FAILURE"]
        assert event.error is not None
        assert event.error.cause is not None
        assert event.error.cause.class_name == "ValueError"
        assert "no such column: amount" in event.error.cause.message
        assert any("shop.py" in line for line in event.error.cause.stack)
        assert event.error.cause.cause is not None
        assert event.error.cause.cause.class_name == "KeyError"

    with_client(shop.url, work)


def test_lists_of_runs(shop: RunningDagster, made: RunSubmitResult) -> None:
    async def work(client: DagsterClient) -> None:
        other = await client.submit_job("nightly", tags={"team": "night"})
        page = await client.runs(1)
        assert [run.run_id for run in page.runs] == [other.run_id]
        rest = await client.runs(500, page.cursor)
        assert other.run_id not in {run.run_id for run in rest.runs}
        assert made.run_id in {run.run_id for run in rest.runs}
        assert rest.cursor is None
        of_job = await client.runs(job="nightly")
        assert {run.job_name for run in of_job.runs} == {"nightly"}
        tagged = await client.runs(tags={"team": "night"})
        assert [run.run_id for run in tagged.runs] == [other.run_id]
        # the job was launched whole, so that its run names no assets
        of_asset = await client.runs(asset="raw/orders")
        assert {other.run_id, made.run_id} <= {run.run_id for run in of_asset.runs}
        assert all(run.job_name == "nightly" or "raw/orders" in run.assets for run in of_asset.runs)
        assert [run.run_id for run in (await client.runs(1, asset="raw/orders")).runs] == [other.run_id]
        await client.wait(other.run_id, timeout=120)
        succeeded = await client.runs(500, statuses=["SUCCESS"])
        assert {run.status for run in succeeded.runs} == {"SUCCESS"}
        with pytest.raises(ValidationError, match="'SUCCESS'"):
            await client.runs(statuses=["SUCESS"])
        with pytest.raises(NotFoundError, match="raw/orders"):
            await client.runs(asset="raw/order")

    with_client(shop.url, work)


@pytest.mark.parametrize("limit", [0, -1, 1001, 10**9])
def test_pages_have_their_limits(shop: RunningDagster, made: RunSubmitResult, limit: int) -> None:
    async def work(client: DagsterClient) -> None:
        for call in (client.runs(limit), client.runs(limit, asset="slow"), client.run_logs(made.run_id, limit=limit)):
            with pytest.raises(ValidationError, match="1 to 1000"):
                await call

    with_client(shop.url, work)


NOWHERE = [
    "nowhere",
    "å",
    "",
    *(
        base64.b64encode(text.encode()).decode()
        for text in ("[]", '{"type": "OFFSET"}', '{"type": "HEAD", "value": 1}', '{"type": "OFFSET", "value": "1"}',
                     f'{{"type": "STORAGE_ID", "value": {2**63}}}', "[" * 3000)
    ),
]  # fmt: skip


def test_a_cursor_of_nowhere(shop: RunningDagster, made: RunSubmitResult) -> None:
    async def work(client: DagsterClient) -> None:
        for cursor in NOWHERE:
            with pytest.raises(ValidationError, match="cursor"):
                await client.run_logs(made.run_id, cursor)
            with pytest.raises(ValidationError, match="cursor"):
                await anext(client.watch_run(made.run_id, cursor))
        assert (await client.runs(cursor="nowhere")).runs == ()

    with_client(shop.url, work)


def test_the_end_is_waited_for(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        run = await client.submit_job("hello", run_config=HELLO)
        ended = await client.wait(run.run_id, timeout=120)
        assert ended.status == "SUCCESS"
        assert ended.ended_at is not None
        assert time.time() - ended.ended_at < 2
        assert await client.run_status(run.run_id) == "SUCCESS"
        assert (ended.steps_done, ended.steps_total) == (1, 1)

    with_client(shop.url, work)


def test_the_end_is_pushed_not_asked_for(shop: RunningDagster, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_FIRST_PAUSE", "_LONGEST_PAUSE"):
        monkeypatch.setattr(f"daglab.client.waiting.{name}", 60.0)

    async def work(client: DagsterClient) -> None:
        delays: list[float] = []
        while len(delays) < 3 and not any(delay <= 2 for delay in delays):  # a machine at work delays one, not all
            run = await client.submit_job("hello", run_config=HELLO)
            ended = await client.wait(run.run_id, timeout=120)
            assert ended.ended_at is not None
            delays.append(time.time() - ended.ended_at)
        assert min(delays) <= 2, delays

    with_client(shop.url, work)


def test_a_run_that_does_not_end_in_time(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        run = await client.submit_assets(["slow"])
        began = time.monotonic()
        with pytest.raises(RunTimeoutError, match=r"after 1\.5 s"):
            await client.wait(run.run_id, timeout=1.5)
        assert time.monotonic() - began < 4
        await client.terminate(run.run_id)
        with pytest.raises(RunFailedError, match="was canceled"):
            await client.wait(run.run_id, timeout=60)

    with_client(shop.url, work)


def test_unknown_runs(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        for call in (
            client.run("nope"), client.run_status("nope"), client.run_logs("nope"), client.wait("nope"),
            client.terminate("nope"), client.reexecute("nope"), watched(client, "nope"),
        ):  # fmt: skip
            with pytest.raises(NotFoundError, match="nope"):
                await call

    with_client(shop.url, work)


def test_watching_ends_cleanly_before_the_end(shop: RunningDagster, caplog: pytest.LogCaptureFixture) -> None:
    async def work(client: DagsterClient) -> None:
        run = await client.submit_assets(["slow"])
        async with aclosing(client.watch_run(run.run_id)) as pages:
            async for page in pages:
                assert page.cursor
                break
        task = asyncio.create_task(watched(client, run.run_id))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await client.terminate(run.run_id)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with_client(shop.url, work)
    assert not caplog.records


def test_the_page_of_a_run_quotes_its_id(shop: RunningDagster) -> None:
    async def url(client: DagsterClient) -> str:
        return client.run_url("a/../b?c")

    assert with_client(shop.url, url) == f"{shop.url}/runs/a%2F..%2Fb%3Fc"
