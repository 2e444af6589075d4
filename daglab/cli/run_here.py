"""``daglab run --in-process``: the project's code location, loaded and run by a process of its own."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from daglab.cli.output import Output
from daglab.cli.run import Request, tell_validated
from daglab.cli.run_progress import Progress
from daglab.errors import DaglabError, ExitCode
from daglab.runs.code_location import loadable
from daglab.runs.here import event_of, instance_folder, run_in_process

if TYPE_CHECKING:
    from daglab.config import Config

_TICK_SECONDS = 1.0


def run_here(request: Request, config: Config, out: Output) -> ExitCode:
    """Run what is asked for in the project's Dagster instance; the exit code tells how it ended.

    The process, and so the run, ends with this one. Raises what :func:`daglab.runs.here.run_in_process` raises.
    """
    progress = Progress(out, logs=request.logs)
    told = _Told(progress, out)
    out.note(f"loading {loadable(config.root)}; Dagster instance: {instance_folder(config)}", "dim")
    ticked = time.monotonic()
    try:
        for lines in run_in_process(asdict(request), config, request.timeout, needed_for="daglab run --in-process"):
            for said in lines:
                told.take(said)
            if time.monotonic() - ticked > _TICK_SECONDS:
                progress.tick()
                ticked = time.monotonic()
    except DaglabError:
        progress.clear()
        raise
    progress.clear()
    return max(told.codes)


class _Told:
    """What the process has told so far; ``codes`` has one for each run that has ended."""

    def __init__(self, progress: Progress, out: Output) -> None:
        self.codes: list[ExitCode] = []
        self._progress = progress
        self._out = out
        self._run = ""
        self._started = 0.0

    def take(self, said: dict[str, Any]) -> None:
        """One line."""
        if "faults" in said:
            self.codes.append(tell_validated(said["faults"], self._out))
        elif "log" in said:
            self._progress.events(self._run, [event_of(said["log"])])
        elif said["run"]["run_id"] != self._run:
            self._run, self._started = said["run"]["run_id"], time.monotonic()
            steps = said["run"].pop("steps")
            value = {**said["run"], "url": None, "launch_problem": None}
            self._progress.launched(value, ", ".join(value["assets"]) or value["job"], steps=steps)
        else:
            status, seconds = said["run"]["status"], round(time.monotonic() - self._started, 3)
            self._progress.ended({"run_id": self._run, "status": status, "seconds": seconds}, self._run)
            self.codes.append(ExitCode.OK if status == "SUCCESS" else ExitCode.RUN_FAILED)
