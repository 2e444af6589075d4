"""Run configuration: what it may be, and whether one is valid, without launching anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from daglab.client.assets import key_input
from daglab.client.config_schema import config_schema
from daglab.client.documents import launches as documents
from daglab.client.launch import asset_job, require_launchable
from daglab.client.launching import known_assets
from daglab.client.locations import Job
from daglab.client.outcomes import ConfigFault, parse_faults, refusal
from daglab.client.reserved import refuse_reserved
from daglab.client.transport import Transport


@dataclass(frozen=True)
class RunConfigSchema:
    """What run configuration may be."""

    schema: Mapping[str, Any]
    """JSON Schema, from which a form can be made."""
    default_yaml: str
    """An example with all defaults, as YAML."""


async def asset_selector(transport: Transport, keys: Sequence[str]) -> dict[str, Any]:
    """The PipelineSelector of a run of assets; raises what a launch of them would raise."""
    assets = await known_assets(transport, keys)
    location, repository = require_launchable(assets)
    return {
        "repositoryLocationName": location,
        "repositoryName": repository,
        "pipelineName": asset_job(assets),
        "assetSelection": [key_input(key) for key in keys],
    }


def job_selector(job: Job) -> dict[str, Any]:
    """The PipelineSelector of a job."""
    return {"repositoryLocationName": job.location, "repositoryName": job.repository, "pipelineName": job.name}


async def validate(transport: Transport, selector: Mapping[str, Any], config: Mapping[str, Any]) -> list[ConfigFault]:
    """All faults of ``config``; none: it is valid. Raises ValidationError for keys that Dagster reserves."""
    refuse_reserved(config, "The run's configuration")
    answer = await transport.query(documents.VALIDATE_CONFIG, {"job": selector, "config": dict(config)})
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
