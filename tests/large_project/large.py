"""A code location of 10,000 assets (or LARGE_ASSETS), a hundred by an op, each op's made from the one's before.

Beside them is one with 10,000 partitions, and one with a million: a thousand by a thousand.
"""

import os

import dagster as dg

COUNT = int(os.environ.get("LARGE_ASSETS", "10000"))
_BY_OP = 100


def key(number: int) -> list[str]:
    return [f"layer_{number // 1000:02}", f"asset_{number:05}"]


def op(first: int) -> dg.AssetsDefinition:
    specs = [
        dg.AssetSpec(
            key(number),
            group_name=f"group_{number // 1000:02}",
            description=f"Asset {number} of a large graph.",
            kinds={"python"},
            owners=["team:data"],
            tags={"tier": str(number % 3)},
            deps=[key(number - _BY_OP)] if first else [],
        )
        for number in range(first, min(first + _BY_OP, COUNT))
    ]

    @dg.multi_asset(name=f"make_{first:05}", specs=specs, can_subset=True)
    def make(context: dg.AssetExecutionContext):
        for selected in sorted(context.selected_asset_keys):
            yield dg.MaterializeResult(selected)

    return make


KEYS = [f"key_{number:05}" for number in range(10_000)]


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(KEYS))
def many_partitions() -> None: ...


@dg.asset(
    partitions_def=dg.MultiPartitionsDefinition(
        {name: dg.StaticPartitionsDefinition(KEYS[:1_000]) for name in ("x", "y")}
    )
)
def plane_of_partitions() -> None: ...


defs = dg.Definitions(assets=[*(op(first) for first in range(0, COUNT, _BY_OP)), many_partitions, plane_of_partitions])
