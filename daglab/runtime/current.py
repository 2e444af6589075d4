"""The run that a notebook is in: what ``daglab.context()`` and its kin answer from inside a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dagster as dg

# A plain variable: only one notebook runs at a time in a process, and threads that it starts must see it too.
_context: dg.AssetExecutionContext | None = None


def context() -> dg.AssetExecutionContext | None:
    """Dagster's context of the run that the notebook is in; ``None`` when it is used interactively."""
    return _context


def partition_key(default: str) -> str:
    """The partition that the run makes; ``default`` when the notebook is used interactively.

    To stand in its cell as ``partition_key = daglab.partition_key("2026-01-01")``.
    """
    return _context.partition_key if _context is not None and _context.has_partition_key else default


@contextmanager
def inside(run: dg.AssetExecutionContext) -> Iterator[None]:
    """Let ``context()`` answer ``run``."""
    global _context
    before, _context = _context, run
    try:
        yield
    finally:
        _context = before
