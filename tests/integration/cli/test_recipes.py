"""The shell recipes of docs/automation.md run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.cli.command import environment
from tests.integration.conftest import RunningDagster

PAGE = (Path(__file__).parents[3] / "docs" / "automation.md").read_text("utf-8")
RECIPES = re.findall(r"<!-- test -->\n```bash\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipe(cells: RunningDagster, project: Path, tmp_path: Path, recipe: str) -> None:
    command = tmp_path / "daglab"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m daglab "$@"\n')
    command.chmod(0o755)
    there = environment(DAGLAB_DAGSTER__URL=cells.url)
    path = f"{tmp_path}:{there['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", recipe],
        cwd=project,
        env={**there, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_none_is_left_out() -> None:
    assert len(RECIPES) == PAGE.count("```bash") == 4
