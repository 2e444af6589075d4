"""One run of a notebook: its cells in order, each asset handed over as soon as its cell has ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError

from daglab.errors import AssetValueError, NotebookError
from daglab.marimo_run import CellEnd, CellRunner
from daglab.notebook.cells import Cell
from daglab.runtime import current, executed, failures
from daglab.runtime.asset_value import asset_output
from daglab.runtime.blocking import blocked_by, ordered
from daglab.runtime.checks import check_result
from daglab.runtime.console import Console
from daglab.runtime.declare import to_key
from daglab.runtime.executed import CellRecord
from daglab.runtime.given import shown_params
from daglab.runtime.inputs import check_type, load_value
from daglab.runtime.isolation import Surroundings, unsilenced
from daglab.runtime.loaded import LoadedNotebook
from daglab.runtime.outputs import console_outputs, shown_outputs, text_output
from daglab.runtime.partitions import one_key, require_io_managers, run_keys
from daglab.runtime.step_log import StepLog
from daglab.runtime.text import as_cause

Event = dg.Output[Any] | dg.AssetCheckResult


def run_notebook(loaded: LoadedNotebook, params: dict[str, Any], context: dg.AssetExecutionContext) -> Iterator[Event]:
    """Run what the selected assets and checks of ``context`` need, and yield them as their cells end.

    Raises:
        dagster.Failure: a cell failed, was stopped, gave a value of another type, or an input is missing.
    """
    step = _Step(loaded, params, context)
    events = step.events()
    try:
        while True:
            with step.in_place():
                event = next(events, None)
            if event is None:
                return
            yield event  # Dagster stores the value now, and doesn't come back if that fails
    finally:
        step.close()


class _Step:
    def __init__(self, loaded: LoadedNotebook, params: dict[str, Any], context: dg.AssetExecutionContext) -> None:
        header = loaded.header
        self.loaded = loaded
        self.context = context
        self.params = params
        self.assets = [v for v in header.assets if to_key(header.key(v)) in context.selected_asset_keys]
        selected = {(check.asset_key, check.name) for check in context.selected_asset_check_keys}
        self.checks = [
            variable
            for variable, check in header.checks.items()
            if (to_key(header.key(check.asset)), check.name or variable) in selected
        ]
        self.left = [*self.assets, *self.checks]
        self.plan = loaded.plan(self.left)
        self.store = executed.executed_store(context.instance)
        self.records = {cell.index: self._before(cell) for cell in loaded.notebook.cells}
        self.blocked: dict[str, str] = {}  # what isn't made -> the failed check that it waits for
        self.waiting: frozenset[int] = frozenset()
        self.position = 0
        self.cell = loaded.notebook.cells[0]
        self.runner, main = self._runner()
        self.values: dict[str, Any] = main.__dict__
        self.surroundings = Surroundings(main)
        self.kept: dict[str, int] = {}  # asset key -> hash of what is stored
        self.links: dict[str, dict[str, Any]] = {}
        self.log = StepLog(unsilenced()(context.log.info))
        self.console = Console(self.log)

    def _runner(self) -> tuple[CellRunner, ModuleType]:
        try:
            runner = self.loaded.runner(self.params)
            return runner, runner.main_module(self._given())
        except (NotebookError, AssetValueError) as error:
            raise failures.refusal(str(error), {}) from error

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """To run cells in; nothing of it is left while Dagster stores a value."""
        with self.surroundings.entered(), current.inside(self.context), self.runner:
            yield

    def close(self) -> None:
        """Tell what isn't told, and give up what the notebook still holds."""
        self.console.close()
        self.log.flush()
        self.runner.close()
        self.surroundings.close()

    def events(self) -> Iterator[Event]:
        """What the cells make; to be resumed only :meth:`in_place`."""
        self._log_plan()
        try:
            for index in ordered(self.loaded, self.runner.order, self.runner.parents, self.checks):
                if index in self.plan.cells and index not in self.waiting:
                    self.cell = self.loaded.notebook.cells[index]
                    if self._cancelled(index):
                        self.records[index] = CellRecord("cancelled")
                        continue
                    self._load_inputs(index)
                    self._record(self._run(index))
                    yield from self._ready()
                    self._give_up(index)
            self._refuse_left()
        except GeneratorExit:  # what is made so far was stored before the value was handed over
            raise
        except BaseException:
            self._keep_all()
            raise
        self._keep_all()

    def _given(self) -> dict[str, Any]:
        """The values that the run brings before any cell has run."""
        given = dict(self.params)
        if self.loaded.header.partitions:
            keys = run_keys(self.context)
            if not keys:
                raise AssetValueError("the assets are partitioned, and the run names no partition", remedy="choose one")
            if len(keys) > 1:
                require_io_managers(self.context, [to_key(self.loaded.header.key(name)) for name in self.assets])
            if len(keys) == 1 or any("partition_key" in self.loaded.refs(index) for index in self.plan.cells):
                given["partition_key"] = one_key(keys)
        return given

    def _before(self, cell: Cell) -> CellRecord:
        if cell.index in self.plan.cells:
            return CellRecord("waiting")
        if self.loaded.graph.cells.cells[cell.index].markdown:
            return CellRecord("text")
        defined = self.loaded.defined_in(cell.index)
        if defined and defined <= self.params.keys():
            text = shown_params(self.context, self.loaded.graph.params, self.params, defined)
            return CellRecord("given", [text_output(text)])
        partition = self.loaded.header.partitions is not None and defined == {"partition_key"}
        return CellRecord("given" if partition else "pruned")

    def _log_plan(self) -> None:
        cells = self.loaded.notebook.cells
        run = [cells[index].label for index in sorted(self.plan.cells)]
        left = [cell.label for cell in cells if self.records[cell.index].state == "pruned"]
        text = f"runs {', '.join(run)}"
        self.context.log.info(f"{text}; leaves out {', '.join(left)}" if left else text)

    def _cancelled(self, index: int) -> bool:
        """Whether a cell before it was stopped."""
        return any(self.records[parent].state in ("stopped", "cancelled") for parent in self.runner.parents[index])

    def _load_inputs(self, index: int) -> None:
        """Load what the cell reads and no cell before it has read."""
        header = self.loaded.header
        for name in sorted(self.loaded.refs(index) & self.plan.inputs - self.values.keys()):
            declared = header.inputs.get(name)
            key = declared.key if declared else header.key(name)
            type_name = declared.type if declared else header.assets[name].type
            try:
                # Another asset of the notebook is that of the same run, whatever the notebook reads of earlier ones.
                partitions = None if declared else run_keys(self.context)
                value = load_value(self.context, to_key(key), type_name=type_name, partitions=partitions)
            except AssetValueError as error:
                message = f"{self.cell.label} reads {name!r}: {error}"
                self.records[index] = CellRecord("failed", [text_output(message)])
                raise failures.refusal(message, self._keep_all(), retry=True) from error
            self.values[name] = value
            text = f"{name}: the stored value of {key}, {type(value).__module__}.{type(value).__qualname__}"
            self.log.say(text)
            for cell in self.loaded.graph.cells.definitions.get(name, ()):
                record = self.records[cell] if cell in self.plan.cells else CellRecord("given")
                self.records[cell] = replace(record, outputs=[*record.outputs, text_output(text)])

    def _give_up(self, index: int) -> None:
        """Forget the assets that nobody selected: their cell ran for others, and what it made of them isn't stored.

        Cells that read them get the stored value, which is what lineage says.
        """
        for name in self.loaded.defined_in(index) & self.plan.inputs:
            self.values.pop(name, None)

    def _run(self, index: int) -> CellEnd:
        self.log.say(f"{self.cell.label}: starts")
        with self.console.capture(self.cell.label):
            return self.runner.run(index, self.values)

    def _record(self, end: CellEnd) -> None:
        """Keep what the cell showed; end the run if it failed."""
        self.position += 1
        outputs = [*console_outputs(self.console.take()), *shown_outputs(end)]
        state = {"ok": "run", "stopped": "stopped", "error": "failed"}[end.status]
        self.records[self.cell.index] = CellRecord(state, outputs, end.seconds, self.position, end.peak_mb)  # type: ignore[arg-type]
        peak = "" if end.peak_mb is None else f", peak memory {end.peak_mb:.0f} MB"
        self.log.say(f"{self.cell.label}: {state} in {end.seconds:.3f} s{peak}")
        if end.error is None:
            return
        self.log.flush()
        if isinstance(end.error, (KeyboardInterrupt, DagsterExecutionInterruptedError)):
            raise end.error  # Dagster's to handle
        failure = failures.cell_failure(self.loaded.notebook, self.cell, end.error, self._keep_all())
        raise failure from as_cause(end.error)

    def _ready(self) -> Iterator[Event]:
        """The selected assets, then the checks, whose values are there now."""
        header = self.loaded.header
        if self.records[self.cell.index].state == "stopped":
            return
        defined = self.loaded.defined_in(self.cell.index)
        for name in [name for name in self.left if name in defined and name in self.values]:
            try:
                if name in header.assets:
                    key, declared = header.key(name), header.assets[name]
                    output = asset_output(self.loaded, name, self.values[name])
                    if declared.type:
                        check_type(output.value, declared.type, f"the value of {name!r}")
                    self._warn_of_class(name, output.value)
                    event: Event = output.with_metadata({**self._keep(key), **output.metadata})
                else:
                    event = check_result(header, name, self.values[name])
            except AssetValueError as error:
                raise failures.refusal(f"{self.cell.label}: {error}", self._keep_all()) from error
            self.left.remove(name)
            if isinstance(event, dg.AssetCheckResult) and not event.passed:
                self._block(name, event)
            self.log.flush()
            yield event

    def _block(self, name: str, result: dg.AssetCheckResult) -> None:
        """Leave out what waits for a blocking check that has failed."""
        check = self.loaded.header.checks[name]
        if not check.blocking or result.severity is not dg.AssetCheckSeverity.ERROR:
            return
        for variable in blocked_by(self.loaded, check.asset, self.left, self.runner.parents):
            self.blocked.setdefault(variable, name)
        needed = self.loaded.plan([variable for variable in self.left if variable not in self.blocked]).cells
        self.waiting = frozenset(i for i in self.plan.cells if self.records[i].state == "waiting") - needed
        for index in self.waiting:
            self.records[index] = CellRecord("cancelled")

    def _warn_of_class(self, name: str, value: Any) -> None:
        kind = type(value)
        if kind.__module__ == "__main__":
            self.context.log.warning(
                f"{self.cell.label}: {name!r} is a {kind.__qualname__}, a class of the notebook: no other process "
                "could load it, and it can't be pickled (put the class in a module)"
            )

    def _refuse_left(self) -> None:
        if not self.left:
            return
        if self.blocked:
            said = ", ".join(f"{name!r} (for {check!r})" for name, check in self.blocked.items())
            raise failures.refusal(
                f"a blocking check failed, so what waits for it is not made: {said}", self._keep_all()
            )
        notebook = self.loaded.notebook
        for index in self.loaded.plan(self.left).cells - set(self.runner.order):
            cell = notebook.cells[index]
            if cell.options.get("disabled"):
                names = ", ".join(map(repr, self.left))
                place = f"{Path(notebook.path).name}:{cell.code_line}"
                message = f"{cell.label} ({place}) is disabled, which leaves {names} without a value"
                raise failures.refusal(message, self._keep_all())
        for index in self.loaded.plan(self.left).cells:
            if self.records[index].state == "stopped":
                raise failures.stop_failure(notebook, notebook.cells[index], self.left, self._keep_all())
        names = ", ".join(repr(name) for name in self.left)
        raise failures.refusal(f"the notebook ended without a value for {names}", self._keep_all())

    def _keep(self, key: str) -> dict[str, Any]:
        """Store the executed notebook as it is now; the metadata that lead to it, and what was run."""
        about = {"run_id": self.context.run.run_id, "asset": key, "notebook": self.loaded.shown_path}
        content = executed.executed_notebook(self.loaded.notebook, self.records, about)
        if self.kept.get(key) != hash(content):
            with self.surroundings.outside():
                self.links[key] = executed.keep(self.context, self.store, key, content)
            self.kept[key] = hash(content)
        return {**self.links[key], **executed.summary(self.loaded.notebook, self.records)}

    def _keep_all(self) -> dict[str, Any]:
        """Store it for each selected asset, and for the assets of selected checks; links to the first one left."""
        header = self.loaded.header
        names = dict.fromkeys([*self.assets, *(header.checks[name].asset for name in self.checks)])
        for name in names:
            self._keep(header.key(name))
        first = next((name for name in self.left if name in names), next(iter(names)))
        return self.links[header.key(first)]
