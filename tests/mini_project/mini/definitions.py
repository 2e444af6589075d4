"""Assets in each of the states that daglab shows, of plain Python so that they load fast, and a notebook's."""

from pathlib import Path

import dagster as dg

import daglab


@dg.asset(
    key=["raw", "orders"],
    group_name="raw",
    kinds={"python"},
    description="Three orders.",
    tags={"tier": "gold"},
    owners=["ada@example.com"],
)
def raw_orders() -> list[int]:
    return [1, 2, 3]


@dg.asset(key=["sales", "orders"], group_name="sales", deps=[raw_orders], description="Cleaned <b>orders</b>.")
def orders() -> int:
    return 3


@dg.asset(key=["sales", "broken"], group_name="sales")
def broken() -> None:
    raise ValueError("no such column: amount")


@dg.asset(group_name="sales", partitions_def=dg.StaticPartitionsDefinition(["a", "b"]))
def by_region() -> None: ...


visits = daglab.notebook_assets(Path(__file__).parent / "notebooks" / "visits.py")
defs = dg.Definitions(
    assets=[raw_orders, orders, broken, by_region, visits, dg.AssetSpec(["vendor", "feed"])],
    jobs=[dg.define_asset_job("regional", selection=[by_region])],
)
