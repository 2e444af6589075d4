"""The merge table, row by row, over hashes alone: a .py cell's hash is "P:" and what it converts to."""

from __future__ import annotations

from typing import Any

import pytest

from daglab.pair.base import BaseLine
from daglab.pair.merge import UNDECIDED, Choices, Conflict, Merge, PyMark, merge, setup_first


def pym(text: str, *, setup: bool = False, named: str = "") -> PyMark:
    return PyMark(f"P:{text}{named}", text, setup)


def run(
    base: str | None, py: str, ipynb: str, matches: tuple[str, str] | None = None, choices: Choices = UNDECIDED
) -> Merge:
    """Each letter a cell; ``matches`` are for each cell of a half the letter of the base that it continues, or -."""
    by_py, by_ipynb = matches or (py, ipynb)
    where = base if base is not None else ipynb

    def places(letters: str) -> list[int | None]:
        return [where.index(letter) if letter in where else None for letter in letters]

    lines = None if base is None else [BaseLine(c, f"P:{c}") for c in base]
    return merge(
        lines, [pym(c) for c in py], list(ipynb), py_match=places(by_py), ipynb_match=places(by_ipynb), choices=choices
    )


def shown(merged: Merge, py: str, ipynb: str) -> str:
    """The merged notebook's letters; upper-case letters where the .py has to be written, in () the .ipynb."""
    words = []
    for slot in merged.slots:
        if slot.take == "py":
            assert slot.py is not None
            words.append(f"({py[slot.py]})")
        else:
            assert slot.ipynb is not None
            words.append(ipynb[slot.ipynb].upper() if slot.take == "ipynb" else ipynb[slot.ipynb])
    return "".join(words)


@pytest.mark.parametrize(
    ("base", "py", "ipynb", "matches", "result"),
    [
        # same, same
        ("abc", "abc", "abc", None, "abc"),
        ("", "", "", None, ""),
        # one half edited
        ("abc", "abc", "axc", ("abc", "abc"), "aXc"),
        ("abc", "axc", "abc", ("abc", "abc"), "a(x)c"),
        # both edited: the same, or different cells
        ("abc", "axc", "axc", ("abc", "abc"), "axc"),
        ("abc", "xbc", "aby", ("abc", "abc"), "(x)bY"),
        # new cells, on either half, on both, equal ones
        ("ab", "axb", "ab", None, "a(x)b"),
        ("ab", "ab", "axb", None, "aXb"),
        ("ab", "xab", "aby", None, "(x)abY"),
        ("ab", "axb", "axb", None, "axb"),
        ("ab", "axb", "ayb", None, "aY(x)b"),
        ("", "xy", "", None, "(x)(y)"),
        ("ab", "abxx", "abx", None, "abx(x)"),
        # deleted on one half, on both
        ("abc", "ac", "abc", None, "ac"),
        ("abc", "abc", "ac", None, "ac"),
        ("abc", "ac", "ac", None, "ac"),
        # moved on one half, on both alike, and edited on the other
        ("abc", "cab", "abc", None, "cab"),
        ("abc", "abc", "bca", None, "bca"),
        ("abc", "cab", "cab", None, "cab"),
        ("abc", "cab", "axc", ("cab", "abc"), "caX"),
        ("abc", "cab", "abxc", None, "cabX"),
    ],
)
def test_rows_without_conflict(base: str, py: str, ipynb: str, matches: tuple[str, str] | None, result: str) -> None:
    merged = run(base, py, ipynb, matches)
    assert merged.conflicts == ()
    assert shown(merged, py, ipynb) == result


@pytest.mark.parametrize(
    ("base", "py", "ipynb", "matches", "conflict", "for_py", "for_ipynb"),
    [
        ("abc", "axc", "ayc", ("abc", "abc"), Conflict("both-edited", 1, 1), "a(x)c", "aYc"),
        ("abc", "ac", "ayc", ("ac", "abc"), Conflict("deleted-edited", None, 1), "ac", "aYc"),
        ("abc", "axc", "ac", ("abc", "ac"), Conflict("deleted-edited", 1, None), "a(x)c", "ac"),
    ],
)
def test_rows_with_conflict(
    base: str, py: str, ipynb: str, matches: tuple[str, str], conflict: Conflict, for_py: str, for_ipynb: str
) -> None:
    assert run(base, py, ipynb, matches).conflicts == (conflict,)
    assert shown(run(base, py, ipynb, matches, Choices(rest="py")), py, ipynb) == for_py
    assert shown(run(base, py, ipynb, matches, Choices(rest="ipynb")), py, ipynb) == for_ipynb


