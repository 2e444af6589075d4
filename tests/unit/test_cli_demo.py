"""The demo's parts that can fail: tools, foreign folders, values that differ."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from daglab.cli import demo_steps, demo_tools, demo_values
from daglab.cli.app import run
from daglab.cli.demo_steps import Demo, DemoError
from daglab.cli.demo_tools import Toolbox, build_command
from daglab.cli.output import Output
from daglab.errors import ProcessError


@pytest.fixture
def tools(tmp_path: Path) -> Toolbox:
    (tmp_path / "shop").mkdir()
    return Toolbox(tmp_path / "shop", tmp_path / "logs", {"DAGSTER_HOME": "/there"})


def test_a_tools_output_is_answered_and_kept(tools: Toolbox) -> None:
    code = "import os; print(os.getcwd(), os.environ['DAGSTER_HOME'])"
    assert tools.run("look", [sys.executable, "-c", code]).split() == [str(tools.folder), "/there"]
    assert (tools.logs / "look.log").read_text().startswith(str(tools.folder))


def test_a_tool_that_fails_says_why(tools: Toolbox) -> None:
    with pytest.raises(ProcessError) as caught:
        tools.run("break", [sys.executable, "-c", "print('first'); raise SystemExit('no such thing')"])
    assert "ended with status 1" in caught.value.message
    assert "no such thing" in caught.value.message
    assert str(tools.logs / "break.log") in caught.value.remedy


def test_a_tool_that_takes_too_long_is_ended(tools: Toolbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_tools, "TIMEOUT", 0.5)
    with pytest.raises(ProcessError, match="ran for more than"):
        tools.run("sleep", [sys.executable, "-c", "import time; time.sleep(60)"])


def test_tools_see_no_virtual_environment(tools: Toolbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", "/x")
    monkeypatch.setenv("PYTHONPATH", "/y")
    seen = tools.environment({"MORE": "1"})
    assert {"VIRTUAL_ENV", "PYTHONPATH"}.isdisjoint(seen)
    assert (seen["MORE"], seen["DAGSTER_HOME"]) == ("1", "/there")


@pytest.mark.parametrize(
    ("there", "first"),
    [
        ({"hatch", "uv"}, ["hatch", "build"]),
        ({"uv"}, ["uv", "build"]),
        (set(), [sys.executable, "-m"]),
    ],
)
def test_builders_in_their_order(there: set[str], first: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_tools, "program", lambda name: name if name in there else None)
    assert build_command()[:2] == first


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    assert run(["demo", str(tmp_path), "--quiet"]) == 8
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_read_only_makes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGLAB_READ_ONLY", "true")
    assert run(["demo", str(tmp_path / "shop")]) == 2
    assert list(tmp_path.iterdir()) == []


def test_findings_end_the_demo(tmp_path: Path) -> None:
    assert run(["init", "--bootstrap", str(tmp_path / "shop"), "-q"]) == 0
    path = tmp_path / "shop/src/shop/notebooks/orders.py"
    path.write_text(path.read_text().replace('"sales/orders"', '"sales/ordrs"'))
    demo = Demo(tmp_path / "shop", Output(quiet=True), Toolbox(tmp_path / "shop", tmp_path / "logs"))
    with pytest.raises(DemoError, match="DL301"):
        demo.step("Check", demo_steps.check)
    assert demo.steps == []


def raw(*rows: tuple[int, str, float, str]) -> pl.DataFrame:
    day = datetime(2025, 1, 1)
    names = ("order_id", "customer", "amount", "currency")
    return pl.DataFrame([{**dict(zip(names, row, strict=True)), "ordered_at": day} for row in rows])


def test_plain_figures_leave_out_what_is_no_sale() -> None:
    daily, customers = demo_values.plain_figures(
        raw(
            (1, "a@x", 10.0, "EUR"),
            (1, "a@x", 10.0, "EUR"),
            (2, "a@x", -5.0, "EUR"),
            (3, "qa@shop.test", 7.0, "EUR"),
            (4, "b@x", 100.0, "USD"),
        )
    )
    assert daily.rows() == [(datetime(2025, 1, 1).date(), 2, 102.0)]
    assert customers.rows() == [("a@x", 1, 10.0), ("b@x", 1, 92.0)]


def test_a_wrong_value_is_seen() -> None:
    frame = pl.DataFrame({"orders": [1, 2], "revenue_eur": [1.0, 2.0]})
    assert demo_values._equal(frame, frame)
    assert demo_values._equal(frame, frame.with_columns(revenue_eur=pl.col("revenue_eur") + 0.01))
    assert not demo_values._equal(frame, frame.with_columns(revenue_eur=pl.col("revenue_eur") + 0.02))
    assert not demo_values._equal(frame, frame.head(1))
    assert not demo_values._equal(frame, frame.drop("orders"))
