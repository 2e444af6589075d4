"""Pairs in git: merges of every kind, and the recipes of ``docs/pairs.md``."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from daglab.pair import pair_status, sync
from tests.conftest import ROOT
from tests.integration.pair.repository import NOTEBOOK, Repository
from tests.integration.pair.test_pair_commands import edit

OURS, THEIRS = "# by us", "# by them"
NEW_CELL = "@app.cell\ndef _():\n    new = 1  # by them\n    return (new,)\n\n\n"


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Repository.create(tmp_path_factory.mktemp("git") / "work")
    made.add_pair()
    made.commit("a pair")
    return made.folder


@pytest.fixture
def repository(committed: Path, tmp_path: Path) -> Repository:
    return Repository(shutil.copytree(committed, tmp_path / "work"))


def diverge(repository: Repository, ours: tuple[str, str], theirs: tuple[str, str]) -> None:
    """Edit and sync on two branches that part here; ours is checked out."""
    for branch, (old, new) in (("theirs", theirs), ("ours", ours)):
        repository.git("checkout", "-q", "-b", branch, "main")
        edit(repository.py, old, new)
        assert sync(repository.py).synced
        repository.commit(branch)


def marked(line: str, mark: str) -> tuple[str, str]:
    return line, f"{line}  {mark}"


def marks(*paths: Path) -> set[str]:
    texts = [path.read_text("utf-8") for path in paths]
    return {mark for mark in (OURS, THEIRS) if any(mark in text for text in texts)}


def outcome(repository: Repository) -> str:
    """Sync after a merge; nothing that stood in either half may be gone from halves and backups."""
    backups = repository.folder / ".daglab" / "backups"
    shutil.rmtree(backups, ignore_errors=True)
    halves = repository.py, repository.ipynb
    there, before = marks(*halves), [half.read_bytes() for half in halves]
    result = sync(repository.py)
    if not result.synced:
        assert [half.read_bytes() for half in halves] == before
        return result.before.state
    assert marks(*halves, *backups.glob("*orders*")) == there
    assert marks(repository.py) == marks(repository.ipynb)
    assert pair_status(repository.py).state == "in-sync"
    assert sync(repository.py).written == ()
    return result.before.state


@pytest.mark.parametrize("memory", ["remembered", "fresh clone"])
@pytest.mark.parametrize(
    "theirs",
    [
        marked("third = 3", THEIRS),
        marked("first = 1", THEIRS),
        ("@app.cell\ndef _():\n    third", f"{NEW_CELL}@app.cell\ndef _():\n    third"),
        ("@app.cell\ndef _():\n    third = 3\n    return (third,)\n\n\n", ""),
    ],
    ids=["another cell", "the same cell", "a new cell", "a deleted cell"],
)
def test_merges_that_take_a_side_for_each_half_lose_no_text(
    repository: Repository, theirs: tuple[str, str], memory: str
) -> None:
    diverge(repository, marked("first = 1", OURS), theirs)
    for py in ("HEAD", "MERGE_HEAD"):
        for ipynb in ("HEAD", "MERGE_HEAD"):
            assert sync(repository.py).before.state == "in-sync"  # what this machine remembers is our version
            repository.git("merge", "-q", "--no-commit", "theirs", code=1)  # git cannot merge the hashes of the base
            assert pair_status(repository.py).state == "invalid"
            repository.git("checkout", "-q", py, "--", "orders.py")
            repository.git("checkout", "-q", ipynb, "--", "orders.ipynb")
            if memory == "fresh clone":
                shutil.rmtree(repository.folder / ".daglab")
            state = outcome(repository)
            assert state == "in-sync" if py == ipynb else state in ("py-ahead", "conflict")
            repository.git("reset", "-q", "--hard")


@pytest.mark.parametrize("side", ["ours", "theirs"])
@pytest.mark.parametrize("memory", ["remembered", "fresh clone"])
def test_a_merged_py_brings_both_edits_to_the_ipynb_of_either_side(
    repository: Repository, side: str, memory: str
) -> None:
    diverge(repository, marked("first = 1", OURS), marked("third = 3", THEIRS))
    repository.git("merge", "-q", "--no-commit", "theirs", code=1)
    repository.git("checkout", f"--{side}", "--", "orders.ipynb")
    if memory == "fresh clone":
        shutil.rmtree(repository.folder / ".daglab")
    assert outcome(repository) == "py-ahead"
    assert marks(repository.py) == marks(repository.ipynb) == {OURS, THEIRS}


@pytest.mark.parametrize("half", ["orders.py", "orders.ipynb"])
def test_conflict_markers_refuse_the_pair_and_say_what_to_do(repository: Repository, half: str) -> None:
    diverge(repository, marked("first = 1", OURS), marked("first = 1", THEIRS))
    repository.git("merge", "-q", "--no-commit", "theirs", code=1)
    (other,) = {"orders.py", "orders.ipynb"} - {half}
    repository.git("checkout", "--ours", "--", other)
    before = repository.py.read_bytes(), repository.ipynb.read_bytes()
    said = repository.sync(code=7)
    assert f"{half} has git's conflict markers" in said and "git checkout --ours" in said
    assert (repository.py.read_bytes(), repository.ipynb.read_bytes()) == before
    repository.git("checkout", "--ours", "--", half)
    assert repository.sync() == ""


def recipe(heading: str) -> list[list[str]]:
    """The commands of each console block below a heading of the docs."""
    text = (ROOT / "docs" / "pairs.md").read_text("utf-8")
    section = re.split(r"(?m)^##+ ", text.split(f"# {heading}\n", 1)[1])[0]
    blocks = re.findall(r"```console\n(.*?)```", section, re.DOTALL)
    return [re.findall(r"(?m)^\$ (.+)$", block) for block in blocks]


def run(repository: Repository, commands: list[str]) -> None:
    for command in commands:
        repository.run("sh", "-c", command)


def test_the_recipe_for_merges(repository: Repository) -> None:
    set_up, merge = recipe("Git")
    assert len(set_up) == 2
    run(repository, set_up)
    repository.commit("attributes")
    diverge(repository, marked("first = 1", OURS), ("third = 3", f"third = 3  {THEIRS}"))
    document = json.loads(repository.ipynb.read_bytes())
    for cell in document["cells"]:
        cell["execution_count"] = 7
    repository.ipynb.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    repository.commit("run")
    repository.git("branch", "-q", "topic", "theirs")
    run(repository, merge)
    assert marks(repository.py) == marks(repository.ipynb) == {OURS, THEIRS}
    assert repository.git("status", "--porcelain") == ""
    assert len(repository.git("log", "--pretty=%P", "-1").split()) == 2
    counts = [cell["execution_count"] for cell in json.loads(repository.ipynb.read_bytes())["cells"]]
    assert counts == [7, 7, None, 7]  # ours are kept, except for the cell that theirs edited
    assert repository.sync() == ""


def test_the_recipe_for_merges_waits_for_a_conflict_in_the_py(repository: Repository) -> None:
    set_up, (merge, *rest) = recipe("Git")
    run(repository, set_up)
    repository.commit("attributes")
    diverge(repository, marked("first = 1", OURS), marked("first = 1", THEIRS))
    repository.git("branch", "-q", "topic", "theirs")
    repository.run("sh", "-c", merge, code=1)
    assert "conflict markers" in repository.sync(code=7)
    text = re.sub(r"<<<<<<< .*?>>>>>>> \w+", f"    first = 1  {OURS} {THEIRS}", repository.py.read_text(), flags=re.S)
    repository.py.write_text(text)
    run(repository, rest)
    assert marks(repository.py) == marks(repository.ipynb) == {OURS, THEIRS}
    assert repository.git("status", "--porcelain") == ""


def test_the_recipe_without_the_ipynb(tmp_path: Path) -> None:
    repository = Repository.create(tmp_path / "work")
    (commands,) = recipe("Without the .ipynb")
    repository.py.write_text(NOTEBOOK)
    run(repository, commands)
    repository.sync()
    repository.commit("a notebook")
    assert "orders.ipynb" not in repository.git("ls-files")

    document = json.loads(repository.ipynb.read_bytes())
    for cell in document["cells"]:
        cell["execution_count"] = 7
    repository.ipynb.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    diverge(repository, marked("first = 1", OURS), marked("third = 3", THEIRS))
    assert marks(repository.ipynb) == {OURS}
    repository.git("checkout", "-q", "theirs")
    assert marks(repository.py) == marks(repository.ipynb) == {THEIRS}
    repository.git("checkout", "-q", "ours")
    repository.git("merge", "-q", "--no-edit", "theirs")
    assert marks(repository.py) == marks(repository.ipynb) == {OURS, THEIRS}
    counts = [cell["execution_count"] for cell in json.loads(repository.ipynb.read_bytes())["cells"]]
    assert counts == [None, 7, None, 7]

    clone = Repository(tmp_path / "clone")
    repository.git("clone", "-q", ".", str(clone.folder))
    run(clone, commands[1:])
    clone.git("checkout", "-q", "main")
    assert clone.ipynb.exists() and not marks(clone.ipynb)
