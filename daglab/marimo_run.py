"""Runs the cells of a marimo notebook one at a time; only this module and marimo_api touch marimo's private names.

``App.run`` loses partial results, can't be pruned to a few cells and hides which cell failed. So each cell is compiled
by marimo, with its place in the real file, and evaluated here; marimo's script context is there for ``mo.*``.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Literal

from daglab.errors import DaglabError, NotebookError
from daglab.marimo_api import CellKind
from daglab.memory import peak_mb, reset_peak

_OWN = str(Path(__file__).parent)

CellStatus = Literal["ok", "stopped", "error"]


@dataclass(frozen=True)
class CellSource:
    """A cell to run: ``line`` is the 1-based line of the file where ``code`` begins, ``indent`` its columns there."""

    code: str
    name: str
    kind: CellKind
    options: Mapping[str, Any]
    line: int
    indent: int


@dataclass(frozen=True)
class CellEnd:
    """How a cell ended.

    ``value`` is its last expression (or what ``mo.stop`` was given), ``shown`` what ``mo.output`` showed
    if there is no value,
    ``error`` the user's exception with a traceback that begins in the notebook's file; ``seconds`` is wall time,
    ``peak_mb`` the process's peak resident memory meanwhile (see :mod:`daglab.memory`).
    """

    status: CellStatus
    seconds: float
    value: Any = None
    shown: tuple[Any, ...] = ()
    error: BaseException | None = None
    peak_mb: float | None = None


class CellRunner:
    """The compiled cells of one notebook; a context manager around marimo's script context, to be entered for each
    stretch of cells. :meth:`close` ends what the cells left waiting.

    Nothing of the user's is run by making one. ``order`` holds the indices of all cells that may run, in marimo's
    order of execution; ``parents`` the cells that each cell needs. ``arguments`` is what ``mo.cli_args()`` gives.

    Raises:
        NotebookError: a cell doesn't parse, two cells define one name, or the cells depend on each other in a circle.
    """

    def __init__(
        self,
        path: str,
        cells: Sequence[CellSource],
        app_options: Mapping[str, Any],
        arguments: Mapping[str, Any] | None = None,
    ) -> None:
        from marimo._ast.app import App, InternalApp
        from marimo._ast.errors import CycleError, MultipleDefinitionError

        self.path = path
        self._app = InternalApp(App(**app_options, _filename=path))
        ids = [self._register(cell) for cell in cells]
        index = {cell_id: i for i, cell_id in enumerate(ids)}
        try:
            graph = self._app.graph
        except (CycleError, MultipleDefinitionError) as error:
            raise NotebookError(f"{path}: {error}", remedy="run `daglab check`") from error
        self._ids = ids
        self._arguments = dict(arguments or {})
        self.order = tuple(index[i] for i in self._app.execution_order if not graph.is_disabled(i))
        self.parents = {index[i]: frozenset(index[p] for p in graph.parents[i]) for i in ids}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._context: Any = None
        self._outer_context: Any = None

    def _register(self, source: CellSource) -> Any:
        from marimo._ast.cell import Cell, CellConfig, SourcePosition
        from marimo._ast.compiler import compile_cell

        manager = self._app.cell_manager
        cell_id = manager.setup_cell_id if source.kind == "setup" else manager.create_cell_id()
        position = SourcePosition(filename=self.path, lineno=source.line - 1, col_offset=source.indent)
        try:
            compiled = compile_cell(source.code, cell_id=cell_id, source_position=position)
        except (SyntaxError, ValueError) as error:
            line = source.line + (getattr(error, "lineno", None) or 1) - 1
            message = f"{self.path}:{line}: the cell does not parse: {error}"
            raise NotebookError(message, remedy="open it in marimo and repair the cell") from error
        compiled.configure(CellConfig.from_dict(dict(source.options)))
        manager._register_cell(Cell(_name=source.name, _cell=compiled), app=self._app)
        return cell_id

    def __enter__(self) -> CellRunner:
        from marimo._messaging.types import NoopStream
        from marimo._output.formatters.formatters import register_formatters
        from marimo._runtime.context.script_context import initialize_script_context
        from marimo._runtime.context.types import get_context, initialize_context
        from marimo._runtime.params import CLIArgs

        self._outer_context = _leave_context()
        if self._context is None:
            initialize_script_context(app=self._app, stream=NoopStream(), filename=self.path)
            context: Any = get_context()
            context._cli_args = CLIArgs(self._arguments)  # marimo would read Dagster's own command line
            register_formatters()
        else:
            initialize_context(self._context)
        return self

    def __exit__(self, *exc: object) -> None:
        from marimo._runtime.context.types import initialize_context

        self._context = _leave_context()
        if self._outer_context is not None:
            initialize_context(self._outer_context)
            self._outer_context = None

    def close(self) -> None:
        """Cancel the cells' tasks and close the loop that they ran in."""
        if self._loop is not None:
            with _no_running_loop():
                for task in asyncio.all_tasks(self._loop):
                    task.cancel()
                self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
            self._loop = None

    def main_module(self, values: Mapping[str, Any]) -> ModuleType:
        """A fresh ``__main__`` for the notebook, with ``values`` in it; it goes into ``sys.modules`` by the caller."""
        module = ModuleType("__main__")
        module.__dict__.update({"__builtins__": __builtins__, "__file__": self.path, **values})
        return module

    def run(self, index: int, names: dict[str, Any]) -> CellEnd:
        """Run one cell with ``names`` as its globals. An exception of the user's is a value, never raised here.

        An interruption (``KeyboardInterrupt``, Dagster's own) is recorded as an error as well: the caller decides.
        """
        from marimo._runtime.context.types import get_context
        from marimo._runtime.control_flow import MarimoStopError

        cell = self._app.graph.cells[self._ids[index]]
        context = get_context()
        with context.with_cell_id(self._ids[index]):
            status: CellStatus = "ok"
            value, failure = None, None
            measured = reset_peak()
            begin = time.perf_counter()
            try:
                if cell.body is not None:
                    value = self._evaluate((cell.body, cell.last_expr), names)
            except MarimoStopError as stop:
                status, value = "stopped", stop.output
            except BaseException as error:
                frames = _from_file(error.__traceback__, self.path)
                # of what daglab itself refuses, its own frames tell the user nothing
                frames = _without_last(frames, _OWN) if isinstance(error, DaglabError) else frames
                status, failure = "error", error.with_traceback(frames)
            seconds = time.perf_counter() - begin
            peak = peak_mb() if measured else None
            output = context.execution_context.output if context.execution_context else None
            shown = tuple(output._items) if output and value is None else ()  # marimo lets the value replace them
        return CellEnd(status, seconds, value, shown, failure, peak)

    def _evaluate(self, codes: tuple[Any, Any], names: dict[str, Any]) -> Any:
        """The value of the last expression; a cell that awaits anything runs inside the loop as a whole."""
        if not any(code.co_flags & inspect.CO_COROUTINE for code in codes):
            return [eval(code, names) for code in codes][-1]  # noqa: S307 - running the user's notebook is the purpose
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        with _no_running_loop():
            task = self._loop.create_task(_awaited(codes, names))
            try:
                return self._loop.run_until_complete(task)
            except BaseException:
                if not task.done():  # interrupted while it waited: let the cell clean up
                    task.cancel()
                    with suppress(Exception, asyncio.CancelledError):
                        self._loop.run_until_complete(task)
                raise


