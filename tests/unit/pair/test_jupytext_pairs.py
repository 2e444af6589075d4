"""Pairs that jupytext has a part in: its formats written and taken away, other formats refused, edits not mistaken."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from daglab import marimo_api
from daglab.errors import PairError
from daglab.notebook.cells import parse_notebook
from daglab.pair import create_pair, pair_status, sync, unpair
from tests.unit.pair.conftest import Files
from tests.unit.pair.test_places import FOLDERS, marimo, metadata, notebook


def test_pairing_for_jupytext_writes_its_formats(folder: Path) -> None:
    py = marimo(folder / "a.py")
    result = create_pair(py, jupytext=True)
    ipynb = folder / "a.ipynb"
    assert result.written == (ipynb,)
    assert metadata(ipynb)["jupytext"] == {"formats": "ipynb,py:marimo"}
    assert pair_status(py).state == "in-sync"
    assert create_pair(py, jupytext=True).written == ()
    assert sync(py).written == ()


def test_a_synced_pair_gets_jupytexts_formats_later(pair: Files) -> None:
    before = metadata(pair.ipynb)
    assert "jupytext" not in before
    assert create_pair(pair.py, jupytext=True).written == (pair.ipynb,)
    assert metadata(pair.ipynb) == before | {"jupytext": {"formats": "ipynb,py:marimo"}}


def test_jupytexts_other_formats_stay(folder: Path) -> None:
    ipynb = notebook(folder / "a.ipynb", jupytext={"formats": "ipynb,docs//md", "cell_markers": "+"})
    create_pair(ipynb, jupytext=True)
    assert metadata(ipynb)["jupytext"] == {"formats": "ipynb,py:marimo,docs//md", "cell_markers": "+"}
    unpair(ipynb)
    assert metadata(ipynb)["jupytext"] == {"formats": "ipynb,docs//md", "cell_markers": "+"}


def test_unpairing_takes_jupytexts_formats_away(folder: Path) -> None:
    ipynb = notebook(folder / "notebooks" / "a.ipynb", jupytext={"formats": FOLDERS})
    create_pair(ipynb, jupytext=True)
    assert metadata(ipynb)["jupytext"] == {"formats": FOLDERS}
    assert unpair(folder / "marimo" / "a.py") == (ipynb,)
    assert metadata(ipynb) == {"daglab": {"paired": False}}
    assert not list(folder.glob(".daglab/state/*.link"))


def test_halves_elsewhere_need_formats_that_say_so(folder: Path) -> None:
    ipynb = notebook(folder / "notebooks" / "a.ipynb", jupytext={"formats": FOLDERS})
    create_pair(ipynb)
    document = json.loads(ipynb.read_text())
    del document["metadata"]["jupytext"]
    ipynb.write_text(json.dumps(document))
    with pytest.raises(PairError, match="formats that say so"):
        create_pair(ipynb, jupytext=True)


@pytest.mark.parametrize("by", ["metadata", "configuration"])
def test_a_py_that_jupytext_has_in_another_format_is_refused(folder: Path, by: str) -> None:
    formats: dict[str, Any] = {"jupytext": {"formats": "ipynb,py:percent"}} if by == "metadata" else {}
    if by == "configuration":
        (folder / "jupytext.toml").write_text('formats = "ipynb,py:percent"\n')
    ipynb = notebook(folder / "a.ipynb", **formats)
    with pytest.raises(PairError, match="another format"):
        create_pair(ipynb)
    assert not (folder / "a.py").exists()


def test_a_name_that_is_taken_away_on_purpose_does_not_come_back(folder: Path) -> None:
    """A .py that marimo has written looks like one that jupytext has converted; only the latter is mended."""
    py = folder / "a.py"
    plain = marimo(py, "x = 1", "y = x").read_text()
    py.write_text(plain.replace("def _():", "def load():"))
    create_pair(py)
    py.write_text(plain)
    sync(py)
    assert py.read_text() == plain


@pytest.mark.parametrize("gone", ["", "import marimo as mo"])
def test_an_empty_cell_or_second_import_that_the_user_deletes_does_not_come_back(folder: Path, gone: str) -> None:
    """marimo's converter leaves such cells out too; that alone shows no harm."""
    ipynb = Files(folder, "a").ipynb
    notebook(ipynb, "import marimo as mo", "x = 1", gone, "y = x")
    create_pair(ipynb)
    cells = list(parse_notebook((folder / "a.py").read_text()).cells)
    del cells[2]
    text = marimo_api.render([marimo_api.ParsedCell(cell.code) for cell in cells])
    (folder / "a.py").write_text(text)
    sync(ipynb)
    assert (folder / "a.py").read_text() == text
    assert Files(folder, "a").sources == ["import marimo as mo", "x = 1", "y = x"]


def test_an_import_that_the_user_gives_a_cell_of_its_own_stays_there(folder: Path) -> None:
    """As marimo's converter would do it."""
    files = Files(folder, "a")
    notebook(files.ipynb, "x = 1")
    files.edit_ipynb(lambda cells: cells.insert(0, {"cell_type": "markdown", "metadata": {}, "source": "# Orders"}))
    create_pair(files.ipynb)
    text = marimo_api.convert_jupyter(files.ipynb.read_text())
    assert text is not None
    files.py.write_text(text)
    sync(files.py)
    assert files.py.read_text() == text
    assert files.sources == ["import marimo as mo", "# Orders", "x = 1"]


def test_what_an_export_of_marimo_left_in_a_pair_stays_in_a_fresh_clone(folder: Path) -> None:
    files = Files(folder, "a")
    notebook(files.ipynb, "x = 1", marimo={"marimo_version": "0.23.0"})
    files.edit_ipynb(lambda cells: cells[0]["metadata"].update(marimo={"name": "first"}))
    create_pair(files.ipynb)
    shutil.rmtree(folder / ".daglab")
    before = files.both()
    assert sync(files.py).written == ()
    assert files.both() == before


def test_a_deleted_import_of_marimo_does_not_come_back(pair: Files) -> None:
    pair.edit_py("    import marimo as mo\n\n    orders", "    orders")
    pair.edit_py("    return mo, orders", "    return (orders,)")
    pair.edit_py("# a comment between cells", "@app.cell\ndef _():\n    import marimo as mo\n    return (mo,)\n")
    sync(pair.py)
    index = pair.sources.index("import marimo as mo")
    pair.edit_ipynb(lambda cells: cells.pop(index))
    sync(pair.py)
    assert "import marimo as mo" not in pair.py.read_text("utf-8")
    assert "import marimo as mo" not in pair.sources
