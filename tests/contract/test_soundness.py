"""Our own quick answer on marimo's breaking rules is marimo's answer, on every supported marimo."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from daglab import marimo_api
from daglab.errors import NotebookError
from daglab.marimo_api import ParsedCell
from daglab.notebook.cells import parse_notebook
from daglab.notebook.graph import cell_graph

NAMES = st.sampled_from("abc")
LINES = st.one_of(
    st.builds("{} = 1".format, NAMES),
    st.builds("{} = {}".format, NAMES, NAMES),
    st.builds("_{} = {}".format, NAMES, NAMES),
    st.builds("{} += 1".format, NAMES),
    st.builds("del {}".format, NAMES),
    st.builds("def {}(x):\n    return {}".format, NAMES, NAMES),
    st.builds("class {}:\n    x = {}".format, NAMES, NAMES),
    st.builds("for {} in {}:\n    pass".format, NAMES, NAMES),
    st.builds("import {} as {}".format, NAMES, NAMES),
    st.builds("[{0} for {0} in {1}]".format, NAMES, NAMES),
    st.sampled_from(["", "x = (", "return", "global a\na = 1", "from os import *", "await f()", "'text'"]),
)
CELLS = st.lists(st.lists(LINES, min_size=1, max_size=3).map("\n".join), max_size=4)


def answers(text: str) -> tuple[bool, list[str]]:
    """(Ours, marimo's findings)."""
    return cell_graph(parse_notebook(text)).is_sound, [d.code for d in asyncio.run(marimo_api.lint(text))]


@settings(deadline=None, max_examples=300)
@given(CELLS, st.booleans())
def test_sound_is_what_marimo_finds_nothing_in(cells: list[str], setup: bool) -> None:
    parsed = [ParsedCell(code) for code in cells]
    if setup and cells:
        parsed[0] = ParsedCell(cells[0], "setup", "setup")
    try:
        text = marimo_api.render(parsed)
    except NotebookError:
        reject()  # there is no such file
    ours, theirs = answers(text)
    assert ours is (theirs == []), (theirs, text)


def test_cells_that_marimo_cannot_write_are_refused() -> None:
    cells = [ParsedCell(f"def {name}(x):\n    return {other}") for name, other in ("ab", "ab", "ba")]
    with pytest.raises(NotebookError, match="marimo cannot write these cells"):
        marimo_api.render(cells)


@pytest.mark.parametrize(
    ("cells", "sound"),
    [
        (["a = 1", "b = a"], True),
        (["a = b", "b = a"], False),
        (["a = 1", "a = 2"], False),
        (["_a = 1", "_a = 2"], True),
        (["x = ("], False),
        ([], True),
    ],
)
def test_plain_cases(cells: list[str], sound: bool) -> None:
    ours, theirs = answers(marimo_api.render([ParsedCell(code) for code in cells]))
    assert (ours, theirs == []) == (sound, sound)
