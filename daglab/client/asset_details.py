"""All that Dagster tells of one asset: its definition, checks, configuration, partitions and latest events."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from daglab.client.assets import Asset, fetch_keys, fetch_states, key_input, parse_asset, with_state
from daglab.client.config_schema import config_schema
from daglab.client.documents import assets as documents
from daglab.client.launch import unknown_assets
from daglab.client.metadata import Metadata, parse_metadata
from daglab.client.partitions import Partitions, fetch_partitions
from daglab.client.transport import FailedAnswerError, Transport, member


@dataclass(frozen=True)
class AssetEvent:
    """A materialization or an observation that Dagster recorded. ``timestamp`` is in seconds since the epoch."""

    kind: str
    timestamp: float
    run_id: str
    """Empty for events that were reported outside a run."""
    step: str | None
    partition: str | None
    description: str | None
    tags: Mapping[str, str]
    metadata: tuple[Metadata, ...]


@dataclass(frozen=True)
class CheckOutcome:
    """How a check went for the latest materialization; ``status`` is Dagster's, ``severity`` WARN or ERROR."""

    status: str
    run_id: str
    timestamp: float
    severity: str | None
    description: str | None
    metadata: tuple[Metadata, ...]


@dataclass(frozen=True)
class Check:
    """A check of an asset; ``blocking`` keeps assets downstream from being made when it fails."""

    name: str
    description: str | None
    blocking: bool
    job_names: tuple[str, ...]
    latest: CheckOutcome | None


@dataclass(frozen=True)
class AssetDetails:
    """One asset with all that belongs to it."""

    asset: Asset
    upstream: tuple[str, ...]
    downstream: tuple[str, ...]
    metadata: tuple[Metadata, ...]
    """Of the definition."""
    checks: tuple[Check, ...]
    checks_error: str | None
    """Why Dagster cannot tell the checks."""
    config_schema: Mapping[str, Any] | None
    """JSON Schema of the configuration of its op; None: it takes none."""
    partitions: Partitions | None
    code_version: str | None
    pools: tuple[str, ...]
    automation: str | None
    stale_reasons: tuple[str, ...]
    events: tuple[AssetEvent, ...]
    """The latest, newest first."""
    events_error: str | None
    """Why Dagster cannot read the events; metadata that is reported with the key ``__class__`` does that for good.

    Then it mostly cannot tell where the asset stands either: see ``Asset.status_error``.
    """


async def fetch_asset(transport: Transport, key: str, *, events: int) -> AssetDetails:
    """The details of one asset with its latest ``events`` materializations and observations, each so many.

    Raises:
        NotFoundError: Dagster has no such asset; the remedy names the nearest.
    """
    variables = {"key": key_input(key)}
    node = (await _definition(transport, variables))["assetNodeOrError"]
    if node["__typename"] == "AssetNotFoundError":
        raise await asyncio.to_thread(unknown_assets, [key], await fetch_keys(transport))
    node = member(node, "AssetNode")
    asset = parse_asset(node)
    (found, error), states, partitions = await asyncio.gather(
        _events(transport, variables, events),
        fetch_states(transport, [key], [key] if asset.has_checks else []),
        _partitions(transport, asset),
    )
    return _details(with_state(asset, states.get(key)), node, partitions, found, error)


async def _definition(transport: Transport, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to ASSET, without what Dagster takes from events where it cannot read these."""
    try:
        return await transport.query(documents.ASSET, {**variables, "events": True})
    except FailedAnswerError:
        return await transport.query(documents.ASSET, {**variables, "events": False})


async def _partitions(transport: Transport, asset: Asset) -> Partitions | None:
    """The partitions, without their statuses where Dagster cannot read the events."""
    if not asset.partitioned:
        return None
    try:
        return (await fetch_partitions(transport, [asset.key]))[asset.key]
    except FailedAnswerError:
        return (await fetch_partitions(transport, [asset.key], statuses=False))[asset.key]


async def _events(
    transport: Transport, variables: Mapping[str, Any], limit: int
) -> tuple[tuple[AssetEvent, ...], str | None]:
    try:
        answer = (await transport.query(documents.ASSET_EVENTS, {**variables, "limit": limit}))["assetOrError"]
    except FailedAnswerError as error:
        return (), error.message
    if answer["__typename"] == "AssetNotFoundError":  # defined, and nothing was ever recorded of it
        return (), None
    answer = member(answer, "Asset")
    events = [*answer["assetMaterializations"], *answer["assetObservations"]]
    return tuple(sorted(map(_event, events), key=lambda event: -event.timestamp)), None


def _event(event: Mapping[str, Any]) -> AssetEvent:
    return AssetEvent(
        kind=event["__typename"].removesuffix("Event").lower(),
        timestamp=int(event["timestamp"]) / 1000,
        run_id=event["runId"],
        step=event["stepKey"],
        partition=event["partition"],
        description=event["description"],
        tags={tag["key"]: tag["value"] for tag in event["tags"]},
        metadata=parse_metadata(event["metadataEntries"]),
    )


def _details(
    asset: Asset,
    node: Mapping[str, Any],
    partitions: Partitions | None,
    events: tuple[AssetEvent, ...],
    events_error: str | None,
) -> AssetDetails:
    checks = node["assetChecksOrError"]
    condition = node["automationCondition"]
    return AssetDetails(
        asset=asset,
        upstream=asset.dependencies,
        downstream=tuple(sorted("/".join(key["path"]) for key in node["dependedByKeys"])),
        metadata=parse_metadata(node["metadataEntries"]),
        checks=tuple(_check(check) for check in checks.get("checks", ())),
        checks_error=None if checks["__typename"] == "AssetChecks" else checks.get("message") or checks["__typename"],
        config_schema=_config(node["configField"]) if asset.has_config else None,
        partitions=partitions,
        code_version=node["opVersion"],
        pools=tuple(node["pools"]),
        automation=(condition["label"] or " ".join(condition["expandedLabel"])) if condition else None,
        stale_reasons=tuple(cause["reason"] for cause in node.get("staleCauses") or ()),
        events=events,
        events_error=events_error,
    )


def _config(field: Mapping[str, Any]) -> dict[str, Any]:
    root = field["configType"]
    return config_schema([root, *root["recursiveConfigTypes"]], root["key"])


def _check(check: Mapping[str, Any]) -> Check:
    execution = check.get("executionForLatestMaterialization")
    return Check(
        name=check["name"],
        description=check["description"],
        blocking=check["blocking"],
        job_names=tuple(check["jobNames"]),
        latest=_outcome(execution) if execution else None,
    )


def _outcome(execution: Mapping[str, Any]) -> CheckOutcome:
    evaluation = execution["evaluation"] or {}
    return CheckOutcome(
        status=execution["status"],
        run_id=execution["runId"],
        timestamp=execution["timestamp"],
        severity=evaluation.get("severity"),
        description=evaluation.get("description"),
        metadata=parse_metadata(evaluation.get("metadataEntries", ())),
    )
