"""Promises over generated notebooks: nothing is lost, whatever is edited in either half."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import marimo
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from daglab import marimo_api
from daglab.marimo_api import ParsedCell
from daglab.notebook.cells import is_notebook, parse_notebook
from daglab.notebook.convert import to_ipynb
from daglab.notebook.edit import interface
from daglab.notebook.jupyter import parse_jupyter
from daglab.pair import create_pair, pair_status, sync
from tests.unit.pair.laws import assert_comes_back, assert_made_again, assert_untouched, cells_of, project

TUTORIALS = sorted(p for p in (Path(marimo.__file__).parent / "_tutorials").glob("*.py") if p.stem != "__init__")
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
    "if x:\n    \n    y = 3\n    \n",
    's = f"""\n    {x}\n  \n    """',
    "# daglab: raw\n# text",
    '# daglab: tags ["a"]\nx = 1',
    "from math import *",
    'print("é 🎉")',
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
    ("code", "if x:\n    \n    y = 3\n    "),
    ("code", "!pip install \\\n  a\nx = 3"),
    ("code", "x = 1\r\ny = 2"),
    ("code", "def f():\n    return 1"),
    ("markdown", "$\\frac{1}{2}$ \\[x\\]"),
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


@settings(deadline=None, max_examples=100)
@given(marimo_files())
@example(marimo_api.render([]))
@example(marimo_api.render([ParsedCell("1 +", "load")]))
def test_a_generated_marimo_notebook_comes_back(text: str) -> None:
    assert_comes_back(text.encode())


@settings(deadline=None, max_examples=100)
@given(jupyter_documents(), st.sampled_from([None, 1, 2, "\t"]))
def test_a_generated_jupyter_notebook_is_untouched(document: dict[str, Any], indent: int | str | None) -> None:
    assert_untouched(json.dumps(document, indent=indent, ensure_ascii=False).encode())


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_marimo_s_own_notebooks_come_back(path: Path) -> None:
    assert is_notebook(path.read_text("utf-8"))
    assert_comes_back(path.read_bytes())


Edit = tuple[str, int, int]
EDITS = st.lists(
    st.tuples(st.sampled_from(["edit", "insert", "delete", "move"]), st.integers(0, 9), st.integers(0, 9)), max_size=3
)


def edited(cells: list[Any], edits: list[Edit], make: Any) -> list[Any]:
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


@settings(deadline=None, max_examples=60)
@given(marimo_files(), EDITS)
def test_an_edit_in_jupyter_changes_only_what_must_follow_in_the_py(text: str, edits: list[Edit]) -> None:
    with project() as folder:
        py, ipynb = folder / "n.py", folder / "n.ipynb"
        py.write_bytes(text.encode())
        create_pair(py)
        document = json.loads(ipynb.read_bytes())
        document["cells"] = edited(document["cells"], edits, edited_cell)
        ipynb.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")

        assert sync(py).before.state != "conflict"

        assert cells_of(json.loads(ipynb.read_bytes())) == cells_of(document)
        old = [(cell.code, cell.text.rstrip()) for cell in parse_notebook(text).cells]
        for cell in parse_notebook(py.read_bytes().decode()).cells:
            same = [block for code, block in old if code == cell.code]
            changed = same and cell.text.rstrip() not in same
            assert not changed or interface(cell.text) not in [interface(block) for block in same]
        assert_made_again(py)


@settings(deadline=None, max_examples=60)
@given(marimo_files(), EDITS)
def test_an_edit_in_marimo_changes_only_the_edited_cells_of_the_ipynb(text: str, edits: list[Edit]) -> None:
    with project() as folder:
        py, ipynb = folder / "n.py", folder / "n.ipynb"
        py.write_bytes(saved_by_marimo(text).encode())
        create_pair(py)
        old = Counter(cell.text for cell in parse_jupyter(ipynb.read_text("utf-8")).cells)
        codes = edited([cell.code for cell in parse_notebook(saved_by_marimo(text)).cells], edits, lambda _, c: c)
        written = marimo_api.render([ParsedCell(code) for code in codes])
        py.write_text(written, "utf-8")

        assert sync(py).before.state != "conflict"

        assert py.read_text("utf-8") == written
        new = Counter(cell.text for cell in parse_jupyter(ipynb.read_text("utf-8")).cells)
        assert (new - old).total() <= sum(what in ("edit", "insert") for what, _, _ in edits)
        assert_made_again(py)


def saved_by_marimo(text: str) -> str:
    """What marimo's editor makes of a file; it takes the blanks out of blank lines."""
    notebook = parse_notebook(text)
    return marimo_api.render(notebook.parsed_cells(), header=notebook.header)


