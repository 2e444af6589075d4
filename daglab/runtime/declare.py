"""The header of a notebook in Dagster's terms: specs, outputs, checks, partitions, policies."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from daglab.notebook.header_model import AssetHeader, PartitionsHeader, TimePartitions
from daglab.runtime.loaded import LoadedNotebook

NOTEBOOK_METADATA = "daglab/notebook"


@dataclass(frozen=True)
class Defaults:
    """What an asset gets that its notebook's header doesn't say. Tags are merged, the header's win."""

    group: str | None = None
    owners: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


def to_key(key: str) -> dg.AssetKey:
    """Dagster's key for ``sales/orders``."""
    return dg.AssetKey(key.split("/"))


def asset_spec(loaded: LoadedNotebook, variable: str, defaults: Defaults) -> dg.AssetSpec:
    """The spec of one asset, without its dependencies."""
    header, asset = loaded.header, loaded.header.assets[variable]
    return dg.AssetSpec(
        to_key(header.key(variable)),
        group_name=asset.group or header.group or defaults.group,
        description=asset.description,
        owners=asset.owners or list(defaults.owners),
        tags={**defaults.tags, **asset.tags},
        kinds=set(asset.kinds) or {"marimo"},
        metadata={**asset.metadata, NOTEBOOK_METADATA: loaded.shown_path},
        code_version=loaded.graph.code_version(variable),
        automation_condition=_automation(asset.automation),
        partitions_def=partitions(header.partitions),
    )


def outputs(loaded: LoadedNotebook, defaults: Defaults) -> dict[str, dg.AssetOut]:
    """Variable -> output. Their type is Any: a declared type is resolved in the step, and None is a value."""
    return {
        variable: dg.AssetOut.from_spec(
            asset_spec(loaded, variable, defaults),
            dagster_type=dg.Any,
            is_required=False,
            io_manager_key=asset.io_manager_key,
        )
        for variable, asset in loaded.header.assets.items()
    }


def dependencies(loaded: LoadedNotebook) -> dict[str, set[dg.AssetKey]]:
    """Variable -> keys of what the asset depends on."""
    return {name: {to_key(key) for key in keys} for name, keys in loaded.graph.dependencies().items()}


def check_specs(loaded: LoadedNotebook) -> list[dg.AssetCheckSpec]:
    """The asset checks."""
    header = loaded.header
    with warnings.catch_warnings():
        # Without its own partitions a check that runs alone would load all partitions of the inputs.
        warnings.filterwarnings("ignore", "Specifying a partitions_def on an AssetCheckSpec")
        return [
            dg.AssetCheckSpec(
                check.name or variable,
                asset=to_key(header.key(check.asset)),
                description=check.description,
                blocking=check.blocking,
                partitions_def=partitions(header.partitions),
            )
            for variable, check in header.checks.items()
        ]


def retry_policy(assets: Mapping[str, AssetHeader]) -> dg.RetryPolicy | None:
    """The retry policy of the step, which all assets of a notebook share."""
    for asset in assets.values():
        if asset.retry:
            return dg.RetryPolicy(max_retries=asset.retry.max_retries, delay=asset.retry.delay)
    return None


def pool(assets: Mapping[str, AssetHeader]) -> str | None:
    """The concurrency pool of the step, which all assets of a notebook share."""
    return next((asset.pool for asset in assets.values() if asset.pool), None)


def partitions(header: PartitionsHeader | None) -> dg.PartitionsDefinition[Any] | None:
    """Dagster's partitions for the header's."""
    if header is None:
        return None
    if header.static:
        return dg.StaticPartitionsDefinition(header.static)
    kinds: list[tuple[TimePartitions | None, Any]] = [
        (header.hourly, dg.HourlyPartitionsDefinition),
        (header.daily, dg.DailyPartitionsDefinition),
        (header.weekly, dg.WeeklyPartitionsDefinition),
        (header.monthly, dg.MonthlyPartitionsDefinition),
    ]
    times, kind = next((times, kind) for times, kind in kinds if times)
    assert times is not None
    made: dg.PartitionsDefinition[Any] = kind(start_date=times.start, end_date=times.end, timezone=times.timezone)
    return made


def _automation(condition: str | None) -> dg.AutomationCondition[Any] | None:
    match condition:
        case None:
            return None
        case "eager":
            return dg.AutomationCondition.eager()
        case "on_missing":
            return dg.AutomationCondition.on_missing()
        case _:
            return dg.AutomationCondition.on_cron(condition.removeprefix("cron: "))
