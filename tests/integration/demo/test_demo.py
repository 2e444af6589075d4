"""The main job end to end, and what it leaves to look at."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import polars as pl
import pytest

from tests.integration.demo.conftest import Shown

# .ci/run has a step of its own that shows the demo.
pytestmark = [pytest.mark.nightly, pytest.mark.timeout(900)]
EUROS = {"EUR": 1.0, "USD": 0.92, "GBP": 1.17}


@pytest.fixture(scope="module")
def values(shown: Shown, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    """The values as any user of the shop's environment loads them."""
    folder = tmp_path_factory.mktemp("values")
    keys = ["raw/orders", "sales/orders", "sales/daily_revenue", "sales/customer_segments"]
    code = (
        "import daglab, sys\n"
        "for key in sys.argv[2:]:\n"
        "    daglab.load_asset(key).write_parquet(sys.argv[1] + '/' + key.replace('/', '.'))"
    )
    shown.python("-c", code, str(folder), *keys)
    return {key: pl.read_parquet(folder / key.replace("/", ".")) for key in keys}


def sales(raw: pl.DataFrame) -> pl.DataFrame:
    """The cleaning again, by SQL instead of the notebook's expressions."""
    with pl.SQLContext(raw=raw, rates=pl.DataFrame({"currency": list(EUROS), "rate": list(EUROS.values())})) as context:
        return context.execute(
            "SELECT DISTINCT order_id, customer, ordered_at, ROUND(amount * rate, 2) AS amount_eur FROM raw "
            "JOIN rates USING (currency) WHERE amount > 0 AND customer NOT LIKE '%@shop.test'",
            eager=True,
        ).sort("ordered_at", "order_id")


def test_every_step_tells_its_time_and_where_to_look(shown: Shown) -> None:
    steps = shown.document["steps"]
    assert len(steps) == 8
    assert all(step["seconds"] >= 0 and step["look"] for step in steps)
    assert all(step["title"] in shown.messages and step["look"] in shown.messages for step in steps)
    assert sum(step["seconds"] for step in steps) <= shown.document["seconds"] + 1


def test_values_are_those_of_plain_code(values: dict[str, pl.DataFrame]) -> None:
    raw = values["raw/orders"]
    expected = sales(raw)
    assert raw.height == 50_000
    assert values["sales/orders"].equals(expected.select(values["sales/orders"].columns))
    daily = expected.group_by(day=pl.col("ordered_at").dt.date()).agg(n=pl.len(), eur=pl.col("amount_eur").sum())
    stored = values["sales/daily_revenue"].join(daily, on="day", how="full", validate="1:1")
    assert stored.height == daily.height == 365
    assert stored.select((pl.col("orders") == pl.col("n")).all()).item()
    assert stored.select((pl.col("revenue_eur") - pl.col("eur")).abs().max()).item() < 0.01


def test_segments_are_those_of_plain_code(values: dict[str, pl.DataFrame]) -> None:
    customers: dict[str, list[tuple[object, float]]] = {}
    for row in sales(values["raw/orders"]).iter_rows(named=True):
        customers.setdefault(row["customer"], []).append((row["ordered_at"], row["amount_eur"]))
    stored = {row["customer"]: row for row in values["sales/customer_segments"].iter_rows(named=True)}
    assert stored.keys() == customers.keys()
    names = sorted(customers)
    by_age = sorted(names, key=lambda name: (-stored[name]["recency_days"], names.index(name)))
    for place, name in enumerate(sorted(names, key=lambda name: len(customers[name]))):
        assert stored[name]["orders"] == len(customers[name])
        assert stored[name]["frequency_score"] == place * 4 // len(names) + 1
    for row in stored.values():
        recent, frequent = row["recency_score"] >= 3, row["frequency_score"] >= 3
        best = row["recency_score"] == row["frequency_score"] == 4
        kept = {(True, True): "loyal", (True, False): "promising", (False, True): "at risk", (False, False): "lost"}
        assert row["segment"] == ("champions" if best else kept[recent, frequent])
    scores = [stored[name]["recency_score"] for name in by_age]
    assert scores == sorted(scores)


def test_executed_notebooks_show_the_figures(shown: Shown) -> None:
    executed = {Path(path).stem: json.loads(Path(path).read_text()) for path in shown.document["executed"]}
    assert set(executed) == {"sales__orders", "sales__daily_revenue", "sales__customer_segments"}
    for name in ("sales__daily_revenue", "sales__customer_segments"):
        outputs = [output for cell in executed[name]["cells"] for output in cell.get("outputs", ())]
        assert any("image/png" in output.get("data", {}) for output in outputs), name


def test_the_wheel_has_what_belongs_there(shown: Shown) -> None:
    [wheel] = (shown.folder / "dist").glob("*.whl")
    names = sorted(name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name)
    assert names == [
        "shop/__init__.py",
        "shop/daglab.json",
        "shop/definitions.py",
        "shop/dg.toml",
        "shop/notebooks/orders.ipynb",
        "shop/notebooks/orders.py",
        "shop/notebooks/segments.ipynb",
        "shop/notebooks/segments.py",
        "shop/orders.py",
    ]


def test_the_environment_has_the_wheel_alone(shown: Shown) -> None:
    code = (
        "import importlib.metadata as m, importlib.util as u, shop\n"
        "names = {d.metadata['Name'].lower() for d in m.distributions()}\n"
        "points = [(p.name, p.value) for p in m.entry_points(group='daglab.code_locations')]\n"
        "import json; print(json.dumps([sorted(names), points, shop.__file__]))"
    )
    names, points, file = json.loads(shown.python("-c", code))
    assert points == [["shop", "shop.definitions"]]
    assert "site-packages" in file
    assert not {"jupyterlab", "jupyter-server", "notebook", "ipykernel", "pytest", "hatchling"} & set(names)


def test_its_tests_pass(shown: Shown) -> None:
    import subprocess
    import sys

    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    ended = subprocess.run(argv, cwd=shown.folder, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "5 passed" in ended.stdout


def test_nothing_runs_on(processes_of_the_shop: list[str]) -> None:
    assert processes_of_the_shop == []
