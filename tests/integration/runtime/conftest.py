"""A small project with two notebooks and a plain asset, as a user would have it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

FILES = {
    "pyproject.toml": '[tool.dagster]\nmodule_name = "shoplet.definitions"\n',
    "src/shoplet/__init__.py": "",
    "src/shoplet/definitions.py": """
import dagster as dg
import pandas as pd
import daglab

@dg.asset(key=["raw", "orders"])
def raw_orders():
    return pd.DataFrame({"day": [1, 1, 2], "amount": [1.0, 2.5, 4.0]})

@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["eu", "us"]))
def regions(context):
    return context.partition_key.upper()

all_but_regions = dg.AssetSelection.all() - dg.AssetSelection.assets(regions.key)
defs = dg.Definitions.merge(
    dg.Definitions([raw_orders, regions], jobs=[dg.define_asset_job("everything", all_but_regions)]),
    daglab.notebook_definitions("shoplet", group="sales", executor=daglab.default_executor()),
)
""",
    "src/shoplet/notebooks/orders.py": """
# /// script
# [tool.daglab]
# params = ["least"]
# [tool.daglab.inputs]
# raw = "raw/orders"
# [tool.daglab.assets.orders]
# key = "sales/orders"
# type = "pandas.DataFrame"
# [tool.daglab.assets.daily]
# key = "sales/daily"
# [tool.daglab.checks.positive]
# asset = "orders"
# ///

import marimo

app = marimo.App()

with app.setup:
    import daglab


@app.cell
def _():
    raw = daglab.load_asset("raw/orders")
    return (raw,)


@app.cell
def _():
    least: float = 2.0
    return (least,)


@app.cell
def clean(least, raw):
    print("cleaning")
    orders = raw[raw["amount"] >= least]
    orders
    return (orders,)


@app.cell
def by_day(orders):
    daily = orders.groupby("day")["amount"].sum().to_dict()
    return (daily,)


@app.cell
def _(orders):
    positive = bool((orders["amount"] > 0).all())
    return
""".lstrip(),
    "src/shoplet/notebooks/total.py": """
# /// script
# [tool.daglab.inputs]
# daily = "sales/daily"
# [tool.daglab.assets.total]
# ///

import marimo

app = marimo.App()


with app.setup:
    import daglab


@app.cell
def _():
    daily = daglab.load_asset("sales/daily")
    return (daily,)


@app.cell
def _(daily):
    total = sum(daily.values())
    return
""".lstrip(),
}


@dataclass(frozen=True)
class ShopletProject:
    """A project's folder, and commands run in it."""

    root: Path

    @property
    def home(self) -> Path:
        return self.root / ".dagster_home"

    def python(self, *arguments: str, ok: bool = True, timeout: int = 120) -> subprocess.CompletedProcess[str]:
        """Run this Python in the project's folder, with its instance."""
        environment = {**os.environ, "DAGSTER_HOME": str(self.home), "PYTHONPATH": str(self.root / "src")}
        self.home.mkdir(exist_ok=True)
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        assert (done.returncode == 0) is ok, done.stdout[-2000:] + done.stderr[-6000:]
        return done


def make_project(root: Path) -> ShopletProject:
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return ShopletProject(root)


@pytest.fixture(scope="package")
def materialized(tmp_path_factory: pytest.TempPathFactory) -> ShopletProject:
    """The project after one run of its job, by Dagster's own command and the multiprocess executor."""
    project = make_project(tmp_path_factory.mktemp("shoplet"))
    project.python("-m", "dagster", "job", "execute", "-m", "shoplet.definitions", "-j", "everything")
    return project


@pytest.fixture
def copied(materialized: ShopletProject, tmp_path: Path) -> ShopletProject:
    """A copy of it, to change."""
    root = tmp_path / "copy"
    shutil.copytree(materialized.root, root, symlinks=True)
    return ShopletProject(root)
