"""Whether both halves continue one version of the notebook, and from which syncs that comes; pure functions."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from daglab.pair.base import Base, file_digest, read_base
from daglab.pair.local_state import LocalState

_MOST = 100  # an .ipynb that Jupyter has had open for so many syncs is merged when it is saved


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
