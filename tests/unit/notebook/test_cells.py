"""Cells: code, names, places; what isn't a notebook is refused with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from daglab.errors import NotebookError
from daglab.notebook.cells import is_notebook, parse_notebook, read_notebook
from tests.unit.notebook.test_spans import NOTEBOOK


def test_cells_have_code_names_kinds_options_and_places() -> None:
    notebook = parse_notebook(NOTEBOOK, "n.py")
    assert [(c.name, c.kind) for c in notebook.cells] == [
        ("setup", "setup"),
        ("_", "cell"),
        ("area", "function"),
        ("Point", "class"),
        ("broken", "unparsable"),
    ]
    assert notebook.cells[1].code == "x = 1\n# trailing comment"
    assert notebook.cells[1].options == {"hide_code": True}
    assert notebook.app_options == {"width": "medium"}
    assert notebook.version == "0.25.2"
    assert "dependencies" in notebook.header
    assert [c.label for c in notebook.cells[:2]] == ["cell 'setup'", "cell 2"]
    lines = NOTEBOOK.split("\n")
    for cell in notebook.cells[:4]:
        assert lines[cell.code_line - 1].strip() == cell.code.split("\n")[0]


@pytest.mark.parametrize("front", ["", "\n\n", "\ufeff", "\ufeff\n"])
def test_places_hold_when_blank_lines_or_a_bom_stand_in_front(front: str) -> None:
    notebook = parse_notebook(front + NOTEBOOK)
    lines = (front + NOTEBOOK).split("\n")
    assert [lines[c.code_line - 1].strip() for c in notebook.cells[:2]] == ["import math", "x = 1"]


def test_crlf_is_kept_in_the_text_and_absent_from_the_code() -> None:
    notebook = parse_notebook(NOTEBOOK.replace("\n", "\r\n"))
    assert notebook.newline == "\r\n"
    assert all("\r" not in cell.code for cell in notebook.cells)
    assert "\r\n" in notebook.cells[1].text


@pytest.mark.parametrize(
    "text", ["", "x = 1\n", "import marimo\n", "import marimo as mo\nmo.md('App(')\n", "def f(:\n"]
)
def test_what_is_no_notebook_is_refused(text: str) -> None:
    assert not is_notebook(text)
    with pytest.raises(NotebookError, match=r"plain\.py is not a marimo notebook"):
        parse_notebook(text, "plain.py")


def test_a_notebook_is_told_by_its_content() -> None:
    assert is_notebook(NOTEBOOK)
    assert is_notebook("\ufeff" + NOTEBOOK)
    assert not is_notebook("import marimo  # App(\n")


def test_a_file_that_cannot_be_read_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match="No such file"):
        read_notebook(tmp_path / "none.py")
    latin = tmp_path / "latin.py"
    latin.write_bytes(b"# caf\xe9\n")
    with pytest.raises(NotebookError, match="not UTF-8: byte 5 is 0xe9"):
        read_notebook(latin)
    good = tmp_path / "good.py"
    good.write_text(NOTEBOOK)
    assert len(read_notebook(good).cells) == 5


COMMENTS = '''import marimo

app = marimo.App()

with app.setup:
    if True:
        import math  # nested
        # below
    # at the end


@app.cell
def _():
    x = 1  # no return follows


@app.cell
def _():
    text = """
    # no comment"""
    return


@app.function
def area():
    return 1  # of one
    # and after


@app.class_definition
class Point:
    x = 1  # field


# between


app._unparsable_cell(
    """
    x = (  # open
    """,
    name="_"
)
'''


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_comments_behind_the_last_statement_are_code(newline: str) -> None:
    """marimo reads none of them; what an edit doesn't know of, it would delete."""
    assert [cell.code for cell in parse_notebook(COMMENTS.replace("\n", newline)).cells] == [
        "if True:\n    import math  # nested\n    # below\n# at the end",
        "x = 1  # no return follows",
        'text = """\n# no comment"""',
        "def area():\n    return 1  # of one\n    # and after",
        "class Point:\n    x = 1  # field",
        "x = (  # open",
    ]
