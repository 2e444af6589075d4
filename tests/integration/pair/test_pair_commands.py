"""``daglab pair``, ``sync``, ``status``, ``unpair`` as a user runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.shapes import assert_shape

DAGLAB = Path(sys.executable).with_name("daglab")
CORPUS = Path(__file__).parents[2] / "corpus" / "jupyter"


def daglab(folder: Path, *args: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([DAGLAB, *args], cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    if "--json" in args:
        assert_shape(args, done.stdout)
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


def test_a_conflict_is_decided_cell_by_cell_and_what_lost_is_put_back(project: Path) -> None:
    edit(project / "magics.py", "x = 3", "x = 4")
    edit(project / "magics.ipynb", "x = 3", "x = 5")
    shown = daglab(project, "sync", "magics.py", code=8).stdout
    (command,) = (line.split("    (")[0].strip() for line in shown.splitlines() if "--resolve" in line)
    assert command.startswith("daglab sync magics.py --resolve ")
    assert daglab(project, "sync", "--resolve", "1=py", code=2).stderr.count("name its notebook") == 1
    assert "no decision" in daglab(project, "sync", "magics.py", "--resolve", "x=both", code=2).stderr
    assert "no conflict is called" in daglab(project, "sync", "magics.py", "--resolve", "none=py", code=1).stderr
    daglab(project, *command.split()[1:])
    assert "x = 4" in (project / "magics.ipynb").read_text("utf-8")
    listed = json.loads(daglab(project, "backups", "list", "--json").stdout)["backups"]
    lost = next(b for b in listed if b["file"].endswith("magics.ipynb") and "x = 5" in Path(b["path"]).read_text())
    assert lost["name"] in daglab(project, "backups", "list", "magics.ipynb").stdout
    assert "x = 5" in daglab(project, "backups", "show", lost["name"]).stdout.splitlines()
    assert "+x = 5" in daglab(project, "backups", "restore", lost["name"], "--dry-run").stdout
    assert "x = 4" in (project / "magics.ipynb").read_text("utf-8")
    assert "restored magics.ipynb" in daglab(project, "backups", "restore", lost["name"]).stdout
    daglab(project, "sync")
    assert "x = 5" in (project / "magics.py").read_text("utf-8")
    assert "no backup" in daglab(project, "backups", "show", "none", code=1).stderr
    (project / "daglab.yaml").write_text("read_only: true\n")
    assert "read_only" in daglab(project, "backups", "restore", lost["name"], code=2).stderr


def test_a_dry_run_shows_the_ipynb_cell_by_cell(project: Path) -> None:
    edit(project / "magics.py", "x = 3", "x = 4")
    shown = daglab(project, "sync", "--dry-run").stdout.splitlines()
    assert "-x = 3" in shown
    assert "+x = 4" in shown
    assert not any('"source"' in line for line in shown)


def test_outputs_stay_where_asked(project: Path) -> None:
    before = json.loads((project / "analysis.ipynb").read_bytes())
    edit(project / "analysis.py", "df.week", "df['week']")
    daglab(project, "sync", "--keep-outputs")
    after = json.loads((project / "analysis.ipynb").read_bytes())
    assert [cell.get("outputs") for cell in after["cells"]] == [cell.get("outputs") for cell in before["cells"]]
    (stale,) = (cell for cell in after["cells"] if "daglab" in cell["metadata"])
    assert stale["metadata"]["daglab"] == {"stale": True}


def test_what_marimo_will_refuse_is_said_and_nothing_is_renamed(project: Path) -> None:
    edit(project / "magics.ipynb", "x = 3", "x = 3\\ntotal = 0")
    daglab(project, "sync")
    assert states(project)["magics"] == "in-sync"
    assert (project / "magics.py").read_text("utf-8").count("total =") == 2
    (line,) = (line for line in daglab(project, "status", "magics.py").stdout.splitlines() if "'total'" in line)
    place, text = line.strip().split(": ", 1)
    assert "'total' is defined in multiple cells" in text
    name, number = place.rsplit(":", 1)
    assert "total" in (project / name).read_text("utf-8").splitlines()[int(number) - 1]
    document = json.loads(daglab(project, "status", "magics.py", "--json").stdout)
    assert any("'total'" in found["message"] for found in document["pairs"][0]["refused"])
    daglab(project, "status", "--check")
    (project / "magics.ipynb").unlink()
    assert "MB002" in daglab(project, "pair", "magics.py").stdout
