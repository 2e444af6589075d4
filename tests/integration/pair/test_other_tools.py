"""What other tools do to the files of a pair, done by the tools themselves: no text is lost, and a sync settles it."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from daglab.pair import create_pair, pair_status, sync
from tests.integration.pair.repository import Repository

NOTEBOOK = '''# /// script
# dependencies = ["marimo"]
#
# [tool.daglab.assets.total]
# ///

import marimo

__generated_with = "0.23.0"
app = marimo.App(width="medium")

with app.setup:
    import math  # the setup

@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # The title
    """)
    return


@app.cell
def load():
    import marimo as mo

    orders = [ 1,2,3 ]   # as they came
    return mo, orders


# between the cells


@app.cell
def _(orders):
    total = sum( orders )   # of all
    label = 'in quotes'
    return label, total


@app.cell
def _():
    # daglab: %matplotlib inline
    return


@app.cell
def _(label, total):
    print( label,total )  # the end
    return


if __name__ == "__main__":
    app.run()
'''
NB_CLEAN = str(Path(sys.executable).with_name("nb-clean"))
WORDS = ("the setup", "The title", "as they came", "of all", "in quotes", "%matplotlib inline", "the end")
OUTPUT = {"output_type": "stream", "name": "stdout", "text": ["in quotes 6\n"]}
Cells = list[dict[str, Any]]


class Files:
    """A pair that was run in Jupyter."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.py = folder / "orders.py"
        self.ipynb = folder / "orders.ipynb"

    @property
    def document(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.ipynb.read_bytes())
        return read

    @property
    def sources(self) -> list[str]:
        return ["".join(cell["source"]) for cell in self.document["cells"]]

    def edit(self, change: Callable[[Cells], object], **form: Any) -> None:
        """Change the .ipynb's cells and write it as an editor does; ``form`` is that of ``json.dumps``."""
        document = self.document
        change(document["cells"])
        self.ipynb.write_text(json.dumps(document, **{"indent": 1, "ensure_ascii": False, **form}) + "\n", "utf-8")

    def run(self, *command: str) -> None:
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr

    def settle(self, state: str, words: tuple[str, ...] = WORDS) -> None:
        """The state is as expected; one sync brings all words to both halves; the next one writes nothing."""
        assert pair_status(self.py).state == state
        assert sync(self.py).synced
        nbformat.validate(nbformat.from_dict(self.document))
        for word in words:
            assert word in self.py.read_text("utf-8")
            assert any(word in source for source in self.sources)
        assert pair_status(self.py).state == "in-sync"
        both = self.py.read_bytes(), self.ipynb.read_bytes()
        assert sync(self.py).written == ()
        assert (self.py.read_bytes(), self.ipynb.read_bytes()) == both


def run_all(cells: Cells) -> None:
    for number, cell in enumerate(cells, start=1):
        cell["metadata"] = {"editable": True}
        if cell["cell_type"] == "code":
            cell |= {"outputs": [OUTPUT], "execution_count": number}


@pytest.fixture
def pair(tmp_path: Path) -> Files:
    (tmp_path / "pyproject.toml").write_text("")
    files = Files(tmp_path)
    files.py.write_text(NOTEBOOK, "utf-8")
    create_pair(files.py)
    files.edit(run_all)
    sync(files.py)
    return files


def index(files: Files, word: str) -> int:
    (found,) = [number for number, source in enumerate(files.sources) if word in source]
    return found


# What strips notebooks


@pytest.mark.parametrize("edited", ["", "py", "ipynb"])
@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "-m", "nbstripout"],
        [sys.executable, "-m", "nbstripout", "--extra-keys", "metadata.daglab cell.metadata.editable"],
        [NB_CLEAN, "clean"],
        [NB_CLEAN, "clean", "--remove-all-notebook-metadata"],
    ],
    ids=lambda command: " ".join(command[-2:]),
)
def test_stripping_outputs_ids_and_metadata_is_no_edit(pair: Files, command: list[str], edited: str) -> None:
    """Where daglab's own metadata goes, the local state knows the base."""
    py = pair.py.read_bytes()
    pair.run(*command, "orders.ipynb")
    assert OUTPUT not in pair.document["cells"][-1]["outputs"]
    if edited == "py":
        pair.py.write_bytes(py.replace(b"# of all", b"# of all orders"))
    if edited == "ipynb":
        pair.edit(lambda cells: cells[-1].update(source="print(total)  # the end of it"))
    stripped = "daglab" not in pair.document["metadata"]
    pair.settle({"": "py-ahead" if stripped else "in-sync", "py": "py-ahead", "ipynb": "ipynb-ahead"}[edited])
    if edited != "ipynb":
        assert b"# between the cells" in pair.py.read_bytes()
    if not edited:
        assert pair.py.read_bytes() == py
    assert "daglab" in pair.document["metadata"]
    assert ("# of all orders" in "".join(pair.sources)) == (edited == "py")
    assert ("# the end of it" in pair.py.read_text("utf-8")) == (edited == "ipynb")


def test_a_stripped_notebook_without_local_state_is_joined_cell_by_cell(pair: Files) -> None:
    pair.run(sys.executable, "-m", "nbstripout", "--extra-keys", "metadata.daglab", "orders.ipynb")
    shutil.rmtree(pair.folder / ".daglab")
    pair.settle("in-sync")
    assert pair.py.read_text("utf-8") == NOTEBOOK
    assert "base" in pair.document["metadata"]["daglab"]


def test_tags_that_a_tool_takes_away_go_in_both_halves(pair: Files) -> None:
    """Tags are part of a cell: taking one away is an edit, and no other edit is touched by it."""
    pair.edit(lambda cells: cells[-1]["metadata"].update(tags=["mine"]))
    pair.settle("ipynb-ahead")
    assert "mine" in pair.py.read_text("utf-8")
    pair.run(NB_CLEAN, "clean", "--remove-all-notebook-metadata", "orders.ipynb")
    pair.py.write_bytes(pair.py.read_bytes().replace(b"# of all", b"# of all orders"))
    pair.settle("both-ahead", (*WORDS, "of all orders"))
    assert pair.py.read_text("utf-8") == NOTEBOOK.replace("# of all", "# of all orders")


def test_nbstripout_as_a_git_filter(tmp_path: Path) -> None:
    """The committed notebook has neither outputs nor base; every checkout brings it so."""
    repository = Repository.create(tmp_path / "work")
    strip = f'"{sys.executable}" -m nbstripout --extra-keys metadata.daglab'
    repository.git("config", "filter.nbstripout.clean", strip)
    (repository.folder / ".gitattributes").write_text("*.ipynb filter=nbstripout\n")
    repository.add_pair()
    repository.commit("a pair")
    assert "daglab" not in repository.git("show", "HEAD:orders.ipynb").replace("daglab.assets", "")
    repository.git("checkout", "-q", "-b", "topic")
    repository.py.write_text(repository.py.read_text().replace("first = 1", "first = 10"))
    repository.sync()
    repository.commit("edit")
    repository.git("checkout", "-q", "main")
    repository.sync()
    repository.git("add", "-A")
    assert repository.git("status", "--porcelain") == ""
    repository.git("merge", "-q", "topic")
    repository.sync()
    assert repository.sync() == ""
    assert "first = 10" in repository.py.read_text() and "first = 10" in repository.ipynb.read_text()
    repository.git("add", "-A")
    assert repository.git("status", "--porcelain") == ""


# What formats code


@pytest.mark.parametrize("halves", [["orders.py"], ["orders.ipynb"], ["orders.py", "orders.ipynb"]], ids="+".join)
@pytest.mark.parametrize("tool", [["black"], ["ruff", "format", "--no-cache"]], ids=" ".join)
def test_formatters_of_either_half_and_of_both(pair: Files, tool: list[str], halves: list[str]) -> None:
    pair.run(sys.executable, "-m", *tool, *halves)
    pair.settle({"orders.py": "py-ahead", "orders.ipynb": "ipynb-ahead"}[halves[0]] if len(halves) == 1 else "in-sync")
    assert "# between the cells" in pair.py.read_text("utf-8")
    for half in halves:
        text = "".join(pair.sources) if half == "orders.ipynb" else pair.py.read_text("utf-8")
        for formatted in ("orders = [1, 2, 3]  # as they came", "total = sum(orders)  # of all", '"in quotes"'):
            assert formatted in text
    outputs = [cell["outputs"] for cell in pair.document["cells"] if cell["cell_type"] == "code"]
    assert outputs.count([OUTPUT]) >= 2  # of cells that the formatter left alone
    # What comes out is formatted: the tool finds nothing to do, whichever half it formatted first.
    pair.run(sys.executable, "-m", *tool, "--check", *halves)


def test_formatters_that_wrap_a_line_in_one_half_only_never_lose_it(pair: Files) -> None:
    """A line of 86 characters fits in the .ipynb, and not in the .py, where it is indented."""
    line = f"labels = [{', '.join(repr(f'label no. {n}') for n in range(4))}, 'last']  # wide"
    assert 84 < len(line.replace("'", '"')) <= 88
    pair.edit(lambda cells: cells[-1].update(source=line))
    pair.settle("ipynb-ahead", (*WORDS[:-1], "label no. 3"))
    pair.run(sys.executable, "-m", "black", "orders.py", "orders.ipynb")
    assert pair_status(pair.py).state == "conflict"
    both = pair.py.read_bytes(), pair.ipynb.read_bytes()
    assert not sync(pair.py).synced
    assert (pair.py.read_bytes(), pair.ipynb.read_bytes()) == both
    assert sync(pair.py, prefer="py").synced
    pair.settle("in-sync", (*WORDS[:-1], "label no. 3", "# wide"))


# What edits and saves


def test_a_save_by_jupyter_server_is_no_edit_and_one_with_an_edit_is(
    pair: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jupyter_server.services.contents.largefilemanager import LargeFileManager

    monkeypatch.setenv("JUPYTER_DATA_DIR", str(pair.folder / ".jupyter"))
    contents = LargeFileManager(root_dir=str(pair.folder))
    ids = [cell["id"] for cell in pair.document["cells"]]
    contents.save(contents.get("orders.ipynb"), "orders.ipynb")
    pair.settle("in-sync")
    assert pair.py.read_text("utf-8") == NOTEBOOK
    model = contents.get("orders.ipynb")
    model["content"]["cells"][-1]["source"] += "\nprint('more')"
    contents.save(model, "orders.ipynb")
    pair.settle("ipynb-ahead", (*WORDS, "print('more')"))
    assert [cell["id"] for cell in pair.document["cells"]] == ids


@pytest.mark.parametrize("ids", ["new", "none"])
def test_a_save_as_vs_code_does_it(pair: Files, ids: str) -> None:
    """Other ids or none (nbformat 4.4), its own metadata in cells and notebook, another indent and order of keys."""

    def save(cells: Cells) -> None:
        for number, cell in enumerate(cells):
            cell["metadata"]["vscode"] = {"languageId": "python"}
            if ids == "none":
                del cell["id"]
            else:
                cell["id"] = f"W{number}sZmlsZQ"
        cells[-1]["source"] += ["\n", "print('more')"]

    document = pair.document
    document["metadata"]["vscode"] = {"interpreter": {"hash": "aee8b7"}}
    document["nbformat_minor"] = 4 if ids == "none" else 5
    pair.ipynb.write_text(json.dumps(document))
    pair.edit(save, indent=4, sort_keys=True, ensure_ascii=True)
    pair.settle("ipynb-ahead", (*WORDS, "print('more')"))
    document = pair.document
    assert all(cell["metadata"]["vscode"] == {"languageId": "python"} for cell in document["cells"])
    assert ("id" in document["cells"][0]) == (ids == "new")
    assert '\n    "cells": [' in pair.ipynb.read_text("utf-8")


def save_in_marimo(py: Path, change: Callable[[list[str]], object]) -> None:
    """Open a notebook in marimo's editor, change its cells' codes, save it."""
    from marimo._server.models.models import SaveNotebookRequest
    from marimo._session.notebook.file_manager import AppFileManager

    manager = AppFileManager(py)
    cells = list(manager.app.cell_manager.cell_data())
    codes = [cell.code for cell in cells]
    change(codes)
    ids, names, configs = [c.cell_id for c in cells], [c.name for c in cells], [c.config for c in cells]
    request = SaveNotebookRequest(cell_ids=ids, codes=codes, names=names, configs=configs, filename=str(py))
    manager.save(request)


def test_a_save_by_marimo_s_editor_is_no_conflict(pair: Files) -> None:
    """It writes the file anew; marimo itself loses text between the cells, and comments at the setup cell's end."""
    pair.edit(lambda cells: cells[-1].update(source="print(total)  # the end in jupyter"))
    outputs = [cell.get("outputs") for cell in pair.document["cells"]]
    save_in_marimo(pair.py, lambda codes: None)
    assert "between the cells" not in pair.py.read_text("utf-8")
    assert '"0.23.0"' not in pair.py.read_text("utf-8")
    pair.settle("both-ahead", (*WORDS[1:-1], "the end in jupyter"))
    assert [cell.get("outputs") for cell in pair.document["cells"]][1:] == outputs[1:]

    place = index(pair, "of all")
    pair.edit(lambda cells: cells[1]["metadata"].update(tags=["late"]))
    save_in_marimo(pair.py, lambda codes: codes.__setitem__(place, codes[place] + "\nmore = 1  # in marimo"))
    pair.settle("both-ahead", (*WORDS[1:-1], "the end in jupyter", "# in marimo"))
    assert "late" in pair.py.read_text("utf-8")


def test_marimo_s_version_alone_is_never_an_edit(pair: Files) -> None:
    save_in_marimo(pair.py, lambda codes: None)
    sync(pair.py)
    ipynb = pair.ipynb.read_bytes()
    text = pair.py.read_text("utf-8")
    pair.py.write_text(text.replace('__generated_with = "', '__generated_with = "1'), "utf-8")
    assert pair_status(pair.py).state == "in-sync"
    assert sync(pair.py).written == ()
    assert pair.ipynb.read_bytes() == ipynb


# What people do with cells


def test_cells_pasted_from_another_notebook_with_their_metadata(pair: Files, tmp_path: Path) -> None:
    other = Files(tmp_path / "other")
    other.folder.mkdir()
    other.py.write_text(NOTEBOOK.replace("# of all", "# pasted").replace("The title", "A pasted title"), "utf-8")
    create_pair(other.py)
    other.edit(lambda cells: [cell["metadata"].update(tags=["theirs"]) for cell in cells])
    sync(other.py)
    pasted = other.document["cells"][index(other, "# pasted")], other.document["cells"][index(other, "A pasted title")]
    pair.edit(lambda cells: cells.extend(copy.deepcopy(pasted)))
    pair.settle("ipynb-ahead", (*WORDS, "# pasted", "A pasted title"))
    assert [cell["metadata"] for cell in pair.document["cells"][-2:]] == [cell["metadata"] for cell in pasted]
    assert len(pair.sources) == 8


def test_a_pasted_notebook_s_metadata_says_nothing_of_this_one(pair: Files, tmp_path: Path) -> None:
    """A notebook copied over this one brings a base that is not this pair's."""
    other = Files(tmp_path / "other")
    other.folder.mkdir()
    other.py.write_text(NOTEBOOK.replace("# of all", "# foreign"), "utf-8")
    create_pair(other.py)
    before = pair.py.read_bytes()
    shutil.copy(other.ipynb, pair.ipynb)
    result = sync(pair.py)
    if result.synced:
        backups = [path.read_bytes() for path in (pair.folder / ".daglab" / "backups").glob("*orders*")]
        assert any(b"# foreign" in data for data in [pair.py.read_bytes(), *backups])
    assert b"# of all" in before and b"# of all" in pair.py.read_bytes()


def test_a_duplicated_cell_with_the_same_id(pair: Files) -> None:
    place = index(pair, "of all")
    pair.edit(lambda cells: cells.insert(place + 1, copy.deepcopy(cells[place])))
    assert pair_status(pair.py).state == "ipynb-ahead"
    sync(pair.py)
    assert [source.count("of all") for source in pair.sources].count(1) == 2
    assert pair.py.read_text("utf-8").count("# of all") == 2
    assert sync(pair.py).written == ()
    pair.edit(lambda cells: cells.pop(place + 1))
    pair.settle("ipynb-ahead")
    assert pair.py.read_text("utf-8").count("# of all") == 1


def test_a_cell_split_merged_and_undone(pair: Files) -> None:
    place = index(pair, "of all")
    first, second = pair.sources[place].split("\n")
    original = pair.document["cells"][place]
    new = {**copy.deepcopy(original), "id": "split", "source": second, "outputs": [], "execution_count": None}

    def split(cells: Cells) -> None:
        cells[place]["source"] = first
        cells.insert(place + 1, new)

    def join(cells: Cells) -> None:
        cells[place]["source"] = f"{first}\n\n{second}"
        del cells[place + 1]

    pair.edit(split)
    pair.settle("ipynb-ahead")
    assert pair.sources[place : place + 2] == [first, second]
    pair.edit(join)
    pair.settle("ipynb-ahead")
    assert "# between the cells" in pair.py.read_text("utf-8")
    pair.edit(lambda cells: cells.__setitem__(place, original))
    pair.settle("ipynb-ahead")
    assert pair.py.read_text("utf-8") == NOTEBOOK
    assert pair.document["cells"][place] == original


def test_an_edit_undone_before_the_sync_is_none(pair: Files) -> None:
    both = pair.py.read_bytes(), pair.ipynb.read_bytes()
    pair.edit(lambda cells: cells[-1].update(source="print(1)"))
    pair.ipynb.write_bytes(both[1])
    assert pair_status(pair.py).state == "in-sync"
    assert sync(pair.py).written == ()
    assert (pair.py.read_bytes(), pair.ipynb.read_bytes()) == both
