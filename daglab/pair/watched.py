"""Pairs whose files change: when each is due for a sync, and what there is new to say of it afterwards."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daglab.errors import DaglabError, FileMovedError, PairError
from daglab.pair.locate import Pair, is_pair
from daglab.pair.sync import SyncResult

_log = logging.getLogger(__name__)
_QUIET = 0.2  # seconds without a change before a pair is synced: an editor may write in several steps
_LONGEST = 1.0  # seconds after which it is synced although the changes go on
SETTLE = 2.0
"""Seconds before a missing half is made again, or a failed sync is tried again."""


@dataclass(frozen=True)
class WatchEvent:
    """What became of a pair: the ``result`` of its sync, or the ``error`` that kept it from one.

    ``resolved`` says that an earlier event of the pair told of a conflict or fault that is over now.
    """

    pair: Pair
    result: SyncResult | None
    error: DaglabError | None = None
    resolved: bool = False

    @property
    def kind(self) -> str:
        """``synced``, ``resolved``, ``conflict``, ``invalid`` or ``error``."""
        if self.result is None:
            return "error"
        if self.resolved:
            return "resolved"
        state = self.result.before.state
        return state if state in ("conflict", "invalid") else "synced"

    def to_json(self) -> dict[str, Any]:
        """The event as JSON values."""
        about = {"event": self.kind, "py": str(self.pair.py), "ipynb": str(self.pair.ipynb)}
        if self.error is not None:
            return about | self.error.to_json()
        assert self.result is not None
        return about | self.result.to_json()


@dataclass
class _Change:
    """When a pair's files changed for the first and the last time since its last sync."""

    pair: Pair
    first: float
    last: float

    def is_due(self, now: float) -> bool:
        if not (_exists(self.pair.py) and _exists(self.pair.ipynb)):
            # Switching branches or saving by renaming deletes a file for a moment; whoever deletes both halves,
            # one after the other, doesn't want the first one back meanwhile.
            return now - self.last >= SETTLE
        return now - self.last >= _QUIET or now - self.first >= _LONGEST


class WatchedPairs:
    """The pairs that changed, those that are known, and what was said of them last; for several threads.

    ``work`` syncs a pair.
    """

    def __init__(self, work: Callable[[Pair], SyncResult]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._held: defaultdict[Path, threading.Lock] = defaultdict(threading.Lock)
        self._changes: dict[Path, _Change] = {}
        self._known: set[Path] = set()
        self._said: dict[Path, object] = {}

    def touch(self, pairs: Iterable[Pair], now: float) -> None:
        """Files of these pairs have changed at ``now``, in seconds of the monotonic clock."""
        with self._lock:
            for pair in pairs:
                change = self._changes.setdefault(key_of(pair), _Change(pair, now, now))
                change.pair = pair  # its .py may stand elsewhere by now
                change.last = max(change.last, now)

    def due(self, now: float) -> list[Pair]:
        """The pairs that are to be synced now; they are told once for each change."""
        with self._lock:
            due = [change.pair for change in self._changes.values() if change.is_due(now)]
            for pair in due:
                del self._changes[key_of(pair)]
            return due

    @contextmanager
    def held(self, pair: Pair) -> Iterator[None]:
        """Around :meth:`sync` and whatever is said of it: no other thread says something of the pair meanwhile."""
        with self._lock:
            lock = self._held[key_of(pair)]
        with lock:
            yield

    def sync(self, pair: Pair, work: Callable[[Pair], SyncResult] | None = None) -> WatchEvent | None:
        """Sync a pair that is held, by ``work`` where that is given; answers an event where there is news.

        One that fails, for whatever reason, is due again after a while, and said once.
        """
        key = key_of(pair)
        if not (_exists(pair.py) or _exists(pair.ipynb)):
            self._said.pop(key, None)
            self._known.discard(key)
            return None
        try:
            if key not in self._known and not is_pair(pair):
                return None
            result = (work or self._work)(pair)
        except FileMovedError:
            self.touch([pair], time.monotonic())
            return None
        except Exception as error:  # one odd file must not end the watch over the others
            self.touch([pair], time.monotonic() + SETTLE)
            event = self._new(WatchEvent(pair, None, _as_ours(pair, error)), str(error))
            if event is not None and not isinstance(error, DaglabError):
                _log.warning("daglab: the sync of %s has failed", pair.ipynb, exc_info=error)
            return event
        self._known.add(key)
        before = result.before
        if before.state in ("conflict", "invalid"):
            cells = [(cell.label, cell.reason, cell.py, cell.ipynb) for cell in before.conflicts]
            return self._new(WatchEvent(pair, result), (before.state, before.reason, cells))
        resolved = self._said.pop(key, None) is not None
        return WatchEvent(pair, result, resolved=resolved) if resolved or result.written else None

    def _new(self, event: WatchEvent, said: object) -> WatchEvent | None:
        """The event of a conflict or fault, unless just that was said already."""
        key = key_of(event.pair)
        if self._said.get(key) == said:
            return None
        self._said[key] = said
        return event


def key_of(pair: Pair) -> Path:
    """What a pair is known by."""
    return pair.ipynb.absolute()


def _as_ours(pair: Pair, error: Exception) -> DaglabError:
    if isinstance(error, DaglabError):
        return error
    return PairError(
        f"{pair.ipynb} can't be synced: {type(error).__name__}: {error}", remedy="report this, with the notebook"
    )


def _exists(path: Path) -> bool:
    """Whether something is there, or may be: the sync will say what is wrong with it."""
    try:
        return path.exists() or path.is_symlink()
    except OSError:
        return True
