"""Values of upstream assets in a run: loaded through the step's own IO managers, their types checked."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from daglab.errors import AssetValueError, did_you_mean
from daglab.runtime.partitions import as_partition_key, known_key, run_keys

_TYPE_REMEDY = "`type` is the dotted name of a class, such as polars.DataFrame, whose package is installed"


def load_value(
    context: dg.AssetExecutionContext,
    key: dg.AssetKey,
    *,
    type_name: str | None = None,
    partitions: Sequence[str | Mapping[str, str]] | None = None,
) -> Any:
    """The stored value of an asset: of ``partitions``, else of those that are mapped to the run's own.

    Where several partitions are meant, Dagster's IO managers of files answer a dictionary, partition -> value, and
    those of tables one table.

    ``context.load_asset_value`` would do, but it initializes every resource anew: 120 ms an input, the run's
    configuration of the IO manager is not applied, and values of an in-memory one are not found. Dagster gives a
    step the IO managers of all that it depends on.

    Raises:
        AssetValueError: the asset is unknown, has no stored value, or its value is of another type.
    """
    layer = context.job_def.asset_layer
    name = key.to_user_string()
    if not layer.has(key):
        # Dagster tells a run of the assets that it makes and of what these depend on, and of no others.
        known = [one.to_user_string() for one in layer.asset_graph.get_all_asset_keys()]
        near = did_you_mean(name, known) if difflib.get_close_matches(name, known) else ""
        raise AssetValueError(
            f"the asset {name!r} is not known to this run",
            remedy=f"{near} Declare it in the header: under inputs, or in an asset's deps".strip(),
        )
    definition = layer.get(key).assets_def
    python_type = resolve_type(type_name) if type_name else None
    partitions_def = definition.partitions_def
    read: list[str] = []
    if partitions_def is not None:
        named = _mapped(context, key) if partitions is None else partitions
        read = [as_partition_key(one, partitions_def) for one in named]
        if not read:
            return {}  # before the first partition of what it reads
        if len(read) > 1:  # Dagster keeps most of them in a set
            order = {k: n for n, k in enumerate(partitions_def.get_partition_keys(None, context.instance))}
            read.sort(key=lambda one: order.get(one, len(order)))
    manager_key = definition.get_io_manager_key_for_asset_key(key)
    try:
        value = _from_step(context, key, definition, manager_key, python_type, read)
    except (dg.Failure, dg.RetryRequested):
        raise
    except Exception as error:
        of = f" ({_said_partitions(read)})" if read else ""
        if _is_missing(context, key, error):
            raise AssetValueError(
                f"the asset {name!r}{of} has no stored value: {error}", remedy=f"materialize {name!r} first"
            ) from None
        raise AssetValueError(
            f"the stored value of {name!r}{of} can't be loaded: {type(error).__name__}: {error}",
            remedy="see the traceback below",
        ) from error
    parts = {"": value}
    if len(read) > 1 and isinstance(value, dict) and value.keys() <= set(read):
        value = parts = {one: value[one] for one in read if one in value}
    for one, part in parts.items() if type_name else ():
        check_type(part, str(type_name), f"the stored value of {name!r}" + (f" (partition {one})" if one else ""))
    return value


def load_named(context: dg.AssetExecutionContext, key: dg.AssetKey, partition: str | Mapping[str, str] | None) -> Any:
    """What a notebook asks for in a run by ``daglab.load_asset``; see :func:`load_value`.

    Raises:
        AssetValueError: as :func:`load_value` does; or a partition that the asset doesn't have.
    """
    layer = context.job_def.asset_layer
    if partition is None or not layer.has(key):
        return load_value(context, key)
    partitions_def = layer.get(key).partitions_def
    if partitions_def is None:
        raise without_partitions(key, partition)
    return load_value(
        context, key, partitions=[known_key(key.to_user_string(), partitions_def, partition, context.instance)]
    )


def without_partitions(key: dg.AssetKey, partition: str | Mapping[str, str]) -> AssetValueError:
    """The error of who asks for a partition of an asset that has none."""
    return AssetValueError(
        f"the asset {key.to_user_string()!r} has no partitions, and {partition!r} was asked for",
        remedy="leave the partition out",
    )


def check_type(value: Any, type_name: str, what: str) -> None:
    """Refuse a value that is not an instance of the declared type.

    Raises:
        AssetValueError: it isn't, or there is no such type.
    """
    expected = resolve_type(type_name)
    if not isinstance(value, expected):
        actual = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
        raise AssetValueError(
            f"{what} is of type {actual}, but the header declares {type_name}", remedy="correct one of them"
        )


def resolve_type(type_name: str) -> type:
    """The class that a dotted name stands for; its module is imported here, in the step, and nowhere earlier.

    Raises:
        AssetValueError: there is no such class.
    """
    module_name, _, name = type_name.rpartition(".")
    module_name = module_name or "builtins"
    try:
        found = getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError) as error:
        raise AssetValueError(f"the type {type_name!r} is not there: {error}", remedy=_TYPE_REMEDY) from error
    if not isinstance(found, type):
        raise AssetValueError(f"{type_name!r} is not a class", remedy=_TYPE_REMEDY)
    return found


def _said_partitions(partitions: Sequence[str]) -> str:
    if len(partitions) == 1:
        return f"partition {partitions[0]}"
    more = ", ..." if len(partitions) > 3 else ""
    return f"{len(partitions)} partitions: {', '.join(partitions[:3])}{more}"


def _is_missing(context: dg.AssetExecutionContext, key: dg.AssetKey, error: Exception) -> bool:
    """Whether nothing is stored: a KeyError may as well be a fault in the IO manager or in what it reads."""
    if isinstance(error, KeyError):
        asked = error.args[0] if error.args else None
        in_memory = isinstance(asked, tuple) and key.path[-1] in asked
        return in_memory or context.instance.get_latest_materialization_event(key) is None
    return isinstance(error, FileNotFoundError)


def _mapped(context: dg.AssetExecutionContext, key: dg.AssetKey) -> Sequence[str]:
    """The upstream partitions that this run reads, by the partition mapping of Dagster."""
    for name, input_key in context.assets_def.keys_by_input_name.items():
        if input_key == key:
            return list(context.asset_partition_keys_for_input(name))
    return run_keys(context)


def _from_step(
    context: dg.AssetExecutionContext,
    key: dg.AssetKey,
    definition: dg.AssetsDefinition,
    manager_key: str,
    python_type: type | None,
    partitions: Sequence[str],
) -> Any:
    from dagster._core.types.dagster_type import resolve_dagster_type

    partitions_def = definition.partitions_def if partitions else None
    manager = getattr(context.resources, manager_key)
    if python_type and len(partitions) > 1 and isinstance(manager, dg.UPathIOManager):
        python_type = dict[str, python_type]  # type: ignore[valid-type]  # it insists
    upstream = dg.OutputContext(
        name=definition.get_output_name_for_asset_key(key) if definition.is_executable else None,
        step_key=definition.node_def.name if definition.is_executable else None,
        run_id=context.run.run_id,
        definition_metadata=dict(definition.specs_by_key[key].metadata),
        asset_key=key,
        resources=context.resources,
        log_manager=context.log,
    )
    request = dg.InputContext(
        asset_key=key,
        upstream_output=upstream,
        dagster_type=resolve_dagster_type(python_type) if python_type else None,
        resources=context.resources,
        log_manager=context.log,
        instance=context.instance,
        asset_partitions_def=partitions_def,
        asset_partitions_subset=partitions_def.subset_with_partition_keys(partitions) if partitions_def else None,
        partition_key=partitions[0] if len(partitions) == 1 else None,
    )
    return manager.load_input(request)
