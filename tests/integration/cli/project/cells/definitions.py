"""What a run can come to: notebooks that succeed, fail and hang, plain assets, partitions, jobs."""

import time
from typing import Any

import dagster as dg

import daglab


@dg.asset(key=["raw", "orders"], group_name="raw", tags={"tier": "gold"}, description="Three orders.")
def raw_orders() -> list[int]:
    return [1, 2, 3]


@dg.asset(group_name="raw")
def plain_broken() -> None:
    try:
        raise KeyError("amount")
    except KeyError as error:
        raise ValueError("no such column: amount") from error


@dg.asset(group_name="raw", partitions_def=dg.StaticPartitionsDefinition(["a", "b", "c"]))
def by_region(context: dg.AssetExecutionContext) -> str:
    if context.partition_key == "c":
        raise ValueError("no region c")
    return context.partition_key


@dg.asset(group_name="slow")
def slow() -> None:
    time.sleep(120)


@dg.op(config_schema={"name": str})
def greet(context: dg.OpExecutionContext) -> None:
    context.log.info("hello %s", context.op_config["name"])


@dg.job(description="Says hello.", tags={"team": "sales"})
def hello() -> None:
    greet()


@dg.static_partitioned_config(["a", "b", "c"])
def by_letter(key: str) -> dict[str, Any]:
    return {"ops": {"spell": {"config": {"letter": key}}}}


@dg.op(config_schema={"letter": str})
def spell(context: dg.OpExecutionContext) -> None:
    context.log.info("letter %s of %s", context.op_config["letter"], context.partition_key)
    if context.op_config["letter"] == "c":
        raise ValueError("no letter c")


@dg.job(config=by_letter)
def letters() -> None:
    spell()


@dg.sensor(job=hello, minimum_interval_seconds=3600)
def idle() -> dg.SkipReason:
    return dg.SkipReason("nothing")


defs = dg.Definitions.merge(
    daglab.notebook_definitions("cells.notebooks"),
    dg.Definitions(
        assets=[raw_orders, plain_broken, by_region, slow, dg.AssetSpec(["vendor", "feed"])],
        jobs=[hello, letters],
        schedules=[dg.ScheduleDefinition(name="at_night", job=hello, cron_schedule="0 3 * * *")],
        sensors=[idle],
        executor=dg.in_process_executor,  # a run takes seconds less
    ),
)
