"""Promises over generated notebooks: nothing is lost, whatever is edited in either half."""

from __future__ import annotations

import copy
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from daglab import marimo_api
from daglab.marimo_api import ParsedCell
from daglab.notebook.cells import is_notebook, parse_notebook
from daglab.notebook.convert import JupyterSource, to_ipynb
from daglab.pair import create_pair, pair_status, sync

CORPUS = sorted((Path(__file__).parents[2] / "corpus" / "jupyter").glob("*.ipynb"))
CODES = [
    "import marimo as mo",
    "x = 1",
    "y = x + 1",
    "print(y)  # why",
    "def f():\n    return 1  # why",
    "class A:\n    pass",
    'mo.md("""\n# Title\n""")',
    'mo.md(r"""\n$\\alpha$\n""")',
    "mo.md('a')",
    "",
    "x = 2",
    "1 +",
    "df = mo.sql('select 1')",
    's = """\n  a\n\nb"""',
    "if x:\n\ty = 2",
    "# only a comment",
    "async def g():\n    await h()",
    "for _i in range(3):\n    pass",
]
SOURCES = [
    ("code", "x = 1"),
    ("code", "%matplotlib inline"),
    ("code", "%%bash\nls\n"),
    ("code", "def f():\n    !ls\n"),
    ("code", ""),
    ("code", "y = x\n\n"),
    ("code", "1 +"),
    ("code", "s = '''\n   \n'''"),
    ("markdown", "# Title"),
    ("markdown", "a  \nb"),
    ("markdown", ""),
    ("raw", "raw\n\ntext"),
    ("raw", ""),
    ("code", "mo.md('x')"),
    ("code", "z\u00a0= 1"),
]


@st.composite
def marimo_files(draw: st.DrawFn) -> str:
    """Files as marimo and its users write them."""
    codes = draw(st.lists(st.sampled_from(CODES), max_size=6))
    options = st.sampled_from([{}, {"hide_code": True}, {"disabled": True}])
    names = st.sampled_from(["_", "_", "load"])
    cells = [ParsedCell(code, draw(names), "cell", draw(options)) for code in codes]
    if draw(st.booleans()):
        cells.insert(0, ParsedCell("import os", marimo_api.SETUP_NAME, "setup"))
    text = marimo_api.render(cells, header=draw(st.sampled_from(["", "# Copyright\n", '"""Docs."""'])))
    if draw(st.booleans()):
        text = text.replace("\n\n\n@app.cell", "\n\n# between\n\n@app.cell", 1)
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return text.rstrip() if draw(st.booleans()) else text


