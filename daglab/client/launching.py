"""Launch, re-execute and terminate runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from daglab.client.assets import Asset, fetch_definitions, fetch_keys
from daglab.client.documents import launches as documents
from daglab.client.documents import runs as run_documents
from daglab.client.instance import fetch_daemons
from daglab.client.launch import (
    job_params,
    launch_params,
    require_launchable,
    require_plain_tags,
    tag_inputs,
    unknown_assets,
)
from daglab.client.locations import fetch_locations, find_job
from daglab.client.op_names import unknown_ops
from daglab.client.outcomes import invalid_config, launched_run_id
from daglab.client.requests import Requests, digest, find_reexecution, find_run
from daglab.client.reserved import refuse_reserved
from daglab.client.run_partitions import asset_partition, job_partition
from daglab.client.runs import DIGEST_TAG, Run, fetch_run, fetch_status, run_errors, run_url
from daglab.client.transport import Transport, member
from daglab.errors import DagsterError, ValidationError

STRATEGIES = {"all": "ALL_STEPS", "from_failure": "FROM_FAILURE", "from_asset_failure": "FROM_ASSET_FAILURE"}
_NOTHING_FAILED = "needed to be retried in the failed run"
"""How Dagster's errors end that it raises where nothing failed; it has no type of its own for them."""
_NOT_YET = ("QUEUED", "NOT_STARTED", "STARTING")
_START_PAUSES = (0.5, 1, 2, 4, 8)
"""Seconds between attempts to terminate a run."""


@dataclass(frozen=True)
class RunSubmitResult(Run):
    """The run that was launched.

    ``launch_problem`` is why it stays QUEUED, which Dagster does not tell; None: it will start.
    """

    request_id: str = ""
    url: str = ""
    launch_problem: str | None = None


async def submit_assets(
    transport: Transport,
    requests: Requests,
    keys: Sequence[str],
    *,
    partitions: Sequence[str],
    config: Mapping[str, Any] | None,
    tags: Mapping[str, str] | None,
    request_id: str | None,
) -> RunSubmitResult:
    """One run of the assets ``keys``, which are not empty; DagsterClient.submit_assets says what it raises."""
    require_plain_tags(tags or {})
    refuse_reserved(config or {}, "The run's configuration")
    id_ = request_id or uuid4().hex
    asked = digest("assets", tags, config, assets=sorted(keys), partitions=list(partitions))

    async def prepare() -> dict[str, Any]:
        assets = await known_assets(transport, keys)
        require_launchable(assets)
        partition = await asset_partition(transport, assets, partitions)
        if unknown := await unknown_ops(transport, assets, config or {}):
            raise invalid_config(unknown)
        own = {DIGEST_TAG: asked, **partition.tags}
        return launch_params(assets, id_, config=config, tags={**(tags or {}), **own})

    return await _submit(transport, requests, prepare, asked, id_, new=request_id is None)


async def submit_job(
    transport: Transport,
    requests: Requests,
    name: str,
    *,
    repository: str | None,
    location: str | None,
    partitions: Sequence[str],
    config: Mapping[str, Any] | None,
    tags: Mapping[str, str] | None,
    request_id: str | None,
) -> RunSubmitResult:
    """One run of the job ``name``; DagsterClient.submit_job says what it raises."""
    require_plain_tags(tags or {})
    refuse_reserved(config or {}, "The run's configuration")
    id_ = request_id or uuid4().hex
    place = {"repository": repository, "location": location}
    asked = digest("job", tags, config, job=name, partitions=list(partitions), **place)

    async def prepare() -> dict[str, Any]:
        job = find_job(await fetch_locations(transport), name, repository, location)
        partition = await job_partition(transport, job, partitions)
        own = {DIGEST_TAG: asked, **partition.tags}
        return job_params(job, id_, config or partition.config, {**(tags or {}), **own})

    return await _submit(transport, requests, prepare, asked, id_, new=request_id is None)


