"""Ops that a run's configuration names: of a run of assets, Dagster takes any name, and ignores what isn't there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from daglab.client.assets import Asset
from daglab.client.documents import assets as documents
from daglab.client.outcomes import ConfigFault
from daglab.client.transport import Transport
from daglab.errors import did_you_mean


async def unknown_ops(transport: Transport, assets: Sequence[Asset], config: Mapping[str, Any]) -> list[ConfigFault]:
    """A fault for each op that no asset of Dagster has; those of assets that aren't selected may be named."""
    ops = config.get("ops")
    selected = {name for asset in assets for name in asset.op_names}
    if not isinstance(ops, Mapping) or not ops.keys() - selected:
        return []
    nodes = (await transport.query(documents.OP_NAMES, {}))["assetNodes"]
    known = selected.union(*map(_names, nodes))
    return [
        ConfigFault(("ops", name), f"no such op; {did_you_mean(name, known)}", "FIELD_NOT_DEFINED")
        for name in ops
        if name not in known
    ]


def _names(node: Mapping[str, Any]) -> set[str]:
    """The name that the configuration has for an asset: of its op, or of its graph."""
    return {node["graphName"]} if node["graphName"] else set(node["opNames"])
