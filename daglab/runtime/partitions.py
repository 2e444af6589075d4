"""Partitions and partition mappings of a header in Dagster's terms, and keys of partitions as users write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from daglab.errors import AssetValueError, did_you_mean
from daglab.notebook.header_partitions import DimensionHeader, MappingHeader, PartitionsHeader

_BY_TIME = {
    "hourly": dg.HourlyPartitionsDefinition,
    "daily": dg.DailyPartitionsDefinition,
    "weekly": dg.WeeklyPartitionsDefinition,
    "monthly": dg.MonthlyPartitionsDefinition,
}
_CRON_FORMAT = "%Y-%m-%d-%H:%M"


def partitions(header: DimensionHeader | None) -> dg.PartitionsDefinition[Any] | None:
    """Dagster's partitions for the header's."""
    if header is None:
        return None
    if isinstance(header, PartitionsHeader) and header.multi:
        return dg.MultiPartitionsDefinition({name: _dimension(header) for name, header in header.multi.items()})
    return _dimension(header)


def partition_mapping(header: MappingHeader) -> dg.PartitionMapping:
    """Dagster's partition mapping for the header's."""
    if header.time_window:
        return dg.TimeWindowPartitionMapping(**header.time_window.model_dump(exclude_defaults=True))
    if header.specific:
        return dg.SpecificPartitionsPartitionMapping(header.specific)
    if header.static:
        return dg.StaticPartitionMapping(header.static)
    if header.dimension:
        return dg.MultiToSingleDimensionPartitionMapping(header.dimension)
    if header.dimensions:
        return dg.MultiPartitionMapping(
            {
                upstream: dg.DimensionPartitionMapping(
                    own.dimension, partition_mapping(own.partition_mapping or MappingHeader(identity=True))
                )
                for upstream, own in header.dimensions.items()
            }
        )
    kinds: dict[str, Any] = {
        "identity": dg.IdentityPartitionMapping,
        "all": dg.AllPartitionMapping,
        "last": dg.LastPartitionMapping,
    }
    return kinds[header.named]()  # type: ignore[no-any-return]


def run_keys(context: dg.AssetExecutionContext) -> list[str]:
    """The partitions that a run makes; none where it names none."""
    if not (context.has_partition_key or context.has_partition_key_range):
        return []
    return [as_partition_key(key, context.assets_def.partitions_def) for key in context.partition_keys]


def one_key(keys: Sequence[str]) -> str:
    """The one partition that a run makes.

    Raises:
        AssetValueError: it makes several.
    """
    if len(keys) > 1:
        raise AssetValueError(
            f"the run makes {len(keys)} partitions at once, {keys[0]} to {keys[-1]}, and the notebook reads one key",
            remedy="read daglab.context().partition_keys, or take `backfill` out of the header",
        )
    return keys[0]


def require_io_managers(context: dg.AssetExecutionContext, keys: Sequence[dg.AssetKey]) -> None:
    """Refuse a run of several partitions whose values can't be stored, before hours of work are lost by it.

    Raises:
        AssetValueError: the IO manager of one of the assets stores a file for each partition.
    """
    for key in keys:
        manager = getattr(context.resources, context.assets_def.get_io_manager_key_for_asset_key(key))
        if getattr(type(manager), "handle_output", None) is dg.UPathIOManager.handle_output:
            raise AssetValueError(
                f"the run makes several partitions at once, and {key.to_user_string()!r} has an IO manager that stores "
                "one at a time",
                remedy="take `backfill` out of the header, or name an IO manager of tables by io_manager_key",
            )


def as_partition_key(key: str | Mapping[str, str], of: dg.PartitionsDefinition[Any] | None = None) -> str:
    """A partition key for Dagster: of two dimensions one that knows both, whether from ``a|b`` or from their keys.

    Raises:
        AssetValueError: it isn't a key of two dimensions.
    """
    if isinstance(key, Mapping):
        return dg.MultiPartitionKey(key)
    if isinstance(of, dg.MultiPartitionsDefinition) and not isinstance(key, dg.MultiPartitionKey):
        if key.count("|") != len(of.partitions_defs) - 1:
            raise AssetValueError(
                f"{key!r} is no partition of {' and '.join(of.partition_dimension_names)}",
                remedy="join their keys by '|', or name a dictionary of them",
            )
        return of.get_partition_key_from_str(key)
    return key


def known_key(
    asset: str, of: dg.PartitionsDefinition[Any], wanted: str | Mapping[str, str], instance: dg.DagsterInstance
) -> str:
    """The key of a partition that a user names.

    Raises:
        AssetValueError: the asset has no such partition; the remedy names the span, or the nearest.
    """
    key = str(as_partition_key(wanted))
    if key not in of.get_partition_keys(dynamic_partitions_store=instance):
        raise AssetValueError(f"the asset {asset!r} has no partition {key!r}", remedy=nearest_key(of, key, instance))
    return as_partition_key(key, of)


def nearest_key(of: dg.PartitionsDefinition[Any], wanted: str, instance: dg.DagsterInstance) -> str:
    """What to ask for instead of a partition that isn't there: the span of those by time, else the nearest key."""
    if isinstance(of, dg.MultiPartitionsDefinition):
        parts = wanted.split("|")
        if len(parts) != len(of.partitions_defs):
            names = of.partition_dimension_names
            return f"join the keys of {' and '.join(names)} by '|', or name a dictionary of them"
        for dimension, part in zip(of.partitions_defs, parts, strict=True):
            keys = dimension.partitions_def.get_partition_keys(dynamic_partitions_store=instance)
            if part not in keys:
                return f"{dimension.name}: {nearest_key(dimension.partitions_def, part, instance)}"
    keys = of.get_partition_keys(dynamic_partitions_store=instance)
    if not keys:
        return "it has none yet: add one, or wait for the first to end"
    if isinstance(of, dg.TimeWindowPartitionsDefinition):
        return f"they go from {keys[0]} to {keys[-1]}"
    return did_you_mean(wanted, keys)


def _dimension(header: DimensionHeader) -> dg.PartitionsDefinition[Any]:
    if header.static:
        return dg.StaticPartitionsDefinition(header.static)
    if header.dynamic:
        return dg.DynamicPartitionsDefinition(name=header.dynamic)
    options = {name: value for name, value in getattr(header, header.named) if value is not None}
    if header.named == "cron":
        return dg.TimeWindowPartitionsDefinition(
            cron_schedule=options.pop("schedule"), **{"fmt": _CRON_FORMAT, **options}
        )
    start, end = options.pop("start"), options.pop("end", None)
    made: dg.PartitionsDefinition[Any] = _BY_TIME[header.named](start_date=start, end_date=end, **options)
    return made
