"""The hooks of ``.pre-commit-hooks.yaml``, run by the real pre-commit from a real ``git commit``."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.integration.pair.repository import NOTEBOOK, Repository
from tests.integration.pair.test_pair_commands import daglab, edit, states

HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository with a committed pair, and the hooks installed as a project's own."""
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    made = Repository.create(tmp_path / "work")
    made.add_pair()
    hooks = [{**hook, "language": "system"} for hook in HOOKS]
    config = {"repos": [{"repo": "local", "hooks": hooks}]}
    (made.folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    made.python("pre_commit", "install")
    made.commit("a pair")
    return made


def test_a_pair_out_of_sync_is_synced_and_must_be_added(repository: Repository) -> None:
    edit(repository.py, "first = 1", "first = 10")
    said = repository.commit("edit", code=1)
    assert "files were modified by this hook" in said
    assert "wrote orders.ipynb" in said
    assert "first = 10" in repository.ipynb.read_text("utf-8")
    repository.commit("edit")
    assert repository.git("status", "--porcelain") == ""


def test_an_edit_that_is_staged_alone_is_not_lost(repository: Repository) -> None:
    """pre-commit hides what isn't staged while its hooks run, and puts it back."""
    edit(repository.py, "first = 1", "first = 10")
    edit(repository.ipynb, "second = 2", "second = 20")
    repository.git("add", "orders.py")
    repository.git("commit", "-q", "-m", "half of it", code=1)
    assert "first = 10" in repository.py.read_text("utf-8")
    assert "second = 20" in repository.ipynb.read_text("utf-8")
    repository.sync()
    for path in (repository.py, repository.ipynb):
        assert "first = 10" in path.read_text("utf-8") and "second = 20" in path.read_text("utf-8")
    repository.commit("both")


def test_a_conflict_refuses_the_commit(repository: Repository) -> None:
    edit(repository.py, "first = 1", "first = 10")
    edit(repository.ipynb, "first = 1", "first = 11")
    before = repository.py.read_bytes(), repository.ipynb.read_bytes()
    said = repository.commit("edit", code=1)
    assert "+first = 11" in said and "--prefer" in said
    assert (repository.py.read_bytes(), repository.ipynb.read_bytes()) == before
    repository.sync("--prefer", "py")
    repository.commit("edit")


def test_findings_refuse_the_commit(repository: Repository) -> None:
    edit(repository.py, "[tool.daglab.assets.total]", "[tool.daglab.assets.nothing]")
    repository.sync()
    said = repository.commit("edit", code=1)
    assert "orders.py:4: DL" in said
    edit(repository.py, "[tool.daglab.assets.nothing]", "[tool.daglab.assets.total]")
    edit(repository.py, "first = 1", "first = 10")
    repository.sync()
    repository.commit("edit")


def test_files_that_are_no_pairs_pass_untouched(repository: Repository) -> None:
    (repository.folder / "plain.py").write_text("import marimo\n\nx = 1\n")
    (repository.folder / "both.py").write_text("x = 1\n")
    (repository.folder / "broken.py").write_text("def\n")
    for name in ("both", "lone"):
        (repository.folder / f"{name}.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4}\n')
    (repository.folder / "empty.py").write_text("")
    before = sorted(repository.folder.iterdir())
    repository.commit("plain files")
    assert sorted(repository.folder.iterdir()) == before
    assert repository.sync("both.py", "plain.py") == ""


def test_processes_beside_each_other_share_pairs(repository: Repository) -> None:
    """pre-commit deals files out to a process for each processor, the halves of a pair to different ones."""
    names = [f"n{number}" for number in range(8)]
    for name in names:
        text = NOTEBOOK.replace("tool.daglab.assets.total", f"tool.daglab.assets.{name}").replace("total", name)
        (repository.folder / f"{name}.py").write_text(text)
    daglab(repository.folder, "pair", *[f"{name}.py" for name in names])
    repository.commit("many pairs")
    for name in names:
        edit(repository.folder / f"{name}.py", "first = 1", "first = 10")
        edit(repository.folder / f"{name}.ipynb", "second = 2", "second = 20")
    said = repository.commit("edits", code=1)
    assert "Traceback" not in said and "error" not in said
    assert set(states(repository.folder).values()) == {"in-sync"}
    for name in names:
        for path in (repository.folder / f"{name}.py", repository.folder / f"{name}.ipynb"):
            assert "first = 10" in path.read_text("utf-8") and "second = 20" in path.read_text("utf-8")
    repository.commit("edits")
