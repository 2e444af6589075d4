"""The parts of the workspace, with answers of Dagster in an order that a real one can't be made to give."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from daglab.client import Asset, AssetState, AssetStatus, Run, RunState
from daglab.server.events import EventHub
from daglab.server.workspace.graph import AssetGraph
from daglab.server.workspace.listing import AssetFilter, Editions
from daglab.server.workspace.runs import RunFollower
from daglab.server.workspace.states import AssetStates


def asset(key: str, *dependencies: str, materializable: bool = True, has_checks: bool = False) -> Asset:
    return Asset(
        path=tuple(key.split("/")),
        group="default",
        kinds=(),
        description=None,
        dependencies=dependencies,
        location="here",
        repository="__repository__",
        job_names=("__ASSET_JOB", "nightly"),
        materializable=materializable,
        partitioned=False,
        has_checks=has_checks,
        status=AssetStatus.NEVER if materializable else AssetStatus.EXTERNAL,
    )


def graph(*assets: Asset) -> AssetGraph:
    return AssetGraph.of((("here", "1"),), assets)


class SlowClient:
    """Answers each question when it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[str], asyncio.Future[Any]]] = []

    async def statuses(self, keys: Sequence[str], *, checked: Sequence[str]) -> dict[str, AssetState]:
        self.checked = list(checked)
        self.asked.append((list(keys), asyncio.get_running_loop().create_future()))
        answer: dict[str, AssetState] = await self.asked[-1][1]
        return answer

    async def progress(self, run_ids: Sequence[str]) -> list[Run]:
        self.asked.append((list(run_ids), asyncio.get_running_loop().create_future()))
        answer: list[Run] = await self.asked[-1][1]
        return answer


def published(hub: EventHub, since: str) -> list[dict[str, Any]]:
    return [event.data for event in hub.since(since).events]


def test_descendants_are_found_in_a_graph_with_a_cycle_of_checks() -> None:
    found = graph(asset("a"), asset("b", "a"), asset("c", "b", "gone"), asset("d", "d"), asset("e"))
    assert found.with_descendants(["a"]) == {"a", "b", "c"}
    assert found.with_descendants(["d", "gone"]) == {"d"}
    assert found.made_by_job("nightly", "here") == ["a", "b", "c", "d", "e"]
    assert found.made_by_job("nightly", "elsewhere") == []
    assert found.counts == {"here": 5}


def test_checks_are_asked_for_where_there_are_some() -> None:
    async def check() -> None:
        client = SlowClient()
        states = AssetStates(client, EventHub())  # type: ignore[arg-type]
        states.use(graph(asset("a"), asset("b", has_checks=True)))
        asking = asyncio.ensure_future(states.refresh(["a", "b", "gone"]))
        await asyncio.sleep(0)
        assert (client.asked[0][0], client.checked) == (["a", "b"], ["b"])
        client.asked[0][1].set_result({})
        await asking

    asyncio.run(check())


def test_a_state_that_was_asked_for_later_is_not_overwritten() -> None:
    async def check() -> None:
        client, hub = SlowClient(), EventHub()
        states = AssetStates(client, hub)  # type: ignore[arg-type]
        states.use(graph(asset("a"), asset("b"), asset("x", materializable=False)))
        begin = hub.cursor
        slow = asyncio.ensure_future(states.refresh_all())
        quick = asyncio.ensure_future(states.refresh(["a", "gone"]))
        await asyncio.sleep(0)
        assert [keys for keys, _ in client.asked] == [["a", "b", "x"], ["a"]]
        generation = states.generation
        client.asked[1][1].set_result({"a": AssetState(AssetStatus.MATERIALIZED)})
        await quick
        assert states.generation == generation + 1
        never = AssetState(AssetStatus.NEVER)
        client.asked[0][1].set_result({"a": AssetState(AssetStatus.RUNNING), "b": never, "x": never, "gone": never})
        await slow
        assert {key: state.status.value for key, state in states.snapshot().items()} == {
            "a": "materialized", "b": "never", "x": "external",
        }  # fmt: skip
        assert [list(data["changed"]) for data in published(hub, begin)] == [["a"]]
        assert states.generation == generation + 1  # nothing else is news

    asyncio.run(check())


