"""Backfills: many partitions, launched together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from daglab.client.assets import fetch_definitions, key_input
from daglab.client.documents import launches as documents
from daglab.client.graph import AssetGraph
from daglab.client.launch import require_known_partitions, require_launchable, require_plain_tags, tag_inputs
from daglab.client.launching import known_assets
from daglab.client.outcomes import launched_backfill_id
from daglab.client.partitions import Partitions, fetch_partitions
from daglab.client.requests import Requests, digest, find_backfill
from daglab.client.reserved import refuse_reserved
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


async def launch_backfill(
    transport: Transport,
    requests: Requests,
    keys: Sequence[str],
    *,
    partitions: Sequence[str],
    all_partitions: bool,
    config: Mapping[str, Any] | None,
    tags: Mapping[str, str] | None,
    title: str | None,
    request_id: str | None,
) -> Backfill:
    """A backfill of the assets ``keys``, which are not empty; DagsterClient.backfill says what it raises."""
    if bool(partitions) == all_partitions:
        raise ValidationError("No partition is selected, or some and all.", remedy="name some, or ask for all")
    require_plain_tags(tags or {})
    refuse_reserved(config or {}, "The runs' configuration")
    id_ = request_id or uuid4().hex
    named = sorted(partitions)
    asked = digest("backfill", tags, config, assets=sorted(keys), partitions=named, all=all_partitions, title=title)

    async def prepare() -> dict[str, Any]:
        assets = await known_assets(transport, keys)
        require_launchable(assets)
        partitioned = [asset.key for asset in assets if asset.partitioned]
        if not partitioned:
            raise ValidationError("No selected asset is partitioned.", remedy="launch a run of them")
        if partitions:
            definitions = await fetch_partitions(transport, partitioned, statuses=False)
            roots = await _roots(transport, partitioned, definitions)
            await asyncio.to_thread(require_known_partitions, roots, definitions, partitions)
            _require_alike(roots, definitions)
        params: dict[str, Any] = {"assetSelection": [key_input(key) for key in keys]}
        params |= {"tags": tag_inputs(id_, {**(tags or {}), DIGEST_TAG: asked})}
        params |= {"allPartitions": True} if all_partitions else {"partitionNames": list(partitions)}
        params |= {"title": title} if title else {}
        params |= {"runConfigData": dict(config)} if config else {}
        return params

    async def launch(params: dict[str, Any]) -> str:
        answer = await transport.mutate(documents.LAUNCH_BACKFILL, {"params": params})
        return launched_backfill_id(answer["launchPartitionBackfill"])

    launched = await requests.once(
        id_,
        new=request_id is None,
        find=lambda: find_backfill(transport, id_, asked),
        prepare=prepare,
        launch=launch,
    )
    return await fetch_backfill(transport, launched)


async def _roots(transport: Transport, keys: Sequence[str], definitions: Mapping[str, Partitions | None]) -> list[str]:
    """The assets whose partitions Dagster takes; it maps these to the partitions of assets downstream.

    They need not be told apart where all have the same partitions.
    """
    if _are_alike(keys, definitions):
        return list(keys)
    graph = AssetGraph(await fetch_definitions(transport, None))
    return sorted(await asyncio.to_thread(graph.roots, set(keys)))


def _are_alike(keys: Sequence[str], definitions: Mapping[str, Partitions | None]) -> bool:
    first, *others = (definitions.get(key) for key in keys)
    return all((one and one.dimensions) == (first and first.dimensions) for one in others)


def _require_alike(roots: Sequence[str], definitions: Mapping[str, Partitions | None]) -> None:
    if not _are_alike(roots, definitions):
        raise ValidationError(
            f"{', '.join(roots)}: their partitions differ.",
            remedy="launch a backfill of each, or of all partitions",
            details={"assets": list(roots)},
        )


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
