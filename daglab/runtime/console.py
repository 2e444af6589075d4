"""What cells print: passed on to the real streams, kept for the executed notebook, told line by line."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any, Literal, TextIO

from daglab.runtime.step_log import StepLog
from daglab.runtime.text import printable

StreamName = Literal["stdout", "stderr"]
KEPT_CHARACTERS = 1_000_000  # of one cell; the rest is in Dagster's own capture of the process's output
TOLD_LINES = 5_000  # of one cell
TOLD_CHARACTERS = 500_000


class Console:
    """Collects what is printed between two calls of :meth:`take`; the log is told each complete line."""

    def __init__(self, log: StepLog) -> None:
        self._log = log
        self._label = ""
        self._process = os.getpid()
        self._closed = False
        self._told = [0, 0]  # lines, characters
        self._untold = 0
        self._lock = threading.RLock()
        self._pieces: list[tuple[StreamName, str]] = []
        self._kept = 0
        self._open: dict[StreamName, list[str]] = {"stdout": [], "stderr": []}  # the line that has not ended

    def write(self, stream: StreamName, text: str) -> None:
        """Take in what was printed; a carriage return overwrites its line, as on a terminal."""
        # The log's own handlers may print, a forked child has no run, and a logging handler of a cell outlives it.
        if self._log.is_telling or self._closed or os.getpid() != self._process:
            return
        with self._lock:
            if self._kept < KEPT_CHARACTERS:
                self._pieces.append((stream, text[: KEPT_CHARACTERS - self._kept]))
            self._kept += len(text)
            self._open[stream].append(text)
            if "\n" in text or "\r" in text:
                *lines, rest = "".join(self._open[stream]).split("\n")
                self._open[stream] = [_last_line(rest)]
                for line in lines:
                    self._tell(line)

    def take(self) -> list[tuple[StreamName, str]]:
        """What was printed since the last call, neighbours of one stream joined; an open line is told as it is."""
        with self._lock:
            for stream in self._open:
                self._tell("".join(self._open[stream]))
                self._open[stream] = []
            if self._untold:
                self._say(f"... {self._untold} more lines; the executed notebook has more of them")
            self._told, self._untold = [0, 0], 0
            pieces, self._pieces = self._pieces, []
            dropped, self._kept = self._kept - KEPT_CHARACTERS, 0
        if dropped > 0:
            pieces.append(("stderr", f"\n... {dropped} more characters\n"))
        joined = [(stream, "".join(text for _, text in group)) for stream, group in groupby(pieces, lambda one: one[0])]
        return [(stream, "\n".join(map(_overwritten, text.split("\n")))) for stream, text in joined]

    def close(self) -> None:
        """Take in nothing any more; the real streams get it all the same."""
        self._closed = True

    def _tell(self, line: str) -> None:
        line = _overwritten(line)
        if not line.strip():
            return
        if self._told[0] >= TOLD_LINES or self._told[1] + len(line) > TOLD_CHARACTERS:
            self._untold += 1
            return
        self._told = [self._told[0] + 1, self._told[1] + len(line)]
        self._say(line)

    def _say(self, line: str) -> None:
        self._log.say(printable(f"{self._label} | {line}"))

    @contextmanager
    def capture(self, label: str) -> Iterator[None]:
        """Stand between a cell and ``sys.stdout`` and ``sys.stderr``; they are as before afterwards."""
        self._label = label
        before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = _Tee(before[0], self, "stdout"), _Tee(before[1], self, "stderr")
        try:
            yield
        finally:
            sys.stdout, sys.stderr = before


class _Tee(io.TextIOBase):
    """A stream that writes to the real one and to the console."""

    def __init__(self, real: TextIO, console: Console, name: StreamName) -> None:
        self._real = real
        self._console = console
        self._name = name

    def write(self, text: str) -> int:
        self._real.write(text)
        self._console.write(self._name, text)
        return len(text)

    def flush(self) -> None:
        self._real.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._real.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return self._real.errors

    @property
    def newlines(self) -> Any:  # type: ignore[override]
        return self._real.newlines

    def fileno(self) -> int:
        return self._real.fileno()

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True


def _last_line(rest: str) -> str:
    """An open line without what was overwritten; a carriage return at its end counts for what comes next."""
    text = rest.rstrip("\r")
    return text.rpartition("\r")[2] + rest[len(text) :]


def _overwritten(line: str) -> str:
    """What a terminal shows of a line with carriage returns."""
    return line.rstrip("\r").rpartition("\r")[2]
