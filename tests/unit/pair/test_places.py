"""Which files are a pair: daglab's metadata, local state, jupytext's formats, and the same stem in one folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from daglab.errors import PairError
from daglab.notebook.edit import NewCell, new_notebook
from daglab.pair import create_pair, find_pairs, pair_of, pair_status, sync, unpair
from daglab.pair.places import metadata_in
from tests.unit.pair.conftest import PY, Files

FOLDERS = "notebooks///ipynb,marimo///py:marimo"


def notebook(path: Path, *sources: str, **metadata: Any) -> Path:
    """An .ipynb at ``path``."""
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "outputs": [], "execution_count": None, "source": [source]}
        for n, source in enumerate(sources or ["x = 1"])
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))
    return path


def marimo(path: Path, *codes: str) -> Path:
    """A .py at ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(new_notebook([NewCell(code) for code in codes or ["x = 1"]]))
    return path


def found(folder: Path) -> list[tuple[str, str]]:
    return [(str(p.py.relative_to(folder)), str(p.ipynb.relative_to(folder))) for p in find_pairs(folder)]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def metadata(path: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(path.read_text("utf-8"))["metadata"]
    return said


def test_halves_in_two_folders_by_jupytexts_metadata(folder: Path) -> None:
    ipynb = notebook(folder / "notebooks" / "sub" / "a.ipynb", jupytext={"formats": FOLDERS})
    create_pair(ipynb)
    py = folder / "marimo" / "sub" / "a.py"
    assert py.is_file()
    assert pair_of(py) == pair_of(ipynb)
    assert metadata(ipynb)["daglab"]["py"] == "../../marimo/sub/"
    assert found(folder) == [("marimo/sub/a.py", "notebooks/sub/a.ipynb")]
    assert find_pairs(folder / "marimo") == find_pairs(folder / "notebooks") == find_pairs(folder)
    edit(py, "x = 1", "x = 2")
    assert sync(py).written == (ipynb,)
    assert "x = 2" in ipynb.read_text()
    edit(ipynb, "x = 2", "x = 3")
    assert sync(ipynb).before.state == "ipynb-ahead"
    assert "x = 3" in py.read_text()
    assert sync(py).written == ()


def test_halves_in_two_folders_by_jupytexts_configuration(folder: Path) -> None:
    (folder / "jupytext.toml").write_text(f'formats = "{FOLDERS}"\n')
    py = folder / "marimo" / "a.py"
    py.parent.mkdir()
    py.write_text(PY)
    assert pair_status(py).state == "half"
    sync(py)
    ipynb = folder / "notebooks" / "a.ipynb"
    assert found(folder) == [("marimo/a.py", "notebooks/a.ipynb")]
    assert "jupytext" not in metadata(ipynb)
    ipynb.unlink()
    sync(py)
    assert ipynb.is_file()
    py.unlink()
    sync(ipynb)
    assert py.read_text() == PY


def test_the_configuration_alone_is_enough_below_it(tmp_path: Path) -> None:
    """Without a project, the folder of jupytext's configuration holds both halves."""
    (tmp_path / "jupytext.toml").write_text(f'formats = "{FOLDERS}"\n')
    ipynb = notebook(tmp_path / "notebooks" / "a.ipynb")
    create_pair(ipynb)
    py = tmp_path / "marimo" / "a.py"
    assert pair_of(py) == pair_of(ipynb)
    assert pair_of(py).root == tmp_path
    edit(py, "x = 1", "x = 2")
    assert sync(py).before.state == "py-ahead"


def test_what_daglab_says_comes_before_jupytext_and_survives_moves_and_renames(folder: Path) -> None:
    ipynb = notebook(folder / "notebooks" / "a.ipynb", jupytext={"formats": FOLDERS})
    create_pair(ipynb)
    shutil.rmtree(folder / ".daglab")
    document = json.loads(ipynb.read_text())
    document["metadata"]["jupytext"]["formats"] = "ipynb,other//py:marimo"
    ipynb.write_text(json.dumps(document))
    assert found(folder) == [("marimo/a.py", "notebooks/a.ipynb")]
    (folder / "deep").mkdir()
    (folder / "notebooks").rename(folder / "deep" / "notebooks")
    (folder / "marimo").rename(folder / "deep" / "marimo")
    (folder / "deep" / "notebooks" / "a.ipynb").rename(folder / "deep" / "notebooks" / "b.ipynb")
    (folder / "deep" / "marimo" / "a.py").rename(folder / "deep" / "marimo" / "b.py")
    assert found(folder) == [("deep/marimo/b.py", "deep/notebooks/b.ipynb")]
    assert pair_status(folder / "deep" / "marimo" / "b.py").state == "in-sync"


def test_local_state_remembers_where_the_halves_are(folder: Path) -> None:
    ipynb = notebook(folder / "notebooks" / "a.ipynb", jupytext={"formats": FOLDERS})
    create_pair(ipynb)
    document = json.loads(ipynb.read_text())
    document["metadata"] = {}
    ipynb.write_text(json.dumps(document))
    py = folder / "marimo" / "a.py"
    assert pair_of(ipynb) == pair_of(py)
    edit(py, "x = 1", "x = 2")
    assert sync(py).before.state == "py-ahead"
    assert metadata(ipynb)["daglab"]["py"] == "../marimo/"


def test_a_prefix_or_suffix_of_jupytexts(folder: Path) -> None:
    ipynb = notebook(folder / "a.ipynb", jupytext={"formats": "ipynb,lib/nb_/.m.py:marimo"})
    create_pair(ipynb)
    py = folder / "lib" / "nb_a.m.py"
    assert py.is_file()
    assert metadata(ipynb)["daglab"]["py"] == "lib/nb_a.m.py"
    assert pair_of(py) == pair_of(ipynb)


@pytest.mark.parametrize("formats", ["ipynb,py:percent", "ipynb,md", "ipynb,scripts//py:light"])
def test_other_formats_of_jupytext_are_left_alone(folder: Path, formats: str) -> None:
    ipynb = notebook(folder / "a.ipynb", jupytext={"formats": formats})
    (folder / "a.py").write_text("# %%\nx = 1\n")
    before = ipynb.read_bytes(), (folder / "a.py").read_bytes()
    assert find_pairs(folder) == []
    assert sync(ipynb).written == ()
    assert (ipynb.read_bytes(), (folder / "a.py").read_bytes()) == before


def test_a_claim_that_leads_out_of_the_project_is_ignored(folder: Path) -> None:
    inner = folder / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text("")
    victim = marimo(folder / "a.py")
    base = {"version": 1, "file": "", "base": [], "py": "../"}
    ipynb = notebook(inner / "a.ipynb", daglab=base, jupytext={"formats": "ipynb,..//py:marimo"})
    assert pair_of(ipynb).py == inner / "a.py"
    before = victim.read_bytes()
    sync(ipynb)
    assert victim.read_bytes() == before


@pytest.mark.parametrize(
    "said", [{"daglab": {"version": 1, "base": [], "py": "link/"}}, {"jupytext": {"formats": "ipynb,link//py:marimo"}}]
)
def test_a_claim_that_leads_out_of_the_project_by_a_link_is_ignored(tmp_path: Path, said: dict[str, Any]) -> None:
    folder, outside = tmp_path / "project", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (folder / "pyproject.toml").write_text("")
    (folder / "link").symlink_to(outside)
    (folder / "jupytext.toml").write_text('formats = "ipynb,link//py:marimo"')
    ipynb = notebook(folder / "a.ipynb", **said)
    assert pair_of(ipynb).py == folder / "a.py"
    sync(ipynb)
    assert list(outside.iterdir()) == []


def test_an_ipynb_that_is_half_of_another_pair_is_not_taken(folder: Path) -> None:
    ipynb = notebook(folder / "a.ipynb", jupytext={"formats": "ipynb,marimo//py:marimo"})
    create_pair(ipynb)
    other = marimo(folder / "a.py", "y = 1")
    with pytest.raises(PairError, match="other half"):
        pair_of(other)
    assert found(folder) == [("marimo/a.py", "a.ipynb")]


def test_a_folder_named_in_another_way_gives_each_pair_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_pair(notebook(folder / "notebooks" / "a.ipynb", jupytext={"formats": FOLDERS}))
    create_pair(marimo(folder / "b.py"))
    monkeypatch.chdir(folder / "marimo")
    assert len(find_pairs(Path(".."))) == 2
    (pair,) = find_pairs(Path())
    assert (str(pair.py), str(pair.ipynb)) == ("a.py", "../notebooks/a.ipynb")
    assert pair.key == pair_of(folder / "marimo" / "a.py").key == pair_of(Path("../notebooks/a.ipynb")).key


def test_a_plain_pair_says_nothing_of_its_place(pair: Files) -> None:
    assert "py" not in metadata(pair.ipynb)["daglab"]
    assert not list(pair.py.parent.glob(".daglab/state/*.link"))


def test_to_unpair_a_copy_does_not_make_a_py_forget_its_pair(folder: Path) -> None:
    first = notebook(folder / "a.ipynb", jupytext={"formats": "ipynb,marimo//py:marimo"})
    create_pair(first)
    copy = folder / "b.ipynb"
    document = json.loads(first.read_bytes())
    document["metadata"]["daglab"]["py"] = "marimo/a.py"
    copy.write_text(json.dumps(document), "utf-8")
    unpair(copy)
    assert pair_of(folder / "marimo" / "a.py").ipynb == first
    assert list(folder.glob(".daglab/state/*.link"))
    unpair(first)
    assert not list(folder.glob(".daglab/state/*.link"))


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize(
    "order", [("cells", "metadata", "nbformat", "nbformat_minor"), ("nbformat", "nbformat_minor", "metadata", "cells")]
)
@pytest.mark.parametrize(
    "said",
    [
        {"daglab": {"base": {}}},
        {"jupytext": {"formats": "ipynb,py:marimo"}, "other": {"metadata": {"daglab": 1}}},
        {"daglab": {"py": '"metadata": {}, "nbformat": 4'}, "last": "metadata"},
    ],
)
def test_metadata_are_told_wherever_they_are(indent: int | None, order: tuple[str, ...], said: dict[str, Any]) -> None:
    cell = {"cell_type": "markdown", "metadata": {"daglab": {"base": 1}}, "source": '"metadata": {"daglab": {}}'}
    values = {"cells": [cell], "metadata": said, "nbformat": 4, "nbformat_minor": 5}
    text = json.dumps({key: values[key] for key in order}, indent=indent)
    assert metadata_in(text.encode()) == said
    assert metadata_in(text.encode()[:-1]) == {}
