"""Six assets, one, then four, then one, of two seconds each: notebooks beside plain ones, each in its own process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.measure import Row
from daglab.notebook.edit import NewCell, new_notebook

WHAT = "run of six assets 1-4-1 of 2 s each, four at once"
ASSETS = {"first": [], **{f"middle{i}": ["first"] for i in range(4)}, "last": [f"middle{i}" for i in range(4)]}
PLAIN = """
import time
import dagster as dg

def make(name, upstream):
    @dg.asset(name=name, ins={key: dg.AssetIn(key) for key in upstream})
    def asset(**values):
        time.sleep(2)
        return len(values)
    return asset

assets = [make(name, upstream) for name, upstream in %r.items()]
defs = dg.Definitions(assets, jobs=[dg.define_asset_job("all_of_them")], executor=dg.multiprocess_executor)
"""
NOTEBOOKS = """
import dagster as dg
import daglab

defs = dg.Definitions.merge(
    daglab.notebook_definitions("notebooks", executor=daglab.default_executor()),
    dg.Definitions(jobs=[dg.define_asset_job("all_of_them")]),
)
"""
CONFIG = "execution: {config: {max_concurrent: 4}}"


def run() -> list[Row]:
    """Whole commands, ``dagster job execute``: the start of Python and Dagster's loading count for both alike."""
    with tempfile.TemporaryDirectory(prefix="daglab-bench-") as name:
        folder = Path(name)
        (folder / "plain.py").write_text(PLAIN % ASSETS)
        (folder / "run.yaml").write_text(CONFIG)
        (folder / "noted.py").write_text(NOTEBOOKS)
        (folder / "notebooks").mkdir()
        for asset, upstream in ASSETS.items():
            (folder / "notebooks" / f"{asset}.py").write_text(_notebook(asset, upstream))
        return [
            Row(WHAT, "plain Python assets, multiprocess", _seconds(folder, "plain")),
            Row(WHAT, "daglab, default_executor()", _seconds(folder, "noted")),
        ]


def _notebook(asset: str, upstream: list[str]) -> str:
    inputs = "".join(f'# {key} = "{key}"\n' for key in upstream)
    header = f"# /// script\n# [tool.daglab.inputs]\n{inputs}# [tool.daglab.assets.{asset}]\n# ///\n"
    cells = ["import time\nimport daglab", *(f'{key} = daglab.load_asset("{key}")' for key in upstream)]
    cells.append(f"time.sleep(2)\n{asset} = len([{', '.join(upstream)}])")
    return new_notebook([NewCell(code) for code in cells], header=header)


def _seconds(folder: Path, module: str, rounds: int = 3) -> float:
    times = []
    for number in range(rounds):
        home = folder / f"home-{module}-{number}"
        home.mkdir()
        command = [sys.executable, "-m", "dagster", "job", "execute", "-m", module, "-j", "all_of_them"]
        started = time.perf_counter()
        subprocess.run(
            [*command, "-c", "run.yaml"],
            cwd=folder,
            env={**os.environ, "DAGSTER_HOME": str(home)},
            check=True,
            capture_output=True,
            timeout=300,
        )
        times.append(time.perf_counter() - started)
    return min(times)
