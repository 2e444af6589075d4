"""What a step tells Dagster of its cells: at once after half a second of silence, else some lines together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

BATCH_LINES = 250
BATCH_SECONDS = 0.5  # each batch is a row in Dagster's event log, which takes longer to write than most cells to run


class StepLog:
    """Hands lines to ``tell``, in batches; whatever waits is told half a second later, also while a cell runs."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell = tell
        self._lines: list[str] = []
        self._told_at = float("-inf")
        self._timer: threading.Timer | None = None
        self._started: list[threading.Timer] = []
        self._lock = threading.Condition(threading.RLock())
        self._telling: set[int] = set()  # threads

    @property
    def is_telling(self) -> bool:
        """Whether this thread is inside of ``tell``: what is printed then comes from the log's own handlers."""
        return threading.get_ident() in self._telling

    def say(self, line: str) -> None:
        """Take in a line."""
        with self._lock:
            self._lines.append(line)
            silent = time.monotonic() - self._told_at
            if silent < BATCH_SECONDS and len(self._lines) < BATCH_LINES:
                if self._timer is None:
                    self._timer = threading.Timer(BATCH_SECONDS - silent, self._tell_waiting)
                    self._timer.daemon = True
                    self._timer.start()
                    self._started = [*(timer for timer in self._started if timer.is_alive()), self._timer]
                return
        self._tell_waiting()

    def flush(self) -> None:
        """Tell what waits; when this returns, all that was said is told, and no thread of this log lives."""
        self._tell_waiting()
        if self.is_telling:  # by a handler of the log: two threads that tell must not wait for each other
            return
        with self._lock:
            self._lock.wait_for(lambda: not self._telling)
            started = self._started
        for timer in started:
            timer.join()

    def _tell_waiting(self) -> None:
        with self._lock:
            lines, self._lines = self._lines, []
            timer, self._timer = self._timer, None
            self._told_at = time.monotonic()
            if lines:
                self._telling.add(threading.get_ident())
        if timer is not None:
            timer.cancel()
        if lines:  # without the lock: handlers of the log may print, and so come back here
            try:
                self._tell("\n".join(lines))
            finally:
                with self._lock:
                    self._telling.discard(threading.get_ident())
                    self._lock.notify_all()
