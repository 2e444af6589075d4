"""Whether both halves continue one version of the notebook, and from which syncs that comes; pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from daglab.pair.align import Mark, align, alike
from daglab.pair.base import Base, file_digest, read_base
from daglab.pair.local_state import LocalState

_TRIVIAL = ("", "import marimo as mo")  # cells that tell no notebook from another
_MOST = 100  # an .ipynb that Jupyter has had open for so many syncs is merged when it is saved


@dataclass(frozen=True)
class Alignment:
    """How a half continues the base: ``matched`` is what :func:`align` answers for ``old`` and ``new``."""

    old: Sequence[Mark]
    new: Sequence[Mark]
    matched: Sequence[int | None]

    @classmethod
    def of(cls, old: Sequence[Mark], new: Sequence[Mark]) -> Alignment:
        """Align ``new`` with ``old``."""
        return cls(old, new, align(old, new))

    @property
    def told(self) -> int:
        """How many cells of the base tell it from other notebooks."""
        return len(self.old) - sum(i is not None and not told for i, told, _ in self._cells())

    @property
    def kept(self) -> int:
        """How many of them the half still has, be they edited."""
        return sum(i is not None and told and alike(self.old[i], new) for i, told, new in self._cells())

    def _cells(self) -> Iterator[tuple[int | None, bool, Mark]]:
        for i, new in zip(self.matched, self.new, strict=True):
            yield i, (new.text or "").strip() not in _TRIVIAL, new


def mixed(base: Base | None, memory: LocalState | None, text: str, py: AbstractSet[str]) -> bool:
    """Whether the .py, with ``text`` and the hashes ``py``, continues another version than the .ipynb's ``base``.

    Then neither base tells what was edited: what looks like an edit of the .py may be an older or foreign version.
    An .ipynb that was open in an editor since an earlier sync is no such: the .py has what was edited since.
    """
    remembered = read_base(memory.base) if memory else None
    if base is None or memory is None or remembered is None or remembered.lines == base.lines:
        return False
    if base.file in memory.earlier:
        return False
    return _continues(remembered, base, text, py) and not py & _only_in(base, remembered)


def replaced(ipynb: Alignment) -> bool:
    """Whether an .ipynb without a base of its own is another notebook than the one that was synced on this machine.

    What isn't in it must not be taken for deleted: half of the base's cells have to be there.
    """
    return ipynb.kept < ipynb.told / 2


def earlier(base: Base | None, memory: LocalState | None, text: str, py: AbstractSet[str]) -> tuple[str, ...]:
    """The syncs that lead to this one, for :attr:`LocalState.earlier`; none before a version that came from elsewhere.

    Where git went back to a version that was synced here, those after it don't lead here either.
    """
    remembered = read_base(memory.base) if memory else None
    if base is None or memory is None or remembered is None:
        return ()
    known = (*memory.earlier, remembered.file)
    if base.file not in known:
        return ()
    if base.file != remembered.file and not _continues(remembered, base, text, py):
        known = known[: known.index(base.file) + 1]
    return tuple(dict.fromkeys(known))[-_MOST:]


def _continues(one: Base, other: Base, text: str, py: AbstractSet[str]) -> bool:
    """Whether the .py is that of ``one``, or has cells that ``other`` doesn't have."""
    return one.file == file_digest(text) or bool(py & _only_in(one, other))


def _only_in(one: Base, other: Base) -> set[str]:
    return {line.py for line in one.lines} - {line.py for line in other.lines}
