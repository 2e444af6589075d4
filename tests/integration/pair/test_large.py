"""Very large notebooks: they pair and sync in bounded memory, and nothing of them is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.pair.test_pair_commands import DAGLAB

_LIMITED = (
    "import os, resource, sys; resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv[1]),) * 2);"
    "os.execv(sys.argv[2], sys.argv[2:])"
)


def daglab(folder: Path, *args: str, megabytes: int) -> str:
    """Run daglab where it may have so much memory of its own and no more."""
    command = [sys.executable, "-c", _LIMITED, str(megabytes * 1_000_000), str(DAGLAB), *args]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def notebook(*cells: dict[str, Any]) -> str:
    values = [{"metadata": {}, "execution_count": 1, "outputs": [], "cell_type": "code", **cell} for cell in cells]
    return json.dumps({"cells": values, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}, indent=1) + "\n"


@pytest.mark.nightly
def test_ten_thousand_cells(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    ipynb = tmp_path / "many.ipynb"
    ipynb.write_text(notebook(*({"source": [f"x_{n} = {n}\n", f"x_{n}"]} for n in range(10_000))))
    before = json.loads(ipynb.read_bytes())["cells"]
    daglab(tmp_path, "pair", "many.ipynb", megabytes=1_000)
    assert json.loads(ipynb.read_bytes())["cells"] == before
    py = ipynb.with_suffix(".py")
    py.write_text(py.read_text().replace("x_5000 = 5000", "x_5000 = 1"))
    assert "py-ahead" in daglab(tmp_path, "sync", megabytes=1_000)
    after = json.loads(ipynb.read_bytes())["cells"]
    assert after[5_000]["source"][0] == "x_5000 = 1\n"
    assert [cell for n, cell in enumerate(after) if n != 5_000] == [c for n, c in enumerate(before) if n != 5_000]


@pytest.mark.nightly
def test_an_output_of_a_hundred_megabytes(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    ipynb = tmp_path / "big.ipynb"
    output = {"output_type": "stream", "name": "stdout", "text": ["x" * 100_000_000]}
    ipynb.write_text(notebook({"source": ["a = 1"], "outputs": [output]}, {"source": ["b = a"]}))
    daglab(tmp_path, "pair", "big.ipynb", megabytes=2_000)
    py = ipynb.with_suffix(".py")
    py.write_text(py.read_text().replace("b = a", "b = a + 1"))
    daglab(tmp_path, "sync", megabytes=2_000)
    cells = json.loads(ipynb.read_bytes())["cells"]
    assert cells[0]["outputs"] == [output]
    assert cells[1]["source"] == ["b = a + 1"]