async def _awaited(codes: tuple[Any, Any], names: dict[str, Any]) -> Any:
    result = None
    for code in codes:
        result = eval(code, names)  # noqa: S307
        if inspect.iscoroutine(result):
            result = await result
    return result


def format_value(value: Any) -> tuple[str, Any] | None:
    """(mimetype, data) as marimo shows a value without its own widgets; ``None`` when it knows nothing for it.

    Images are data URLs. Raises whatever the value's own display method raises.
    """
    from marimo._output.formatting import get_formatter

    formatter = get_formatter(value, include_opinionated=False)
    return None if formatter is None else formatter(value)


def inside_widget(value: Any) -> Any:
    """The data frame or chart that one of marimo's widgets shows; ``value`` itself where it is none of these."""
    import marimo as mo
    import narwhals as nw  # marimo's own dependency

    if isinstance(value, mo.ui.table):
        frame: Any = nw.from_native(value.data, pass_through=True)
        return value if frame is value.data else frame.drop("_marimo_row_id", strict=False).to_native()
    if isinstance(value, mo.ui.dataframe):
        return value.value
    if isinstance(value, (mo.ui.plotly, mo.ui.altair_chart)):
        return getattr(value, "_figure", None) or getattr(value, "_chart", None) or value
    return value


def _leave_context() -> Any:
    """Leave marimo's context of this thread and return it; ``None`` when there is none. An open editor has one."""
    from marimo._runtime.context.types import ContextNotInitializedError, get_context, teardown_context

    try:
        context = get_context()
    except ContextNotInitializedError:
        return None
    teardown_context()
    return context


@contextmanager
def _no_running_loop() -> Iterator[None]:
    """Let a loop run although this thread is inside another one, as in a Jupyter kernel."""
    outer = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(outer)


def _without_last(traceback: TracebackType | None, folder: str) -> TracebackType | None:
    """The traceback without the frames at its end that are of files in ``folder``."""
    frames = []
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    while len(frames) > 1 and frames[-1].tb_frame.f_code.co_filename.startswith(folder):
        frames.pop()
    rest = None
    for frame in reversed(frames):
        rest = TracebackType(rest, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return rest


def _from_file(traceback: TracebackType | None, path: str) -> TracebackType | None:
    """The traceback from its first frame in ``path`` on; frames of daglab and asyncio come before it."""
    begin = traceback
    while begin is not None and begin.tb_frame.f_code.co_filename != path:
        begin = begin.tb_next
    return begin or traceback
