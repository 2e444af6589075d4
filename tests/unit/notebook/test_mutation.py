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
        "orders.fill(0)\nprint(orders)",
        "orders.resize((2, 2))\nprint(orders)",
        "def f():\n    orders.append(1)",
        "async def f():\n    orders.append(1)",
        "def f():\n    global orders\n    orders = []\n    orders.append(1)",
        "g = lambda x: orders.append(x)",
        "b = orders\nb['x'] = 1",
        "b = c = orders\nc.append(1)",
        "if (b := orders):\n    b.append(1)",
        "b = orders\nc = b\nc['x'] = 1",
        "setattr(orders, 'x', 1)",
        "delattr(orders, 'x')",
        "with f() as orders.handle: pass",
        "with f() as (a, orders['x']): pass",
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
        "b = orders.copy()\nb['x'] = 1",
        "b = orders[orders['x'] > 0]\nb['y'] = 1",
        "b = list(orders)\nb.append(1)",
        "b = orders",
        "b = orders\nb = 1",
        "orders, b = 1, 2",
        "setattr(other, 'x', orders)",
        "setattr()",
        "with f(orders) as g: pass",
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
    for method in ("sort()", "fill(0)", "resize(3)", "put([0], 1)", "partition(1)"):
        assert lines(f"orders.{method}", "numpy.ndarray") == [1]
    assert lines("orders.reverse()", "bytearray") == [1]
    assert lines("x = orders.partition(b',')", "bytearray") == []


def test_another_name_of_the_value_is_told() -> None:
    assert list(changes("b = orders\nb['a'] = 1", "orders")) == [
        (2, "'orders', as 'b', is assigned to (b['a'])"),
    ]


def test_each_place_with_its_line() -> None:
    found = list(changes("x = 1\norders['a'] = x\n\ndel orders['b']", "orders"))
    assert found == [
        (2, "'orders' is assigned to (orders['a'])"),
        (4, "'orders' is deleted from (orders['b'])"),
    ]
