"""The three-way merge of a pair: from base and both halves to what each half is to be; a pure function of values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from daglab.pair.base import BaseLine

Side = Literal["py", "ipynb"]
Take = Literal["both", "py", "ipynb"]
Place = tuple[int | None, int | None]
"""A cell's indices in the .py and in the .ipynb; ``None`` where it isn't there."""
Reason = Literal["both-edited", "deleted-edited", "both-moved", "never-synced", "other-version", "replaced"]


@dataclass(frozen=True)
class PyMark:
    """A .py cell for the merge: its hash, the hash of what it converts to, and whether it is the setup cell."""

    digest: str
    converted: str
    setup: bool = False


@dataclass(frozen=True, eq=False)
class Slot:
    """One cell of the merged pair: its places in base and halves, and which half's text it takes.

    ``both`` leaves both as they are. A place is ``None`` where the cell isn't there.
    """

    base: int | None
    py: int | None
    ipynb: int | None
    take: Take


@dataclass(frozen=True)
class Conflict:
    """A cell on which the halves disagree; the places are cell indices, ``None`` where it isn't there."""

    reason: Reason
    py: int | None
    ipynb: int | None


@dataclass(frozen=True)
class Choices:
    """Which half decides conflicts: ``cells`` that are decided one by one, by their places, the ``order`` of cells
    that both halves moved, and ``rest`` for all others. What is ``None`` stays a conflict."""

    cells: Mapping[Place, Side] = field(default_factory=dict)
    order: Side | None = None
    rest: Side | None = None

    def of(self, py: int | None, ipynb: int | None) -> Side | None:
        """The half that decides for the cell at these places."""
        return self.cells.get((py, ipynb), self.rest)


UNDECIDED = Choices()


@dataclass(frozen=True)
class Merge:
    """What comes out: ``slots`` in the order of the .ipynb; a cell of a half that is in none of them goes."""

    slots: tuple[Slot, ...]
    conflicts: tuple[Conflict, ...] = ()


def merge(
    base: Sequence[BaseLine] | None,
    py: Sequence[PyMark],
    ipynb: Sequence[str],
    *,
    py_match: Sequence[int | None],
    ipynb_match: Sequence[int | None],
    choices: Choices = UNDECIDED,
) -> Merge:
    """Merge both halves' edits since ``base``.

    ``ipynb`` are the hashes of the .ipynb's cells. ``py_match`` and ``ipynb_match`` tell for each cell the line of
    the base that it continues. Without a base, ``py_match`` tells for each .py cell the .ipynb cell that it is equal
    or similar to, and each difference is a conflict; a cell that one half doesn't have is deleted only when a choice
    names it. ``choices`` decide conflicts.
    """
    based = base is not None
    if base is None:
        equal = {i: py[j] for j, i in enumerate(py_match) if i is not None and py[j].converted == ipynb[i]}
        base = [BaseLine(d, equal[i].digest) if i in equal else BaseLine("", "") for i, d in enumerate(ipynb)]
        base_known = {i for i in py_match if i is not None}
        ipynb_match = [i if i in base_known else None for i in range(len(ipynb))]
    py_at = {b: j for j, b in enumerate(py_match) if b is not None}
    ipynb_at = {b: i for i, b in enumerate(ipynb_match) if b is not None}
    slots: list[Slot] = []
    conflicts: list[Conflict] = []
    for b, line in enumerate(base):
        p, n = py_at.get(b), ipynb_at.get(b)
        if p is None and n is None:
            continue
        choice = choices.of(p, n)
        decided = _decide(line, py[p] if p is not None else None, ipynb[n] if n is not None else None, choice)
        if decided == "conflict":
            conflicts.append(Conflict("both-edited" if p is not None and n is not None else "deleted-edited", p, n))
            slots.append(Slot(b, p, n, "both"))
        elif decided != "delete":
            slots.append(Slot(b, p, n, decided))
    added = _new(py, ipynb, py_match, ipynb_match)
    if not based:
        conflicts = [Conflict("never-synced", c.py, c.ipynb) for c in conflicts]
        added = [s for s in added if choices.cells.get((s.py, s.ipynb), s.take) == s.take]
        lone = (s for s in added if s.take != "both" and choices.of(s.py, s.ipynb) is None)
        conflicts += [Conflict("never-synced", s.py, s.ipynb) for s in lone]
    slots += added
    ordered, moved = _order(slots, py, choices.order or choices.rest, based=based)
    conflicts += [Conflict("both-moved", s.py, s.ipynb) for s in moved]
    return Merge(tuple(ordered), tuple(conflicts))


