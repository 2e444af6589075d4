"""The run that a notebook is in: what ``daglab.context()`` and its kin answer from inside a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from daglab.errors import MissingExtraError

if TYPE_CHECKING:
    import dagster as dg

# A plain variable: only one notebook runs at a time in a process, and threads that it starts must see it too.
_context: dg.AssetExecutionContext | None = None


def context() -> dg.AssetExecutionContext | None:
    """Dagster's context of the run that the notebook is in; ``None`` when it is used interactively."""
    return _context


def partition_key(default: str | Mapping[str, str]) -> str:
    """The partition that the run makes; ``default`` when the notebook is used interactively.

    To stand in its cell as ``partition_key = daglab.partition_key("2026-01-01")``. Of two dimensions the default is
    a table, ``{"day": "2026-01-01", "region": "eu"}``, and the result a string with ``keys_by_dimension``.

    Raises:
        AssetValueError: the run makes several partitions at once; ``daglab.context().partition_keys`` has them.
        MissingExtraError: a key of two dimensions, without ``daglab[dagster]``.
    """
    if _context is None and isinstance(default, str):
        return default
    try:
        from daglab.runtime.partitions import as_partition_key, one_key, run_keys
    except ModuleNotFoundError as error:
        if error.name != "dagster":
            raise
        raise MissingExtraError("dagster", needed_for="a partition key of two dimensions") from error
    keys = run_keys(_context) if _context is not None else []
    return one_key(keys) if keys else as_partition_key(default)


@contextmanager
def inside(run: dg.AssetExecutionContext) -> Iterator[None]:
    """Let ``context()`` answer ``run``."""
    global _context
    before, _context = _context, run
    try:
        yield
    finally:
        _context = before
