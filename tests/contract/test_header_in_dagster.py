"""What a header may say, Dagster loads; what Dagster would refuse, the header refuses first, with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg
import jsonschema
import pytest

import daglab
from daglab.errors import HeaderError, NotebookError
from daglab.marimo_api import ParsedCell, render
from daglab.notebook.header import header_schema
from daglab.notebook.script_block import read_block

ASSET = "[tool.daglab.assets.a]\n"
CHECK = ASSET + '[tool.daglab.checks.c]\nasset = "a"\n'
PARTITIONS = ASSET + "[tool.daglab.partitions]\n"

ACCEPTED = [
    *(ASSET + f"key = {key!r}" for key in ("a.b", "a b", "ü/日本", ".hidden", "a:b", "a,b", "<b>", "...")),
    *(ASSET + f"owners = [{owner!r}]" for owner in ("a@b.co", "_a.b+c@d-e.example", "team:x", "team:a b")),
    *(ASSET + f"group = {group!r}" for group in ("a", "A_1")),
    *(ASSET + f"pool = {pool!r}" for pool in ("a", "ü-1", "a/b", "a.b")),
    *(ASSET + f"kinds = [{kind!r}]" for kind in ("polars", "Polars", "a-b.c", "x" * 63)),
    *(ASSET + f"tags = {{{key!r} = {value!r}}}" for key, value in (("a", ""), ("a/b", "x.y-z"), ("a-b", "1"))),
    *(
        ASSET + f"automation = {automation!r}"
        for automation in (
            "eager",
            "on_missing",
            "cron: 0 6 * * *",
            "cron: */15 0-23/2 1,15 JAN-mar mon-fri",
            "cron: 59 23 31 12 7",
            "cron: 0  6 * * 0",
            "cron: 5-10/2 * * * *",
        )
    ),
    *(CHECK + f"name = {name!r}" for name in ("ok", "1st", "input", "A_b")),
    *(PARTITIONS + f"static = {keys}" for keys in (["a b", "x/y", "ü"], ["a|b", "a,b", "[c]"])),
    *(PARTITIONS + f'{kind} = {{ start = "2026-01-01" }}' for kind in ("hourly", "daily", "weekly", "monthly")),
    PARTITIONS + 'daily = { start = 2026-01-01, end = 2026-02-01, timezone = "Europe/Berlin" }',
    PARTITIONS + 'daily = { start = "2026-01-01", timezone = "US/Pacific" }',
    *(
        PARTITIONS + f"{partitions}"
        for partitions in (
            'hourly = { start = "2026-01-01", minute_offset = 59, fmt = "%Y/%m/%d/%H" }',
            'daily = { start = "2026-01-01", hour_offset = 23, end_offset = -1, fmt = "%d.%m.%Y" }',
            'weekly = { start = "2026-01-01", day_offset = 6 }',
            'monthly = { start = "2026-01-01", day_offset = 31 }',
            'cron = { start = "2026-01-01", schedule = "0 0 * * mon-fri", fmt = "%Y-%m-%d" }',
            'cron = { start = "2026-01-01", schedule = "0 0 1 * *", fmt = "%Y-%m" }',
            'cron = { start = "2026-01-01", schedule = "30 6,18 * * *", fmt = "%Y-%m-%d %I %p" }',
            'dynamic = "all my-customers"',
            'multi = { day = { daily = { start = "2026-01-01" } }, region = { static = ["eu", "us"] } }',
            'multi = { a = { dynamic = "x" }, b = { static = ["y"] } }',
        )
    ),
    *(
        PARTITIONS + f'static = ["x"]\n[tool.daglab.inputs]\nup = {{ key = "up", partition_mapping = {mapping} }}'
        for mapping in ('"identity"', '"all"', '"last"', '{ specific = ["x"] }', '{ static = { x = ["x"] } }')
    ),
    *(
        ASSET + f"freshness = {freshness}"
        for freshness in (
            '{ fail_window = "1m" }',
            '{ fail_window = "2d", warn_window = "36h" }',
            '{ deadline_cron = "0 9 * * *", lower_bound_delta = "1d", timezone = "Europe/Berlin" }',
        )
    ),
    ASSET + 'automation = { cron = "0 6 * * *", timezone = "Europe/Berlin" }',
    CHECK + 'metadata = { x = 1 }\nautomation = "eager"\ndeps = ["up"]',
    ASSET + 'retry = { delay = 1, backoff = "linear", jitter = "full" }',
    ASSET + 'backfill = "single_run"\n[tool.daglab.partitions]\nstatic = ["x"]',
    ASSET + 'io_manager_key = "warehouse_1"',
    '[tool.daglab]\nresources = ["warehouse_1"]\n' + ASSET,
    '[tool.daglab.op_tags]\n"dagster-k8s/config" = { a = [1, true] }\npriority = 3\n' + ASSET,
    ASSET + 'metadata = { x = "http://h", y = 1.5, z = true }',
    ASSET + "retry = { max_retries = 2, delay = 0.1 }",
    ASSET + "retry = {}",
    ASSET + 'deps = ["x", "x"]',
    ASSET + 'code_version = "1"\ndescription = """\nmany\nlines"""',
]
REFUSED = [
    *(ASSET + f"owners = [{owner!r}]" for owner in ("nobody", "team:", "a@b", "@b.co", "a b@c.de", "")),
    *(ASSET + f"group = {group!r}" for group in ("a b", "ä", "", "/a", "a//b", "a-b")),
    *(ASSET + f"pool = {pool!r}" for pool in ("a b", "")),
    *(ASSET + f"kinds = [{kind!r}]" for kind in ("a b", "ü", "", "x" * 64)),
    *(
        ASSET + f"tags = {{{key!r} = {value!r}}}"
        for key, value in (("a b", "c"), ("a", "c d"), ("", "c"), ("a/b/c", "d"), ("a", "x" * 64), ("ä", "x"))
    ),
    *(
        ASSET + f"automation = {automation!r}"
        for automation in (
            "cron: a b c d e",
            "0 6 * * *",
            "cron: 0 6 * *",
            "cron: 60 * * * *",
            "cron: * 24 * * *",
            "cron: * * 0 * *",
            "cron: * * * 13 *",
            "cron: * * * * 8",
            "cron: */0 * * * *",
            "cron: 1-2-3 * * * *",
            "cron: 1,, * * * *",
            "cron: 0 0 0 0 0 0",
            "cron: ² * * * *",
        )
    ),
    *(CHECK + f"name = {name!r}" for name in ("a b", "a.b", "", "ü")),
    *(PARTITIONS + f"static = {keys}" for keys in (["a", "a"], ["a...b"])),
    PARTITIONS + 'daily = { start = "2026-01-01", timezone = "Mars/Phobos" }',
    *(
        PARTITIONS + partitions
        for partitions in (
            'hourly = { start = "2026-01-01", fmt = "%Y-%m-%d" }',
            'hourly = { start = "2026-01-01", fmt = "%Y-%m-%d-%I" }',
            'monthly = { start = "2026-01-01", fmt = "%Y" }',
            'cron = { start = "2026-01-01", schedule = "0 */6 * * *", fmt = "%Y-%m-%d" }',
            'cron = { start = "2026-01-01", schedule = "0 6,18 * * *", fmt = "%Y-%m-%d-%I" }',
            'cron = { start = "2026-01-01", schedule = "*/30 * * * *", fmt = "%Y-%m-%d-%H" }',
            'cron = { start = "2026-01-01", schedule = "0 0 * * fri-mon", fmt = "%Y-%m" }',
            'cron = { start = "2026-01-01", schedule = "0 0 1 * mon", fmt = "%Y-%m" }',
            'multi = { a = { static = ["x"] }, b = { daily = { start = "2026-01-01", fmt = "%Y|%m|%d" } } }',
            'daily = { start = "2026-01-01", hour_offset = 24 }',
            'daily = { start = "2026-01-01", fmt = "%m-%d" }',
            'daily = { start = "2026-01-01", fmt = "../%Y-%m-%d" }',
            'weekly = { start = "2026-01-01", day_offset = 7 }',
            'monthly = { start = "2026-01-01", day_offset = 0 }',
            'cron = { start = "2026-01-01", schedule = "daily" }',
            'dynamic = ""',
            'multi = { a = { static = ["x"] } }',
            'multi = { a = { static = ["x"] }, b = { static = ["x|y"] } }',
            'multi = { a = { static = ["x"] }, "b c" = { static = ["y"] } }',
        )
    ),
    *(
        ASSET + f"freshness = {freshness}"
        for freshness in (
            '{ fail_window = "30s" }',
            '{ fail_window = "0h" }',
            '{ fail_window = "1h", warn_window = "1h" }',
            '{ warn_window = "1h" }',
            '{ deadline_cron = "0 9 * * *" }',
            "{}",
        )
    ),
    ASSET + 'automation = { timezone = "Europe/Berlin" }',
    ASSET + 'automation = { cron = "0 6 * * *", timezone = "Mars/Phobos" }',
    ASSET + 'retry = { jitter = "full" }',
    ASSET + "retry = { delay = 1, backoff = 2 }",
    ASSET + "backfill = { max_partitions_per_run = 0 }",
    ASSET + "backfill = { single_run = false }",
    "[tool.daglab.assets.config]",
    '[tool.daglab.assets."käse"]',
    ASSET + 'io_manager_key = "a b"',
    '[tool.daglab]\nresources = ["a b"]\n' + ASSET,
    '[tool.daglab.op_tags]\n"a b" = "c"\n' + ASSET,
    "[tool.daglab.op_tags]\na = 2026-01-01\n" + ASSET,
    "[tool.daglab.op_tags]\na = nan\n" + ASSET,
]


def write(folder: Path, header: str) -> Path:
    block = "\n".join(f"# {line}".rstrip() for line in header.splitlines())
    cells = [ParsedCell(code) for code in ("a = 1", "c = a == 1", "config = 1", "käse = 1")]
    (folder / "nb.py").write_text(render(cells, header=f"# /// script\n{block}\n# ///"), "utf-8")
    return folder / "nb.py"


def in_dagster(path: Path) -> dg.AssetsDefinition:
    """Everything that a code location does with its definitions when it is loaded."""
    assets = daglab.notebook_assets(path)
    resources = {"warehouse_1": dg.FilesystemIOManager()}
    dg.Definitions.validate_loadable(dg.Definitions([assets], resources=resources))
    return assets


@pytest.mark.parametrize("header", ACCEPTED)
@pytest.mark.filterwarnings("ignore::dagster.BetaWarning", "ignore::dagster.PreviewWarning")
def test_what_a_header_may_say_loads_in_dagster(header: str, tmp_path: Path) -> None:
    path = write(tmp_path, header)
    assert in_dagster(path).keys
    block = read_block(path.read_text("utf-8"), str(path))
    assert block is not None
    jsonschema.validate(json.loads(json.dumps(block.section, default=str)), header_schema())


def test_folders_of_groups_load_where_dagster_has_them(tmp_path: Path) -> None:
    path = write(tmp_path, ASSET + "group = 'marketing/foo/bar'")
    try:
        dg.AssetSpec("a", group_name="marketing/foo/bar")
    except dg.DagsterInvalidDefinitionError:
        with pytest.raises(NotebookError, match=r":2: Dagster refuses the header: .*marketing/foo/bar"):
            in_dagster(path)
    else:
        assert in_dagster(path).keys


@pytest.mark.parametrize(
    ("param", "given"),
    [
        ("p = 3", 4),
        ("p: float = 3", 4.5),
        ("p = 's'", "t"),
        ("p = True", False),
        ("p: date = date(2026, 1, 1)", "2026-02-01"),
        ("p: int | None = None", 4),
        ("p: Optional[date] = None", "2026-02-01"),
        ("p: Literal['a', 'b'] = 'a'", "b"),
        ("p: Literal[1, 2] = 1", 2),
        ("p: Literal[True] = True", True),
        ("p: Literal['a', 'b'] | None = None", "b"),
        ("p: list[Literal['a', 'b']] = ['a']", ["b"]),
        ("p: list[int] = []", [1]),
        ("p: list[list[int]] = [[1]]", [[2]]),
        ("p: list[int] | None = None", [1]),
        ("p: list[int | None] = [None]", [1]),
        ("p = []", [1, "a"]),
        ("model_config = 1", 2),
        ("käse = 1", 2),
    ],
)
@pytest.mark.filterwarnings("ignore::dagster.BetaWarning", "ignore::dagster.PreviewWarning")
def test_every_type_of_params_loads_in_dagster_and_takes_a_value(param: str, given: Any, tmp_path: Path) -> None:
    name = param.split("=")[0].split(":")[0].strip()
    header = f'# /// script\n# [tool.daglab]\n# params = ["{name}"]\n# [tool.daglab.assets.a]\n# ///'
    (tmp_path / "nb.py").write_text(render([ParsedCell(param), ParsedCell("a = 1")], header=header), "utf-8")
    in_dagster(tmp_path / "nb.py")
    assets = daglab.notebook_assets(tmp_path / "nb.py")
    job = dg.Definitions([assets]).resolve_implicit_global_asset_job_def()
    assert dg.validate_run_config(job, {"ops": {"nb_notebook": {"config": {name: given}}}})
    assert dg.validate_run_config(job)


@pytest.mark.parametrize("header", REFUSED)
def test_what_dagster_would_refuse_is_a_finding_with_its_line(header: str, tmp_path: Path) -> None:
    path = write(tmp_path, header)
    with pytest.raises(HeaderError) as caught:
        in_dagster(path)
    [finding] = caught.value.details["findings"]
    assert finding["code"] == "DL102"
    assert f"nb.py:{finding['line']}: tool.daglab." in str(caught.value)
