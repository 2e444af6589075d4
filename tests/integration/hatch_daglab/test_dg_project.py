"""A `dg` project's wheel loads where the project's own files are not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.hatch_daglab.building import build, configure, tiny_project

DEFINITIONS = """\
from pathlib import Path

import daglab
import dagster as dg


@dg.definitions
def defs():
    folder = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    return dg.Definitions.merge(folder, daglab.notebook_definitions("tiny.notebooks"))
"""


@pytest.mark.parametrize("where", ["pyproject.toml", "dg.toml"])
def test_the_defs_folder_is_found_in_a_wheel(where: str, tmp_path: Path) -> None:
    root, module = tiny_project(tmp_path / "project"), "defs"
    if where == "dg.toml":
        (root / where).write_text(
            'directory_type = "project"\n[project]\nroot_module = "tiny"\ndefs_module = "tiny.parts"\n'
        )
        module = "parts"
    else:
        table = '[tool.dg]\ndirectory_type = "project"\n[tool.dg.project]\nroot_module = "tiny"\n\n'
        configure(root, "[tool.hatch.build.hooks", f"{table}[tool.hatch.build.hooks")
    (root / "src/tiny/definitions.py").write_text(DEFINITIONS)
    (root / "src/tiny" / module).mkdir()
    (root / "src/tiny" / module / "other.py").write_text("import dagster as dg\n\n\n@dg.asset\ndef other(): ...\n")
    site = tmp_path / "site"
    build(root, tmp_path / "out").wheel.extractall(site)
    argv = [sys.executable, "-m", "dagster", "asset", "list", "-m", "tiny.definitions"]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])}
    ended = subprocess.run(argv, cwd=site, env=environ, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    assert {"other", "tiny/numbers"} <= set(ended.stdout.split())
