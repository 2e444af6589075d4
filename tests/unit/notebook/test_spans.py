"""Spans: cutting and joining is the identity for every text, and each cell is one span."""

from __future__ import annotations

import inspect
from pathlib import Path

import marimo
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daglab.notebook.spans import lines_of, split

MARIMO = Path(inspect.getfile(marimo)).parent

NOTEBOOK = '''\
"""About."""
# /// script
# dependencies = ["marimo"]
# ///
import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium")

with app.setup:
    import math
    # trailing comment of the setup cell


@app.cell(hide_code=True)
def _():
    x = 1
    # trailing comment
    return (x,)


# a comment between cells

@app.function
def area(r):
    return math.pi * r**2


@app.class_definition
class Point: ...


app._unparsable_cell(
    r"""
    x = = 1
    """,
    name="broken"
)


if __name__ == "__main__":
    app.run()
'''


def kinds(text: str) -> list[str]:
    return [span.kind for span in split(text)]


def join(text: str) -> str:
    return "".join(span.text for span in split(text))


def test_each_cell_is_one_span_with_its_trailing_comments() -> None:
    spans = split(NOTEBOOK)
    assert [s.kind for s in spans] == ["head", *["cell", "gap"] * 4, "cell", "foot"]
    cells = [s for s in spans if s.kind == "cell"]
    assert cells[0].text.startswith("with app.setup:")
    assert cells[0].text.endswith("# trailing comment of the setup cell\n")
    assert cells[1].text.startswith("@app.cell(hide_code=True)\n")
    assert cells[1].text.endswith("return (x,)\n")
    assert spans[4].text == "\n\n# a comment between cells\n\n"
    assert cells[-1].text.startswith("app._unparsable_cell(")
    assert cells[-1].text.endswith(")\n")
    assert [NOTEBOOK.splitlines()[s.line - 1] for s in cells] == [s.text.splitlines()[0] for s in cells]


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t,
        lambda t: t.replace("\n", "\r\n"),
        lambda t: t.replace("\n", "\r"),
        lambda t: "\ufeff" + t,
        lambda t: t.rstrip("\n"),
        lambda t: "\n\n\x0c\n" + t,
        lambda t: t.replace("x = 1", "x = 'é\x85\u2028\x1c'"),
        lambda t: t.replace("x = 1", "x = = 1"),
        lambda t: (
            t.replace("    x = 1", "\tx = 1")
            .replace("    return (x,)", "\treturn (x,)")
            .replace("    # trailing comment\n    return", "\treturn")
        ),
        lambda t: t.split("@app.cell")[0],
        lambda t: t.split("if __name__")[0],
    ],
    ids=[
        "as it is",
        "CRLF",
        "CR",
        "BOM",
        "no final newline",
        "blank front",
        "odd separators",
        "syntax error",
        "tabs",
        "no cells",
        "no guard",
    ],
)
def test_joined_spans_are_the_text(change: object) -> None:
    text = change(NOTEBOOK)  # type: ignore[operator]
    assert join(text) == text


def test_a_syntax_error_in_one_cell_leaves_the_others_their_spans() -> None:
    broken = NOTEBOOK.replace("x = 1\n", "x = = 1\n", 1)
    assert kinds(broken).count("cell") == kinds(NOTEBOOK).count("cell")


@pytest.mark.parametrize("character", "\f\v\x1c\x85\u2028")
def test_rare_line_ends_before_a_syntax_error(character: str) -> None:
    """marimo's scanner counts them as line ends, Python doesn't."""
    odd = f"@app.cell\ndef _():\n    a = '{character}'\n    return\n"
    broken = "@app.cell\ndef _(:\n    x =\n    return\n"
    for count in range(4):
        cells = "\n\n".join([*[odd] * count, broken, "@app.cell\ndef _():\n    x = 1\n    return (x,)\n"])
        text = "import marimo\n\napp = marimo.App()\n\n\n" + cells
        assert join(text) == text


def test_an_empty_notebook_has_its_guard_in_the_foot() -> None:
    text = 'import marimo\n\napp = marimo.App()\n\n\nif __name__ == "__main__":\n    app.run()\n'
    assert [(s.kind, s.text.split("\n")[0]) for s in split(text)] == [
        ("head", "import marimo"),
        ("foot", 'if __name__ == "__main__":'),
    ]


@pytest.mark.parametrize("text", ["", "\n", "x = 1\n", "def f(:\n", "\x00", "# only a comment"])
def test_a_text_that_is_no_notebook_has_no_cells(text: str) -> None:
    assert join(text) == text
    assert "cell" not in kinds(text)


@given(st.text(alphabet=st.sampled_from(list("ab@.#\"'\n\r\t\f ():=\ufeff\x85é")), max_size=200))
def test_joining_is_the_identity_for_any_text(tail: str) -> None:
    for text in (tail, NOTEBOOK + tail, NOTEBOOK[:300] + tail + NOTEBOOK[300:]):
        assert join(text) == text


def test_joining_is_the_identity_for_every_file_of_marimo() -> None:
    files = sorted(MARIMO.rglob("_tutorials/*.py")) + sorted(MARIMO.rglob("_ast/*.py"))
    assert len(files) > 20
    for file in files:
        text = file.read_bytes().decode()
        assert join(text) == text, file


def test_lines_are_those_that_python_counts() -> None:
    assert lines_of("a\x0cb\x85c\n\r\nd\re") == ["a\x0cb\x85c\n", "\r\n", "d\r", "e"]
