"""One notebook at a time in a process, which afterwards is as it was: main module, folder, figures, DuckDB."""

from __future__ import annotations

import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
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


@contextmanager
def unsilenced() -> Iterator[None]:
    """Log although a cell has silenced its libraries by ``logging.disable``."""
    silenced = logging.root.manager.disable
    if silenced:
        logging.disable(logging.NOTSET)
    try:
        yield
    finally:
        if silenced:
            logging.disable(silenced)


@dataclass(frozen=True)
class _State:
    """What code may change of its process: current folder (``None``: deleted), environment, search path, warnings,
    and up to which level ``logging.disable`` silences all logs, Dagster's events included.
    """

    folder: str | None
    environment: dict[str, str]
    path: list[str]
    argv: list[str]
    filters: list[Any]
    silenced: int

    @classmethod
    def now(cls) -> _State:
        try:
            folder = str(Path.cwd())
        except FileNotFoundError:
            folder = None
        return cls(
            folder, dict(os.environ), sys.path[:], sys.argv[:], list(warnings.filters), logging.root.manager.disable
        )

    def put_back(self) -> None:
        if self.folder is not None and Path(self.folder).is_dir():
            os.chdir(self.folder)
        for name in os.environ.keys() - self.environment.keys():
            del os.environ[name]
        for name, value in self.environment.items():
            if os.environ.get(name) != value:
                os.environ[name] = value
        sys.path[:], sys.argv[:] = self.path, self.argv
        if logging.root.manager.disable != self.silenced:
            logging.disable(self.silenced)
        if list(warnings.filters) != self.filters:
            warnings.resetwarnings()  # tells the modules that have warned already
            warnings.filters[:] = self.filters  # type: ignore[index]


class Surroundings:
    """What the process is for one notebook: ``main`` as its ``__main__``, modules beside its file, a DuckDB connection
    of its own, no windows; its own current folder, environment, search path and warnings once a cell has changed them.

    Entered for each stretch of cells and left before anything is handed to Dagster, which may never come back: a
    generator that it drops stays alive for as long as someone holds the exception.
    """

    def __init__(self, main: ModuleType) -> None:
        self._main = main
        self._folder = str(Path(str(main.__file__)).parent)
        self._connection: Any = None
        self._outer: _State | None = None
        self._inner: _State | None = None
        self._modules: set[str] = set()  # imported from the notebook's folder

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Wait until no other notebook runs, and be in place until left; then the process is as before."""
        with alone(), self._state(), _main(self._main), self._duckdb(), _matplotlib():
            yield

    @contextmanager
    def outside(self) -> Iterator[None]:
        """For daglab's own work while in place: the current folder and the environment are the process's own."""
        assert self._outer is not None
        inner = _State.now()
        self._outer.put_back()
        try:
            yield
        finally:
            inner.put_back()

    def close(self) -> None:
        """Close the notebook's DuckDB connection; forget the modules beside it, whose names are free elsewhere.

        They were kept until now, because the values that are stored may be of their classes.
        """
        for name in self._modules:
            sys.modules.pop(name, None)
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _state(self) -> Iterator[None]:
        outer = self._outer = _State.now()
        known = set(sys.modules)
        inner = self._inner or replace(outer, path=[self._folder, *outer.path], argv=[str(self._main.__file__)])
        inner.put_back()
        try:
            yield
        finally:
            self._inner = _State.now()
            outer.put_back()
            if self._folder not in outer.path:
                self._modules |= {name for name in sys.modules.keys() - known if _lies_in(name, self._folder)}

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


def _lies_in(name: str, folder: str) -> bool:
    """Whether the top-level package or module of ``name`` was found in ``folder`` itself."""
    spec = getattr(sys.modules.get(name.partition(".")[0]), "__spec__", None)
    places = [*(spec.submodule_search_locations or [spec.origin or ""])] if spec else []
    return any(str(Path(place).absolute().parent) == folder for place in places if place)


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
        if not chosen and os.environ.get("MPLBACKEND") == "agg":  # a cell may have changed it
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
