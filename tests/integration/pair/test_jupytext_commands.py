"""jupytext's own commands on daglab's pairs, in processes without daglab: the next sync undoes what they lose."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from daglab.pair import create_pair, pair_status, sync
from tests.unit.pair.conftest import PY, Files

BIN = Path(sys.executable).parent
OUTPUT = {"output_type": "stream", "name": "stdout", "text": ["6\n"]}
PNG = {"image/png": "aGVsbG8="}
FORMATS = "ipynb,py:marimo"


def cell(cell_type: str, cell_id: str, source: str, **more: Any) -> dict[str, Any]:
    value = {"cell_type": cell_type, "id": cell_id, "metadata": {}, "source": source.splitlines(keepends=True), **more}
    return value | ({"outputs": [OUTPUT], "execution_count": 3} if cell_type == "code" else {})


ADDED = [
    cell("code", "magic", "%matplotlib inline\nx = 1", metadata={"tags": ["plot"]}),
    cell("code", "bash", "%%bash\nls"),
    cell("raw", "raw", "<b>raw</b>\ntext", metadata={"format": "text/html"}),
    cell("markdown", "text", "![x](attachment:a.png)", attachments={"a.png": PNG}),
    cell("markdown", "odd", "\n  indented  \n\n", attachments={"b.png": PNG}, metadata={"tags": ["odd"]}),
    cell("code", "blanks", "\n\ny = 2\n\n"),
    cell("code", "broken", "def f("),
    cell("code", "empty", ""),
    cell("code", "import", "import marimo as mo", metadata={"tags": ["setup"]}),
]


@pytest.fixture
def pair(tmp_path: Path) -> Files:
    """A synced pair of cells of all kinds, with outputs, tags, ids, attachments, and jupytext's formats."""
    (tmp_path / "pyproject.toml").write_text("")
    files = Files(tmp_path)
    files.py.write_text(PY, "utf-8")
    create_pair(files.py)
    document = json.loads(files.ipynb.read_text("utf-8"))
    for number, one in enumerate(document["cells"]):
        one["metadata"] = {"tags": [f"t{number}"], "mine": number}
        if one["cell_type"] == "code":
            one |= {"outputs": [OUTPUT], "execution_count": number}
    document["cells"] += ADDED
    document["metadata"] |= {"jupytext": {"formats": FORMATS}, "mine": {"a": 1}}
    files.ipynb.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")
    sync(files.py)
    return files


def jupytext(*args: str | Path) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment["PATH"] = os.pathsep.join([str(BIN), environment["PATH"]])
    # not the console script's own folder: that a project's daglab is imported there is what must not be
    command = [sys.executable, "-c", "from jupytext.cli import jupytext; import sys; sys.exit(jupytext())"]
    done = subprocess.run(
        [*command, *map(str, args)], cwd=BIN, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def now(path: Path) -> None:
    """Its time is the latest, as an editor's save makes it."""
    at = time.time() + 2
    os.utime(path, (at, at))


def edited(cells: list[dict[str, Any]], index: int, source: str) -> list[dict[str, Any]]:
    return [{**one, "source": [source]} if i == index else one for i, one in enumerate(cells)]


def negate(cells: list[dict[str, Any]]) -> None:
    """Edit a cell that has its tags in a comment now."""
    (found,) = (one for one in cells if one["source"][-1:] == ["print(total)"])
    found["source"][-1] = "print(-total)"


def without_outputs(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in one.items() if key not in ("outputs", "execution_count")} for one in cells]


def metadata(files: Files) -> dict[str, Any]:
    said = json.loads(files.ipynb.read_text("utf-8"))["metadata"]
    return {key: value for key, value in said.items() if key not in ("daglab", "language_info")}


def mended(files: Files, state: str) -> None:
    """The next sync mends the pair, says so, backs up what it replaces, and is done with it."""
    before = {path: path.read_bytes() for path in (files.py, files.ipynb)}
    status = pair_status(files.py)
    assert (status.state, status.reason[:22]) == (state, "jupytext had rewritten")
    result = sync(files.py)
    assert {path.read_bytes() for path in result.backups} == {before[path] for path in result.written}
    assert sync(files.py).written == ()
    assert pair_status(files.py).state == "in-sync"


def test_a_sync_by_jupytext_of_an_edit_in_the_ipynb(pair: Files) -> None:
    text = pair.py.read_text("utf-8")
    pair.edit_ipynb(lambda cells: cells[2].update(source=["total = max(orders)"]))
    now(pair.ipynb)
    cells, said = pair.cells, metadata(pair)
    jupytext("--sync", pair.ipynb)
    assert "[tool.daglab" not in pair.py.read_text("utf-8")
    mended(pair, "both-ahead")
    assert pair.py.read_text("utf-8") == text.replace("sum(orders)", "max(orders)")
    assert pair.cells == cells
    assert metadata(pair) == said


