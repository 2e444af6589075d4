"""What a notebook costs over plain Python: an asset's step, beside dagstermill's, each cell, memory, and loading.

The fastest of several rounds counts, of the peer's too: what is measured is the work, not what else the machine does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from bench.measure import Row

STEP = "step of a two-cell notebook asset, warm"
CELL = "each further cell of a step"
MEMORY = "peak memory of a process that runs one asset"
LOAD = "200 notebooks loaded, over dagster's import"
_MORE_CELLS = 100
NOTEBOOK = """# /// script
# [tool.daglab.assets.{name}]
# ///

import marimo

app = marimo.App()


@app.cell
def _():
    numbers = list(range(1000))
    return (numbers,)


@app.cell
def _(numbers):
    {name} = sum(numbers)
    return


if __name__ == "__main__":
    app.run()
"""
LOADING = """
import sys, time, dagster
began = time.perf_counter()
import daglab
count = len(daglab.notebook_definitions(sys.argv[1]).resolve_asset_graph().get_all_asset_keys())
assert count == 200, count
print(time.perf_counter() - began)
"""


RUNNING = """
import sys
import dagster as dg
if sys.argv[1] == "plain":
    asset = dg.asset(lambda: sum(list(range(1000))), name="plain")
else:
    import daglab
    asset = daglab.notebook_assets(sys.argv[2])
with dg.DagsterInstance.local_temp(sys.argv[3]) as instance:
    assert dg.materialize([asset], instance=instance).success
"""


QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}


def run() -> list[Row]:
    """Steps in one process with a real instance, plain and notebook in turns; dagstermill in its own environment."""
    with tempfile.TemporaryDirectory(prefix="daglab-bench-") as folder:
        plain, notebook, long = _steps(Path(folder))
        plain_memory, memory = (_memory(Path(folder), what) for what in ("plain", "notebook"))
        loading = _loading(Path(folder))
        peer = _dagstermill(Path(folder))
    return [
        Row(STEP, "plain Python asset", plain),
        Row(STEP, "daglab", notebook),
        Row(STEP, "added by daglab", notebook - plain, budget=0.05),
        peer,
        Row(CELL, "daglab", (long - notebook) / _MORE_CELLS, budget=0.001),
        Row(MEMORY, "plain Python asset", plain_memory, "MB"),
        Row(MEMORY, "daglab", memory, "MB", budget=plain_memory + 60),
        Row(LOAD, "daglab", loading, budget=2.0),
    ]


def _steps(folder: Path, rounds: int = 15) -> tuple[float, float, float]:
    import dagster as dg

    import daglab

    @dg.asset
    def plain() -> int:
        numbers = list(range(1000))
        return sum(numbers)

    path = folder / "noted.py"
    path.write_text(NOTEBOOK.format(name="noted"))
    cells = "".join(
        f"@app.cell\ndef _(numbers):\n    n{i} = len(numbers)\n    return\n\n\n" for i in range(_MORE_CELLS)
    )
    summed = "".join(f" + n{i}" for i in range(_MORE_CELLS))
    long = folder / "long.py"
    text = NOTEBOOK.format(name="long").replace("sum(numbers)", f"sum(numbers){summed}")
    long.write_text(text.replace("if __name__", f"{cells}if __name__"))
    assets = {
        "plain": plain,
        "noted_notebook": daglab.notebook_assets(path),
        "long_notebook": daglab.notebook_assets(long),
    }
    times: dict[str, list[float]] = {name: [] for name in assets}
    home = folder / "home"
    home.mkdir()
    before = Path.cwd()
    os.chdir(folder)
    try:
        with dg.DagsterInstance.local_temp(str(home)) as instance:
            for number in range(rounds + 2):  # the first two warm up
                for name, asset in assets.items():
                    seconds = step_seconds(dg.materialize([asset], instance=instance, run_config=QUIET))
                    if number >= 2:
                        times[name].append(seconds)
    finally:
        os.chdir(before)
    return min(times["plain"]), min(times["noted_notebook"]), min(times["long_notebook"])


def step_seconds(result: Any) -> float:
    """Seconds of a run's one step, as Dagster measured them."""
    (event,) = [event for event in result.all_events if event.is_step_success]
    return float(event.step_success_data.duration_ms) / 1000


def _memory(folder: Path, what: str, rounds: int = 3) -> float:
    """Peak resident megabytes, watched from outside: the kernel's own counter begins with what the parent had."""
    peaks = []
    for number in range(rounds):
        home = folder / f"home-{what}-{number}"
        home.mkdir()
        command = [sys.executable, "-c", RUNNING, what, str(folder / "noted.py"), str(home)]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
            watched, peak = psutil.Process(child.pid), 0
            while child.poll() is None:
                with suppress(psutil.Error):
                    peak = max(peak, watched.memory_info().rss)
                time.sleep(0.005)
        assert child.returncode == 0
        peaks.append(peak / 1_000_000)
    return min(peaks)


def _loading(folder: Path, rounds: int = 3) -> float:
    notebooks = folder / "many"
    notebooks.mkdir()
    for number in range(200):
        (notebooks / f"nb{number:03}.py").write_text(NOTEBOOK.format(name=f"asset{number:03}"))
    command = [sys.executable, "-c", LOADING, str(notebooks)]
    times = []
    for _ in range(rounds):
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
        times.append(float(done.stdout.split()[-1]))
    return min(times)


def _dagstermill(folder: Path) -> Row:
    """dagstermill pins an old jupyter-client, so it gets an environment of its own for this one measurement."""
    who = "dagstermill"
    environment = folder / "peer"
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    script = Path(__file__).with_name("_dagstermill.py")
    try:
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True, capture_output=True, timeout=120)
        install = [str(python), "-m", "pip", "install", "--quiet", "dagster", "dagstermill", "ipykernel"]
        subprocess.run(install, check=True, capture_output=True, timeout=600)
        done = subprocess.run([str(python), str(script)], cwd=folder, capture_output=True, check=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as error:
        return Row(STEP, who, None, note=f"not installed: {type(error).__name__}")
    measured = json.loads(done.stdout.splitlines()[-1])
    note = f"over its own plain asset: {measured['notebook'] - measured['plain']:.3g} s"
    return Row(STEP, f"{who} {measured['version']}", measured["notebook"], note=note)
