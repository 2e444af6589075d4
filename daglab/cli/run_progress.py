"""What ``daglab run`` tells of runs while they go on: steps, cells, what was made, what failed and where."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from daglab.cli.output import Output, printable, styled
from daglab.runs.messages import cell_line, failure_place, failure_text

if TYPE_CHECKING:
    from daglab.client.events import RunEvent

_STEPS = {
    "STEP_START": "started",
    "STEP_SUCCESS": "succeeded",
    "STEP_SKIPPED": "skipped",
    "STEP_RESTARTED": "restarted",
}
_DONE = ("STEP_SUCCESS", "STEP_FAILURE", "STEP_SKIPPED")
_BAR = 16  # columns


@dataclass
class _Cell:
    """The cell that is running."""

    step: str
    label: str
    since: float


class Progress:
    """Tells of runs: messages on stderr, one rewritten line at a terminal; lines of JSON where ``--json`` was given.

    With ``logs`` the runs' whole logs take the place of the messages, as data.
    """

    def __init__(self, out: Output, *, logs: bool = False) -> None:
        self._out = out
        self._logs = logs
        self._total = self._done = 0
        self._unit = "steps"
        self._step = ""
        self._cell: _Cell | None = None
        self._shown = self._goes_on = False
        self._failed: set[str] = set()

    def launched(self, run: dict[str, Any], where: str, *, steps: int = 0, problem: str | None = None) -> None:
        """A run has begun; ``where`` it is to be seen, ``steps`` it has (0: unknown), ``problem`` if it won't start."""
        self._total, self._done, self._step, self._cell = steps, 0, "", None
        self._goes_on = True
        about = f" (partition {run['partition']})" if run.get("partition") else ""
        self._say({"event": "launched", **run}, f"run {run['run_id']}{about}  {where}", "bold")
        if problem and not self._out.json:
            self._say({}, f"it will not start: {problem}", "yellow")

    def events(self, run_id: str, events: Sequence[RunEvent]) -> None:
        """What the run has logged since the last call."""
        started: dict[str, dict[str, Any]] = {}  # cells whose end is not among the events
        for event in events:
            if self._logs:
                self._log(run_id, event)
            if event.kind == "LOG" and event.step:
                for line in event.message.split("\n"):
                    self._cell_line(run_id, event.step, line, started)
            else:
                self._of_dagster(run_id, event)
        for said in started.values():
            self._say(said, f"  {said['step']}: {said['cell']}: starts", None, chatty=True)
        self.tick()

    def reached(self, done: int, total: int) -> None:
        """So many of a backfill's runs have ended."""
        self._done, self._total, self._unit = done, total, "runs"
        self._goes_on = True

    def tick(self) -> None:
        """Some time has passed: the line at a terminal is renewed."""
        if not self._goes_on or self._out.json or self._out.quiet or not sys.stderr.isatty():
            return
        text = f"{self._done} {self._unit} done"
        if self._total:
            full = _BAR * min(self._done, self._total) // self._total
            text = f"{self._unit} {'█' * full}{'░' * (_BAR - full)} {self._done}/{self._total}"
        if self._cell:
            text += f"  {self._cell.step}: {self._cell.label}, {time.time() - self._cell.since:.0f} s"
        elif self._step:
            text += f"  {self._step}"
        width = shutil.get_terminal_size().columns
        typer.echo(f"\r\x1b[K{printable(text)[: width - 1]}", nl=False, err=True)
        self._shown = True

    def clear(self) -> None:
        """Take the rewritten line away, for what is said next."""
        if self._shown:
            typer.echo("\r\x1b[K", nl=False, err=True)
            self._shown = False

    def note(self, value: dict[str, Any], text: str, style: str | None = None) -> None:
        """Anything else: an event for ``--json``, and its text."""
        self._say(value, text, style)

    def ended(self, value: dict[str, Any], id_: str) -> None:
        """A run or a backfill has ended; ``value`` says how, and its id and status are the command's data."""
        self._goes_on = False
        self.clear()
        if self._out.json:
            self._out.event({"event": "ended", **value}, ())
            return
        style = "green" if value["status"] in ("SUCCESS", "COMPLETED_SUCCESS", "COMPLETED") else "red"
        seconds = f"  {value['seconds']:.1f} s" if value.get("seconds") is not None else ""
        self._out.result(None, [f"{id_}  {styled(value['status'], style, sys.stdout)}{seconds}"])

    def failure(self, run_id: str, event: RunEvent) -> None:
        """A step, or the run itself, has failed: which cell, where, the user's own error and traceback."""
        self._failed.add(run_id)
        found = failure_place(event)
        text = failure_text(event)
        place = "".join(f", {found[name]}" for name in ("cell", "line") if name in found)
        value = {"event": "failure", "run_id": run_id, "step": event.step, "cell": found.get("cell")}
        value |= {"line": found.get("line"), "message": text}
        self._say(value, f"failed: {event.step or 'the run'}{place}", "red", always=True)
        if not self._out.json:
            self._out.error("\n".join(f"  {line}" for line in text.split("\n")))

    def _of_dagster(self, run_id: str, event: RunEvent) -> None:
        about = {"run_id": run_id, "step": event.step}
        if event.kind in _DONE:
            self._done += 1
            self._cell = None
        if state := _STEPS.get(event.kind):
            self._step = event.step or "" if state == "started" else ""
            self._say({"event": "step", **about, "state": state}, f"{event.step}: {state}", chatty=True)
        elif event.kind == "ASSET_MATERIALIZATION":
            part = f" [{event.partition}]" if event.partition else ""
            value = {"event": "materialized", **about, "asset": event.asset, "partition": event.partition}
            self._say(value, f"  materialized {event.asset}{part}", "green", chatty=True)
        elif event.kind == "STEP_UP_FOR_RETRY":
            self._say({"event": "step", **about, "state": "up_for_retry"}, f"{event.step}: will be retried", "yellow")
        elif event.kind == "STEP_FAILURE" or (event.kind == "RUN_FAILURE" and run_id not in self._failed):
            self.failure(run_id, event)  # that of the run repeats those of its steps

    def _cell_line(self, run_id: str, step: str, line: str, started: dict[str, dict[str, Any]]) -> None:
        found = cell_line(line)
        if found is None:
            return
        value = {"event": "cell", "run_id": run_id, "step": step, "cell": found["cell"], "state": "started"}
        if found["starts"]:
            self._cell = _Cell(step, found["cell"], time.time())
            started[found["cell"]] = value
            return
        self._cell = None
        started.pop(found["cell"], None)
        value |= {"state": found["state"], "seconds": float(found["seconds"])}
        value |= {"peak_mb": int(found["mb"]) if found["mb"] else None}
        self._say(value, f"  {step}: {line}", "red" if found["state"] == "failed" else None, chatty=True)

    def _log(self, run_id: str, event: RunEvent) -> None:
        value = {"event": "log", "run_id": run_id, "timestamp": event.timestamp, "level": event.level}
        value |= {"kind": event.kind, "step": event.step, "message": event.message}
        at = datetime.fromtimestamp(event.timestamp)
        head = f"{at:%H:%M:%S} {event.level:<8} {event.step or '-'}  "
        self.clear()
        self._out.event(value, [f"{head}{line}" for line in (event.message or event.kind).split("\n")])

    def _say(
        self, value: dict[str, Any], text: str, style: str | None = None, *, chatty: bool = False, always: bool = False
    ) -> None:
        """``chatty``: what the log tells as well; ``always``: whether or not messages are wanted."""
        self.clear()
        if self._out.json:
            self._out.event(value, ())
        elif always:
            self._out.error(text, style)
        elif not (chatty and self._logs):
            self._out.note(text, style)