async def reexecute(
    transport: Transport,
    requests: Requests,
    run_id: str,
    *,
    strategy: str,
    tags: Mapping[str, str] | None,
    request_id: str | None,
) -> RunSubmitResult:
    """A new run of what ``run_id`` ran; DagsterClient.reexecute says what it raises."""
    if strategy not in STRATEGIES:
        raise ValidationError(f"There is no strategy {strategy!r}.", remedy=f"one of {', '.join(STRATEGIES)}")
    require_plain_tags(tags or {})
    id_ = request_id or uuid4().hex
    asked = digest("reexecution", tags, run=run_id, strategy=strategy)

    async def prepare() -> dict[str, Any]:
        parent = await fetch_run(transport, run_id)
        if not parent.is_final:
            raise ValidationError(f"Run {run_id} is {parent.status}.", remedy="wait for its end, or terminate it")
        if strategy == "from_failure" and parent.status == "SUCCESS":
            raise ValidationError(f"Run {run_id} succeeded: nothing failed in it.", remedy="re-execute all of it")
        return {
            "parentRunId": run_id,
            "strategy": STRATEGIES[strategy],
            "extraTags": tag_inputs(id_, {**(tags or {}), DIGEST_TAG: asked}),
            "useParentRunTags": True,
        }

    async def launch(params: dict[str, Any]) -> str:
        answer = await transport.mutate(documents.REEXECUTE, {"params": params})
        try:
            return launched_run_id(answer["launchRunReexecution"])
        except DagsterError as error:
            if _NOTHING_FAILED not in str(error):
                raise
            raise ValidationError(f"Nothing is left to do of run {run_id}.", remedy="re-execute all of it") from None

    launched = await requests.once(
        id_,
        new=request_id is None,
        find=lambda: find_reexecution(transport, id_, asked, run_id),
        prepare=prepare,
        launch=launch,
    )
    return await _result(transport, launched, id_)


async def terminate(transport: Transport, run_id: str, *, force: bool) -> Run:
    """End a run; DagsterClient.terminate says what it raises.

    Dagster cannot end a run that is just starting, and one that it takes from the queue may start all the same.
    """
    policy = "MARK_AS_CANCELED_IMMEDIATELY" if force else "SAFE_TERMINATE"
    for pause in (*_START_PAUSES, None):
        before = await fetch_status(transport, run_id)
        answer = await transport.mutate(run_documents.TERMINATE, {"run": run_id, "policy": policy})
        result = answer["terminateRun"]
        run = await fetch_run(transport, run_id)
        succeeded = result["__typename"] == "TerminateRunSuccess"
        if pause is None or (succeeded and (run.is_final or run.status == "CANCELING")):
            break
        if not succeeded and before not in _NOT_YET:
            break
        await asyncio.sleep(pause)

    if run.status == "CANCELING":  # by an attempt that Dagster called a failure, because the run was just starting
        return run

    def failed(message: str) -> ValidationError:
        return ValidationError(message, remedy="look at the run's status", details={"run_id": run_id})

    member(result, "TerminateRunSuccess", {**run_errors(run_id), "TerminateRunFailure": failed})
    return run


async def known_assets(transport: Transport, keys: Sequence[str]) -> list[Asset]:
    """The definitions of ``keys``; raises NotFoundError where Dagster does not have one of them."""
    assets = await fetch_definitions(transport, keys)
    found = {asset.key for asset in assets}
    if missing := [key for key in keys if key not in found]:
        raise await asyncio.to_thread(unknown_assets, missing, await fetch_keys(transport))
    return assets


async def _submit(
    transport: Transport,
    requests: Requests,
    prepare: Callable[[], Awaitable[dict[str, Any]]],
    asked: str,
    request_id: str,
    *,
    new: bool,
) -> RunSubmitResult:
    async def launch(params: dict[str, Any]) -> str:
        return launched_run_id((await transport.mutate(documents.LAUNCH_RUN, {"params": params}))["launchRun"])

    launched = await requests.once(
        request_id, new=new, find=lambda: find_run(transport, request_id, asked), prepare=prepare, launch=launch
    )
    return await _result(transport, launched, request_id)


async def _result(transport: Transport, run_id: str, request_id: str) -> RunSubmitResult:
    run = await fetch_run(transport, run_id)
    problem = (await fetch_daemons(transport)).launch_problem if run.status == "QUEUED" else None
    url = run_url(transport.address, run_id)
    return RunSubmitResult(**vars(run), request_id=request_id, url=url, launch_problem=problem)
