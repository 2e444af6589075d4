"""What a client must cope with: all kinds of metadata, checks, partitions, configuration, jobs and sensors."""

import math
import time
from typing import Any

import dagster as dg

TABLE = dg.MetadataValue.table(
    [dg.TableRecord({"name": "ann", "age": 3})],
    dg.TableSchema(
        [
            dg.TableColumn(
                "name", "string", description="given name", constraints=dg.TableColumnConstraints(unique=True)
            ),
            dg.TableColumn("age", "int", constraints=dg.TableColumnConstraints(nullable=False, other=["> 0"])),
        ]
    ),
)


@dg.asset(
    key=["raw", "orders"],
    group_name="raw",
    kinds={"python", "csv"},
    owners=["ann@example.com", "team:sales"],
    tags={"tier": "gold"},
    description="Three orders.",
)
def raw_orders() -> dg.MaterializeResult:
    return dg.MaterializeResult(
        metadata={
            "text": "plain <b>text</b>",
            "markdown": dg.MetadataValue.md("*md*"),
            "url": dg.MetadataValue.url("https://example.com/report"),
            "path": dg.MetadataValue.path("/data/orders.csv"),
            "notebook": dg.MetadataValue.notebook("notebooks/orders.ipynb"),
            "int": 3,
            "big_int": 2**40,
            "float": 1.5,
            "nan": math.nan,
            "bool": True,
            "json": {"a": [1, {"b": None}]},
            "table": TABLE,
            "schema": TABLE.schema,
            "lineage": dg.TableColumnLineage({"id": [dg.TableColumnDep(dg.AssetKey(["vendor", "feed"]), "no")]}),
            "asset": dg.MetadataValue.asset(dg.AssetKey(["vendor", "feed"])),
            "run": dg.MetadataValue.dagster_run("an-id"),
            "job": dg.MetadataValue.job("nightly", location_name="shop"),
            "timestamp": dg.MetadataValue.timestamp(1_700_000_000.0),
            "null": dg.MetadataValue.null(),
            "artifact": dg.MetadataValue.python_artifact(dg.AssetKey),
            "code": dg.CodeReferencesMetadataValue(
                code_references=[
                    dg.LocalFileCodeReference(file_path="/src/orders.py", line_number=7, label="orders"),
                    dg.UrlCodeReference(url="https://example.com/x"),
                ]
            ),
        }
    )


class Limits(dg.Config):
    """Configuration of an asset."""

    limit: int
    mode: str = "all"


@dg.asset(key=["sales", "orders"], group_name="sales", deps=[raw_orders], kinds={"python"})
def orders(context: dg.AssetExecutionContext, config: Limits) -> int:
    context.log.info("limit %s", config.limit)
    context.log.warning("few orders")
    return config.limit


@dg.asset_check(asset=orders, description="Some are there.")
def some() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True, metadata={"count": 3})


@dg.asset_check(asset=orders)
def none_negative() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.ERROR, description="one is")


@dg.asset_check(asset=orders)
def fresh() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN)


@dg.asset(key=["sales", "broken"], group_name="sales", deps=[orders])
def broken() -> None:
    try:
        raise KeyError("amount")
    except KeyError as error:
        raise ValueError("no such column: amount") from error


@dg.asset(group_name="sales", partitions_def=dg.StaticPartitionsDefinition(["a", "b", "c"]))
def by_region(context: dg.AssetExecutionContext) -> None:
    if context.partition_key == "c":
        raise ValueError("no region c")


@dg.asset(group_name="sales", partitions_def=dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-11"))
def by_day() -> None: ...


@dg.asset(
    group_name="sales", partitions_def=dg.WeeklyPartitionsDefinition("2024-01-01", end_date="2024-01-15"), deps=[by_day]
)
def by_week() -> None: ...


@dg.asset(group_name="sales", partitions_def=dg.DynamicPartitionsDefinition(name="customers"))
def by_customer() -> None: ...


REGIONS_AND_SIZES = dg.MultiPartitionsDefinition(
    {"region": dg.StaticPartitionsDefinition(["n", "s"]), "size": dg.StaticPartitionsDefinition(["big", "small"])}
)


@dg.asset(group_name="sales", partitions_def=REGIONS_AND_SIZES)
def by_both(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    key = context.partition_key
    assert isinstance(key, dg.MultiPartitionKey)
    return dg.MaterializeResult(metadata={"region": key.keys_by_dimension["region"]})


@dg.asset(group_name="slow")
def slow() -> None:
    time.sleep(60)


POISONED = [  # what tests report of them cannot be read again
    dg.AssetSpec(["poison", "set"], group_name="poison"),
    dg.AssetSpec(["poison", "items"], group_name="poison"),
    dg.AssetSpec(["poison", "split"], group_name="poison", partitions_def=dg.StaticPartitionsDefinition(["a", "b"])),
    dg.AssetSpec(["poison", "checked"], group_name="poison"),
]


@dg.asset_check(asset=dg.AssetKey(["poison", "checked"]))
def fine() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


@dg.op(config_schema={"name": str, "times": dg.Field(int, default_value=1)})
def greet(context: dg.OpExecutionContext) -> None:
    context.log.info("hello %s", context.op_config["name"])


@dg.job(description="Says hello.", tags={"team": "sales"})
def hello() -> None:
    greet()


@dg.static_partitioned_config(["ann", "bob"])
def by_name(key: str) -> dict[str, Any]:
    return {"ops": {"greet": {"config": {"name": key}}}}


@dg.job(config=by_name)
def greet_each() -> None:
    greet()


@dg.op
def place(context: dg.OpExecutionContext) -> None:
    context.log.info("at %s", context.partition_key)


@dg.job(partitions_def=REGIONS_AND_SIZES)
def places() -> None:
    place()


@dg.job
def shared() -> None:
    greet.configured({"name": "all"}, name="greet_all")()


@dg.op(
    config_schema={
        "count": dg.Field(int, default_value=3, description="how many"),
        "ratio": float,
        "flag": bool,
        "anything": dg.Field(dg.Any, is_required=False),
        "names": [str],
        "maybe": dg.Noneable(int),
        "color": dg.Enum("Color", [dg.EnumValue("red"), dg.EnumValue("blue")]),
        "ages": dg.Map(str, int),
        "open": dg.Permissive({"a": int}),
        "one_of": dg.Selector({"file": str, "number": int}),
        "source": dg.IntSource,
    }
)
def configured() -> None: ...


@dg.job
def every_config() -> None:
    configured()


nightly = dg.define_asset_job("nightly", dg.AssetSelection.groups("raw"))


@dg.sensor(job=hello, description="Never fires.", minimum_interval_seconds=3600)
def idle() -> dg.SkipReason:
    return dg.SkipReason("nothing")


defs = dg.Definitions(
    assets=[
        raw_orders, orders, broken, by_region, by_day, by_week, by_customer, by_both, slow,
        dg.AssetSpec(["vendor", "feed"], description="Made elsewhere."), *POISONED,
    ],
    asset_checks=[some, none_negative, fresh, fine],
    jobs=[hello, greet_each, places, shared, every_config, nightly],
    schedules=[dg.ScheduleDefinition(name="at_night", job=nightly, cron_schedule="0 3 * * *")],
    sensors=[idle],
    executor=dg.in_process_executor,  # a run takes seconds less
)  # fmt: skip
