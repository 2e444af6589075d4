"""Cells have the same code on every supported marimo: both halves' hashes and a team's pairs rest on it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daglab import marimo_api
from daglab.errors import NotebookError
from daglab.marimo_parser import dedented, parser
from daglab.notebook.cells import Notebook, parse_edited, parse_notebook

NOTEBOOK = "import marimo\n\napp = marimo.App()\n\n\n@app.cell\ndef _():\n{}\n    return\n"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("    if x:\n        \n        y = 1\n  \n    y", "if x:\n    \n    y = 1\n  \ny"),
        ('    s = """\n    a\n      \n    b\n    """', 's = """\na\n  \nb\n"""'),
        ('    s = """\n  a\n        b\n      \n    """', 's = """\n  a\n        b\n      \n    """'),
        ('    s = f"""\n{x}\n      \n    """', 's = f"""\n{x}\n      \n    """'),
        ("    x = 1  \n# less\n    y = 2\n    # more", "x = 1  \n# less\ny = 2\n# more"),
        ('    s = "a\u2028b\x85c"\n    t = s', 's = "a\u2028b\x85c"\nt = s'),
        ("    x = 1\x0c\n    # \x1c\n    y = 2", "x = 1\x0c\n# \x1c\ny = 2"),
        ("\tif x:\n\t\ty = 1", "if x:\n\ty = 1"),
    ],
)
def test_a_cell_is_read_as_python_reads_it(body: str, code: str) -> None:
    text = (
        NOTEBOOK.format(body) if not body.startswith("\t") else NOTEBOOK.format(body).replace("    return", "\treturn")
    )
    parsed = marimo_api.parse(text)
    assert parsed is not None and parsed.valid
    assert [cell.code for cell in parsed.cells] == [code]


def test_a_cell_that_does_not_parse_is_read_alike() -> None:
    text = NOTEBOOK.format('    x = (\n    \n    s = """\n  a\n    """')
    parsed = marimo_api.parse(text)
    assert parsed is not None
    assert [(cell.kind, cell.code) for cell in parsed.cells] == [("unparsable", 'x = (\n\ns = """\n  a\n"""')]


LINES = st.sampled_from(
    [
        "x = 1",
        "if x:",
        "    y = 2",
        "",
        "  ",
        "      ",
        "# c",
        "s = '''",
        "'''",
        "  a",
        "        b",
        "f'''{x}",
        "g = f'''a{x!r}",
        "(",
        ")",
        "\tz",
        "f('''b\n  \n''')",
    ]
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["    ", "    ", "    ", "  ", "\t", ""]), LINES), max_size=8))
def test_cells_are_dedented_as_marimo_does_it(lines: list[tuple[str, str]]) -> None:
    """On a marimo of before 0.24, ``dedented`` stands in marimo's place."""
    text = "\n".join(indent + line for indent, line in lines)
    assert dedented(text) == parser().fixed_dedent(text)


PIECES = [
    "@app.cell\ndef _():\n    x = 1\n    return (x,)\n",
    "@app.cell\ndef named(x):\n    y = '''\n  less\n    '''  # why\n    # at the end\n    return\n",
    "@app.cell(hide_code=True)\nasync def _():\n    mo.md(r'''\n    # A\n    ''')\n    # last\n",
    "@app.function\ndef f(a):\n    return a  # of f\n",
    "@app.class_definition\nclass C:\n    '''doc'''\n",
    'app._unparsable_cell(\n    r"""\n    def (:\n    """,\n    name="_"\n)\n',
    "with app.setup:\n    import os\n",
    "@app.cell\ndef _():\n    x = 1\n    return (x,)\n\n\n# between\n",
    "@app.cell\ndef _():\n\tx = '\N{NO-BREAK SPACE}\f'\n\treturn\n",
    "@app.cell\ndef _(:\n    x =\n    return\n",
    "foreign = 1\n",
]


@settings(max_examples=150)
@given(
    st.lists(st.sampled_from(PIECES), max_size=6),
    st.lists(st.sampled_from(PIECES), max_size=6),
    st.sampled_from(["", "\n\n\nif __name__ == '__main__':\n    app.run()\n", "# the end"]),
    st.sampled_from(["", "\ufeff", "\n\n"]),
    st.booleans(),
)
def test_an_edited_text_is_read_as_if_it_were_new(
    before: list[str], after: list[str], foot: str, front: str, crlf: bool
) -> None:
    def text(pieces: list[str]) -> str:
        text = front + "import marimo\n\napp = marimo.App(width='full')\n\n\n" + "\n\n".join(pieces) + foot
        return text.replace("\n", "\r\n") if crlf else text

    def read(parse: Callable[[], Notebook]) -> Notebook | str:
        try:
            return parse()
        except NotebookError as error:
            return str(error)

    try:
        old = parse_notebook(text(before), "n.py")
    except NotebookError:
        return
    assert read(lambda: parse_edited(old, text(after))) == read(lambda: parse_notebook(text(after), "n.py"))


BEGINNERS = """
import threading
from daglab import marimo_api, marimo_graph

NOTEBOOK = "import marimo\\napp = marimo.App()\\n\\n@app.cell\\ndef _():\\n    x = 1\\n    return\\n"
begin, errors = threading.Barrier(5), []

def first(use):
    begin.wait()
    try:
        use()
    except BaseException as error:
        errors.append(error)

uses = (
    lambda: marimo_api.statements(NOTEBOOK),
    lambda: marimo_api.parse(NOTEBOOK),
    lambda: marimo_api.markdown_of("mo.md('a')"),
    lambda: marimo_api.convert_jupyter("{}"),
    lambda: marimo_graph._compiled("x = 1", "0"),
)
threads = [threading.Thread(target=first, args=(use,)) for use in uses]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not errors, errors
"""


def test_threads_may_be_the_first_to_use_marimo_together() -> None:
    subprocess.run([sys.executable, "-c", BEGINNERS], check=True, timeout=60)
