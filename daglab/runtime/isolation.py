"""One notebook at a time in a process, which afterwards is as it was: main module, figures, DuckDB connection."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_running = threading.Lock()
_owner: int | None = None


@contextmanager
def alone() -> Iterator[None]:
    """Wait until no other notebook runs in this process, and keep others waiting.

    marimo's context, ``__main__``, standard output, matplotlib's and DuckDB's defaults belong to the process, not
    to a thread.

    Raises:
        RuntimeError: a notebook that runs in this thread asks for another one, which would wait forever.
    """
    global _owner
    if _owner == threading.get_ident():
        raise RuntimeError("a notebook runs in this thread; it can't run another one in the same process")
    with _running:
        _owner = threading.get_ident()
        try:
            yield
        finally:
            _owner = None


class Surroundings:
    """What the process is for one notebook: ``main`` as its ``__main__``, a DuckDB connection of its own, no windows.

    Entered for each stretch of cells and left before anything is handed to Dagster, which may never come back: a
    generator that it drops stays alive for as long as someone holds the exception.
    """

    def __init__(self, main: ModuleType) -> None:
        self._main = main
        self._connection: Any = None

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Wait until no other notebook runs, and be in place until left; then the process is as before."""
        with alone(), _main(self._main), self._duckdb(), _matplotlib():
            yield

    def close(self) -> None:
        """Close the notebook's DuckDB connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _duckdb(self) -> Iterator[None]:
        """Tables of one run must not be seen by the next one, which would find them only in the same process."""
        duckdb: Any = sys.modules.get("duckdb")
        before = duckdb.default_connection() if duckdb else None
        if duckdb:
            duckdb.set_default_connection(self._connection or duckdb.connect(":memory:"))
        try:
            yield
        finally:
            duckdb = sys.modules.get("duckdb")
            if duckdb:
                self._connection = duckdb.default_connection()
                duckdb.set_default_connection(before or duckdb.connect(":memory:"))


@contextmanager
def _main(module: ModuleType) -> Iterator[None]:
    before = sys.modules["__main__"]
    sys.modules["__main__"] = module
    try:
        yield
    finally:
        sys.modules["__main__"] = before


@contextmanager
def _matplotlib() -> Iterator[None]:
    """A backend with windows would wait for someone to close them; one that was chosen already is left alone."""
    chosen = "MPLBACKEND" in os.environ or "matplotlib" in sys.modules
    if not chosen:
        os.environ["MPLBACKEND"] = "agg"
    before = _figures()
    try:
        yield
    finally:
        close_figures(keep=before)
        if not chosen:
            del os.environ["MPLBACKEND"]


def open_figures() -> list[Any]:
    """matplotlib's open figures, in the order of their making; imports nothing."""
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    return [pyplot.figure(number) for number in _figures()] if pyplot else []


def close_figures(*, keep: tuple[int, ...] = ()) -> None:
    """Close matplotlib's open figures, but those whose numbers are in ``keep``."""
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    for number in _figures():
        if number not in keep:
            pyplot.close(number)


def _figures() -> tuple[int, ...]:
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    return tuple(pyplot.get_fignums()) if pyplot else ()
