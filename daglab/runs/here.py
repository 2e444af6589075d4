"""Runs of the project's own definitions in a process of its own, without a running Dagster."""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from daglab.client.events import EventError, RunEvent
from daglab.client.metadata import Metadata
from daglab.errors import DaglabError, ExitCode, MissingExtraError, ProcessError, RunTimeoutError
from daglab.runs.code_location import loadable, loading_environment

if TYPE_CHECKING:
    from daglab.config import Config
    from daglab.processes import Child

_LOOK_SECONDS = 0.1  # between looks at what the process has told


class RefusedError(DaglabError):
    """The process could run nothing; it says why, and with which code."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        super().__init__(said["message"], remedy=said.get("remedy", ""), details=said.get("details", {}))
        self.code = said["code"]  # type: ignore[misc]
        self.exit_code = ExitCode(said["exit_code"])  # type: ignore[misc]


def instance_folder(config: Config) -> Path:
    """The project's Dagster instance, made where it is missing: it gets the runs."""
    from daglab.project import Project

    return Project.find(config.root, config).ensure_dagster_home()


def run_in_process(
    request: Mapping[str, Any], config: Config, timeout: float | None, *, needed_for: str
) -> Iterator[list[dict[str, Any]]]:
    """What the process tells, at each look, which may be nothing; see :mod:`daglab.runtime.in_process`.

    The process, and so the run, ends with the iterator, and with this process.

    Args:
        request: job or assets, partitions, config, tags, validate_only.
        config: the project's.
        timeout: seconds.
        needed_for: who asks.

    Raises:
        MissingExtraError: Dagster is not installed.
        ConfigError: the project names no code location, or several.
        RunTimeoutError: it has not ended in time; it has been ended.
        ProcessError: the process died.
        DaglabError: it could run nothing, for what it says.
    """
    from daglab.processes import spawn

    if importlib.util.find_spec("dagster") is None:
        raise MissingExtraError("dagster", needed_for=needed_for)
    target = loadable(config.root)
    environment = {**loading_environment(config.root), "DAGSTER_HOME": str(instance_folder(config))}
    with TemporaryDirectory(prefix="daglab-run-") as folder:
        asked, told = Path(folder) / "request.json", Path(folder) / "events.jsonl"
        asked.write_text(json.dumps({**request, "target": target}, default=str), encoding="utf-8")
        told.touch()
        argv = [sys.executable, "-m", "daglab.runtime.in_process", str(asked), str(told)]
        with spawn(argv, cwd=config.root, env=environment, die_with_parent=True) as child:
            run_id, is_done = None, False
            for lines in _lines(told, child, timeout):
                said = [json.loads(line) for line in lines]
                for one in said:
                    if "error" in one:
                        raise RefusedError(one["error"])
                    if "run" in one:
                        run_id, is_done = one["run"]["run_id"], one["run"]["status"] != "STARTED"
                    is_done = is_done or "faults" in one
                yield said
            if child.returncode or not is_done:
                raise ProcessError(
                    f"the process that ran it ended with status {child.returncode}\n{child.log_tail()}".strip(),
                    remedy="Its last lines of output say why.",
                    details={"run_id": run_id},
                )


def event_of(said: Mapping[str, Any]) -> RunEvent:
    """The event that a ``log`` of the process tells."""
    fields = {name: value for name, value in said.items() if name not in ("failure", "error")}
    metadata = tuple(Metadata(name, "text", value) for name, value in said["failure"].items())
    return RunEvent(**fields, error=_error(said["error"]), metadata=metadata)


def _lines(file: Path, child: Child, timeout: float | None) -> Iterator[list[str]]:
    """What the process has written since the last look, whole lines of it, up to its end.

    Raises RunTimeoutError after ``timeout`` seconds.
    """
    started = time.monotonic()
    with file.open(encoding="utf-8") as events:
        open_line = ""
        while True:
            has_ended = child.returncode is not None
            *lines, open_line = (open_line + events.read()).split("\n")
            yield lines
            if has_ended:
                return
            if timeout is not None and time.monotonic() - started > timeout:
                raise RunTimeoutError(
                    f"It has not ended after {timeout:g} s, and was ended.", remedy="give it more time: --timeout"
                )
            time.sleep(_LOOK_SECONDS)


def _error(said: Mapping[str, Any] | None) -> EventError | None:
    if said is None:
        return None
    return EventError(said["class_name"], said["message"], tuple(said["stack"]), _error(said["cause"]))
