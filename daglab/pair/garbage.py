"""Less garbage collection while large notebooks are parsed."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Each look is at the objects made since the last one, and stops all threads: a server's must not stand still for long.
_THRESHOLDS = (25_000, 1_000, 1_000)

_lock = threading.Lock()
_count = 0
_before = gc.get_threshold()


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Look for garbage less often: among the syntax trees of a large notebook, that takes a third of the time.

    Several threads may do so at once; the last one that ends puts back what was before.
    """
    global _count, _before  # they are the interpreter's
    with _lock:
        if _count == 0:
            _before = gc.get_threshold()
            gc.set_threshold(*_THRESHOLDS)
        _count += 1
    try:
        yield
    finally:
        with _lock:
            _count -= 1
            if _count == 0:
                gc.set_threshold(*_before)
