"""`python -m daglab.server.lab` when it is killed, and when it cannot start; tests/e2e starts and ends it in order."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from daglab.dagster_dev import dagster_dev_argv
from daglab.processes import spawn
from daglab.project import Project

MINI_PROJECT = Path(__file__).parents[2] / "mini_project"


def test_a_killed_lab_leaves_no_process(tmp_path: Path) -> None:
    folder = tmp_path / "mini"
    shutil.copytree(MINI_PROJECT, folder)
    log = tmp_path / "lab.log"
    with spawn([sys.executable, "-m", "daglab.server.lab", str(folder)], cwd=tmp_path, log=log) as child:
        child.wait_until_healthy(lambda: "Ctrl-C ends both" in log.read_text(), timeout=180)
        family = psutil.Process(child.pid).children(recursive=True)
        assert {"dagster", "jupyter-lab"} <= {Path(part).name for one in family for part in one.cmdline()}
        child.process.kill()
        child.wait(10)
        _, alive = psutil.wait_procs(family, timeout=30)
        assert alive == []


def test_a_folder_without_a_code_location_is_told(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'empty'\n")
    argv = [sys.executable, "-m", "daglab.server.lab", str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "[tool.dagster]" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "dg", "command"),
    [
        ('[tool.dagster]\nmodule_name = "a.b"\n', True, ["dagster", "dev"]),
        ('[tool.dg.project]\nroot_module = "a"\n', True, ["dagster_dg_cli.cli", "dev"]),
        ('[tool.dg.project]\nroot_module = "a"\n', False, ["dagster", "dev", "--module-name", "a.definitions"]),
    ],
)
def test_dagster_itself_reads_the_name_of_the_location_where_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, dg: bool, command: list[str]
) -> None:
    if not dg:
        monkeypatch.setattr("daglab.dagster_dev.find_spec", lambda name: None)
    (tmp_path / "pyproject.toml").write_text(text)
    argv = dagster_dev_argv(Project(tmp_path), 3000)
    assert argv[2:4] == command[:2]
    assert (argv[-2:] == command[2:]) if command[2:] else ("--module-name" not in argv)
    assert argv[argv.index("--host") + 1] == "127.0.0.1"
