"""What the caller wants of a sync."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from daglab.pair.merge import Side


@dataclass(frozen=True)
class Wishes:
    """What the caller wants of a sync.

    ``prefer`` decides all conflicts for one half, ``resolve`` single ones by :attr:`CellConflict.cell`. With
    ``create``, a lone notebook that says nothing of a pair becomes one. ``keep_outputs`` leaves the outputs of cells
    whose source changes, marked stale.
    """

    prefer: Side | None = None
    resolve: Mapping[str, Side] = field(default_factory=dict)
    create: bool = False
    keep_outputs: bool = False


NO_WISHES = Wishes()
