"""A job of six assets, 1-4-1, of 2 s each: notebooks with daglab's executor beside plain assets with Dagster's."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.measure import Row

WHAT = "job of six assets, 1-4-1, 2 s each"
MIDDLES = [f"middle{number}" for number in range(4)]
PLAIN = """
import time
import dagster as dg

def asset(name, deps):
    @dg.asset(name=name, deps=deps)
    def made():
        time.sleep(2)
        return name
    return made

middles = {middles}
assets = [asset("start", []), *(asset(name, ["start"]) for name in middles), asset("end", middles)]
defs = dg.Definitions(assets, jobs=[dg.define_asset_job("all")], executor=dg.multiprocess_executor)
"""
NOTEBOOKS = """
import dagster as dg
import daglab

defs = dg.Definitions.merge(
    dg.Definitions(jobs=[dg.define_asset_job("all")]),
    daglab.notebook_definitions({folder!r}, executor=daglab.default_executor()),
)
"""
NOTEBOOK = """# /// script
# [tool.daglab.assets.{name}]
# deps = {deps}
# ///

import marimo

app = marimo.App()


@app.cell
def _():
    import time

    time.sleep(2)
    {name} = "{name}"
    return


if __name__ == "__main__":
    app.run()
"""


def run() -> list[Row]:
    """The whole command ``dagster job execute`` with a fresh instance, in turns; the faster of two rounds counts."""
    with tempfile.TemporaryDirectory(prefix="daglab-bench-") as folder:
        root = Path(folder)
        _write(root)
        times = [(_seconds(root, "plain", round_), _seconds(root, "noted", round_)) for round_ in range(2)]
    plain, noted = map(min, zip(*times, strict=True))
    return [
        Row(WHAT, "plain assets, Dagster's multiprocess", plain),
        Row(WHAT, "notebooks, daglab.default_executor()", noted, budget=plain),
    ]


def _write(root: Path) -> None:
    notebooks = root / "notebooks"
    notebooks.mkdir()
    deps = {"start": [], **{name: ["start"] for name in MIDDLES}, "end": MIDDLES}
    for name, above in deps.items():
        (notebooks / f"{name}.py").write_text(NOTEBOOK.format(name=name, deps=above))
    (root / "plain.py").write_text(PLAIN.format(middles=MIDDLES))
    (root / "noted.py").write_text(NOTEBOOKS.format(folder=str(notebooks)))


def _seconds(root: Path, module: str, number: int) -> float:
    home = root / f"home-{module}-{number}"
    home.mkdir()
    argv = [sys.executable, "-m", "dagster", "job", "execute", "-m", module, "-j", "all"]
    path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH", "")]))
    environ = {**os.environ, "DAGSTER_HOME": str(home), "PYTHONPATH": path}
    began = time.perf_counter()
    subprocess.run(argv, cwd=root, env=environ, check=True, capture_output=True, timeout=300)
    return time.perf_counter() - began
