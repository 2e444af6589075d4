"""JupyterLab, marimo, git and daglab write one pair together: whatever daglab replaces is still somewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from daglab.notebook.edit import NewCell, new_notebook
from daglab.pair import create_pair, sync
from tests.integration.pair.writers import MARKER

ROOT = Path(__file__).parents[3]
CELLS = ["g = 'G-0'", "j = 'J-99999'", "m = 'M-99999'", "print(g, j, m)"]


def run_git(folder: Path, *args: str) -> None:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "core.hooksPath=", *args]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pair in a git repository, with some versions of it committed and tagged."""
    (tmp_path / "pyproject.toml").write_text("")
    py = tmp_path / "orders.py"
    py.write_text(new_notebook([NewCell(code) for code in CELLS]), "utf-8")
    create_pair(py)
    run_git(tmp_path, "init", "--quiet")
    for version in range(4):
        py.write_text(py.read_text("utf-8").replace(f"G-{version}", f"G-{version + 1}"), "utf-8")
        sync(py)
        run_git(tmp_path, "add", "orders.py", "orders.ipynb")
        run_git(tmp_path, "commit", "--quiet", "--message", f"{version}")
        run_git(tmp_path, "tag", f"v{version}")
    return tmp_path


def write_together(
    folder: Path, rounds: int, *, syncing: str = "daglab"
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Let all write; answers what the writers said, and what daglab did."""
    environ = os.environ | {"JUPYTER_DATA_DIR": str(folder / ".git" / "jupyter")}

    def start(role: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.integration.pair.writers", role, str(folder), str(rounds)]
        return subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)

    syncs = start(syncing)
    others = [start(role) for role in ("jupyter", "marimo", "git")]
    while len(list((folder / ".git").glob("ready-*"))) < 4:
        assert all(process.poll() is None for process in (syncs, *others))
        time.sleep(0.01)
    (folder / ".git" / "go").touch()
    said = [json.loads(line) for process in others for line in process.communicate()[0].splitlines()]
    (folder / "stop").touch()
    did: dict[str, Any] = json.loads(syncs.communicate()[0])
    assert [process.returncode for process in (syncs, *others)] == [0, 0, 0, 0]
    return said, did


def lost(folder: Path, said: list[dict[str, Any]]) -> set[str]:
    """The markers that were saved, that no other writer wrote over, and that are in no file."""
    saved = {line["saved"] for line in said if "saved" in line}
    over = {marker for line in said for marker in line["over"]}
    files = [folder / "orders.py", folder / "orders.ipynb", *(folder / ".daglab" / "backups").iterdir()]
    found = {marker for path in files for marker in MARKER.findall(path.read_text("utf-8", "replace"))}
    assert len(saved) > 10
    return saved - over - found


def together(folder: Path, rounds: int) -> dict[str, Any]:
    said, did = write_together(folder, rounds)
    assert lost(folder, said) == set()
    path = folder / "orders.py"
    if sync(path).before.state == "conflict":
        sync(path, prefer="ipynb")
    assert sync(path).written == ()
    assert lost(folder, said) == set()
    assert not list(folder.glob(".orders.*"))
    return did


def test_what_other_programs_save_during_syncs_is_never_lost(folder: Path) -> None:
    assert together(folder, 50)["written"] > 0


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_what_other_programs_save_during_many_syncs_is_never_lost(folder: Path) -> None:
    did = together(folder, 1000)
    assert did["written"] > 100 and did["moved"] > 0 and did["conflicts"] > 0


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_the_writers_would_notice_a_sync_that_loses_what_they_save(folder: Path) -> None:
    """It has neither the exchange nor the second name, and looks away between its last look and the rename."""

    def loses_something() -> bool:  # in most of fifty rounds
        said, _ = write_together(folder, 50, syncing="hasty")
        return bool(lost(folder, said))

    assert any(loses_something() for _ in range(40))
