"""What a benchmark reports, and how a command or a function is timed.

A benchmark is a module of this folder with a function ``run() -> list[Row]``; its name is the name to run it by.
"""

from __future__ import annotations

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
    """One measured value. ``budget`` is the limit it must keep, in the same ``unit``; a peer has none.

    ``value`` is ``None`` for a peer that is not installed; ``note`` then says so.
    """

    what: str
    who: str
    value: float | None
    unit: str = "s"
    budget: float | None = None
    note: str = ""

    @property
    def kept(self) -> bool | None:
        """Whether the budget is kept; ``None`` where there is none."""
        return None if self.budget is None or self.value is None else self.value <= self.budget


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
