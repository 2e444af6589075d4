"""The Python in docs/client.md runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.conftest import RunningDagster

PAGE = Path(__file__).resolve().parents[3] / "docs" / "client.md"
RECIPES = re.findall(r"<!-- test -->\n```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
ADDRESS = "http://localhost:3000"


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipe(shop: RunningDagster, recipe: str) -> None:
    assert ADDRESS in recipe
    script = recipe.replace(ADDRESS, shop.url)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout or "report_observation" in recipe


def test_none_is_left_out() -> None:
    assert len(RECIPES) == PAGE.read_text("utf-8").count("```python") > 5
