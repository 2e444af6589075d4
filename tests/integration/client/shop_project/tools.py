"""A second code location: a job of the same name, and an asset downstream of the first location's."""

import dagster as dg


@dg.op
def nothing() -> None: ...


@dg.job
def shared() -> None:
    nothing()


@dg.asset(key=["tools", "report"], deps=[dg.AssetKey(["sales", "orders"])])
def report() -> None: ...


defs = dg.Definitions(assets=[report], jobs=[shared], executor=dg.in_process_executor)
