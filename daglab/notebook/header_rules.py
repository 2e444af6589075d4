"""Rules between the tables of one header, each of which is valid by itself."""

from __future__ import annotations

from collections.abc import Iterator

from daglab.errors import did_you_mean
from daglab.notebook.header_model import HeaderModel, asset_key
from daglab.notebook.header_partitions import MappingHeader

Contradiction = tuple[tuple[str, ...], str, str, str]
"""A fault: place in the header, code, message, remedy."""


def contradictions(model: HeaderModel) -> Iterator[Contradiction]:
    """All faults between the tables of a header."""
    if not model.assets:
        yield (), "DL102", "the header declares no asset", "add [tool.daglab.assets.NAME]"
    yield from _roles(model)
    yield from _keys(model)
    yield from _settings(model)
    yield from _checks(model)
    yield from _mappings(model)


def _roles(model: HeaderModel) -> Iterator[Contradiction]:
    """A variable has one role."""
    roles = {"partition_key": "partitions"} if model.partitions else {}
    named = {"params": model.params, "inputs": model.inputs, "assets": model.assets, "checks": model.checks}
    for role, names in named.items():
        for name in names:
            if name in roles:
                message = (
                    f"{name!r} stands in both {roles[name]} and {role}"
                    if name != "partition_key"
                    else f"{name!r} stands in {role}, but a partitioned run sets it itself"
                )
                yield (role, name), "DL104", message, "a variable has one role"
            roles.setdefault(name, role)


def _keys(model: HeaderModel) -> Iterator[Contradiction]:
    """Each asset is made by one variable, and doesn't depend on itself."""
    keys: dict[str, str] = {}
    for variable, asset in model.assets.items():
        key = asset_key(variable, asset)
        if key in keys:
            message = f"the variables {keys[key]!r} and {variable!r} both make the asset {key!r}"
            yield ("assets", variable, "key"), "DL103", message, "give one of them another key"
        if key in asset.dep_keys:
            message = f"the asset {key!r} depends on itself"
            yield ("assets", variable, "deps"), "DL104", message, "take it out of deps"
        keys.setdefault(key, variable)
    for variable, asset_input in model.inputs.items():
        if asset_input.key in keys and not (model.partitions and asset_input.is_earlier):
            message = f"{variable!r} reads {asset_input.key!r}, which this notebook makes"
            remedy = f"use the variable {keys[asset_input.key]!r}, or map the input to earlier partitions"
            yield ("inputs", variable), "DL104", message, remedy


def _settings(model: HeaderModel) -> Iterator[Contradiction]:
    """What belongs to the notebook's one step is the same for all its assets."""
    for setting in ("retry", "backfill", "pool"):
        named = [(v, value) for v, asset in model.assets.items() if (value := getattr(asset, setting)) is not None]
        for variable, value in named[1:]:
            if value != named[0][1]:
                message = f"{named[0][0]!r} and {variable!r} name different values of {setting}"
                yield ("assets", variable, setting), "DL104", message, "one step makes both: name one value"
    for variable, asset in model.assets.items():
        if asset.backfill and not model.partitions:
            message = f"{variable!r} names a backfill policy, but has no partitions"
            yield ("assets", variable, "backfill"), "DL104", message, "add [tool.daglab.partitions]"


def _checks(model: HeaderModel) -> Iterator[Contradiction]:
    """Each check is of an asset of the notebook, and has a name of its own there."""
    seen: dict[tuple[str, str], str] = {}
    for variable, check in model.checks.items():
        if check.asset not in model.assets:
            known = ", ".join(model.assets) or "none"
            message = f"check {variable!r} is of {check.asset!r}, which is no asset's variable"
            yield ("checks", variable, "asset"), "DL102", message, f"assets: {known}"
        name = (check.asset, check.name or variable)
        if name in seen:
            message = f"the checks {seen[name]!r} and {variable!r} of {check.asset!r} are both called {name[1]!r}"
            yield ("checks", variable, "name"), "DL104", message, "give one of them another name"
        seen.setdefault(name, variable)


def _mappings(model: HeaderModel) -> Iterator[Contradiction]:
    """One partition mapping for each upstream asset, whose dimensions are the notebook's own."""
    own = list(model.partitions.multi or ()) if model.partitions else []
    mappings: dict[str, MappingHeader] = {}
    for place, dep in model.upstream():
        mapping = dep.partition_mapping
        if mapping is None:
            continue
        if mappings.setdefault(dep.key, mapping) != mapping:
            message = f"{dep.key!r} has two different partition mappings"
            yield place, "DL104", message, "one step reads it: name one"
        for dimension in (mapping.dimensions or {}).values():
            if dimension.dimension not in own:
                message = f"the mapping of {dep.key!r} names the dimension {dimension.dimension!r}"
                remedy = did_you_mean(dimension.dimension, own) or "the notebook's partitions have no dimensions"
                yield place, "DL104", message, remedy
