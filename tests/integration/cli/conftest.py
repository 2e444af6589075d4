"""A project whose runs succeed, fail and hang, and the real Dagster that serves it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from daglab.processes import LOOPBACK, free_port, spawn
from tests.integration.client.calling import with_client
from tests.integration.conftest import RunningDagster

PROJECT = Path(__file__).parent / "project"


def copy_of_project(folder: Path) -> Path:
    """A copy of the project with an instance of its own in ``.dagster_home``."""
    shutil.copytree(PROJECT, folder)
    (folder / ".dagster_home").mkdir()
    (folder / "dagster.yaml").rename(folder / ".dagster_home" / "dagster.yaml")
    return folder


@pytest.fixture(scope="package")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy that is run in-process, without a Dagster."""
    return copy_of_project(tmp_path_factory.mktemp("here") / "cells")


@pytest.fixture(scope="package")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDagster]:
    folder = copy_of_project(tmp_path_factory.mktemp("there") / "cells")
    running = RunningDagster(folder, folder / ".dagster_home", free_port())
    argv = [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml"]
    argv += ["--host", LOOPBACK, "--port", str(running.port)]
    with spawn(argv, cwd=folder, env={**os.environ, "DAGSTER_HOME": str(running.home)}) as child:
        child.wait_until_healthy(f"{running.url}/server_info", timeout=120)
        child.wait_until_healthy(lambda: _runs_start(running.url), timeout=60)  # the daemon comes up later
        yield running


def _runs_start(url: str) -> bool:
    return with_client(url, lambda c: c.daemon_health()).launch_problem is None
