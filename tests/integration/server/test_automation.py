"""The recipes of docs/automation.md run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PAGE = (Path(__file__).parents[3] / "docs" / "automation.md").read_text("utf-8")
SHELL = re.findall(r"<!-- test -->\n```sh\n(.*?)```", PAGE, re.DOTALL)
PYTHON = re.findall(r"<!-- test -->\n```python\n(.*?)```", PAGE, re.DOTALL)
(BEGINNING,) = re.findall(r"(?<!<!-- test -->\n)```python\n(.*?)```", PAGE, re.DOTALL)


def done(jupyter: Any, folder: Path, *command: str) -> str:
    environment = {**os.environ, "JUPYTER_URL": jupyter.url("").rstrip("/"), "JUPYTER_TOKEN": jupyter.token}
    # The Dagster is the tier's: a recipe's run may queue behind those that other tests have launched.
    finished = subprocess.run(command, capture_output=True, text=True, timeout=500, cwd=folder, env=environment)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@pytest.mark.parametrize("recipe", SHELL)
def test_curl(jupyter: Any, tmp_path: Path, recipe: str) -> None:
    assert '"error"' not in done(jupyter, tmp_path, "sh", "-euc", recipe)


@pytest.mark.parametrize("recipe", PYTHON)
def test_python(jupyter: Any, tmp_path: Path, recipe: str) -> None:
    shown = done(jupyter, tmp_path, sys.executable, "-c", BEGINNING + recipe)
    if "visits.ipynb" in recipe:
        assert b'"nbformat"' in (tmp_path / "visits.ipynb").read_bytes()
    if "answer.is_error" in recipe:
        assert "did you mean sales/orders" in shown


def test_none_is_left_out() -> None:
    assert len(SHELL) == PAGE.count("```sh") == 2
    assert len(PYTHON) + 1 == PAGE.count("```python") > 5
