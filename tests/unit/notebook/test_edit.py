"""Edits: only the edited cells' bytes change, and every comment stays somewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from daglab.errors import NotebookError
from daglab.notebook.cells import parse_notebook
from daglab.notebook.edit import NewCell, keep, new_notebook, rewrite
from tests.unit.notebook.test_spans import MARIMO, NOTEBOOK

ODD = """\
import marimo

__generated_with = "0.20.0"
app = marimo.App()


@app.cell
def first( ):
    x  =  1   # odd layout stays
    return (x,)
# before the second


@app.cell
def _(x):
    y = x + 1
    return



@app.cell
def _():
    mo.md('one line')
    return


if __name__ == "__main__":
    app.run()
# the end
"""


def edit(text: str, **changes: NewCell | None) -> str:
    """Replace (``c1=NewCell(...)``) or delete (``c1=None``) cells by number."""
    notebook = parse_notebook(text)
    cells = [changes.get(f"c{cell.index}", keep(cell)) for cell in notebook.cells]
    return rewrite(notebook, [cell for cell in cells if cell is not None])


@pytest.mark.parametrize("text", [ODD, NOTEBOOK, NOTEBOOK.replace("\n", "\r\n"), "\ufeff" + ODD, ODD.rstrip("\n")])
def test_no_edit_is_no_change(text: str) -> None:
    assert edit(text) == text


def test_an_edited_cell_alone_changes() -> None:
    new = edit(ODD, c1=NewCell("y = x + 2", origin=1))
    assert new == ODD.replace("y = x + 1", "y = x + 2")


def test_signatures_and_returns_follow_the_edit() -> None:
    new = edit(ODD, c1=NewCell("z = 2", origin=1))
    assert "@app.cell\ndef _():\n    z = 2\n    return\n" in new
    assert "def first():\n    x  =  1   # odd layout stays\n    return\n" in new


def test_a_signature_that_is_right_already_stays() -> None:
    text = """\
import marimo

app = marimo.App()

@app.cell
def __():
    class A:
        pass
    return A,

@app.cell
def __(A):
    a = A()
    return a,