EFFECTS = {
    "outputs stripped": lambda document: [cell.update(outputs=[]) for cell in document["cells"] if "outputs" in cell],
    "metadata stripped": lambda document: document.update(metadata={}),
    "cell metadata stripped": lambda document: [
        cell.update(metadata={"tags": cell["metadata"]["tags"]}) for cell in document["cells"]
    ],
    "new ids": lambda document: [cell.update(id=f"new-{i}") for i, cell in enumerate(document["cells"])],
    "ids stripped": lambda document: [cell.pop("id") for cell in document["cells"]],
    "other fields": lambda document: document.update(nbformat_minor=4, vscode={"a": 1}),
}


@settings(deadline=None, max_examples=60)
@given(jupyter_documents(), st.lists(st.sampled_from(sorted(EFFECTS)), max_size=3), st.sampled_from([None, 1, 4]))
def test_what_tools_do_to_an_ipynb_is_no_edit(document: dict[str, Any], effects: list[str], indent: int | None) -> None:
    with project() as folder:
        py, ipynb = folder / "n.py", folder / "n.ipynb"
        ipynb.write_text(json.dumps(document, indent=1), "utf-8")
        create_pair(ipynb)
        text, paired = py.read_bytes(), json.loads(ipynb.read_bytes())
        for effect in dict.fromkeys(effects):
            EFFECTS[effect](paired)
        ipynb.write_text(json.dumps(paired, indent=indent, sort_keys=True), "utf-8")

        assert sync(py).before.state in ("in-sync", "py-ahead")

        assert py.read_bytes() == text
        assert cells_of(json.loads(ipynb.read_bytes())) == cells_of(document)
        assert_made_again(py)


@settings(deadline=None, max_examples=60)
@given(marimo_files(), st.sampled_from(["saved by marimo", "LF", "CRLF", "unmarked version", "blank lines after"]))
def test_what_tools_do_to_a_py_is_no_edit(text: str, effect: str) -> None:
    with project() as folder:
        py, ipynb = folder / "n.py", folder / "n.ipynb"
        py.write_bytes(text.encode())
        create_pair(py)
        cells = cells_of(json.loads(ipynb.read_bytes()))
        lf = text.replace("\r\n", "\n")
        written = {
            "saved by marimo": saved_by_marimo(text),
            "LF": lf,
            "CRLF": lf.replace("\n", "\r\n"),
            "unmarked version": text.replace("__generated_with", "# __generated_with"),
            "blank lines after": text + "\n\n",
        }[effect]
        py.write_bytes(written.encode())

        assert sync(py).before.state in ("in-sync", "py-ahead")

        assert py.read_bytes() == written.encode()
        now = cells_of(json.loads(ipynb.read_bytes()))
        if effect == "saved by marimo":
            cells, now = [[replace(c, source=without_blanks(c.source)) for c in half] for half in (cells, now)]
        assert now == cells
        assert_made_again(py)


def without_blanks(source: str) -> str:
    return re.sub("(?m)^[ ]+$", "", source).rstrip()


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from(CODES), max_size=6), EDITS, EDITS)
def test_edits_of_both_halves_are_merged_or_refused(
    codes: list[str], py_edits: list[Edit], ipynb_edits: list[Edit]
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
