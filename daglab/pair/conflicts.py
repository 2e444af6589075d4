"""Conflicts as users see them: which cell, why, both versions, and by which name to decide it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from daglab import marimo_api
from daglab.errors import PairError, did_you_mean
from daglab.notebook.cells import Notebook
from daglab.notebook.jupyter import JupyterNotebook
from daglab.pair.merge import Choices, Conflict, Side

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

    ``cell`` names it in a decision: the cell's name, its number in the .py, ``ipynb:3`` where only the .ipynb has it.
    Cells that both halves moved are one conflict, ``order``, whose versions are the cells' first lines in order.
    """

    cell: str
    label: str
    reason: str
    line: int | None
    py: str | None
    ipynb: str | None


def shown(conflicts: Sequence[Conflict], notebook: Notebook, jupyter: JupyterNotebook) -> tuple[CellConflict, ...]:
    """The conflicts of a merge, for people."""
    found = [_shown(c, notebook, jupyter) for c in conflicts if c.reason != "both-moved"]
    moved = [c for c in conflicts if c.reason == "both-moved"]
    if moved:
        by_py = [_first_line(notebook.cells[i].code) for i in sorted(c.py for c in moved if c.py is not None)]
        places = sorted(c.ipynb for c in moved if c.ipynb is not None)
        by_ipynb = [_first_line(jupyter.cells[i].content.source) for i in places]
        label = "the order of the cells"
        found.append(CellConflict(ORDER, label, "both-moved", None, "\n".join(by_py), "\n".join(by_ipynb)))
    return tuple(found)


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


def _shown(conflict: Conflict, notebook: Notebook, jupyter: JupyterNotebook) -> CellConflict:
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
