"""What a benchmark reports, and how a command or a function is timed.

A benchmark is a module of this folder with a function ``run() -> list[Row]``; its name is the name to run it by.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One measured value. ``budget`` is the limit it must keep, in the same ``unit``, ``at_least`` the value that it
    must reach; a peer has none.

    ``value`` is ``None`` for a peer that is not installed; ``note`` then says so.
    """

    what: str
    who: str
    value: float | None
    unit: str = "s"
    budget: float | None = None
    note: str = ""
    at_least: float | None = None

    @property
    def kept(self) -> bool | None:
        """Whether the limits are kept; ``None`` where there are none."""
        if self.value is None or (self.budget is None and self.at_least is None):
            return None
        return (self.budget is None or self.value <= self.budget) and (
            self.at_least is None or self.value >= self.at_least
        )


def median_seconds(work: Callable[[], object], *, rounds: int = 5, warm: int = 1) -> float:
    """Median wall time of ``work`` over ``rounds`` calls, after ``warm`` calls that don't count."""
    for _ in range(warm):
        work()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def time_command(
    what: str, command: Sequence[str], *, rounds: int = 5, budget: float | None = None, cwd: Path | None = None
) -> Row:
    """Time a program of this environment, or of PATH; a row without a value where there is none."""
    who = " ".join(command)
    beside = Path(sys.executable).with_name(command[0])
    program = str(beside) if beside.exists() else shutil.which(command[0])
    if program is None:
        return Row(what, who, None, budget=budget, note="not installed")

    def work() -> None:
        subprocess.run([program, *command[1:]], check=True, capture_output=True, timeout=120, cwd=cwd)

    return Row(what, who, median_seconds(work, rounds=rounds), budget=budget)


def run_program(program: str, *args: str | Path) -> None:
    """Run a program of this environment, whose folder is first on PATH for what that one starts.

    Raises:
        CalledProcessError: it failed.
    """
    folder = Path(sys.executable).parent
    path = os.pathsep.join([str(folder), os.environ.get("PATH", "")])
    environ = {**os.environ, "PATH": path}
    subprocess.run([folder / program, *args], check=True, capture_output=True, timeout=300, env=environ)
