"""jupytext's functions, contents manager and commands in a process that has imported daglab: lossless, no process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest
from jupytext.cli import jupytext as jupytext_command

import daglab  # noqa: F401 # is what is tested
from daglab.pair import create_pair, pair_status, sync
from tests.unit.pair.conftest import PY, Files

CORPUS = Path(__file__).parents[1] / "corpus" / "jupyter"
OUTPUT = {"output_type": "stream", "name": "stdout", "text": ["6\n"]}


@pytest.fixture(autouse=True)
def no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise AssertionError(f"a process was started: {args}")

    monkeypatch.setattr("subprocess.Popen.__init__", refuse)


@pytest.fixture
def pair(tmp_path: Path) -> Files:
    """A synced pair of cells of all kinds, with outputs, tags, ids and jupytext's formats."""
    (tmp_path / "pyproject.toml").write_text("")
    files = Files(tmp_path)
    files.py.write_text(PY, "utf-8")
    create_pair(files.py)

    def add(cells: list[dict[str, Any]]) -> None:
        cells.append({"cell_type": "raw", "id": "raw", "metadata": {"format": "text/html"}, "source": ["<b>\n", "x"]})
        magic = {"metadata": {"tags": ["mine"]}, "outputs": [], "execution_count": 2, "source": ["%time x = 1\n", "x"]}
        cells.append({"cell_type": "code", "id": "magic", **magic})
        cells.append({"cell_type": "markdown", "id": "text", "metadata": {}, "source": ["![a](attachment:a.png)"]})
        cells[-1]["attachments"] = {"a.png": {"image/png": "aGVsbG8="}}
        for number, cell in enumerate(cells):
            if cell["cell_type"] == "code":
                cell |= {"outputs": [OUTPUT], "execution_count": number}

    files.edit_ipynb(add)
    document = json.loads(files.ipynb.read_text("utf-8"))
    document["metadata"] |= {"jupytext": {"formats": "ipynb,py:marimo"}, "mine": 1}
    files.ipynb.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    sync(files.py)
    return files


def contents_manager(folder: Path) -> Any:
    return jupytext.TextFileContentsManager(root_dir=str(folder), notebook_extensions=["ipynb", "py"])


def said(files: Files) -> dict[str, Any]:
    metadata: dict[str, Any] = json.loads(files.ipynb.read_text("utf-8"))["metadata"]
    return metadata


def newer(path: Path) -> None:
    """Its time is after that of the other half, as an editor's save makes it."""
    at = time.time() + 5
    os.utime(path, (at, at))


@pytest.mark.parametrize("text", [PY, PY.replace("\n", "\r\n"), PY.rstrip("\n"), PY.replace("as they came", "café, λ")])
def test_reads_and_writes_are_lossless(text: str) -> None:
    notebook = jupytext.reads(text, "py:marimo")
    nbformat.validate(notebook)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code", "code", "code"]
    assert notebook.metadata.kernelspec.name == "python3"
    assert jupytext.writes(notebook, "py:marimo") == text


