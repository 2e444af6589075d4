"""Run configuration: what it may be, and whether one is valid, without launching anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from daglab.client.assets import Asset, key_input
from daglab.client.config_schema import config_schema
from daglab.client.documents import launches as documents
from daglab.client.launch import asset_job, require_launchable
from daglab.client.locations import Job
from daglab.client.op_names import unknown_ops
from daglab.client.outcomes import ConfigFault, parse_faults, refusal
from daglab.client.reserved import refuse_reserved
from daglab.client.run_partitions import (
    asset_partition,
    job_partition,
    require_asset_partitions,
    require_job_partitions,
)
from daglab.client.transport import Transport


@dataclass(frozen=True)
class RunConfigSchema:
    """What run configuration may be."""

    schema: Mapping[str, Any]
    """JSON Schema, from which a form can be made."""
    default_yaml: str
    """An example with all defaults, as YAML."""


def asset_selector(assets: Sequence[Asset]) -> dict[str, Any]:
    """The PipelineSelector of a run of assets; raises what a launch of them would raise."""
    location, repository = require_launchable(assets)
    return {
        "repositoryLocationName": location,
        "repositoryName": repository,
        "pipelineName": asset_job(assets),
        "assetSelection": [key_input(asset.key) for asset in assets],
    }


async def validate_assets(
    transport: Transport, assets: Sequence[Asset], partitions: Sequence[str] | None, config: Mapping[str, Any]
) -> list[ConfigFault]:
    """All faults of the configuration of a run of assets; ``partitions`` are judged too, if they are not None.

    Raises:
        ValidationError: no one run makes the assets, a partition is wrong, a key is one that Dagster reserves.
    """
    selector = asset_selector(assets)
    if partitions is not None and len(partitions) > 1:
        await require_asset_partitions(transport, assets, partitions)
    elif partitions is not None:
        await asset_partition(transport, assets, partitions)
    return await unknown_ops(transport, assets, config) or await _faults(transport, selector, config)


async def validate_job(
    transport: Transport, job: Job, partitions: Sequence[str] | None, config: Mapping[str, Any]
) -> list[ConfigFault]:
    """All faults of the configuration of a run of a job, by default the one that the job has for the partition.

    Raises ValidationError as :func:`validate_assets` does.
    """
    own = ""
    if partitions is not None and len(partitions) > 1:
        await require_job_partitions(transport, job, partitions, with_config=bool(config))
        own = "" if config else (await job_partition(transport, job, partitions[:1])).config
    elif partitions is not None:
        own = (await job_partition(transport, job, partitions)).config
    return await _faults(transport, job.selector(), config or own)


async def _faults(
    transport: Transport, selector: Mapping[str, Any], config: Mapping[str, Any] | str
) -> list[ConfigFault]:
    if not isinstance(config, str):
        refuse_reserved(config, "The run's configuration")
        config = dict(config)
    answer = await transport.query(documents.VALIDATE_CONFIG, {"job": selector, "config": config})
    result = answer["isPipelineConfigValid"]
    if result["__typename"] == "PipelineConfigValidationValid":
        return []
    if result["__typename"] == "RunConfigValidationInvalid":
        return parse_faults(result)
    raise refusal(result)


async def fetch_schema(transport: Transport, selector: Mapping[str, Any]) -> RunConfigSchema:
    """What run configuration may be."""
    result = (await transport.query(documents.CONFIG_SCHEMA, {"job": selector}))["runConfigSchemaOrError"]
    if result["__typename"] != "RunConfigSchema":
        raise refusal(result)
    schema = config_schema(result["allConfigTypes"], result["rootConfigType"]["key"])
    return RunConfigSchema(schema, result["rootDefaultYaml"])