def test_a_sync_by_jupytext_of_an_edit_in_the_py(pair: Files) -> None:
    """It passes on the edit, with the header and the names, and drops all else."""
    cells, said = pair.cells, metadata(pair)
    pair.edit_py("sum(orders)", "max(orders)")
    pair.edit_py("[tool.daglab.assets.orders]", "[tool.daglab.assets.sales]")
    pair.edit_py("def load", "def fetch")
    now(pair.py)
    text = pair.py.read_text("utf-8")
    jupytext("--sync", pair.ipynb)
    assert "formats" not in pair.ipynb.read_text("utf-8")
    assert "raw" not in {one["cell_type"] for one in pair.cells}
    mended(pair, "both-ahead")
    assert pair.py.read_text("utf-8") == text
    assert without_outputs(pair.cells) == without_outputs(edited(cells, 2, "total = max(orders)"))
    assert metadata(pair) == said


@pytest.mark.nightly
def test_two_syncs_by_jupytext_with_edits_of_either_half(pair: Files) -> None:
    (pair.py.parent / "jupytext.toml").write_text(f'formats = "{FORMATS}"\n')
    text, cells = pair.py.read_text("utf-8"), pair.cells
    pair.edit_py("sum(orders)", "max(orders)")
    now(pair.py)
    jupytext("--sync", pair.py)
    pair.edit_ipynb(negate)
    now(pair.ipynb)
    jupytext("--sync", pair.ipynb)
    mended(pair, "both-ahead")
    expected = edited(edited(cells, 2, "total = max(orders)"), 3, "print(-total)")
    assert without_outputs(pair.cells) == without_outputs(expected)
    assert pair.py.read_text("utf-8") == text.replace("sum(o", "max(o").replace("print(total)", "print(-total)")


@pytest.mark.nightly
@pytest.mark.parametrize("remembered", [True, False])
@pytest.mark.parametrize(
    "command", [("--to", "ipynb"), ("--to", "ipynb", "--update"), ("--set-formats", FORMATS, "--sync")]
)
def test_conversions_to_ipynb(pair: Files, command: tuple[str, ...], remembered: bool) -> None:
    pair.edit_py("sum(orders)", "max(orders)")
    now(pair.py)
    text, cells = pair.py.read_text("utf-8"), edited(pair.cells, 2, "total = max(orders)")
    if not remembered:
        shutil.rmtree(pair.py.parent / ".daglab")
    jupytext(*command, pair.py)
    mended(pair, "py-ahead" if "--to" in command else "both-ahead")
    assert pair.py.read_text("utf-8") == text
    if remembered:
        assert without_outputs(pair.cells) == without_outputs(cells)
    else:
        assert [(c["cell_type"], c["source"]) for c in pair.cells] == [(c["cell_type"], c["source"]) for c in cells]


@pytest.mark.nightly
def test_a_conversion_to_py(pair: Files) -> None:
    text, cells = pair.py.read_text("utf-8"), pair.cells
    jupytext("--to", "py:marimo", pair.ipynb)
    assert pair.py.read_text("utf-8") != text
    mended(pair, "ipynb-ahead")
    assert pair.py.read_text("utf-8") == text
    assert pair.cells == cells


@pytest.mark.nightly
def test_an_edit_between_jupytexts_sync_and_daglabs(pair: Files) -> None:
    text, cells = pair.py.read_text("utf-8"), pair.cells
    pair.edit_py("sum(orders)", "max(orders)")
    now(pair.py)
    jupytext("--sync", pair.ipynb)
    pair.edit_ipynb(negate)
    mended(pair, "both-ahead")
    expected = edited(edited(cells, 2, "total = max(orders)"), 3, "print(-total)")
    assert without_outputs(pair.cells) == without_outputs(expected)
    assert pair.py.read_text("utf-8") == text.replace("sum(o", "max(o").replace("print(total)", "print(-total)")


@pytest.mark.nightly
def test_a_pair_in_two_folders_goes_through_both_tools(tmp_path: Path) -> None:
    (tmp_path / "jupytext.toml").write_text('[formats]\n"notebooks/" = "ipynb"\n"marimo/" = "py:marimo"\n')
    files = Files(tmp_path)
    files.py, files.ipynb = tmp_path / "marimo" / "a.py", tmp_path / "notebooks" / "a.ipynb"
    files.py.parent.mkdir()
    files.py.write_text(PY, "utf-8")
    create_pair(files.py)
    files.edit_py("sum(orders)", "max(orders)")
    now(files.py)
    text = files.py.read_text("utf-8")
    jupytext("--sync", files.py)
    assert not files.py.with_suffix(".ipynb").exists()
    mended(files, "both-ahead")
    assert files.py.read_text("utf-8") == text
    assert files.sources[2] == "total = max(orders)"