@pytest.mark.parametrize(
    "path",
    # nbformat, which jupytext reads with, refuses the other two.
    sorted(path for path in CORPUS.glob("*.ipynb") if path.stem not in ("byte_order_mark", "control_characters")),
    ids=lambda path: path.stem,
)
def test_any_notebook_comes_back_with_its_sources_and_types(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    back = jupytext.reads(jupytext.writes(notebook, "py:marimo"), "py:marimo")
    assert [(c.cell_type, c.source) for c in back.cells] == [(c.cell_type, c.source) for c in notebook.cells]


def test_other_formats_are_jupytexts_own() -> None:
    notebook = jupytext.reads("# %% [markdown]\n# text\n\n# %%\nx = 1\n", "py:percent")
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code"]
    assert "daglab" not in notebook.metadata
    assert "# %% [markdown]" in jupytext.writes(notebook, "py:percent")


@pytest.mark.parametrize("by", ["metadata", "jupytext.toml"])
def test_the_contents_manager_keeps_the_pair(pair: Files, by: str) -> None:
    if by == "jupytext.toml":
        (pair.py.parent / by).write_text('formats = "ipynb,py:marimo"\n')
        document = json.loads(pair.ipynb.read_text("utf-8"))
        del document["metadata"]["jupytext"]
        pair.ipynb.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
        newer(pair.py)
    manager = contents_manager(pair.py.parent)
    text, cells, metadata = pair.py.read_text("utf-8"), pair.cells, said(pair)
    model = manager.get("orders.ipynb")
    manager.save(model, "orders.ipynb")
    assert pair.py.read_text("utf-8") == text
    assert pair.cells == cells
    assert said(pair) == metadata

    model = manager.get("orders.ipynb")
    model["content"].cells[2].source = "total = min(orders)"
    manager.save(model, "orders.ipynb")
    assert pair.py.read_text("utf-8") == text.replace("sum(orders)", "min(orders)")
    assert [cell for i, cell in enumerate(pair.cells) if i != 2] == [cell for i, cell in enumerate(cells) if i != 2]
    assert said(pair).get("jupytext") == metadata.get("jupytext")
    assert said(pair)["kernelspec"] == metadata["kernelspec"]
    assert pair_status(pair.py).state == "in-sync"
    sync(pair.py)
    assert pair_status(pair.py).state == "in-sync"


def test_what_was_edited_in_the_py_survives_opening_and_saving(pair: Files) -> None:
    """Also what only the .py holds, such as its header: the .ipynb's base, which is older, doesn't count."""
    pair.edit_py("sum(orders)", "max(orders)")
    pair.edit_py("[tool.daglab.assets.orders]", "[tool.daglab.assets.sales]")
    pair.edit_py("def load", "def fetch")
    newer(pair.py)
    text, before = pair.py.read_text("utf-8"), pair.cells
    manager = contents_manager(pair.py.parent)
    manager.save(manager.get("orders.ipynb"), "orders.ipynb")
    assert pair.py.read_text("utf-8") == text
    assert pair.sources[2] == "total = max(orders)"
    kept = [i for i in range(len(before)) if i != 2]
    assert [pair.cells[i] for i in kept] == [before[i] for i in kept]
    assert said(pair)["jupytext"] == {"formats": "ipynb,py:marimo"}
    assert pair_status(pair.py).state == "in-sync"


def test_tags_that_were_edited_in_the_py_survive_opening_and_saving(pair: Files) -> None:
    pair.edit_py('tags ["mine"]', 'tags ["yours"]')
    newer(pair.py)
    text = pair.py.read_text("utf-8")
    manager = contents_manager(pair.py.parent)
    manager.save(manager.get("orders.ipynb"), "orders.ipynb")
    assert pair.py.read_text("utf-8") == text
    assert next(cell for cell in pair.cells if cell["id"] == "magic")["metadata"] == {"tags": ["yours"]}
    assert pair_status(pair.py).state == "in-sync"


@pytest.mark.parametrize("edited", ["py", "ipynb"])
def test_the_sync_command(pair: Files, edited: str, monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = said(pair)
    before = pair.cells
    if edited == "py":
        pair.edit_py("sum(orders)", "max(orders)")
        newer(pair.py)
    else:
        pair.edit_ipynb(lambda cells: cells[2].update(source=["total = max(orders)"]))
        newer(pair.ipynb)
    text = pair.py.read_text("utf-8").replace("sum(orders)", "max(orders)")
    assert jupytext_command(["--quiet", "--sync", str(pair.ipynb)]) == 0
    assert pair.py.read_text("utf-8") == text
    kept = [i for i in range(len(before)) if i != 2]
    assert [pair.cells[i] for i in kept] == [before[i] for i in kept]
    assert pair.sources[2] == "total = max(orders)"
    assert {k: v for k, v in said(pair).items() if k != "daglab"} == {
        k: v for k, v in metadata.items() if k != "daglab"
    }
    assert pair_status(pair.py).state == "in-sync"


def test_the_to_command_and_the_test_command(pair: Files) -> None:
    text = pair.py.read_text("utf-8")
    assert jupytext_command(["--quiet", "--test", "--to", "py:marimo", str(pair.ipynb)]) == 0
    assert jupytext_command(["--quiet", "--test", "--to", "ipynb", str(pair.py)]) == 0
    pair.py.unlink()
    jupytext_command(["--quiet", "--to", "py:marimo", str(pair.ipynb)])
    assert pair.py.read_text("utf-8") == text
    sources = pair.sources
    pair.ipynb.unlink()
    jupytext_command(["--quiet", "--to", "ipynb", str(pair.py)])
    assert pair.sources == sources
    assert pair_status(pair.py).state == "in-sync"


def test_set_formats_makes_a_pair_that_daglab_finds_in_sync(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    ipynb = tmp_path / "magics.ipynb"
    ipynb.write_bytes((CORPUS / "magics.ipynb").read_bytes())
    jupytext_command(["--quiet", "--set-formats", "ipynb,py:marimo", str(ipynb)])
    assert ipynb.with_suffix(".py").is_file()
    sync(ipynb)
    assert pair_status(ipynb).state == "in-sync"


PROGRAM = """
import sys, daglab
assert not any(name.partition(".")[0] == "jupytext" for name in sys.modules)
import importlib.util
{first}
import jupytext, jupytext.cli
assert not any(type(finder).__module__.startswith("daglab") for finder in sys.meta_path), sys.meta_path
import subprocess
subprocess.Popen = None
text = sys.stdin.read()
assert jupytext.writes(jupytext.reads(text, "py:marimo"), "py:marimo") == text
from jupytext.combine import combine_inputs_with_outputs
assert jupytext.cli.combine_inputs_with_outputs is combine_inputs_with_outputs
assert combine_inputs_with_outputs.__name__ == "combine_marimo"
"""


@pytest.mark.parametrize(
    "program",
    [
        PROGRAM.format(first=""),
        PROGRAM.format(first='assert importlib.util.find_spec("jupytext.jupytext")'),
        PROGRAM.format(first="import jupytext.combine"),
        PROGRAM.replace("import sys, daglab\n", "import sys, jupytext.cli, daglab\n").replace(
            "assert not any(name", "#"
        ),
    ],
    ids=["daglab first", "looked for", "by another module", "jupytext first"],
)
def test_whichever_is_imported_first(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    done = subprocess.run([sys.executable, "-c", program.format(first="")], input=PY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_process_without_jupytext_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    program = """
import sys, daglab
sys.path[:] = [p for p in sys.path if not p.endswith("site-packages")]
try:
    import jupytext.jupytext
except ModuleNotFoundError as error:
    print(error.name)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("jupytext\n", "")
