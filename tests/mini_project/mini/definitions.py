"""Assets in each of the states that daglab shows, of plain Python so that they load fast."""

import dagster as dg


@dg.asset(key=["raw", "orders"], group_name="raw", kinds={"python"}, description="Three orders.")
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


defs = dg.Definitions(assets=[raw_orders, orders, broken, by_region, dg.AssetSpec(["vendor", "feed"])])
