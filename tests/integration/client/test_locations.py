"""Code locations: what they define, that they changed, and loading them anew."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress

import pytest

from daglab.client import DagsterClient, LocationChange
from daglab.errors import NotFoundError
from tests.integration.client.calling import with_client
from tests.integration.client.proxy import PASS, Request, Verdict, through_proxy
from tests.integration.conftest import RunningDagster


def test_locations_with_what_they_define(shop: RunningDagster) -> None:
    locations = {place.name: place for place in with_client(shop.url, lambda c: c.locations())}
    assert list(locations) == ["shop", "tools", "unloadable"]
    place = locations["shop"]
    assert (place.loading, place.error, place.reloadable) == (False, None, True)
    assert place.versions is not None
    assert place.versions["dagster"].startswith("1.")
    (repository,) = place.repositories
    assert repository.name == "__repository__"
    jobs = {job.name: job for job in place.jobs}
    assert list(jobs) == ["every_config", "greet_each", "hello", "nightly", "places", "shared"]
    assert (jobs["hello"].description, dict(jobs["hello"].tags)) == ("Says hello.", {"team": "sales"})
    assert (jobs["hello"].makes_assets, jobs["nightly"].makes_assets) == (False, True)
    assert [name for name, job in jobs.items() if job.partitioned] == ["greet_each", "places"]
    (schedule,) = place.schedules
    assert (schedule.name, schedule.job, schedule.cron, schedule.status) == (
        "at_night",
        "nightly",
        "0 3 * * *",
        "STOPPED",
    )
    (sensor,) = place.sensors
    assert (sensor.name, sensor.jobs, sensor.interval, sensor.status) == ("idle", ("hello",), 3600, "STOPPED")
    broken = locations["unloadable"]
    assert "no module named frobnicate" in (broken.error or "")
    assert (broken.repositories, broken.versions) == ((), None)


def test_jobs_and_version(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        jobs = [(job.location, job.name) for job in await client.jobs()]
        assert jobs == [
            ("shop", "every_config"),
            ("shop", "greet_each"),
            ("shop", "hello"),
            ("shop", "nightly"),
            ("shop", "places"),
            ("shop", "shared"),
            ("tools", "shared"),
        ]
        assert (await client.version()).startswith("1.")
        health = await client.daemon_health()
        assert health.launch_problem is None
        assert {"QUEUED_RUN_COORDINATOR", "SCHEDULER", "BACKFILL"} <= {daemon.type for daemon in health.daemons}

    with_client(shop.url, work)


def test_a_location_is_loaded_anew_and_the_change_is_pushed(shop: RunningDagster) -> None:
    """What was wrong is mended on disk; the reload says so, and so does Dagster to whom watches."""
    broken = shop.project / "unloadable.py"
    mended = "import dagster as dg\n\n\n@dg.asset\ndef new() -> None: ...\n\n\ndefs = dg.Definitions(assets=[new])\n"

    async def work(client: DagsterClient) -> None:
        changes: asyncio.Queue[LocationChange] = asyncio.Queue()

        async def watch() -> None:
            async for change in client.watch_locations():
                changes.put_nowait(change)

        watching = asyncio.create_task(watch())
        original = broken.read_text()
        broken.write_text(mended)
        try:
            reloaded = await client.reload_location("unloadable")
            assert (reloaded.name, reloaded.error) == ("unloadable", None)
            assert [asset.key for asset in await client.definitions(["new"])] == ["new"]
            pushed = asyncio.create_task(updated("unloadable", changes))
            for _ in range(20):  # Dagster tells nobody when a subscription has begun
                if (await asyncio.wait({pushed}, timeout=3))[0]:
                    break
                await client.reload_location("unloadable")
            await asyncio.wait_for(pushed, timeout=1)
        finally:
            broken.write_text(original)
        again = await client.reload_location("unloadable")
        assert "frobnicate" in (again.error or "")
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching

    with_client(shop.url, work)


async def updated(location: str, changes: asyncio.Queue[LocationChange]) -> None:
    """Return once such a change is pushed."""
    while (change := await changes.get()).location != location or change.kind != "LOCATION_UPDATED":
        pass


def test_a_location_may_take_longer_than_the_timeout_to_load(shop: RunningDagster) -> None:
    def slow(request: Request) -> Verdict:
        return Verdict(delay=3) if request.operation == "mutation DaglabReloadLocation" else PASS

    reloaded = through_proxy(shop.url, slow, lambda client, _: client.reload_location("tools"), timeout=2)
    assert (reloaded.name, reloaded.error) == ("tools", None)


def test_an_unknown_location(shop: RunningDagster) -> None:
    with pytest.raises(NotFoundError, match="did you mean 'tools'"):
        with_client(shop.url, lambda c: c.reload_location("tool"))


def test_locations_are_watched_until_it_is_closed(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        async with aclosing(client.watch_locations()) as changes:
            with suppress(asyncio.TimeoutError):  # an earlier test's reload may still be told
                await asyncio.wait_for(changes.__anext__(), timeout=0.5)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with_client(shop.url, work)
