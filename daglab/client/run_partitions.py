"""What is partitioned in a run, judged before Dagster is asked: it takes any text for a partition."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from daglab.client.assets import Asset, fetch_definitions
from daglab.client.documents import launches as documents
from daglab.client.graph import AssetGraph
from daglab.client.launch import partition_tags, require_known_partitions, require_partition
from daglab.client.locations import Job
from daglab.client.partitions import Dimension, Partitions, fetch_partitions
from daglab.client.transport import Transport, member
from daglab.errors import ValidationError

_NONE = ("", "{}", "null")


@dataclass(frozen=True)
class RunPartition:
    """What makes a run one of a partition: ``tags``, and the configuration that the job itself has for it, as YAML."""

    tags: Mapping[str, str]
    config: str = ""


async def asset_partition(transport: Transport, assets: Sequence[Asset], chosen: Sequence[str]) -> RunPartition:
    """The partition of one run of ``assets``; raises what :func:`require_partition` raises."""
    partitioned = [asset.key for asset in assets if asset.partitioned]
    definitions = await fetch_partitions(transport, partitioned, statuses=False) if partitioned and chosen else {}
    partition = await asyncio.to_thread(require_partition, partitioned, definitions, chosen)
    return RunPartition(partition_tags(partition, definitions.get(partitioned[0]) if partitioned else None))


async def require_asset_partitions(transport: Transport, assets: Sequence[Asset], chosen: Sequence[str] | None) -> None:
    """Raise ValidationError where a backfill can't make the chosen partitions of ``assets``; None: all of them."""
    partitioned = [asset.key for asset in assets if asset.partitioned]
    if not partitioned:
        raise ValidationError("No selected asset is partitioned.", remedy="launch a run of them")
    if chosen is None:
        return
    definitions = await fetch_partitions(transport, partitioned, statuses=False)
    roots = await _roots(transport, partitioned, definitions)
    await asyncio.to_thread(require_known_partitions, roots, definitions, chosen)
    if not _are_alike(roots, definitions):
        raise ValidationError(
            f"{', '.join(roots)}: their partitions differ.",
            remedy="launch a backfill of each, or of all partitions",
            details={"assets": list(roots)},
        )


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


async def job_partition(transport: Transport, job: Job, chosen: Sequence[str]) -> RunPartition:
    """The partition of one run of ``job``; raises what :func:`require_partition` raises."""
    partitioned = [job.name] if job.partitioned else []
    definitions = {job.name: await _partitions(transport, job)} if partitioned and chosen else {}
    otherwise = f"The job {job.name} is not partitioned."
    partition = await asyncio.to_thread(require_partition, partitioned, definitions, chosen, otherwise=otherwise)
    return RunPartition({}) if partition is None else await _of_job(transport, job, partition)


async def require_job_partitions(
    transport: Transport, job: Job, chosen: Sequence[str] | None, *, with_config: bool
) -> None:
    """Raise ValidationError where a backfill can't make the chosen partitions of ``job``; None: all of them.

    Dagster drops the configuration of a backfill where the job itself configures its partitions.
    """
    if not job.partitioned:
        raise ValidationError(f"The job {job.name} is not partitioned.", remedy="launch a run of it")
    if chosen is None and not with_config:
        return
    definition = await _partitions(transport, job)
    await asyncio.to_thread(require_known_partitions, [job.name], {job.name: definition}, chosen or ())
    first = next(iter(chosen or definition.all_keys()), None)
    if with_config and first is not None and (await _of_job(transport, job, first)).config:
        raise ValidationError(
            f"The job {job.name} configures its partitions itself: a backfill takes no other configuration.",
            remedy="launch a run of each partition with it, or the backfill without it",
        )


async def _partitions(transport: Transport, job: Job) -> Partitions:
    """The keys of a job, which Dagster tells whole, also where they are of two dimensions."""
    answer = await transport.query(documents.JOB_PARTITIONS, {"job": job.selector()})
    keys = member(answer["pipelineOrError"], "Pipeline")["partitionKeysOrError"]["partitionKeys"]
    return Partitions("", (Dimension(job.name, "static", tuple(keys)),), ())


async def _of_job(transport: Transport, job: Job, key: str) -> RunPartition:
    answer = await transport.query(documents.JOB_PARTITION, {"job": job.selector(), "key": key})
    partition = member(answer["pipelineOrError"], "Pipeline")["partition"]
    config = member(partition["runConfigOrError"], "PartitionRunConfig")["yaml"].strip()
    tags = member(partition["tagsOrError"], "PartitionTags")["results"]
    return RunPartition({tag["key"]: tag["value"] for tag in tags}, "" if config in _NONE else config)
