"""T18: what the server keeps of a large Dagster is bounded, however long and whatever it is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.integration.server.conftest import RunningJupyter
from tests.integration.server.test_large import running_large

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(1800)]

_ASSETS = 20_000
_MOST_ADDED, _MOST_GROWN = 200, 80
"""Megabytes: with all assets in memory, and after these were asked for in many ways and loaded anew."""


def megabytes(jupyter: RunningJupyter) -> float:
    return float(psutil.Process(jupyter.child.pid).memory_info().rss) / 1e6


def test_memory_of_twenty_thousand_assets(start: Callable[..., RunningJupyter], tmp_path: Path) -> None:
    home, root = tmp_path / "home", tmp_path / "root"
    home.mkdir()
    root.mkdir()
    with running_large(home, _ASSETS) as url:
        jupyter = start(root, DAGLAB_DAGSTER__URL=url, DAGLAB_DAGSTER__TIMEOUT="240")

        def ask(path: str, method: str = "GET") -> Any:
            url = jupyter.url(f"daglab/api/{path}")
            response = httpx.request(method, url, headers=jupyter.headers, timeout=400, trust_env=False)
            assert response.status_code == 200, response.text[:300]
            return response.json()

        def look(number: int) -> None:
            """As many people do: each with filters of their own."""
            for query in (f"text=asset_{number:03}", f"group=group_{number % 20:02}", f"limit={100 + number}"):
                ask(f"assets?{query}")
            ask(f"assets/layer_{number % 20:02}/asset_{number % 20:02}{number:03}")
            assert ask("assets")["total"] >= _ASSETS

        idle = megabytes(jupyter)
        for number in range(20):
            look(number)
        loaded = megabytes(jupyter)
        (location,) = ask("locations")["locations"]
        for number in range(20, 60):
            look(number)
            if number % 20 == 0:
                ask(f"locations/{location['name']}/reload", "POST")
        grown = megabytes(jupyter)
    print(f"{idle:.0f} MB idle, {loaded:.0f} MB with {_ASSETS:,} assets, {grown:.0f} MB after more questions")
    assert loaded - idle <= _MOST_ADDED
    assert grown - loaded <= _MOST_GROWN
