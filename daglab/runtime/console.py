"""What cells print: passed on to the real streams, kept for the executed notebook, handed out line by line."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, TextIO

StreamName = Literal["stdout", "stderr"]
KEPT_CHARACTERS = 1_000_000  # of one cell; the rest is in Dagster's own capture of the process's output


class Console:
    """Collects what is printed between two calls of :meth:`take`; ``on_line`` gets each line as it is complete."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._lock = threading.RLock()
        self._pieces: list[tuple[StreamName, str]] = []
        self._kept = 0
        self._open: dict[StreamName, str] = {"stdout": "", "stderr": ""}
        self._telling = False

    def write(self, stream: StreamName, text: str) -> None:
        """Take in what was printed; a carriage return overwrites its line, as on a terminal."""
        with self._lock:
            if self._telling:  # the log's own handlers may print
                return
            if self._kept < KEPT_CHARACTERS:
                self._pieces.append((stream, text[: KEPT_CHARACTERS - self._kept]))
            self._kept += len(text)
            *lines, rest = (self._open[stream] + text).split("\n")
            self._open[stream] = _last_line(rest)
            for line in lines:
                self._tell(line)

    def take(self) -> list[tuple[StreamName, str]]:
        """What was printed since the last call, neighbours of one stream joined; an open line is told as it is."""
        with self._lock:
            for stream in self._open:
                if self._open[stream]:
                    self._tell(self._open[stream])
                self._open[stream] = ""
            pieces, self._pieces = self._pieces, []
            dropped, self._kept = self._kept - KEPT_CHARACTERS, 0
        if dropped > 0:
            pieces.append(("stderr", f"\n... {dropped} more characters\n"))
        joined: list[tuple[StreamName, str]] = []
        for stream, text in pieces:
            if joined and joined[-1][0] == stream:
                joined[-1] = (stream, joined[-1][1] + text)
            else:
                joined.append((stream, text))
        return [(stream, "\n".join(map(_overwritten, text.split("\n")))) for stream, text in joined]

    def _tell(self, line: str) -> None:
        self._telling = True
        try:
            self._on_line(_overwritten(line))
        finally:
            self._telling = False

    @contextmanager
    def capture(self) -> Iterator[None]:
        """Stand between the notebook and ``sys.stdout`` and ``sys.stderr``; they are as before afterwards."""
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
