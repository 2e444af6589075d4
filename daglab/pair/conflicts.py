"""Conflicts as users see them: which cell, why, both versions, and by which name to decide it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from daglab import marimo_api
from daglab.errors import PairError, did_you_mean
from daglab.notebook.cells import Notebook
from daglab.notebook.jupyter import JupyterNotebook
from daglab.pair.base import Base, read_base
from daglab.pair.local_state import LocalState
from daglab.pair.merge import Choices, Conflict, Place, Side

REASONS = {
    "both-edited": "edited differently in both halves",
    "deleted-edited": "deleted in one half, edited in the other",
    "both-moved": "both halves moved cells, to different places",
    "never-synced": "differs, and the halves were never synced",
    "other-version": "differs, and the halves come from different versions, as when git merged only one of them",
    "replaced": "differs, and one of the files seems to be another notebook than the one that was synced",
}
ORDER = "order"


@dataclass(frozen=True)
class CellConflict:
    """A cell on which the halves disagree: its label and both versions, ``None`` where it isn't there.

    ``py_base`` and ``ipynb_base`` are what these were at the last sync, ``None`` where nobody remembers.
    ``cell`` names it in a decision: the cell's name, its number in the .py, ``ipynb:3`` where only the .ipynb has it.
    Cells that both halves moved are one conflict, ``order``, whose versions are the cells' first lines in order.
    """

    cell: str
    label: str
    reason: str
    line: int | None
    py: str | None
    ipynb: str | None
    py_base: str | None = None
    ipynb_base: str | None = None


def shown(
    conflicts: Sequence[Conflict],
    notebook: Notebook,
    jupyter: JupyterNotebook,
    known: Mapping[Place, tuple[str | None, str | None]],
) -> tuple[CellConflict, ...]:
    """The conflicts of a merge, for people; ``known`` has what both versions were at the last sync, by their places."""
    found = [
        _shown(c, notebook, jupyter, known.get((c.py, c.ipynb), (None, None)))
        for c in conflicts
        if c.reason != "both-moved"
    ]
    moved = [c for c in conflicts if c.reason == "both-moved"]
    if moved:
        by_py = [_first_line(notebook.cells[i].code) for i in sorted(c.py for c in moved if c.py is not None)]
        places = sorted(c.ipynb for c in moved if c.ipynb is not None)
        by_ipynb = [_first_line(jupyter.cells[i].content.source) for i in places]
        label = "the order of the cells"
        found.append(CellConflict(ORDER, label, "both-moved", None, "\n".join(by_py), "\n".join(by_ipynb)))
    return tuple(found)


def known_texts(
    conflicts: Sequence[Conflict],
    base: Base | None,
    memory: LocalState | None,
    py_match: Sequence[int | None],
    ipynb_match: Sequence[int | None],
) -> dict[Place, tuple[str | None, str | None]]:
    """What this machine remembers of cells in conflict, by their places: both versions at the last sync."""
    remembered = read_base(memory.base) if memory else None
    if base is None or memory is None or remembered is None:
        return {}
    codes = {line.py: code for line, code in zip(remembered.lines, memory.py, strict=False)}
    sources = {line.ipynb: source for line, source in zip(remembered.lines, memory.ipynb, strict=False)}
    known = {}
    for one in conflicts:
        match = py_match[one.py] if one.py is not None else ipynb_match[one.ipynb] if one.ipynb is not None else None
        if match is not None:
            line = base.lines[match]
            known[one.py, one.ipynb] = codes.get(line.py), sources.get(line.ipynb)
    return known


def choices(
    conflicts: Sequence[Conflict],
    notebook: Notebook,
    resolve: Mapping[str, Side],
    prefer: Side | None,
) -> Choices:
    """The decisions by cell, ``resolve``, for the merge; ``prefer`` decides the others.

    Raises:
        PairError: a decision is about something that is no conflict.
    """
    places = {_name(c, notebook): (c.py, c.ipynb) for c in conflicts if c.reason != "both-moved"}
    known = [*places, *([ORDER] if any(c.reason == "both-moved" for c in conflicts) else [])]
    for cell in resolve:
        if cell not in known:
            remedy = did_you_mean(cell, known) or "it has no conflicts"
            raise PairError(f"{notebook.path}: no conflict is called {cell!r}", remedy=remedy)
    cells = {places[cell]: side for cell, side in resolve.items() if cell in places}
    return Choices(cells, resolve.get(ORDER), prefer)


def summary(conflicts: Sequence[CellConflict]) -> str:
    """All conflicts in one line."""
    first = f"{conflicts[0].label}: {REASONS[conflicts[0].reason]}"
    return first + (f", and {len(conflicts) - 1} more" if len(conflicts) > 1 else "")


def _shown(
    conflict: Conflict, notebook: Notebook, jupyter: JupyterNotebook, known: tuple[str | None, str | None]
) -> CellConflict:
    py = notebook.cells[conflict.py] if conflict.py is not None else None
    ipynb = jupyter.cells[conflict.ipynb] if conflict.ipynb is not None else None
    label = py.label if py else f"cell {ipynb.index + 1} of the .ipynb" if ipynb else ""
    return CellConflict(
        _name(conflict, notebook),
        label,
        conflict.reason,
        py.code_line if py else None,
        py.code if py else None,
        ipynb.content.source if ipynb else None,
        *known,
    )


def _name(conflict: Conflict, notebook: Notebook) -> str:
    if conflict.py is None:
        return f"ipynb:{(conflict.ipynb or 0) + 1}"
    name = notebook.cells[conflict.py].name
    alone = sum(cell.name == name for cell in notebook.cells) == 1
    usable = name not in ("", marimo_api.DEFAULT_NAME, ORDER)
    return name if usable and alone else str(conflict.py + 1)


def _first_line(source: str) -> str:
    return next((line for line in source.splitlines() if line.strip()), "(empty)")
