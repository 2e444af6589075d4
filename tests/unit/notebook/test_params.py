"""Params: types and defaults are read from literals, and nothing else passes for one."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import pytest

from daglab.errors import NotebookError
from daglab.marimo_api import ParsedCell, render
from daglab.notebook.cells import Notebook, parse_notebook
from daglab.notebook.params import param_cells, read_params


def notebook(*codes: str) -> Notebook:
    return parse_notebook(render([ParsedCell(code) for code in codes]), "n.py")


@pytest.mark.parametrize(
    ("code", "kind", "default"),
    [
        ("p = 3", int, 3),
        ("p = True", bool, True),
        ("p = 'a'", str, "a"),
        ("p: float = 0", float, 0),
        ("p: int | None = None", int | None, None),
        ("p: Optional[str] = None", str | None, None),
        ('p: Literal["a", "b"] = "a"', Literal["a", "b"], "a"),
        ("p: None | int = 3", int | None, 3),
        ("p: Literal['a'] | None = None", Literal["a"] | None, None),
        ("p: list[Literal['a', 'b']] = ['b']", list[Literal["a", "b"]], ["b"]),
        ("p: typing.Literal[1] = 1", Literal[1], 1),
        ("p: list[float] = [1.5]", list[float], [1.5]),
        ("p = ['a', 'b']", list[str], ["a", "b"]),
        ("p = []", list, []),
        ("p: date = date(2026, 1, 2)", date, date(2026, 1, 2)),
        ("p = datetime.date(2026, 1, 2)", date, date(2026, 1, 2)),
        ('p: "int" = -1', int, -1),
    ],
)
def test_type_and_default(code: str, kind: Any, default: Any) -> None:
    param = read_params(notebook("import marimo as mo", code), ["p"])["p"]
    assert (param.type, param.default) == (kind, default)


def test_a_cell_of_params_is_nothing_but_assignments_of_params() -> None:
    cells = notebook("a = 1\nb = 2", "c = 3", "d = 4\nprint(d)", "e = f = 5", "a, b = 1, 2", "x = = 1", "")
    assert param_cells(cells, ["a", "b", "c", "d", "e", "f", "x"]) == [0, 1]
    assert param_cells(cells, ["a"]) == []


def test_lines_are_those_of_the_file() -> None:
    cells = notebook("import os", "a = 1\n\nb = 2")
    lines = cells.text.split("\n")
    assert {name: lines[p.line - 1].strip() for name, p in read_params(cells, ["a", "b"]).items()} == {
        "a": "a = 1",
        "b": "b = 2",
    }


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("p = f(1)", r"f\(1\) is not a literal"),
        ("p = 1 + 1", r"1 \+ 1 is not a literal"),
        ("p = date('x')", "is not a literal"),
        ("p = date(2026, 13, 1)", "is not a literal"),
        ("p: 'int |' = 1", "the type 'int |' is not Python"),
        ("p: int = 'no'", "the default 'no' is not of its type"),
        ("p: int = True", "the default True is not of its type"),
        ("p: bool = 1", "the default 1 is not of its type"),
        ("p: list[int] = [1, 'a']", "is not of its type"),
        ("p: list[int] = 1", "is not of its type"),
        ("p: str = None", "the default None is not of its type"),
        ("p: Literal['a'] = 'b'", "is not of its type"),
        ("p: Literal[1] = True", "is not of its type"),
        ("p: Literal[1, 'a'] = 1", "values of one type"),
        ("p: int | str = 1", "not supported"),
        ("p = {}", "not supported without an annotation"),
        ("p: dict = {}", "the type dict is not supported"),
        ("p: set[int] = []", r"the type set\[int\] is not supported"),
        ("q = 1", "not assigned in a cell of params"),
        ("p = None", "not supported without an annotation"),
    ],
)
def test_what_is_no_param_is_refused_with_its_place(code: str, reason: str) -> None:
    with pytest.raises(NotebookError, match=reason) as caught:
        read_params(notebook(code), ["p"])
    assert "n.py" in caught.value.message
    assert caught.value.remedy
