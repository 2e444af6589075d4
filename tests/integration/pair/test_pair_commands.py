"""``daglab pair``, ``sync``, ``status``, ``unpair`` as a user runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

DAGLAB = Path(sys.executable).with_name("daglab")
CORPUS = Path(__file__).parents[2] / "corpus" / "jupyter"


def daglab(folder: Path, *args: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([DAGLAB, *args], cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("")
    for name in ("analysis", "magics"):
        (tmp_path / f"{name}.ipynb").write_bytes((CORPUS / f"{name}.ipynb").read_bytes())
    daglab(tmp_path, "pair", "analysis.ipynb", "magics.ipynb")
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def states(folder: Path) -> dict[str, Any]:
    document = json.loads(daglab(folder, "status", "--json").stdout)
    return {Path(one["py"]).stem: one["state"] for one in document["pairs"]}


def test_edits_go_both_ways(project: Path) -> None:
    assert states(project) == {"analysis": "in-sync", "magics": "in-sync"}
    daglab(project, "status", "--check")
    edit(project / "analysis.py", "df.week", "df['week']")
    edit(project / "magics.ipynb", "x = 3", "x = 4")
    assert states(project) == {"analysis": "py-ahead", "magics": "ipynb-ahead"}
    daglab(project, "status", "--check", code=7)
    shown = daglab(project, "sync", "--dry-run").stdout
    assert '-    "df[' not in shown
    assert "+    x = 4" in shown
    assert states(project) == {"analysis": "py-ahead", "magics": "ipynb-ahead"}
    assert "wrote analysis.ipynb" in daglab(project, "sync").stdout
    assert states(project) == {"analysis": "in-sync", "magics": "in-sync"}
    assert "df['week']" in (project / "analysis.ipynb").read_text("utf-8")
    assert "    x = 4" in (project / "magics.py").read_text("utf-8")
    assert daglab(project, "sync").stdout == ""


def test_a_conflict_exits_with_8_and_says_what_to_do(project: Path) -> None:
    edit(project / "magics.py", "x = 3", "x = 4")
    edit(project / "magics.ipynb", "x = 3", "x = 5")
    edit(project / "analysis.py", "df.week", "df['week']")
    done = daglab(project, "sync", code=8)
    assert "-x = 4" in done.stdout
    assert "+x = 5" in done.stdout
    assert "--prefer" in done.stdout
    assert states(project) == {"analysis": "in-sync", "magics": "conflict"}
    document = json.loads(daglab(project, "sync", "--json", code=8).stdout)
    (conflict,) = next(one for one in document["pairs"] if one["conflicts"])["conflicts"]
    assert (conflict["py"], conflict["ipynb"], conflict["reason"]) == ("x = 4", "x = 5", "both-edited")
    done = daglab(project, "sync", "magics.py", "--prefer", "ipynb")
    assert "daglab backups list" in done.stderr
    assert states(project)["magics"] == "in-sync"


def test_unpairing_asks_before_it_deletes(project: Path) -> None:
    daglab(project, "unpair", "magics.py", "--delete-half", code=2)
    assert (project / "magics.ipynb").exists()
    daglab(project, "unpair", "magics.py", "--delete-half", "--yes")
    assert not (project / "magics.ipynb").exists()
    daglab(project, "unpair", "analysis.ipynb")
    assert states(project) == {"analysis": "unpaired"}


def test_what_is_wrong_is_told(project: Path) -> None:
    assert "does not exist" in daglab(project, "sync", "none.py", code=1).stderr
    assert "does not exist" in daglab(project, "pair", "none.py", code=1).stderr
    (project / "r.ipynb").write_text(
        json.dumps({"cells": [], "metadata": {"kernelspec": {"language": "R"}}, "nbformat": 4, "nbformat_minor": 5})
    )
    assert "notebook in R" in daglab(project, "pair", "r.ipynb", code=7).stderr
    (project / "magics.ipynb").write_text("{")
    assert "not valid JSON" in daglab(project, "sync", code=7).stdout
    empty = project / "empty"
    empty.mkdir()
    assert "no pairs here" in daglab(empty, "sync").stderr
    assert "no pairs here" in daglab(empty, "status").stderr


def test_a_pair_that_fails_does_not_keep_the_others_from_syncing(project: Path) -> None:
    edit(project / "magics.py", "x = 3", "x = 4")
    (project / "analysis.ipynb").unlink()
    (project / "analysis.ipynb").symlink_to("analysis.ipynb")
    done = daglab(project, "sync", code=1)
    assert "cannot read" in done.stderr
    assert "x = 4" in (project / "magics.ipynb").read_text("utf-8")


def test_read_only_is_obeyed(project: Path) -> None:
    (project / "daglab.yaml").write_text("read_only: true\n")
    edit(project / "magics.py", "x = 3", "x = 4")
    for command in (["sync"], ["pair", "magics.py"], ["unpair", "magics.py"]):
        assert "read_only" in daglab(project, *command, code=2).stderr
    daglab(project, "sync", "--dry-run")