def setup_first(slots: Iterable[Slot], py: Sequence[PyMark]) -> list[Slot]:
    """The slots in the order of the .py: marimo wants the setup cell first, wherever Jupyter has it."""
    return sorted(slots, key=lambda slot: slot.py is None or not py[slot.py].setup)


def _decide(
    line: BaseLine, py: PyMark | None, ipynb: str | None, choice: Side | None
) -> Take | Literal["delete", "conflict"]:
    """One row of the merge table."""
    if py is None:
        if ipynb == line.ipynb or choice == "py":
            return "delete"
        return choice or "conflict"
    if ipynb is None:
        if py.digest == line.py or choice == "ipynb":
            return "delete"
        return choice or "conflict"
    if (ipynb == line.ipynb and py.digest == line.py) or py.converted == ipynb:
        return "both"
    if ipynb == line.ipynb:
        return "py"
    # A .py cell of which only name or options were edited takes the .ipynb's new source along.
    if line.py == py.digest or py.converted == line.ipynb:
        return "ipynb"
    return choice or "conflict"


def _new(
    py: Sequence[PyMark], ipynb: Sequence[str], py_match: Sequence[int | None], ipynb_match: Sequence[int | None]
) -> list[Slot]:
    """Cells that the base doesn't have; equal ones that both halves have got are one."""
    waiting: dict[str, list[int]] = {}
    for i, b in enumerate(ipynb_match):
        if b is None:
            waiting.setdefault(ipynb[i], []).append(i)
    slots = []
    for j, b in enumerate(py_match):
        if b is None:
            same = waiting.get(py[j].converted)
            slots.append(Slot(None, j, same.pop(0), "both") if same else Slot(None, j, None, "py"))
    return slots + [Slot(None, None, i, "ipynb") for places in waiting.values() for i in places]


def _order(
    slots: Sequence[Slot], py: Sequence[PyMark], prefer: Side | None, *, based: bool
) -> tuple[list[Slot], list[Slot]]:
    """The merged order, and the cells that both halves moved to different places."""
    by_py = _unset(sorted((s for s in slots if s.py is not None), key=lambda s: s.py or 0), py)
    by_ipynb = sorted((s for s in slots if s.ipynb is not None), key=lambda s: s.ipynb or 0)
    py_order = [s.base for s in by_py if s.base is not None and s.ipynb is not None]
    ipynb_order = [s.base for s in by_ipynb if s.base is not None and s.py is not None]
    moved: list[Slot] = []
    main, other = by_py, by_ipynb
    if py_order != ipynb_order:
        py_moved, ipynb_moved = py_order != sorted(py_order), ipynb_order != sorted(ipynb_order)
        if based and not (py_moved and ipynb_moved):
            main, other = (by_py, by_ipynb) if py_moved else (by_ipynb, by_py)
        elif prefer is None:
            places = dict(zip(py_order, ipynb_order, strict=True))
            moved = [s for s in by_py if s.base is not None and places.get(s.base, s.base) != s.base]
        else:
            main, other = (by_py, by_ipynb) if prefer == "py" else (by_ipynb, by_py)
    behind: dict[Slot | None, list[Slot]] = {}
    before: Slot | None = None
    in_main = set(main)
    for slot in other:
        if slot in in_main:
            before = slot
        else:
            behind.setdefault(before, []).append(slot)
    ordered = [*behind.get(None, [])]
    for slot in main:
        ordered += [slot, *behind.get(slot, [])]
    return ordered, moved


def _unset(by_py: list[Slot], py: Sequence[PyMark]) -> list[Slot]:
    """The .py's order with the setup cell where the base has it: that it stands first says nothing."""
    first = by_py[0] if by_py else None
    if first is None or first.base is None or first.py is None or not py[first.py].setup:
        return by_py
    rest = by_py[1:]
    before = [k for k, slot in enumerate(rest) if slot.base is not None and slot.base < first.base]
    place = max(before, default=-1) + 1
    return [*rest[:place], first, *rest[place:]]