"""
    new = edit(text, c0=NewCell("class A:\n    pass\n\nb = A()", origin=0))
    assert new.endswith(text[text.index("\n@app.cell\ndef __(A)") :])


def test_app_options_with_quotes_stay() -> None:
    text = ODD.replace("marimo.App()", """marimo.App(\n    app_title='a "b"',  # why\n)""")
    assert edit(text, c1=NewCell("y = x + 2", origin=1)) == text.replace("y = x + 1", "y = x + 2")


def test_a_nul_is_refused() -> None:
    # Python 3.10 refuses it before marimo has written anything.
    with pytest.raises(NotebookError, match=r"cell 2 cannot be written|cannot write these cells: .* null bytes"):
        edit(ODD, c1=NewCell("x = '\0'", origin=1))


@pytest.mark.parametrize(
    "decorator", ["@app.cell(\n    column=1,  # why\n)", "@app.cell(note=\"a 'b'\")", "@app.cell  # c"]
)
def test_an_edited_cell_s_decorator_stays(decorator: str) -> None:
    text = ODD.replace("@app.cell\ndef _(x)", f"{decorator}\ndef _(x)")
    cell = keep(parse_notebook(text).cells[1])
    assert edit(text, c1=replace(cell, code="y = x + 2")) == text.replace("y = x + 1", "y = x + 2")


def test_crlf_stays_crlf() -> None:
    new = edit(ODD.replace("\n", "\r\n"), c1=NewCell("y = x + 2\ny", origin=1))
    assert new == ODD.replace("y = x + 1\n", "y = x + 2\n    y\n").replace("\n", "\r\n")


def test_cells_are_inserted_with_two_blank_lines_around() -> None:
    notebook = parse_notebook(ODD)
    a, b, c = map(keep, notebook.cells)
    new = rewrite(notebook, [a, NewCell("w = 5"), b, c])
    assert "\n# before the second\n\n@app.cell\ndef _(x):" in new
    assert "\n    return (x,)\n\n\n@app.cell\ndef _():\n    w = 5\n    return\n\n\n# before the second\n" in new
    assert [cell.code for cell in parse_notebook(new).cells] == [a.code, "w = 5", b.code, c.code]
    at_end = rewrite(notebook, [a, b, c, NewCell("w = 5")])
    assert at_end.endswith('    w = 5\n    return\n\n\nif __name__ == "__main__":\n    app.run()\n# the end\n')


def test_comments_of_a_deleted_cell_stay() -> None:
    assert "# before the second\n" in edit(ODD, c1=None)
    assert "# before the second\n" in edit(ODD, c1=None, c2=None)
    assert "# the end\n" in edit(ODD, c0=None, c1=None, c2=None)
    assert parse_notebook(edit(ODD, c0=None, c1=None, c2=None)).cells == ()


def test_cells_are_moved_with_their_comments() -> None:
    notebook = parse_notebook(ODD)
    a, b, c = map(keep, notebook.cells)
    new = rewrite(notebook, [c, a, b])
    assert [cell.code for cell in parse_notebook(new).cells] == [c.code, a.code, b.code]
    assert new.count("# before the second\n") == 1
    assert "    x  =  1   # odd layout stays\n    return (x,)\n" in new


def test_names_and_options_are_written() -> None:
    new = edit(ODD, c2=NewCell("mo.md('one line')", name="intro", options={"hide_code": True}, origin=2))
    assert "@app.cell(hide_code=True)\ndef intro(mo):\n" in new


def test_markdown_is_written_as_it_is() -> None:
    code = 'mo.md("a \\"\\" b")'
    new = edit(ODD, c2=NewCell(code, origin=2))
    assert parse_notebook(new).cells[2].code == code


@pytest.mark.parametrize("code", ["x = = 1", "if True:\n", "%timeit f()", 'broken("""', "a\\"])
def test_code_that_does_not_parse_is_kept(code: str) -> None:
    new = edit(ODD, c1=NewCell(code, origin=1))
    assert parse_notebook(new).cells[1].code == code.strip()
    assert parse_notebook(new).cells[2].code == "mo.md('one line')"


@pytest.mark.parametrize(
    "code",
    [
        "if y:\n    \n    y = 1",
        's = """\na\n  \nb\n    \n"""',
        'mo.md(\n    """\na\n     \n"""\n)',
        'mo.md(\n    f"""\n    {y}\n    \n    b\n    """\n)',
        "def f():\n    \n    return 1",
        "class A:\n    \n    a = 1\n\nA()",
    ],
)
def test_lines_of_blanks_are_kept(code: str) -> None:
    notebook = parse_notebook(edit(ODD, c1=NewCell(code, origin=1)))
    assert notebook.cells[1].code == code
    moved = rewrite(notebook, [keep(notebook.cells[1]), NewCell("mo = y = 1")])
    assert parse_notebook(moved).cells[0].code == code
    setup = new_notebook([NewCell(code, "setup", "setup"), NewCell("x = 1")])
    assert parse_notebook(setup).cells[0].code == code


def test_a_function_alone_is_written_as_marimo_does() -> None:
    new = new_notebook([NewCell("def area(r):\n    return 3 * r"), NewCell("area(2)")])
    assert "@app.function\ndef area(r):" in new


def test_a_new_notebook_has_the_header_on_top() -> None:
    text = new_notebook([NewCell("x = 1"), NewCell("")], header="# /// script\n# dependencies = []\n# ///")
    assert text.startswith("# /// script\n# dependencies = []\n# ///\n\nimport marimo\n")
    assert [cell.code for cell in parse_notebook(text).cells] == ["x = 1", ""]
    assert parse_notebook(new_notebook([])).cells == ()


def test_the_setup_cell_stays_first() -> None:
    notebook = parse_notebook(NOTEBOOK)
    cells = [keep(cell) for cell in notebook.cells]
    with pytest.raises(NotebookError, match="the setup cell is not the first cell"):
        rewrite(notebook, cells[1:] + cells[:1])
    assert "with app.setup:\n    import os\n" in rewrite(notebook, [NewCell("import os", "setup", "setup"), *cells[1:]])


@pytest.mark.parametrize(
    "file",
    sorted(set(MARIMO.glob("_tutorials/*.py")) - set(MARIMO.glob("_tutorials/__init__.py"))),
    ids=lambda file: file.stem,
)
def test_one_edit_in_a_tutorial_changes_one_cell(file: Path) -> None:
    text = file.read_text()
    notebook = parse_notebook(text)
    last = notebook.cells[-1]
    cells = [keep(cell) for cell in notebook.cells[:-1]]
    new = rewrite(notebook, [*cells, NewCell(last.code + "\n# edited", last.name, last.kind, last.options, last.index)])
    start = text.index(last.text, sum(len(cell.text) for cell in notebook.cells[:-1]))
    assert new[:start] == text[:start]
    assert "# edited" in new[start:]
