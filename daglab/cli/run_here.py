"""``daglab run --in-process``: the project's code location, loaded and run by a process of its own."""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from daglab.cli.code_location import loadable, loading_environment
from daglab.cli.output import Output
from daglab.cli.run import Request, tell_validated
from daglab.cli.run_progress import Progress
from daglab.errors import DaglabError, ExitCode, MissingExtraError, ProcessError, RunTimeoutError

if TYPE_CHECKING:
    from daglab.client.events import EventError, RunEvent
    from daglab.config import Config
    from daglab.processes import Child

_LOOK_SECONDS = 0.1  # between looks at what the process has told
_TICK_SECONDS = 1.0


class _RefusedError(DaglabError):
    """The process could run nothing; it says why, and with which code."""

    def __init__(self, said: dict[str, Any]) -> None:
        super().__init__(said["message"], remedy=said.get("remedy", ""), details=said.get("details", {}))
        self.code = said["code"]  # type: ignore[misc]
        self.exit_code = ExitCode(said["exit_code"])  # type: ignore[misc]


def run_here(request: Request, config: Config, out: Output) -> ExitCode:
    """Run what is asked for in the project's Dagster instance; the exit code tells how it ended.

    The process, and so the run, ends with this one.

    Raises:
        MissingExtraError: Dagster is not installed.
        ConfigError: the project names no code location, or several.
        RunTimeoutError: it has not ended in time; it has been ended.
        ProcessError: the process died.
        DaglabError: it could run nothing, for what it says.
    """
    from daglab.processes import spawn
    from daglab.project import Project

    if importlib.util.find_spec("dagster") is None:
        raise MissingExtraError("dagster", needed_for="daglab run --in-process")
    target = loadable(config.root)
    home = Project.find(config.root, config).ensure_dagster_home()
    progress = Progress(out, logs=request.logs)
    out.note(f"loading {target}; Dagster instance: {home}", "dim")
    with TemporaryDirectory(prefix="daglab-run-") as folder:
        asked, told = Path(folder) / "request.json", Path(folder) / "events.jsonl"
        asked.write_text(json.dumps({**asdict(request), "target": target}, default=str), encoding="utf-8")
        told.touch()
        argv = [sys.executable, "-m", "daglab.runtime.in_process", str(asked), str(told)]
        environment = {**loading_environment(config.root), "DAGSTER_HOME": str(home)}
        with spawn(argv, cwd=config.root, env=environment, die_with_parent=True) as child:
            told_runs = _Told(progress, out)
            for lines in _lines(told, child, request.timeout, progress):
                for line in lines:
                    told_runs.take(json.loads(line))
            progress.clear()
            return told_runs.ending(child)


class _Told:
    """What the process has told so far."""

    def __init__(self, progress: Progress, out: Output) -> None:
        self._progress = progress
        self._out = out
        self._run = ""
        self._started = 0.0
        self._codes: list[ExitCode] = []

    def take(self, said: dict[str, Any]) -> None:
        """One line; raises DaglabError for one that says that nothing could be run."""
        if "error" in said:
            self._progress.clear()
            raise _RefusedError(said["error"])
        if "faults" in said:
            self._codes.append(tell_validated(said["faults"], self._out))
        elif "log" in said:
            self._progress.events(self._run, [_event(said["log"])])
        elif said["run"]["run_id"] != self._run:
            self._run, self._started = said["run"]["run_id"], time.monotonic()
            steps = said["run"].pop("steps")
            value = {**said["run"], "url": None, "launch_problem": None}
            self._progress.launched(value, ", ".join(value["assets"]) or value["job"], steps=steps)
        else:
            status, seconds = said["run"]["status"], round(time.monotonic() - self._started, 3)
            self._progress.ended({"run_id": self._run, "status": status, "seconds": seconds}, self._run)
            self._codes.append(ExitCode.OK if status == "SUCCESS" else ExitCode.RUN_FAILED)

    def ending(self, child: Child) -> ExitCode:
        """The exit code, once the process has ended; raises ProcessError where it died before its work was done."""
        if child.returncode or not self._codes:
            raise ProcessError(
                f"the process that ran it ended with status {child.returncode}\n{child.log_tail()}".strip(),
                remedy="Its last lines of output say why.",
                details={"run_id": self._run or None},
            )
        return max(self._codes)


def _lines(file: Path, child: Child, timeout: float | None, progress: Progress) -> Iterator[list[str]]:
    """What the process has written since the last look, whole lines of it, up to its end.

    Raises RunTimeoutError after ``timeout`` seconds.
    """
    started = ticked = time.monotonic()
    with file.open(encoding="utf-8") as events:
        open_line = ""
        while True:
            has_ended = child.returncode is not None
            *lines, open_line = (open_line + events.read()).split("\n")
            yield lines
            if has_ended:
                return
            now = time.monotonic()
            if timeout is not None and now - started > timeout:
                progress.clear()
                raise RunTimeoutError(
                    f"It has not ended after {timeout:g} s, and was ended.", remedy="give it more time: --timeout"
                )
            if now - ticked > _TICK_SECONDS:
                progress.tick()
                ticked = now
            time.sleep(_LOOK_SECONDS)


def _event(said: dict[str, Any]) -> RunEvent:
    from daglab.client.events import RunEvent
    from daglab.client.metadata import Metadata

    failure, error = said.pop("failure"), said.pop("error")
    metadata = tuple(Metadata(name, "text", value) for name, value in failure.items())
    return RunEvent(**said, error=_error(error), metadata=metadata)


def _error(said: dict[str, Any] | None) -> EventError | None:
    from daglab.client.events import EventError

    if said is None:
        return None
    return EventError(said["class_name"], said["message"], tuple(said["stack"]), _error(said["cause"]))
