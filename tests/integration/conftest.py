"""One real Dagster for the tier: `dagster dev` on a copy of tests/mini_project."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from daglab.processes import LOOPBACK, free_port, spawn

MINI_PROJECT = Path(__file__).parents[1] / "mini_project"


@dataclass(frozen=True)
class RunningDagster:
    project: Path
    home: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"


@pytest.fixture(scope="session")
def mini_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("work") / "mini"
    shutil.copytree(MINI_PROJECT, folder)
    home = folder / ".dagster_home"
    home.mkdir()
    (folder / "dagster.yaml").rename(home / "dagster.yaml")
    return folder


@pytest.fixture(scope="session")
def dagster(mini_project: Path) -> Iterator[RunningDagster]:
    running = RunningDagster(mini_project, mini_project / ".dagster_home", free_port())
    argv = [sys.executable, "-m", "dagster", "dev", "--host", LOOPBACK, "--port", str(running.port)]
    env = {**os.environ, "DAGSTER_HOME": str(running.home)}
    with spawn(argv, cwd=mini_project, env=env) as child:
        child.wait_until_healthy(f"{running.url}/server_info", timeout=120)
        yield running
