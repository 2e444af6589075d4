"""The header: what it says arrives, and each fault has its line and its remedy."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import jsonschema
import pytest

from daglab.errors import HeaderError
from daglab.notebook.header import header_schema, read_header
from daglab.notebook.header_model import AutomationHeader

HEADER = """\
# a comment
# /// script
# requires-python = ">=3.10"
# dependencies = ["daglab", "polars"]
#
# [tool.daglab]
# group = "sales"
# params = ["min_amount"]
#
# [tool.daglab.inputs]
# raw_orders = "raw/orders"
# rates = { key = "raw/rates", type = "polars.DataFrame" }
#
# [tool.daglab.assets.orders]
# key = "orders"
# key_prefix = "sales"
# kinds = ["polars"]
# retry = { max_retries = 2, delay = 0.5 }
#
# [tool.daglab.assets.daily_revenue]
# automation = "eager"
#
# [tool.daglab.checks.no_negative]
# asset = "orders"
# blocking = true
#
# [tool.daglab.partitions]
# daily = { start = "2026-01-01" }
# ///
import marimo
"""


def test_what_the_header_says_arrives() -> None:
    header = read_header(HEADER, "orders.py")
    assert header is not None
    assert header.requires_python == ">=3.10"
    assert header.dependencies == ("daglab", "polars")
    assert header.group == "sales"
    assert header.params == ["min_amount"]
    assert header.inputs["raw_orders"].key == "raw/orders"
    assert header.inputs["rates"].type == "polars.DataFrame"
    assert [header.key(variable) for variable in header.assets] == ["sales/orders", "daily_revenue"]
    assert header.assets["orders"].retry is not None
    assert header.assets["orders"].retry.max_retries == 2
    assert header.assets["daily_revenue"].automation == AutomationHeader(condition="eager")
    assert header.checks["no_negative"].blocking
    assert header.partitions is not None
    assert header.partitions.daily is not None
    assert header.partitions.daily.start == datetime(2026, 1, 1)
    lines = HEADER.splitlines()
    assert lines[header.line_of("assets", "orders") - 1] == "# [tool.daglab.assets.orders]"
    assert lines[header.line_of("assets", "orders", "kinds") - 1] == '# kinds = ["polars"]'
    assert lines[header.line_of("inputs", "rates", "type") - 1].startswith("# rates")
    assert lines[header.line_of("nowhere") - 1] == "# [tool.daglab]"


def test_crlf_makes_no_difference() -> None:
    header = read_header(HEADER.replace("\n", "\r\n"))
    assert header is not None
    assert header.line_of("assets", "orders") == 14


@pytest.mark.parametrize(
    "text",
    ["import marimo\n", "# /// script\n# dependencies = []\n# ///\n", '# /// script\n# x = "tool.daglab"\n# ///\n'],
    ids=["none", "no daglab", "only mentioned"],
)
def test_a_notebook_without_the_header_has_none(text: str) -> None:
    assert read_header(text) is None


FAULTS = {
    "unknown key": ('group = "sales"', 'gruop = "sales"', 7, "DL101", "did you mean 'group'?"),
    "unknown asset key": ('kinds = ["polars"]', 'kind = ["polars"]', 17, "DL101", "did you mean 'kinds'?"),
    "unknown retry key": ("max_retries = 2", "retries = 2", 18, "DL101", "did you mean 'max_retries'?"),
    "unknown partitions": ("daily = {", "dayly = {", 28, "DL101", "did you mean 'daily'?"),
    "unknown time key": (
        "{ start = ",
        "{ begin = ",
        28,
        "DL101",
        "known: end, end_offset, fmt, hour_offset, minute_offset, start, timezone",
    ),
    "unknown check key": ("blocking = true", "block = true", 25, "DL101", "did you mean 'blocking'?"),
    "unknown mapping": (
        '"raw/rates", type = "polars.DataFrame"',
        '"raw/rates", partition_mapping = "al"',
        12,
        "DL101",
        "did you mean 'all'?",
    ),
    "unknown key in a mapping": (
        '"raw/rates", type = "polars.DataFrame"',
        '"raw/rates", partition_mapping = { time_window = { start_ofset = 1 } }',
        12,
        "DL101",
        "did you mean 'start_offset'?",
    ),
    "unknown key of a dependency": (
        'kinds = ["polars"]',
        'deps = [{ key = "x", partition_maping = "all" }]',
        17,
        "DL101",
        "did you mean 'partition_mapping'?",
    ),
    "unknown key of a dimension": (
        'daily = { start = "2026-01-01" }',
        'multi = { a = { statik = ["x"] }, b = { static = ["y"] } }',
        28,
        "DL101",
        "did you mean 'static'?",
    ),
    "unknown freshness key": (
        "retry = { max_retries = 2, delay = 0.5 }",
        'freshness = { fail_windw = "1d" }',
        18,
        "DL101",
        "did you mean 'fail_window'?",
    ),
    "two mappings of one asset": (
        'kinds = ["polars"]',
        'deps = [{ key = "x", partition_mapping = "all" }, { key = "x", partition_mapping = "last" }, "x"]',
        17,
        "DL104",
        "two different partition mappings",
    ),
    "mapping to a dimension that isn't there": (
        '"raw/rates", type = "polars.DataFrame"',
        '"raw/rates", partition_mapping = { dimensions = { day = "day" } }',
        12,
        "DL104",
        "the notebook's partitions have no dimensions",
    ),
    "wrong type": ('kinds = ["polars"]', 'kinds = "polars"', 17, "DL102", "not 'polars'"),
    "wrong automation": ('"eager"', '"egaer"', 21, "DL102", "'eager', 'on_missing'"),
    "wrong key": ('"raw/orders"', '"raw//orders"', 11, "DL102", "none of them empty"),
    "wrong dotted type": ('"polars.DataFrame"', '"polars DataFrame"', 12, "DL102", "a dotted name"),
    "wrong check asset": ('asset = "orders"', 'asset = "order"', 24, "DL102", "assets: orders, daily_revenue"),
    "private variable": ("assets.daily_revenue", "assets._daily", 20, "DL102", "private to its cell"),
    "no variable": ("assets.daily_revenue", 'assets."1st"', 20, "DL102", "not a variable's name"),
    "two partitionings": (
        '"2026-01-01" }',
        '"2026-01-01" }\n# static = ["a"]',
        27,
        "DL102",
        "name one of daily, static, which",
    ),
    "bad date": ('"2026-01-01"', '"first"', 28, "DL102", "a date is written as 2026-01-31"),
    "one key twice": ('automation = "eager"', 'key = "sales/orders"', 21, "DL103", "give one of them another key"),
    "two roles": ("raw_orders =", "orders =", 14, "DL104", "a variable has one role"),
    "reads itself": ('"raw/orders"', '"sales/orders"', 11, "DL104", "use the variable 'orders'"),
    "param and check": ('"min_amount"', '"no_negative"', 23, "DL104", "both params and checks"),
    "param and partition key": ('"min_amount"', '"partition_key"', 8, "DL104", "a partitioned run sets it itself"),
    "depends on itself": ('kinds = ["polars"]', 'deps = ["sales/orders"]', 17, "DL104", "depends on itself"),
    "two backfill policies": (
        'automation = "eager"',
        'backfill = "single_run"\n# [tool.daglab.assets.x]\n# backfill = { max_partitions_per_run = 2 }',
        23,
        "DL104",
        "name different values of backfill",
    ),
    "one check name twice": (
        "# [tool.daglab.partitions]",
        '# [tool.daglab.checks.z]\n# asset = "orders"\n# name = "no_negative"\n# [tool.daglab.partitions]',
        29,
        "DL104",
        "both called 'no_negative'",
    ),
    "no TOML": ('kinds = ["polars"]', "kinds = [[", 17, "DL100", "not valid TOML"),
}


@pytest.mark.parametrize("place", ['key = "orders"', 'key_prefix = "sales"', '= "raw/orders"', 'kinds = ["polars"]'])
@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("../../etc/x", "lead out of the storage"),
        ("a/./b", "lead out of the storage"),
        ("/etc/x", "none of them empty"),
        ("a\\\\b", "backslashes"),
        ("a\\nb", "control characters"),
        ("a\\u0000", "control characters"),
        ("a" * 300, "at most 200 bytes"),
    ],
)
def test_no_key_leads_out_of_an_io_managers_storage(place: str, key: str, says: str) -> None:
    line = f'deps = ["{key}"]' if "kinds" in place else f'{place.partition("=")[0]}= "{key}"'
    with pytest.raises(HeaderError, match=says) as caught:
        read_header(HEADER.replace(place, line, 1))
    assert caught.value.details["findings"][0]["code"] == "DL102"


@pytest.mark.parametrize("key", ["a.b", "a b", "ü/日本", ".hidden", "a-b", "a:b", "...", "a..b"])
def test_keys_that_stay_inside_are_fine(key: str) -> None:
    assert read_header(HEADER.replace('"raw/orders"', f'"{key}"', 1)) is not None


@pytest.mark.parametrize(("old", "new", "line", "code", "text"), FAULTS.values(), ids=FAULTS)
def test_each_fault_is_said_with_its_line(old: str, new: str, line: int, code: str, text: str) -> None:
    assert old in HEADER
    with pytest.raises(HeaderError) as caught:
        read_header(HEADER.replace(old, new, 1), "orders.py")
    finding: dict[str, Any] = caught.value.details["findings"][0]
    assert finding["code"] == code
    assert text in finding["message"] + finding["remedy"]
    assert abs(finding["line"] - line) <= (1 if code == "DL100" else 0)
    assert f"orders.py:{finding['line']}" in str(caught.value)


def test_a_header_without_an_asset_is_refused() -> None:
    with pytest.raises(HeaderError, match=r"orders.py:2: the header declares no asset \(add"):
        read_header('# /// script\n# [tool.daglab]\n# group = "a"\n# ///\n', "orders.py")


def test_a_backfill_policy_needs_partitions() -> None:
    text = '# /// script\n# [tool.daglab.assets.a]\n# backfill = "single_run"\n# ///\n'
    with pytest.raises(HeaderError, match=r"orders.py:3: 'a' names a backfill policy, but has no partitions \(add"):
        read_header(text, "orders.py")


def test_all_faults_are_said_at_once() -> None:
    text = HEADER.replace("group", "gruop", 1).replace("kinds", "kind", 1)
    with pytest.raises(HeaderError, match="and 1 more") as caught:
        read_header(text)
    assert len(caught.value.details["findings"]) == 2


def test_two_script_blocks_are_refused() -> None:
    with pytest.raises(HeaderError, match="two script blocks"):
        read_header(HEADER + "\n" + HEADER)


def test_the_schema_accepts_what_the_reader_accepts() -> None:
    schema = header_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate({"group": "sales", "assets": {"orders": {"kinds": ["polars"]}}}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"gruop": "sales"}, schema)
    jsonschema.validate({"inputs": {"raw": "raw/orders"}}, schema)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('["min_amount"]', '["web/visits"]', "params[0]: 'web/visits' is not a variable's name"),
        ('["min_amount"]', "[3]", "params[0]: a string is wanted, not 3"),
        (
            "assets.daily_revenue",
            'assets."daily revenue"',
            "assets.\"daily revenue\": 'daily revenue' is not a variable's name",
        ),
        (
            "assets.daily_revenue",
            "assets.input",
            "assets.input: Dagster keeps the name 'input' to itself: rename the variable",
        ),
        ('"eager"', "3", "assets.daily_revenue.automation: a string or a table is wanted, not 3"),
        (
            '"eager"',
            '"cron: 99 * * * *"',
            (
                "assets.daily_revenue.automation.cron: '99' is no minute of a cron schedule: "
                "numbers from 0 to 59, '*', ranges and steps"
            ),
        ),
        ("max_retries = 2", "max_retries = -1", "assets.orders.retry.max_retries: at least 0 is wanted, not -1"),
        ('["polars"]', '["a", "b", "c", "d"]', "assets.orders.kinds: at most 3 entries are wanted, not 4"),
        ("blocking = true", 'blocking = "yes"', "checks.no_negative.blocking: true or false is wanted, not 'yes'"),
        ('asset = "orders"', "", "checks.no_negative.asset: a value is missing"),
        (
            "automation =",
            "metadata = { x = [1] }  #",
            "assets.daily_revenue.metadata.x: a string, a whole number, a number or true or false is wanted, not [1]",
        ),
        ('"2026-01-01"', "2026", "partitions.daily.start: a date is wanted, not 2026"),
        (
            '"2026-01-01" }',
            '"2026-01-01", end = 2026-01-01 }',
            "partitions.daily: the end is not after the start: there would be no partition",
        ),
        (
            'daily = { start = "2026-01-01" }',
            'static = ["a", "a"]',
            "partitions.static: the partition key 'a' stands there twice",
        ),
        (
            'daily = { start = "2026-01-01" }',
            'dynamic = ""',
            "partitions.dynamic: the string is empty",
        ),
    ],
)
def test_messages_say_once_what_is_wrong_in_words_of_toml(old: str, new: str, message: str) -> None:
    assert old in HEADER
    with pytest.raises(HeaderError) as caught:
        read_header(HEADER.replace(old, new, 1), "orders.py")
    assert [found["message"] for found in caught.value.details["findings"]] == [f"tool.daglab.{message}"]
