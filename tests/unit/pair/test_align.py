from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daglab.pair.align import Mark, align


def marks(*texts: str) -> list[Mark]:
    return [Mark(text, text) for text in texts]


A, B, C, D = "import pandas as pd", "orders = pd.read_csv('a.csv')", "orders.plot(kind='bar')", "print('quite another')"


@pytest.mark.parametrize(
    ("old", "new", "matched"),
    [
        ((A, B, C), (A, B, C), [0, 1, 2]),
        ((A, B, C), (A, C), [0, 2]),
        ((A, B, C), (A, D, B, C), [0, None, 1, 2]),
        ((A, B, C), (C, A, B), [2, 0, 1]),
        ((A, B, C), (A, B + " # edited", C), [0, 1, 2]),
        ((A, B, C), (A, "x", C), [0, 1, 2]),  # nothing alike, but alone in its place
        ((A, B, C), (B + "!", A, C), [1, 0, 2]),
        ((A, A, B), (A, B), [0, 2]),
        ((), (A,), [None]),
        ((A,), (), []),
        ((A, B), (C, D, A), [None, None, 0]),
    ],
)
def test_cells_are_known_again(old: tuple[str, ...], new: tuple[str, ...], matched: list[int | None]) -> None:
    assert align(marks(*old), marks(*new)) == matched


def test_without_texts_order_decides_between_matched_neighbours() -> None:
    old = [Mark("a"), Mark("b"), Mark("c"), Mark("d")]
    assert align(old, marks("a", "x", "y", "d")) == [0, 1, 2, 3]
    assert align(old, marks("a", "x", "d")) == [0, None, 3]


def test_many_edited_cells_are_matched_by_order() -> None:
    old = [Mark(str(n), "text") for n in range(200)]
    new = [Mark(f"new {n}", "text") for n in range(200)]
    assert align(old, new) == list(range(200))


@given(st.lists(st.sampled_from([A, B, C, D, "x", "y"])), st.lists(st.sampled_from([A, B, C, D, "x", "z"])))
def test_no_cell_is_continued_twice_and_equal_cells_are_not_overlooked(old: list[str], new: list[str]) -> None:
    matched = align(marks(*old), marks(*new))
    continued = [i for i in matched if i is not None]
    assert len(set(continued)) == len(continued)
    assert len(matched) == len(new)
    for text in set(old) & set(new):
        equal = sum(1 for j, i in enumerate(matched) if i is not None and old[i] == new[j] == text)
        assert equal == min(old.count(text), new.count(text))


@given(st.lists(st.text(max_size=5)))
def test_a_notebook_is_aligned_with_itself(cells: list[str]) -> None:
    assert align(marks(*cells), marks(*cells)) == list(range(len(cells)))


def test_long_texts_are_compared_in_no_time() -> None:
    """As of an image in a markdown cell."""
    image = "".join(random.Random(1).choices("abcdefgh", k=300_000))
    lines = "".join(f"row {n}: {image[n : n + 60]}\n" for n in range(3_000))
    old = [Mark("1", f"one {image}"), Mark("2", lines), Mark("3", "x = 1")]
    new = [Mark("a", lines.replace("row 5", "line 5")), Mark("b", f"two {image}!"), Mark("c", image[::-1])]
    start = time.perf_counter()
    assert align(old, new)[:2] == [1, 0]
    assert time.perf_counter() - start < 60  # each character with each other would take hours


def test_many_edited_cells_are_compared_in_no_time() -> None:
    """As when a formatter has been through the notebook."""
    words = random.Random(2)
    texts = [" ".join(words.choices(["df", "plot", "=", "(", ")", "\n", "foo_bar"], k=150)) for _ in range(50)]
    start = time.perf_counter()
    assert align(marks(*texts), marks(*(f"{text}\n" for text in reversed(texts)))) == [*reversed(range(50))]
    assert time.perf_counter() - start < 60
