"""``daglab clean``: it deletes what daglab made, shows it first, and nothing of a user's."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from daglab import backups
from daglab.cli.app import run
from daglab.cli.clean import parse_age
from daglab.pair import create_pair, pair_status
from daglab.scaffold.made import record_made, untouched
from daglab.scaffold.notebook import render_notebook
from daglab.storage import ExecutedStore

Cleaned = Callable[..., list[str]]
RUN = "7bd1f1f4-0000-0000-0000-000000000000"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    (tmp_path / "pyproject.toml").write_text("[tool.daglab]\n")
    return tmp_path


@pytest.fixture
def clean(project: Path, capsys: pytest.CaptureFixture[str]) -> Cleaned:
    def cleaned(*options: str) -> list[str]:
        assert run(["clean", "--yes", "--json", *options]) == 0
        found = json.loads(capsys.readouterr().out)["deleted"]
        return [os.path.relpath(left["place"], project) for left in found]

    return cleaned


def executed(root: Path, *, days: float = 0, run_id: str = RUN, said: str | None = None) -> Path:
    content = {"metadata": {"daglab": {"executed": {"run_id": said or run_id}}}, "cells": []}
    path = Path(ExecutedStore(str(root)).write(run_id, "sales/orders", json.dumps(content).encode()))
    os.utime(path, (time.time() - days * 86_400,) * 2)
    return path


def test_old_executed_notebooks_go_and_nothing_else(project: Path, clean: Cleaned) -> None:
    store = project / ".daglab" / "executed"
    old, new = executed(store, days=31), executed(store, days=29, run_id="new")
    in_home = executed(project / "home" / "storage" / "daglab-executed", days=31)
    of_a_user = executed(store, days=31, run_id="copy", said="another")
    assert set(clean()) == {os.path.relpath(path, project) for path in (old, in_home)}
    assert not old.parent.exists()
    assert new.exists()
    assert of_a_user.exists()
    assert clean("--executed", "--older-than", "0d") == [os.path.relpath(new, project)]


@pytest.mark.skipif(sys.platform != "linux", reason="a file that nobody can read, root neither")
def test_an_executed_notebook_that_cannot_be_read_is_told_and_left(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = project / ".daglab" / "executed"
    old, unreadable = executed(store, days=31), executed(store, run_id="unreadable")
    unreadable.unlink()
    unreadable.symlink_to("/proc/self/mem")
    assert run(["clean", "--yes", "--json", "--older-than", "0d"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert [left["place"] for left in document["deleted"]] == [str(old)]
    ((kept),) = document["kept"]
    assert kept["place"] == str(unreadable)
    assert "cannot be read" in kept["reason"]
    assert unreadable.is_symlink()


def test_backups_go_unless_they_are_something_else(project: Path, clean: Cleaned) -> None:
    note = project / "note.py"
    note.write_text("mine")
    kept = backups.keep(note, b"mine", project / ".daglab" / "backups", name="note.py")
    other = kept.with_name(f"20200101T000000-{'0' * 8}-note.py")
    other.write_text("named like a backup")
    kept.with_name(f"20200101T000000-{'1' * 8}-gone.py").symlink_to("nowhere")
    assert clean("--backups") == []
    assert clean("--backups", "--older-than", "0s") == [os.path.relpath(kept, project)]
    assert other.exists()
    assert note.read_text() == "mine"


def test_the_cache_of_pairs_comes_back(project: Path, clean: Cleaned) -> None:
    note = project / "note.py"
    note.write_text(render_notebook("blank", "note"))
    create_pair(note)
    (project / ".daglab" / "state" / "mine.json").write_text('{"of": "a user"}')
    (state,) = clean("--cache")
    assert state.startswith(".daglab/state/")
    assert pair_status(note).state == "in-sync"
    assert (project / ".daglab" / "state" / "mine.json").exists()


def test_notebooks_that_nobody_has_touched(project: Path, clean: Cleaned) -> None:
    def make(name: str) -> tuple[Path, Path]:
        py = project / f"{name}.py"
        py.write_text(render_notebook("blank", name))
        create_pair(py)
        record_made(project, (py, py.with_suffix(".ipynb")))
        return py, py.with_suffix(".ipynb")

    same, edited, own = make("same"), make("edited"), project / "own.py"
    own.write_text(render_notebook("blank", "same"))
    edited[0].write_text(edited[0].read_text() + "\n# mine\n")
    assert clean("--notebooks") == [path.name for path in same]
    assert all(path.exists() for path in (*edited, own))
    assert clean("--notebooks") == []
    assert untouched(project) == []
    assert "same.py" not in (project / ".daglab" / "made.json").read_text()


def test_a_manifest_that_leads_out_of_the_project_deletes_nothing_there(project: Path, clean: Cleaned) -> None:
    victim, config = project.parent / "victim.py", project / "victim.toml"
    for file in (victim, config):
        file.write_text("mine")
    (project / "linked").symlink_to(project.parent)
    digest = hashlib.sha256(b"mine").hexdigest()
    (project / ".daglab").mkdir()
    for name in ("../victim.py", str(victim), "linked/victim.py", "victim.toml", "a\0.py"):
        (project / ".daglab" / "made.json").write_text(json.dumps({"version": 1, "notebooks": [{name: digest}]}))
        assert clean("--notebooks") == []
    assert victim.exists() and config.exists()


def test_a_damaged_manifest_names_no_notebooks(project: Path, clean: Cleaned) -> None:
    (project / ".daglab").mkdir()
    for text in ("", "[]", '{"notebooks": 1}', '{"notebooks": [1, {}, {"pyproject.toml": null}]}'):
        (project / ".daglab" / "made.json").write_text(text)
        assert clean("--notebooks") == []
    assert (project / "pyproject.toml").exists()


def test_nobody_is_asked_where_nobody_is(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = executed(project / ".daglab" / "executed", days=31)
    assert run(["clean"]) == 2
    assert "--dry-run" in capsys.readouterr().err
    assert run(["clean", "--dry-run"]) == 0
    said = capsys.readouterr()
    assert "would delete executed" in said.out
    assert "31 d" in said.out
    assert old.exists()


def test_read_only_deletes_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = executed(project / ".daglab" / "executed", days=31)
    monkeypatch.setenv("DAGLAB_READ_ONLY", "true")
    assert run(["clean", "--yes"]) != 0
    assert run(["clean", "--dry-run"]) == 0
    assert old.exists()


@pytest.mark.parametrize(("answer", "code"), [("n\n", 130), ("y\n", 0)])
def test_a_person_is_asked(project: Path, answer: str, code: int) -> None:
    old = executed(project / ".daglab" / "executed", days=31)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "daglab", "clean"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=project) as process:
        os.close(theirs)
        said = b""
        while b"?" not in said:
            said += os.read(ours, 1024)
        assert os.path.relpath(old, project).encode() in said
        os.write(ours, answer.encode())
        assert process.wait(30) == code
    os.close(ours)
    assert old.exists() == (code != 0)


def test_what_is_edited_while_the_question_stands_is_kept(project: Path) -> None:
    py = project / "made.py"
    py.write_text(render_notebook("blank", "made"))
    create_pair(py)
    record_made(project, (py, py.with_suffix(".ipynb")))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "daglab", "clean", "--notebooks"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=project) as process:
        os.close(theirs)
        said = b""
        while b"?" not in said:
            said += os.read(ours, 1024)
        py.write_text(py.read_text() + "\n# mine\n")
        os.write(ours, b"y\n")
        assert process.wait(30) == 1
    os.close(ours)
    assert py.read_text().endswith("# mine\n")


@pytest.mark.parametrize(("text", "days"), [("30d", 30), ("12h", 0.5), ("1.5", 1.5), ("2 w", 14), ("0s", 0)])
def test_ages(text: str, days: float) -> None:
    assert parse_age(text) == timedelta(days)


@pytest.mark.parametrize("text", ["", "d", "-1d", "3y", "1e9d", "9999999999999d"])
def test_what_is_no_age(text: str) -> None:
    assert run(["clean", "--older-than", text]) == 2
