"""Launches of a real Dagster, and what it would take without a word."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from daglab.client import DagsterClient, DagsterReader
from daglab.errors import DaglabError, LaunchConflictError, NotFoundError, ReadOnlyError, ValidationError
from tests.integration.client.calling import with_client
from tests.integration.client.proxy import Proxy, Request, Verdict, through_proxy
from tests.integration.conftest import RunningDagster

HELLO = {"ops": {"greet": {"config": {"name": "ann"}}}}
HELLO_TWICE = {"ops": {"greet": {"config": {"name": "twice"}}}}
Call = Callable[[DagsterClient], Awaitable[Any]]


def test_a_job_is_found_where_one_fits(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        run = await client.submit_job("hello", run_config=HELLO, tags={"team": "x"}, request_id="job-one")
        assert (run.job_name, run.location, run.repository) == ("hello", "shop", "__repository__")
        assert (run.request_id, run.tags["team"]) == ("job-one", "x")
        assert run.url == f"{shop.url}/runs/{run.run_id}"
        assert run.launch_problem is None
        again = await client.submit_job("hello", run_config=HELLO, tags={"team": "x"}, request_id="job-one")
        assert again.run_id == run.run_id
        other = await client.submit_job("shared", location="tools")
        assert other.location == "tools"
        for launched in (run, other):
            await client.wait(launched.run_id, timeout=120)

    with_client(shop.url, work)


def test_launches_with_one_request_id_at_the_same_time_are_one(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        launches = (client.submit_job("hello", run_config=HELLO, request_id="together") for _ in range(5))
        runs = await asyncio.gather(*launches)
        assert len({run.run_id for run in runs}) == 1
        found = await client.runs(tags={"daglab/request_id": "together"})
        assert len(found.runs) == 1
        await client.wait(runs[0].run_id, timeout=120)

    with_client(shop.url, work)


def names(error: type[DaglabError], *texts: str) -> tuple[type[DaglabError], Sequence[str]]:
    return error, texts


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        # what Dagster would take silently
        (lambda c: c.submit_assets([]), names(ValidationError, "No asset is selected")),
        (lambda c: c.submit_assets("group:nothing"), names(ValidationError, "No asset is selected")),
        (lambda c: c.submit_assets(["by_region"], partitions=["d"]), names(ValidationError, "partition d", "a, b, c")),
        (lambda c: c.submit_assets(["by_day"], partitions=["2024-01-32"]), names(ValidationError, "2024-01-3")),
        (lambda c: c.submit_assets(["by_both"], partitions=["big|n"]), names(ValidationError, "no partition big|n")),
        (lambda c: c.submit_assets(["by_customer"], partitions=["ann"]), names(ValidationError, "no partition ann")),
        (lambda c: c.submit_assets(["raw/orders"], partitions=["a"]), names(ValidationError, "No selected asset")),
        (lambda c: c.submit_assets(["by_region"], tags={"dagster/partition": "z"}), names(ValidationError, "tag")),
        *[
            (lambda c, tag=tag: c.submit_assets(["raw/orders"], tags={tag: "x"}), names(ValidationError, tag, "tag"))
            for tag in ("dagster/backfill", "dagster/parent_run_id", "dagster/root_run_id", "daglab/request_id")
        ],
        (lambda c: c.submit_job("hello", tags={"dagster/tick": "x"}), names(ValidationError, "dagster/tick")),
        (lambda c: c.reexecute("x", tags={"daglab/request_id": "x"}), names(ValidationError, "daglab/request_id")),
        (lambda c: c.backfill(["by_region"], ["a"], tags={"dagster/backfill": "x"}), names(ValidationError, "tag")),
        (lambda c: c.backfill(["by_region", "by_day"], ["a"]), names(ValidationError, "by_day: no partition a")),
        (lambda c: c.backfill(["by_region"], ["a", "z"]), names(ValidationError, "no partition z")),
        (lambda c: c.backfill(["by_region"]), names(ValidationError, "No partition is selected")),
        (lambda c: c.backfill(["by_region"], ["a"], all_partitions=True), names(ValidationError, "some and all")),
        (lambda c: c.backfill(["slow"], ["a"]), names(ValidationError, "partitioned")),
        (lambda c: c.backfill([], ["a"]), names(ValidationError, "No asset")),
        # what cannot be one run
        (lambda c: c.submit_assets(["by_region"]), names(ValidationError, "needs a partition", "backfill")),
        (lambda c: c.submit_assets(["by_region"], partitions=["a", "b"]), names(ValidationError, "one partition")),
        (lambda c: c.submit_assets(["vendor/feed"]), names(ValidationError, "not made by Dagster")),
        (lambda c: c.submit_assets(["tools/report", "slow"]), names(ValidationError, "shop, tools")),
        (lambda c: c.submit_assets(["sales/order"]), names(NotFoundError, "did you mean sales/orders")),
        (lambda c: c.submit_assets(['"]}){__schema{x}}']), names(NotFoundError, "no asset")),
        # jobs
        (lambda c: c.submit_job("shared"), names(ValidationError, "shop (__repository__)", "tools (__repository__)")),
        (lambda c: c.submit_job("helo"), names(NotFoundError, "did you mean 'hello'", "unloadable could not")),
        (lambda c: c.submit_job("hello", location="tools"), names(NotFoundError, "in tools", "it is in shop")),
        (lambda c: c.submit_job("hello", repository="r"), names(NotFoundError, "in r")),
        # partitions of jobs
        (lambda c: c.submit_job("places"), names(ValidationError, "places: partitioned", "backfill")),
        (lambda c: c.submit_job("places", partitions=["big"]), names(ValidationError, "places: no partition big")),
        (lambda c: c.submit_job("greet_each", partitions=["bobb"]), names(ValidationError, "did you mean 'bob'")),
        (lambda c: c.submit_job("greet_each", partitions=["ann", "bob"]), names(ValidationError, "one partition")),
        (lambda c: c.submit_job("hello", partitions=["ann"]), names(ValidationError, "hello is not partitioned")),
        (lambda c: c.backfill_job("hello", ["ann"]), names(ValidationError, "hello is not partitioned")),
        (lambda c: c.backfill_job("greet_each", ["ann", "z"]), names(ValidationError, "greet_each: no partition z")),
        (lambda c: c.backfill_job("greet_each"), names(ValidationError, "No partition is selected")),
        (lambda c: c.backfill_job("greet_eac", ["ann"]), names(NotFoundError, "did you mean 'greet_each'")),
        (lambda c: c.backfill_job("greet_each", ["ann"], config=HELLO), names(ValidationError, "configures")),
        (
            lambda c: c.backfill_job("greet_each", all_partitions=True, config=HELLO),
            names(ValidationError, "configures its partitions itself"),
        ),
        # configuration
        (lambda c: c.submit_job("hello"), names(ValidationError, "ops", "greet")),
        (lambda c: c.submit_assets(["sales/orders"]), names(ValidationError, "sales__orders", "limit")),
        (
            lambda c: c.submit_job("hello", run_config={"ops": {"greet": {"config": {"name": "a", "times": "x"}}}}),
            names(ValidationError, "ops.greet.config.times", "Int"),
        ),
        (lambda c: c.submit_job("hello", run_config={"ops": float("nan")}), names(ValidationError, "no JSON")),
        (
            lambda c: c.submit_job("hello", run_config={"ops": {"greet": {"config": {"__class__": 5}}}}),
            names(ValidationError, "ops.greet.config.__class__"),
        ),
        (
            lambda c: c.validate_config({"ops": {"greet": {"config": {"__set__": 5}}}}, job="hello"),
            names(ValidationError, "ops.greet.config.__set__"),
        ),
        (
            lambda c: c.backfill(["by_region"], ["a"], config={"resources": {"__enum__": 5}}),
            names(ValidationError, "resources.__enum__"),
        ),
        (lambda c: c.submit_job("hello", run_config={"ops": {1, 2}}), names(ValidationError, "no JSON")),
        (lambda c: c.submit_job("hello", run_config={"ops": "\ud800"}), names(ValidationError, "no JSON")),
    ],
)  # fmt: skip
def test_refused(shop: RunningDagster, call: Call, expected: tuple[type[DaglabError], Sequence[str]]) -> None:
    error, texts = expected

    async def work(client: DagsterClient) -> None:
        before = (await client.runs(1)).runs
        with pytest.raises(error) as caught:
            await call(client)
        for text in texts:
            assert text in str(caught.value)
        assert caught.value.remedy
        assert [run.run_id for run in (await client.runs(1)).runs] == [run.run_id for run in before]

    with_client(shop.url, work)


def test_candidates_and_paths_are_in_the_details(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        with pytest.raises(ValidationError) as caught:
            await client.submit_job("shared")
        assert caught.value.details["candidates"] == [
            {"location": "shop", "repository": "__repository__"},
            {"location": "tools", "repository": "__repository__"},
        ]
        with pytest.raises(ValidationError) as caught:
            await client.submit_job("hello")
        assert [fault["path"] for fault in caught.value.details["errors"]] == [("ops",)] or caught.value.details[
            "errors"
        ]

    with_client(shop.url, work)


def test_a_partition_of_two_dimensions(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        run = await client.submit_assets(["by_both"], partitions=["n|small"])
        assert run.partition == "n|small"
        await client.wait(run.run_id, timeout=120)
        details = await client.asset("by_both")
        assert details.partitions is not None
        assert dict(details.partitions.statuses) == {"n|small": "materialized"}
        assert [(event.partition, event.metadata[0].value) for event in details.events] == [("n|small", "n")]

    with_client(shop.url, work)


def test_partitions_made_and_failed(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        runs = [
            await client.submit_assets(["by_region"], partitions=["a"]),
            await client.submit_assets(["by_region"], partitions=["c"]),
            await client.submit_assets(["by_day"], partitions=["2024-01-03"]),
        ]
        for run in runs:
            await client.wait(run.run_id, timeout=120, check=False)
        regions, days = (await client.asset("by_region")).partitions, (await client.asset("by_day")).partitions
        assert regions and days
        assert [regions.status(key) for key in "abc"] == ["materialized", "missing", "failed"]
        assert dict(days.statuses) == {"2024-01-03": "materialized"}

    with_client(shop.url, work)


def test_a_request_id_stands_for_one_launch(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        part = await client.submit_assets(["by_region"], partitions=["b"], request_id="one-thing")
        again = await client.submit_assets(["by_region"], partitions=["b"], request_id="one-thing")
        assert again.run_id == part.run_id
        job = await client.submit_job("hello", run_config=HELLO, request_id="one-job-1")
        same = {"ops": {"greet": {"config": {"name": "ann"}}}}
        assert (await client.submit_job("hello", run_config=same, request_id="one-job-1")).run_id == job.run_id
        fill = await client.backfill(["by_day"], ["2024-01-05"], request_id="one-fill")
        await client.cancel_backfill(fill.backfill_id)
        for another in (
            client.submit_assets(["by_region"], partitions=["c"], request_id="one-thing"),
            client.submit_assets(["by_region"], partitions=["b", "c"], request_id="one-thing"),
            client.submit_assets(["raw/orders"], request_id="one-thing"),
            client.submit_job("hello", run_config=HELLO, request_id="one-thing"),
            client.submit_assets(["raw/orders"], request_id="one-job-1"),
            client.submit_job("shared", location="tools", request_id="one-job-1"),
            client.submit_assets(["by_region"], partitions=["b"], tags={"team": "x"}, request_id="one-thing"),
            client.submit_job("hello", request_id="one-job-1"),
            client.submit_job("hello", run_config=HELLO, location="shop", request_id="one-job-1"),
            client.backfill(["by_region"], ["a"], request_id="one-fill"),
            client.backfill(["by_day"], ["2024-01-06"], request_id="one-fill"),
            client.backfill(["by_day"], all_partitions=True, request_id="one-fill"),
            client.backfill(["by_day"], ["2024-01-05"], title="days", request_id="one-fill"),
        ):
            with pytest.raises(LaunchConflictError, match="Under the request id one-"):
                await another
        for run in (part, job):
            await client.wait(run.run_id, timeout=120, check=False)

    with_client(shop.url, work)


def test_a_failed_run_is_run_again(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        failed = await client.submit_assets(["sales/broken"])
        await client.wait(failed.run_id, timeout=120, check=False)
        again = await client.reexecute(failed.run_id, "from_failure", tags={"why": "flaky"}, request_id="again-1")
        assert (again.parent_run_id, again.root_run_id) == (failed.run_id, failed.run_id)
        assert again.tags["why"] == "flaky"
        same = await client.reexecute(failed.run_id, "from_failure", tags={"why": "flaky"}, request_id="again-1")
        assert same.run_id == again.run_id
        for strategy, tags in (("all", {"why": "flaky"}), ("from_failure", {})):
            with pytest.raises(LaunchConflictError, match="Under the request id again-1"):
                await client.reexecute(failed.run_id, strategy, tags=tags, request_id="again-1")
        # the first launch's request id still answers the first run, though Dagster copied its tags
        assert (await client.submit_assets(["sales/broken"], request_id=failed.request_id)).run_id == failed.run_id
        with pytest.raises(ValidationError, match="terminate"):
            await client.reexecute(again.run_id)
        await client.wait(again.run_id, timeout=120, check=False)

    with_client(shop.url, work)


def test_what_cannot_be_run_again(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        run = await client.submit_job("shared", location="tools")
        await client.wait(run.run_id, timeout=120)
        with pytest.raises(ValidationError, match="nothing failed"):
            await client.reexecute(run.run_id, "from_failure")
        with pytest.raises(ValidationError, match="Nothing is left to do"):
            await client.reexecute(run.run_id, "from_asset_failure")
        with pytest.raises(ValidationError, match="all, from_failure"):
            await client.reexecute(run.run_id, "half")
        again = await client.reexecute(run.run_id)
        assert (await client.wait(again.run_id, timeout=120)).parent_run_id == run.run_id

    with_client(shop.url, work)


@pytest.mark.parametrize("pause", [0.0, 1.2])
def test_a_run_is_terminated_whether_it_waits_starts_or_runs(shop: RunningDagster, pause: float) -> None:
    async def work(client: DagsterClient) -> None:
        run = await client.submit_assets(["slow"])
        await asyncio.sleep(pause)
        ending = await client.terminate(run.run_id)
        assert ending.status in ("CANCELING", "CANCELED")
        assert (await client.wait(run.run_id, timeout=60, check=False)).status == "CANCELED"
        with pytest.raises(ValidationError):
            await client.terminate(run.run_id)

    with_client(shop.url, work)


def test_a_backfill_is_launched_once_and_canceled(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        launched = await client.backfill(
            ["by_day"], ["2024-01-05", "2024-01-06"], title="two days", tags={"why": "late"}, request_id="fill-1"
        )
        assert (launched.status, launched.partitions, launched.assets) == ("REQUESTED", 2, ("by_day",))
        assert launched.tags["why"] == "late"
        again = await client.backfill(
            ["by_day"], ["2024-01-06", "2024-01-05"], title="two days", tags={"why": "late"}, request_id="fill-1"
        )
        assert again.backfill_id == launched.backfill_id
        canceled = await client.cancel_backfill(launched.backfill_id)
        assert canceled.status in ("CANCELING", "CANCELED")
        whole = await client.backfill(["by_region"], all_partitions=True)
        assert whole.partitions == 3
        await client.cancel_backfill(whole.backfill_id)
        for call in (client.backfill_status, client.cancel_backfill):
            with pytest.raises(NotFoundError, match="no backfill nope"):
                await call("nope")

    with_client(shop.url, work)


def test_a_backfill_of_long_ago_is_found_by_its_request_id(
    shop: RunningDagster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daglab.client.requests._PAGE", 1)

    async def work(client: DagsterClient) -> None:
        first = await client.backfill(["by_region"], ["a"], request_id="long-ago")
        for _ in range(2):
            await client.cancel_backfill((await client.backfill(["by_region"], ["b"])).backfill_id)
        again = await client.backfill(["by_region"], ["a"], request_id="long-ago")
        assert again.backfill_id == first.backfill_id
        await client.cancel_backfill(first.backfill_id)

    with_client(shop.url, work)


def test_partitions_of_the_roots_are_taken_for_those_downstream(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        launched = await client.backfill(["by_week", "by_day"], ["2024-01-03"])
        assert set(launched.assets) == {"by_week", "by_day"}
        await client.cancel_backfill(launched.backfill_id)

    with_client(shop.url, work)


@pytest.mark.nightly
def test_a_backfill_to_its_end(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        backfill = await client.backfill("key:by_region", ["b", "c"])
        for _ in range(200):
            if backfill.is_final:
                break
            await asyncio.sleep(1)
            backfill = await client.backfill_status(backfill.backfill_id)
        assert backfill.status == "COMPLETED_FAILED"
        assert sorted(backfill.runs.values()) == ["FAILURE", "SUCCESS"]

    with_client(shop.url, work)


CHANGING: dict[str, Call] = {
    "submit_assets": lambda c: c.submit_assets(["raw/orders"]),
    "submit_job": lambda c: c.submit_job("hello"),
    "backfill": lambda c: c.backfill(["by_region"], ["a"]),
    "backfill_job": lambda c: c.backfill_job("greet_each", ["ann"]),
    "cancel_backfill": lambda c: c.cancel_backfill("x"),
    "terminate": lambda c: c.terminate("x"),
    "reexecute": lambda c: c.reexecute("x"),
    "reload_location": lambda c: c.reload_location("shop"),
    "report_materialization": lambda c: c.report_materialization("raw/orders"),
    "report_observation": lambda c: c.report_observation("raw/orders"),
}


@pytest.mark.parametrize("name", CHANGING)
def test_a_client_that_is_read_only_changes_nothing(shop: RunningDagster, name: str) -> None:
    def nothing_is_sent(_: Request) -> Verdict:
        raise AssertionError

    async def work(client: DagsterClient, proxy: Proxy) -> None:
        with pytest.raises(ReadOnlyError, match="read only"):
            await CHANGING[name](client)
        assert proxy.requests == []

    through_proxy(shop.url, nothing_is_sent, work, read_only=True)


def test_whatever_changes_dagster_is_among_them() -> None:
    assert set(CHANGING) == {name for name in set(dir(DagsterClient)) - set(dir(DagsterReader)) if name[0] != "_"}


def test_a_run_of_a_partitioned_job_has_its_configuration_and_its_tags(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        own = await client.submit_job("greet_each", partitions=["bob"], request_id="greet-bob")
        assert (await client.submit_job("greet_each", partitions=["bob"], request_id="greet-bob")).run_id == own.run_id
        with pytest.raises(LaunchConflictError):
            await client.submit_job("greet_each", partitions=["ann"], request_id="greet-bob")
        other = await client.submit_job("greet_each", partitions=["ann"], run_config=HELLO_TWICE)
        both = await client.submit_job("places", partitions=["n|small"])
        assert [run.partition for run in (own, other, both)] == ["bob", "ann", "n|small"]
        assert both.tags["dagster/partition/size"] == "small"
        assert own.tags["dagster/partition_set"] == "greet_each_partition_set"
        for run, says in ((own, "hello bob"), (other, "hello twice"), (both, "at n|small")):
            assert (await client.wait(run.run_id, timeout=120)).status == "SUCCESS"
            assert says in [event.message for event in (await client.run_logs(run.run_id)).events]

    with_client(shop.url, work)


def test_a_backfill_of_a_job(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        backfill = await client.backfill_job(
            "places", ["n|big", "s|small"], title="two places", request_id="two-places"
        )
        assert (backfill.assets, backfill.partitions) == ((), 2)
        again = await client.backfill_job("places", ["s|small", "n|big"], title="two places", request_id="two-places")
        assert again.backfill_id == backfill.backfill_id
        assert (await client.cancel_backfill(backfill.backfill_id)).status.startswith("CANCEL")
        every = await client.backfill_job("greet_each", all_partitions=True)
        assert every.partitions == 2
        await client.cancel_backfill(every.backfill_id)

    with_client(shop.url, work)


def test_an_op_that_nobody_has_is_a_fault(shop: RunningDagster) -> None:
    """Dagster takes any for a run of assets, and ignores it."""
    wrong = {"ops": {"sales__order": {"config": {"limit": 3}}}}

    async def work(client: DagsterClient) -> None:
        (fault,) = await client.validate_config(wrong, assets=["raw/orders"])
        assert (fault.path, fault.reason) == (("ops", "sales__order"), "FIELD_NOT_DEFINED")
        assert "did you mean 'sales__orders'" in fault.message
        # one of an asset that isn't selected: Dagster lets one configuration serve several selections
        fine = {"ops": {"sales__orders": {"config": {"limit": 3}}}}
        assert await client.validate_config(fine, assets=["raw/orders"]) == []
        for launch in (
            client.submit_assets(["raw/orders"], config=wrong),
            client.backfill(["by_region"], ["a"], config=wrong),
        ):
            with pytest.raises(ValidationError, match=r"ops\.sales__order: no such op"):
                await launch

    with_client(shop.url, work)


def test_partitions_are_judged_with_the_configuration(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        assert await client.validate_config({}, job="greet_each", partitions=["ann"]) == []
        assert await client.validate_config({}, job="greet_each", partitions=["ann", "bob"]) == []
        assert await client.validate_config({}, job="greet_each")  # of no partition, it has no configuration
        assert await client.validate_config({}, assets=["by_region"], partitions=["a"]) == []
        assert await client.validate_config({}, assets=["by_region"], partitions=["a", "b"]) == []
        assert await client.validate_config({}, assets=["by_region"]) == []
        wrong: list[tuple[dict[str, Any], str]] = [
            ({"job": "greet_each", "partitions": []}, "needs a partition"),
            ({"job": "greet_each", "partitions": ["ann", "z"]}, "no partition z"),
            ({"job": "hello", "partitions": ["ann"]}, "not partitioned"),
            ({"assets": ["by_region"], "partitions": []}, "needs a partition"),
            ({"assets": ["by_region"], "partitions": ["z"]}, "no partition z"),
            ({"assets": ["by_region"], "partitions": ["a", "z"]}, "no partition z"),
            ({"assets": ["raw/orders"], "partitions": ["a"]}, "No selected asset is partitioned"),
        ]
        for arguments, says in wrong:
            with pytest.raises(ValidationError, match=says):
                await client.validate_config({}, **arguments)

    with_client(shop.url, work)


def test_configuration_is_judged_without_a_launch(shop: RunningDagster) -> None:
    async def work(client: DagsterClient) -> None:
        assert await client.validate_config(HELLO, job="hello") == []
        wrong = {"ops": {"greet": {"config": {"name": 3}}}}
        (fault,) = await client.validate_config(wrong, job="hello")
        assert (fault.path, fault.reason) == (("ops", "greet", "config", "name"), "RUNTIME_TYPE_MISMATCH")
        assert await client.validate_config({}, assets=["sales/orders"])
        assert await client.validate_config({}, assets="group:raw") == []
        schema = await client.run_config_schema(job="hello")
        config = schema.schema["properties"]["ops"]["properties"]["greet"]["properties"]["config"]
        assert config["properties"] == {"name": {"type": "string"}, "times": {"type": "integer", "default": 1}}
        assert "times: 1" in schema.default_yaml
        assets = await client.run_config_schema(assets=["sales/orders"])
        assert "sales__orders" in assets.schema["properties"]["ops"]["properties"]
        for arguments in ({}, {"job": "hello", "assets": ["raw/orders"]}):
            with pytest.raises(ValidationError, match="not both"):
                await client.run_config_schema(**arguments)  # type: ignore[arg-type]
        with pytest.raises(NotFoundError):
            await client.validate_config({}, job="nothing")

    with_client(shop.url, work)


def test_every_kind_of_configuration_as_json_schema(shop: RunningDagster) -> None:
    schema = with_client(shop.url, lambda c: c.run_config_schema(job="every_config")).schema
    config = schema["properties"]["ops"]["properties"]["configured"]["properties"]["config"]
    integer, text = {"type": "integer"}, {"type": "string"}

    def one_of(**properties: object) -> dict[str, object]:
        bounds = {"minProperties": 1, "maxProperties": 1}
        return {"type": "object", "properties": properties, "additionalProperties": False, **bounds}

    assert config["properties"] == {
        "count": {"type": "integer", "description": "how many", "default": 3},
        "ratio": {"type": "number"},
        "flag": {"type": "boolean"},
        "anything": {},
        "names": {"type": "array", "items": text},
        "maybe": {"anyOf": [integer, {"type": "null"}], "default": None},
        "color": {"enum": ["red", "blue"]},
        "ages": {"type": "object", "additionalProperties": integer},
        "open": {"type": "object", "properties": {"a": integer}, "required": ["a"], "additionalProperties": True},
        "one_of": one_of(file=text, number=integer),
        "source": {"anyOf": [integer, one_of(env=text)]},
    }
    assert set(config["required"]) == set(config["properties"]) - {"count", "anything", "maybe"}
