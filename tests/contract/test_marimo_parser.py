"""Cells have the same code on every supported marimo: both halves' hashes and a team's pairs rest on it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daglab import marimo_api
from daglab.marimo_parser import dedented, parser

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
