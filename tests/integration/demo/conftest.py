"""One demo a session: a real isolated build, an empty environment, a real Dagster; its tests look at what is left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.shapes import assert_shape


@dataclass(frozen=True)
class Shown:
    """What the demo printed, and the folder that it leaves."""

    folder: Path
    document: dict[str, Any]
    messages: str

    def python(self, *argv: str) -> str:
        """Run the Python of the shop's own environment in the shop's folder."""
        environment = {**os.environ, "DAGSTER_HOME": str(self.folder / ".dagster_home")}
        command = [str(self.folder / ".venv/bin/python"), *argv]
        ended = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=120)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    folder = tmp_path_factory.mktemp("demo") / "the shop"
    argv = [sys.executable, "-m", "daglab", "demo", str(folder), "--json"]
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=900)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert_shape(argv[3:], ended.stdout)
    return Shown(folder, json.loads(ended.stdout), ended.stderr)


@pytest.fixture
def processes_of_the_shop(shown: Shown) -> list[str]:
    """Command lines of processes that still work in the shop's folder or from its environment."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or ())
        if str(shown.folder) in line:
            found.append(line)
    return found