def test_cells_moved_to_different_places_are_a_conflict() -> None:
    merged = run("abc", "cab", "bca")
    assert {c.reason for c in merged.conflicts} == {"both-moved"}
    assert shown(run("abc", "cab", "bca", choices=Choices(order="py")), "cab", "bca") == "cab"
    assert shown(run("abc", "cab", "bca", choices=Choices(rest="ipynb")), "cab", "bca") == "bca"


def test_without_a_base_equal_cells_are_adopted() -> None:
    merged = run(None, "abc", "abc")
    assert merged.conflicts == ()
    assert shown(merged, "abc", "abc") == "abc"


@pytest.mark.parametrize(
    ("py", "ipynb", "matches", "for_py", "for_ipynb"),
    [
        ("ax", "ay", ("ay", ""), "a(x)", "aY"),
        ("ab", "a", ("a-", ""), "a(b)", "a(b)"),
        ("a", "ab", ("a", ""), "aB", "aB"),
        ("ba", "ab", ("ba", ""), "ba", "ab"),
    ],
)
def test_without_a_base_differences_are_conflicts_and_never_deletions(
    py: str, ipynb: str, matches: tuple[str, str], for_py: str, for_ipynb: str
) -> None:
    assert run(None, py, ipynb, matches).conflicts
    for prefer, result in (("py", for_py), ("ipynb", for_ipynb)):
        merged = run(None, py, ipynb, matches, Choices(rest="py" if prefer == "py" else "ipynb"))
        assert shown(merged, py, ipynb) == result


def test_a_cell_whose_name_alone_was_edited_takes_the_other_half_s_source() -> None:
    merged = merge([BaseLine("a", "P:a")], [pym("a", named=" renamed")], ["b"], py_match=[0], ipynb_match=[0])
    assert merged.conflicts == ()
    assert merged.slots[0].take == "ipynb"


def test_the_setup_cell_is_first_in_the_py_wherever_jupyter_has_it() -> None:
    base = [BaseLine("t", "P:t"), BaseLine("s", "P:s"), BaseLine("a", "P:a")]
    py = [pym("s", setup=True), pym("t"), pym("a")]
    merged = merge(base, py, ["t", "s", "a"], py_match=[1, 0, 2], ipynb_match=[0, 1, 2])
    assert [slot.ipynb for slot in merged.slots] == [0, 1, 2]
    assert [slot.py for slot in setup_first(merged.slots, py)] == [0, 1, 2]
    above = merge(base[1:], py[:1] + py[2:], ["new", "s", "a"], py_match=[0, 1], ipynb_match=[None, 0, 1])
    assert [slot.ipynb for slot in above.slots] == [0, 1, 2]
    assert [slot.py for slot in setup_first(above.slots, py)] == [0, None, 1]


def test_each_conflict_may_be_decided_by_itself() -> None:
    def decided(**choices: Any) -> Merge:
        return run("abc", "axyc", "avw", ("ab-c", "ab-"), Choices(**choices))

    assert decided().conflicts == (Conflict("both-edited", 1, 1),)
    assert shown(decided(cells={(1, 1): "py"}), "axyc", "avw") == "a(x)W(y)"
    assert shown(decided(cells={(1, 1): "ipynb"}), "axyc", "avw") == "aVW(y)"
    two = ("abc", "axy", "avw", ("abc", "abc"))
    assert run(*two, Choices({(1, 1): "py"})).conflicts == (Conflict("both-edited", 2, 2),)
    assert shown(run(*two, Choices({(1, 1): "py"}, rest="ipynb")), "axy", "avw") == "a(x)W"


def test_without_a_base_a_cell_goes_only_when_a_choice_names_it() -> None:
    merged = run(None, "ab", "ac", ("a-", ""), Choices({(1, None): "ipynb", (None, 1): "ipynb"}))
    assert merged.conflicts == ()
    assert shown(merged, "ab", "ac") == "aC"
