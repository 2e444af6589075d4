"""Backfills: many partitions, launched together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from daglab.client.assets import key_input
from daglab.client.documents import launches as documents
from daglab.client.launch import require_launchable, require_plain_tags, tag_inputs
from daglab.client.launching import known_assets
from daglab.client.locations import fetch_locations, find_job
from daglab.client.op_names import unknown_ops
from daglab.client.outcomes import invalid_config, launched_backfill_id
from daglab.client.requests import Requests, digest, find_backfill
from daglab.client.reserved import refuse_reserved
from daglab.client.run_partitions import require_asset_partitions, require_job_partitions
from daglab.client.runs import DIGEST_TAG
from daglab.client.transport import Transport, member
from daglab.errors import NotFoundError, ValidationError

_ENDED = frozenset({"COMPLETED", "COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED", "CANCELED"})


@dataclass(frozen=True)
class Backfill:
    """A backfill; ``status`` is Dagster's BulkActionStatus, times are seconds since the epoch."""

    backfill_id: str
    status: str
    created_at: float
    ended_at: float | None
    assets: tuple[str, ...]
    partitions: int | None
    """How many."""
    error: str | None
    runs: Mapping[str, str]
    """Run id -> status, of the latest 1,000."""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in _ENDED


@dataclass(frozen=True)
class BackfillOptions:
    """All of a backfill but what it makes; DagsterClient.backfill says what each is.

    Raises ValidationError where neither some nor all partitions are chosen, or tags or configuration can't be.
    """

    partitions: Sequence[str]
    all_partitions: bool
    config: Mapping[str, Any] | None
    tags: Mapping[str, str] | None
    title: str | None
    request_id: str | None

    def __post_init__(self) -> None:
        if bool(self.partitions) == self.all_partitions:
            raise ValidationError("No partition is selected, or some and all.", remedy="name some, or ask for all")
        require_plain_tags(self.tags or {})
        refuse_reserved(self.config or {}, "The runs' configuration")

    @property
    def chosen(self) -> Sequence[str] | None:
        """The partitions; None: all."""
        return None if self.all_partitions else self.partitions

    def digest(self, kind: str, **target: Any) -> str:
        """What all of the request comes to."""
        chosen = {"partitions": sorted(self.partitions), "all": self.all_partitions, "title": self.title}
        return digest(kind, self.tags, self.config, **target, **chosen)


async def launch_backfill(
    transport: Transport, requests: Requests, keys: Sequence[str], options: BackfillOptions
) -> Backfill:
    """A backfill of the assets ``keys``, which are not empty; DagsterClient.backfill says what it raises."""

    async def select() -> dict[str, Any]:
        assets = await known_assets(transport, keys)
        require_launchable(assets)
        await require_asset_partitions(transport, assets, options.chosen)
        if unknown := await unknown_ops(transport, assets, options.config or {}):
            raise invalid_config(unknown)
        return {"assetSelection": [key_input(key) for key in keys]}

    return await _launch(transport, requests, select, options, options.digest("backfill", assets=sorted(keys)))


async def launch_job_backfill(
    transport: Transport,
    requests: Requests,
    name: str,
    repository: str | None,
    location: str | None,
    options: BackfillOptions,
) -> Backfill:
    """A backfill of the job ``name``; DagsterClient.backfill_job says what it raises."""

    async def select() -> dict[str, Any]:
        job = find_job(await fetch_locations(transport), name, repository, location)
        await require_job_partitions(transport, job, options.chosen, with_config=bool(options.config))
        of = {"repositoryLocationName": job.location, "repositoryName": job.repository}
        return {"selector": {"partitionSetName": job.partition_set, "repositorySelector": of}}

    asked = options.digest("job_backfill", job=name, repository=repository, location=location)
    return await _launch(transport, requests, select, options, asked)


async def _launch(
    transport: Transport,
    requests: Requests,
    select: Callable[[], Awaitable[dict[str, Any]]],
    options: BackfillOptions,
    asked: str,
) -> Backfill:
    """Launch what ``select`` answers, the selection in Dagster's terms; ``asked`` is the request's digest."""
    id_ = options.request_id or uuid4().hex

    async def launch(selection: dict[str, Any]) -> str:
        params = {**selection, "tags": tag_inputs(id_, {**(options.tags or {}), DIGEST_TAG: asked})}
        params |= {"allPartitions": True} if options.chosen is None else {"partitionNames": list(options.chosen)}
        params |= {"title": options.title} if options.title else {}
        params |= {"runConfigData": dict(options.config)} if options.config else {}
        answer = await transport.mutate(documents.LAUNCH_BACKFILL, {"params": params})
        return launched_backfill_id(answer["launchPartitionBackfill"])

    launched = await requests.once(
        id_,
        new=options.request_id is None,
        find=lambda: find_backfill(transport, id_, asked),
        prepare=select,
        launch=launch,
    )
    return await fetch_backfill(transport, launched)


async def fetch_backfill(transport: Transport, backfill_id: str) -> Backfill:
    """State of a backfill; raises NotFoundError for an unknown one."""
    answer = await transport.query(documents.BACKFILL, {"id": backfill_id})
    result = answer["partitionBackfillOrError"]
    if result["__typename"] == "BackfillNotFoundError":
        raise NotFoundError(f"Dagster knows no backfill {backfill_id}.", remedy="copy the id from Dagster's list")
    found = member(result, "PartitionBackfill")
    return Backfill(
        backfill_id=found["id"],
        status=found["status"],
        created_at=found["timestamp"],
        ended_at=found["endTimestamp"],
        assets=tuple("/".join(key["path"]) for key in found["assetSelection"] or ()),
        partitions=found["numPartitions"],
        error=found["error"]["message"].strip() if found["error"] else None,
        runs={run["runId"]: run["status"] for run in member(answer["runsOrError"], "Runs")["results"]},
        tags={tag["key"]: tag["value"] for tag in found["tags"]},
    )


async def cancel_backfill(transport: Transport, backfill_id: str) -> Backfill:
    """End a backfill and its runs; raises NotFoundError for an unknown one."""
    await fetch_backfill(transport, backfill_id)
    answer = await transport.mutate(documents.CANCEL_BACKFILL, {"id": backfill_id})
    member(answer["cancelPartitionBackfill"], "CancelBackfillSuccess")
    return await fetch_backfill(transport, backfill_id)