def test_many_changes_are_told_as_one_to_read_again() -> None:
    async def check() -> None:
        client, hub = SlowClient(), EventHub()
        states = AssetStates(client, hub)  # type: ignore[arg-type]
        keys = [f"a{number:03}" for number in range(101)]
        states.use(graph(*map(asset, keys)))
        begin = hub.cursor
        asking = asyncio.ensure_future(states.refresh_all())
        await asyncio.sleep(0)
        client.asked[0][1].set_result({key: AssetState(AssetStatus.STALE) for key in keys})
        await asking
        assert published(hub, begin) == [{"changed": None}]

    asyncio.run(check())


def run_of(run_id: str, status: str, done: int = 0) -> Run:
    return Run(run_id, status, "__ASSET_JOB", 1.0, None, None, ("a",), steps_total=2, steps_done=done)


def test_a_run_is_told_while_it_goes_on_and_its_end_once() -> None:
    async def check() -> None:
        client, hub = SlowClient(), EventHub()
        runs = RunFollower(client, hub)  # type: ignore[arg-type]
        begin = hub.cursor

        async def pulse(states: dict[str, str], answer: list[Run] | None) -> list[Run]:
            asked = len(client.asked)
            following = asyncio.ensure_future(runs.follow([RunState(*state) for state in states.items()]))
            await asyncio.sleep(0)
            assert (len(client.asked) > asked) == (answer is not None)
            if answer is not None:
                client.asked[-1][1].set_result(answer)
            runs.tell(found := await following)
            return found

        assert await pulse({"old": "SUCCESS"}, None) == []
        assert not runs.following
        await pulse({"old": "SUCCESS", "new": "QUEUED"}, [run_of("new", "QUEUED")])
        assert runs.following
        await pulse({"old": "SUCCESS", "new": "STARTED"}, [run_of("new", "STARTED", 1)])
        assert await pulse({"old": "SUCCESS", "new": "STARTED"}, None) == []  # no progress is asked for so soon
        await pulse({"old": "SUCCESS"}, [run_of("new", "SUCCESS", 2)])  # it is among the newest runs no more
        assert not runs.following
        assert await pulse({"old": "SUCCESS", "new": "SUCCESS"}, None) == []
        told = [(data["id"], data["status"], data["steps_done"], data["final"]) for data in published(hub, begin)]
        assert told == [
            ("new", "QUEUED", 0, False), ("new", "STARTED", 1, False), ("new", "SUCCESS", 2, True),
        ]  # fmt: skip

        assert runs.note(run_of("mine", "QUEUED"))
        assert runs.following
        assert not runs.note(run_of("ancient", "FAILURE"))
        await pulse({"new": "SUCCESS"}, [])  # it was deleted
        assert not runs.following

    asyncio.run(check())


def test_a_list_is_made_once_for_all_who_ask_at_the_same_time() -> None:
    async def check() -> None:
        states = AssetStates(SlowClient(), EventHub())  # type: ignore[arg-type]
        found = graph(asset("a"), asset("b/c"), asset("b/d"))
        states.use(found)
        editions = Editions()
        edition = editions.of(found, states, {"a": "a.py"})
        assert editions.of(found, states, {"a": "a.py"}) is edition
        wanted = AssetFilter(limit=1, cursor="b/c")
        assert edition.made(wanted) is None
        one, other = await asyncio.gather(edition.list(wanted), edition.list(wanted))
        assert one is other is edition.made(wanted)
        assert one.keys == ("b/d",)
        for number in range(40):  # and not all that were ever asked for are kept
            await edition.list(AssetFilter(text=str(number)))
        assert edition.made(wanted) is None
        assert editions.of(found, states, {}).tag != edition.tag
        assert Editions().of(found, states, {}).tag != edition.tag  # of another server

    asyncio.run(check())


@pytest.mark.parametrize(
    ("accepted", "zipped"),
    [
        ("gzip", True),
        ("br, GZIP; q=0.1", True),
        ("gzip;q=0", False),
        ("gzip;q=0.0", False),
        ("", False),
        ("x-gzip", False),
    ],
)
def test_gzip_is_sent_to_who_takes_it(accepted: str, zipped: bool) -> None:
    from daglab.server.routes.assets import _takes_gzip

    assert _takes_gzip(accepted) is zipped
