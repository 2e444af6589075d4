"""What the build hook adds to a plain build of 200 pairs: checking, stripping outputs, bundling."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.measure import Row, median_seconds
from daglab.pair import create_pair
from daglab.scaffold.project import render_project

PAIRS = 200
WHAT = f"wheel of {PAIRS} pairs"


def run() -> list[Row]:
    """Plain hatchling beside hatchling with the hook, on copies of the shop's segments notebook."""
    with tempfile.TemporaryDirectory(prefix="daglab-bench-") as folder:
        root = Path(folder)
        hooked = _project(root)
        plain = (
            hooked.split("[tool.hatch.build.hooks.daglab]")[0]
            + "[tool.hatch.build.targets.wheel]\npackages = ['src/shop']\n"
        )
        seconds = {}
        for who, pyproject in {"hatchling": plain, "hatchling with the hook": hooked}.items():
            (root / "pyproject.toml").write_text(pyproject)
            seconds[who] = median_seconds(lambda: _build(root), rounds=3)
    rows = [Row(WHAT, who, value) for who, value in seconds.items()]
    first, second = seconds.values()
    return [*rows, Row(WHAT, "added by the hook", second - first, budget=4.0)]


def _project(root: Path) -> str:
    """Write the project; answers its pyproject.toml."""
    files = {str(path): text for path, text in render_project("bench").items()}
    for name, text in files.items():
        if "notebooks" not in name:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
    notebooks = root / "src/shop/notebooks"
    notebooks.mkdir()
    source = files["src/shop/notebooks/segments.py"].replace('"sales/orders"', '"raw/orders"')
    for number in range(PAIRS):
        path = notebooks / f"segments_{number:03}.py"
        path.write_text(source.replace("sales/customer_segments", f"sales/segments_{number:03}"))
        create_pair(path)
    shutil.rmtree(root / ".daglab")  # a build machine has a clean checkout
    return files["pyproject.toml"]


def _build(root: Path) -> None:
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(root / "dist")]
    subprocess.run(argv, cwd=root, check=True, capture_output=True, timeout=300)
