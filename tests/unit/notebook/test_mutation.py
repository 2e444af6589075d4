"""Changes in place are found, and look-alikes are not."""

from __future__ import annotations

import pytest

from daglab.notebook.mutation import changes


def lines(code: str, type_name: str | None = None) -> list[int]:
    return [line for line, _ in changes(code, "orders", type_name)]


@pytest.mark.parametrize(
    "code",
    [
        "orders['x'] = 1",
        "orders.columns = []",
        "orders.loc[0, 'x'] = 1",
        "a, *orders['x'] = 1, 2",
        "orders['x'] += 1",
        "orders['x']: int = 1",
        "for orders['x'] in range(3): pass",
        "del orders",
        "del orders['x'], other",
        "orders.append(1)",
        "[orders.append(i) for i in range(3)]",
        "x = orders.pop()",
        "orders['x'].extend([1])",
        "orders.drop('x', inplace=True)",
        "orders.rechunk(in_place=True)",
        "orders.sort()\nprint(orders)",
        "if True:\n    orders.update(x=1)",
        "def f():\n    orders.append(1)",
        "async def f():\n    orders.append(1)",
        "def f():\n    global orders\n    orders = []\n    orders.append(1)",
        "g = lambda x: orders.append(x)",
    ],
)
def test_changed_in_place(code: str) -> None:
    assert lines(code)


@pytest.mark.parametrize(
    "code",
    [
        "x = orders['x']",
        "other['x'] = orders",
        "other[orders] = 1",
        "orders.sort('x')",  # the last expression is the cell's output: a data frame's sort returns a new one
        "x = orders.sort('x')",
        "orders.drop('x', inplace=False)",
        "orders.copy().append(1)",
        "other.append(orders)",
        "def f(orders):\n    orders.append(1)",
        "def f(*orders, **other):\n    orders.append(1)",
        "def f():\n    orders = []\n    orders.append(1)",
        "g = lambda orders: orders.append(1)",
        "orders: list",
        "orders.append(",
        "",
    ],
)
def test_not_changed(code: str) -> None:
    assert lines(code) == []


def test_a_declared_type_decides_what_a_method_does() -> None:
    assert lines("orders.sort('x')\nprint(1)", "polars.DataFrame") == []
    assert lines("orders.sort()", "list") == [1]
    assert lines("x = orders.update(other)", "pandas.DataFrame") == [1]
    assert lines("x = orders.update(other)", "polars.DataFrame") == []


def test_each_place_with_its_line() -> None:
    found = list(changes("x = 1\norders['a'] = x\n\ndel orders['b']", "orders"))
    assert found == [
        (2, "'orders' is assigned to (orders['a'])"),
        (4, "'orders' is deleted from (orders['b'])"),
    ]
