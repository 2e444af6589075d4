"""What is known of a run while it goes on and at its end, shown in marimo, in Jupyter and as plain text."""

from __future__ import annotations

import html
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from daglab.client import FINAL_STATUSES, RunEvent
from daglab.runs.messages import cell_line, failure_place, failure_text

_DONE = ("STEP_SUCCESS", "STEP_FAILURE", "STEP_SKIPPED")


@dataclass(frozen=True)
class TrackedRun:
    """A run as it stands.

    Args:
        run_id: Dagster's id of it; empty before an in-process run has begun.
        status: Dagster's RunStatus.
        url: its page in Dagster; None for one that runs in-process.
        seconds: that it has taken so far, or at its end took by Dagster's own record.
        steps_done: its steps that have ended.
        steps_total: all its steps; 0 where that is unknown.
        step: the step that is running.
        cell: the notebook's cell that is running, such as ``cell 'clean'``.
        failing_step: the first step that failed.
        failing_cell: the notebook's cell that failed in it.
        failing_line: the line of it, such as ``orders.py:12``.
        error: the first failure, with the user's own traceback.
    """

    run_id: str = ""
    status: str = "STARTING"
    url: str | None = None
    seconds: float = 0.0
    steps_done: int = 0
    steps_total: int = 0
    step: str | None = None
    cell: str | None = None
    failing_step: str | None = None
    failing_cell: str | None = None
    failing_line: str | None = None
    error: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether it has ended."""
        return self.status in FINAL_STATUSES

    @property
    def succeeded(self) -> bool:
        """Whether it has ended well."""
        return self.status == "SUCCESS"

    def __str__(self) -> str:
        return "\n".join(filter(None, (f"{self._name()}: {self._state()}", self.url, self._failure(), self.error)))

    def _repr_html_(self) -> str:
        """What marimo and Jupyter show: everything in it is text, whatever it looks like."""
        state, name = html.escape(self._state()), html.escape(self._name())
        if self.url:
            name = f'<a href="{html.escape(self.url)}" target="_blank" rel="noopener">{name}</a>'
        bar = ""
        if not self.is_final:
            value = f' value="{self.steps_done}" max="{self.steps_total}"' if self.steps_total else ""
            bar = f' <progress{value} aria-label="steps done"></progress>'
        failure = f"<div>{html.escape(self._failure())}</div>" if self._failure() else ""
        error = f"<pre>{html.escape(self.error)}</pre>" if self.error else ""
        return f"<div>{name}: <b>{state}</b>{bar}</div>{failure}{error}"

    def _name(self) -> str:
        return f"run {self.run_id}" if self.run_id else "in-process run"

    def _state(self) -> str:
        steps = f"{self.steps_done}/{self.steps_total} steps" if self.steps_total else ""
        now = " ".join(filter(None, (self.step, self.cell))) if not self.is_final else ""
        return ", ".join(filter(None, (self.status, f"{self.seconds:.1f} s", steps, now)))

    def _failure(self) -> str:
        if not self.error:
            return ""
        place = ", ".join(filter(None, (self.failing_step or "the run", self.failing_cell, self.failing_line)))
        return f"failed: {place}"


def after(run: TrackedRun, events: Iterable[RunEvent], since: float) -> TrackedRun:
    """The run once it has logged ``events``; ``since`` is when it was begun to be followed, by the monotonic clock."""
    for event in events:
        run = _after(run, event)
    return replace(run, seconds=time.monotonic() - since)


def _after(run: TrackedRun, event: RunEvent) -> TrackedRun:
    if event.kind == "LOG" and event.step:
        for found in filter(None, map(cell_line, event.message.split("\n"))):
            run = replace(run, cell=found["cell"] if found["starts"] else None)
    elif event.kind == "STEP_START":
        run = replace(run, status="STARTED", step=event.step)
    elif event.kind == "RUN_START":
        run = replace(run, status="STARTED")
    elif event.kind in _DONE:
        run = replace(run, steps_done=run.steps_done + 1, step=None, cell=None)
    if event.kind in ("STEP_FAILURE", "RUN_FAILURE") and run.error is None:  # that of the run repeats its steps'
        place = failure_place(event)
        run = replace(
            run,
            failing_step=event.step,
            failing_cell=place.get("cell"),
            failing_line=place.get("line"),
            error=failure_text(event),
        )
    return run
