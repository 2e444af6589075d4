"""Aligns a notebook's cells with those of an earlier version: by hash, by order, by similarity; a pure function."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

_SIMILAR = 0.5
_MOST_COMPARED = 2_500  # pairs of cells in one stretch; beyond, cells are matched by order alone
_MOST_CHARACTERS = 10_000  # pairs of characters of two cells; beyond, words are compared
_WORD = re.compile(r"\w+|\W")


@dataclass(frozen=True)
class Mark:
    """What a cell is known by: its hash, and its text where that is known."""

    digest: str
    text: str | None = None


def align(old: Sequence[Mark], new: Sequence[Mark]) -> list[int | None]:
    """For each new cell the old cell that it continues, or ``None``; no old cell is continued twice.

    Equal cells in order come first, then equal cells that moved, then, between two matched neighbours, similar
    cells, and at last a lone cell in the place of a lone other one.
    """
    matched: list[int | None] = [None] * len(new)
    free = set(range(len(old)))

    def match(i: int, j: int) -> None:
        matched[j] = i
        free.discard(i)

    for i, j in _in_order([mark.digest for mark in old], [mark.digest for mark in new]):
        match(i, j)
    places: dict[str, list[int]] = {}
    for i in sorted(free):
        places.setdefault(old[i].digest, []).append(i)
    for j, mark in enumerate(new):
        if matched[j] is None and places.get(mark.digest):
            match(places[mark.digest].pop(0), j)
    for i, j in _similar(old, new, sorted(free), [j for j, m in enumerate(matched) if m is None]):
        match(i, j)
    for i, j in _lone(len(old), free, matched):
        match(i, j)
    return matched


def alike(old: Mark, new: Mark) -> bool:
    """Whether one cell is the other, or similar to it; of unknown text, only an equal one is."""
    if old.digest == new.digest:
        return True
    return old.text is not None and new.text is not None and _likeness(old.text, new.text) >= _SIMILAR


def _in_order(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """A longest common run of equal cells; equal beginnings and ends are told without comparing all with all."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    pairs = [(k, k) for k in range(head)]
    pairs += [(len(old) - k, len(new) - k) for k in range(tail, 0, -1)]
    matcher = difflib.SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail], autojunk=False)
    for block in matcher.get_matching_blocks():
        pairs += [(head + block.a + k, head + block.b + k) for k in range(block.size)]
    return pairs


def _similar(old: Sequence[Mark], new: Sequence[Mark], lost: list[int], found: list[int]) -> list[tuple[int, int]]:
    if len(lost) * len(found) > _MOST_COMPARED:
        return []
    candidates = []
    for i in lost:
        for j in found:
            a, b = old[i].text, new[j].text
            if a is None or b is None:
                continue
            ratio = _likeness(a, b)
            if ratio >= _SIMILAR:
                candidates.append((-ratio, abs(i - j), i, j))
    pairs: list[tuple[int, int]] = []
    for _, _, i, j in sorted(candidates):
        if all(i != a and j != b for a, b in pairs):
            pairs.append((i, j))
    return pairs


def _likeness(a: str, b: str) -> float:
    """How much of two texts is the same, from 0 to 1; of long ones, as with an image in them, with words compared."""
    if min(len(a), len(b)) < _SIMILAR * (len(a) + len(b)) / 2:
        return 0.0
    if len(a) * len(b) > _MOST_CHARACTERS:
        words = _WORD.findall(a)
        blocks = difflib.SequenceMatcher(None, words, _WORD.findall(b)).get_matching_blocks()
        same = sum(len("".join(words[block.a : block.a + block.size])) for block in blocks)
        return 2 * same / (len(a) + len(b))
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= _SIMILAR else 0.0


def _lone(old_count: int, free: set[int], matched: Sequence[int | None]) -> list[tuple[int, int]]:
    """Stretches with as many lost as found cells between the same neighbours: matched by order."""
    pairs = []
    j = 0
    while j < len(matched):
        if matched[j] is not None:
            j += 1
            continue
        end = j
        while end < len(matched) and matched[end] is None:
            end += 1
        before = matched[j - 1] if j else -1
        after = matched[end] if end < len(matched) else old_count
        if before is not None and after is not None:
            lost = [i for i in range(before + 1, after) if i in free]
            if len(lost) == end - j == after - before - 1:
                pairs += list(zip(lost, range(j, end), strict=True))
        j = end
    return pairs