@st.composite
def jupyter_documents(draw: st.DrawFn) -> dict[str, Any]:
    cells = []
    for number, (cell_type, source) in enumerate(draw(st.lists(st.sampled_from(SOURCES), max_size=6))):
        cell: dict[str, Any] = {"cell_type": cell_type, "id": f"id-{number}", "metadata": {"tags": [str(number)]}}
        if cell_type == "code":
            cell |= {"execution_count": number, "outputs": [{"output_type": "stream", "name": "stdout", "text": "o"}]}
        cells.append(cell | {"source": source.splitlines(keepends=True)})
    return {
        "cells": cells,
        "metadata": {"kernelspec": {"name": "p", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


@contextmanager
def project() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        Path(name, "pyproject.toml").write_text("")
        yield Path(name)


def without_memory(folder: Path) -> None:
    shutil.rmtree(folder / ".daglab")


def assert_comes_back(text: bytes) -> None:
    """(a): .py -> .ipynb, .py deleted, sync: the .py is back byte for byte."""
    with project() as folder:
        py = folder / "n.py"
        py.write_bytes(text)
        create_pair(py)
        assert py.read_bytes() == text
        assert sync(py).written == ()
        without_memory(folder)
        py.unlink()
        assert sync(py.with_suffix(".ipynb")).written == (py,)
        assert py.read_bytes() == text


def assert_untouched(text: str) -> None:
    """(b): .ipynb -> .py and syncs: nothing but metadata.daglab is added; (c): the .py alone gives the cells back."""
    with project() as folder:
        ipynb = folder / "n.ipynb"
        ipynb.write_bytes(text.encode())
        create_pair(ipynb)
        paired = ipynb.read_bytes()
        for _ in range(2):
            assert sync(ipynb).written == ()
        document = json.loads(paired)
        del document["metadata"]["daglab"]
        assert document == json.loads(text)
        ipynb.unlink()
        create_pair(ipynb.with_suffix(".py"))
        assert cells_of(json.loads(ipynb.read_bytes())) == cells_of(json.loads(text))


def cells_of(document: dict[str, Any]) -> list[JupyterSource]:
    return [
        JupyterSource(cell["cell_type"], "".join(cell["source"]), tags=tuple(cell["metadata"].get("tags", ())))
        for cell in document["cells"]
    ]


@settings(deadline=None, max_examples=100)
@given(marimo_files())
@example(marimo_api.render([]))
@example(marimo_api.render([ParsedCell("1 +", "load")]))
def test_a_generated_marimo_notebook_comes_back(text: str) -> None:
    assert_comes_back(text.encode())


@settings(deadline=None, max_examples=100)
@given(jupyter_documents(), st.sampled_from([None, 1, 2, "\t"]))
def test_a_generated_jupyter_notebook_is_untouched(document: dict[str, Any], indent: int | str | None) -> None:
    assert_untouched(json.dumps(document, indent=indent, ensure_ascii=False))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_a_jupyter_notebook_of_the_corpus_is_untouched(path: Path) -> None:
    assert_untouched(path.read_bytes().decode())


@pytest.mark.parametrize("name", ["dataflow", "fileformat", "for_jupyter_users", "intro", "markdown", "sql", "ui"])
def test_marimo_s_own_notebooks_come_back(name: str) -> None:
    import marimo

    text = (Path(marimo.__file__).parent / "_tutorials" / f"{name}.py").read_bytes()
    assert is_notebook(text.decode())
    assert_comes_back(text)


EDITS = st.lists(
    st.tuples(st.sampled_from(["edit", "insert", "delete", "move"]), st.integers(0, 9), st.integers(0, 9)), max_size=3
)


def edited(cells: list[Any], edits: list[tuple[str, int, int]], make: Any) -> list[Any]:
    cells = copy.deepcopy(cells)
    for number, (what, a, b) in enumerate(edits):
        if what == "insert":
            cells.insert(a % (len(cells) + 1), make(None, f"inserted_{number}_{b} = {a}"))
        elif cells and what == "edit":
            cells[a % len(cells)] = make(cells[a % len(cells)], f"edited_{number}_{b} = {a}")
        elif cells and what == "delete":
            cells.pop(a % len(cells))
        elif cells:
            cells.insert(b % len(cells), cells.pop(a % len(cells)))
    return cells


def edited_cell(cell: dict[str, Any] | None, source: str) -> dict[str, Any]:
    kept = {k: v for k, v in (cell or {}).items() if k in ("id", "metadata")}
    new = {"cell_type": "code", "execution_count": None, "id": "new-" + source[:11].replace("_", "-"), "metadata": {}}
    return new | kept | {"outputs": [], "source": [source]}


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from(CODES), max_size=6), EDITS, EDITS)
def test_edits_of_both_halves_are_merged_or_refused(
    codes: list[str], py_edits: list[tuple[str, int, int]], ipynb_edits: list[tuple[str, int, int]]
) -> None:
    with project() as folder:
        py, ipynb = folder / "n.py", folder / "n.ipynb"
        py.write_text(marimo_api.render([ParsedCell(code) for code in codes]), "utf-8")
        create_pair(py)
        codes = [cell.code for cell in parse_notebook(py.read_text("utf-8")).cells]
        new_codes = edited(codes, py_edits, lambda _, source: f"py_{source}")
        py.write_text(marimo_api.render([ParsedCell(code) for code in new_codes]), "utf-8")
        document = json.loads(ipynb.read_bytes())
        document["cells"] = edited(document["cells"], ipynb_edits, edited_cell)
        ipynb.write_text(json.dumps(document), "utf-8")
        before = py.read_bytes(), ipynb.read_bytes()
        saved = {cell.source for cell in cells_of(document)}

        result = sync(py)

        if result.before.state == "conflict":
            assert (py.read_bytes(), ipynb.read_bytes()) == before
            result = sync(py, prefer="py")
        assert sync(py).written == ()
        assert pair_status(py).state == "in-sync"
        now = cells_of(json.loads(ipynb.read_bytes()))
        read = [to_ipynb(cell.code) for cell in parse_notebook(py.read_text("utf-8")).cells]
        assert Counter(cell.bare for cell in read) == Counter(now)
        backups = "".join(path.read_text("utf-8") for path in result.backups)
        texts = backups + "\n".join(cell.source for cell in now)
        for code in (*new_codes, *saved):
            if "_" in code and ("inserted_" in code or "edited_" in code):
                assert code in texts
