"""Keeps pairs in sync while their files are edited: each change on disk leads, once it is quiet, to a sync."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from daglab.errors import DaglabError, FileMovedError, PairError
from daglab.pair.locate import Pair, find_pairs, is_pair, pair_of
from daglab.pair.merge import Side
from daglab.pair.places import is_skipped
from daglab.pair.sync import SyncResult, sync

_TICK_MS = 100
_QUIET = 0.2  # seconds without a change before a pair is synced: an editor may write in several steps
_LONGEST = 1.0  # seconds after which it is synced although the changes go on
_SETTLE = 2.0  # seconds before a missing half is made again, or a failed sync is tried again


class StopEvent(Protocol):
    """What ends a watch, such as a ``threading.Event``."""

    def is_set(self) -> bool:
        """Whether it is to end."""


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


def watch(
    places: Sequence[Path], *, stop: StopEvent, prefer: Side | None = None, keep_outputs: bool = False
) -> Iterator[WatchEvent]:
    """Sync the pairs in ``places``, notebooks or folders, then again whenever a file of theirs changes.

    Yields what was written, and conflicts and faults when they begin, change and end; never ends by itself.
    ``stop`` ends it between two syncs; ``prefer`` and ``keep_outputs`` are as for
    :func:`~daglab.pair.sync`.

    Raises:
        PairError: a place doesn't exist or can't be watched.
    """
    for place in places:
        if not place.exists():
            raise PairError(f"{place} does not exist")
    scope = _Scope(places)
    pairs = _Watched(partial(sync, prefer=prefer, keep_outputs=keep_outputs))
    started = False
    for changed in _ticks(scope.roots, stop):
        now = time.monotonic()
        if started:
            pairs.touch(scope.touched(changed), now)
        else:  # only now, so that no edit falls between the first sync and the watch
            pairs.touch(scope.all_pairs(), now - _SETTLE)
            started = True
        for pair in pairs.due(now):
            if stop.is_set():
                return
            event = pairs.sync(pair)
            if event is not None:
                yield event


def _ticks(roots: Iterable[Path], stop: StopEvent) -> Iterator[set[Path]]:
    """What has changed below ``roots``; time and again an empty set where nothing has."""
    from watchfiles import watch as watch_files

    try:
        for changes in watch_files(
            *roots,
            watch_filter=None,  # a filter that lets nothing through would hold the empty sets back too
            step=_TICK_MS // 2,
            rust_timeout=_TICK_MS,
            yield_on_timeout=True,
            stop_event=stop,
            ignore_permission_denied=True,
        ):
            yield {Path(name) for _, name in changes}
    except OSError as error:
        raise PairError(f"cannot watch the files: {error}", remedy="watch fewer folders") from error


class _Scope:
    """Which files are watched, and the pairs they belong to, named as the places were."""

    def __init__(self, places: Sequence[Path]) -> None:
        # A file is watched through its folder, since saving may put another file in its place.
        self._folders = {place.absolute(): place for place in places if place.is_dir()}
        self._pairs = {_key(pair): pair for pair in (pair_of(place) for place in places if not place.is_dir())}
        self.roots = {
            *self._folders,
            *(file.absolute().parent for p in self._pairs.values() for file in (p.py, p.ipynb)),
        }

    def all_pairs(self) -> Iterator[Pair]:
        yield from self._pairs.values()
        for folder in self._folders.values():
            yield from find_pairs(folder)

    def touched(self, changed: Iterable[Path]) -> Iterator[Pair]:
        for path in changed:
            if path.suffix in (".py", ".ipynb"):
                with contextlib.suppress(PairError):  # a .py beside half of another pair
                    pair = pair_of(path)
                    if _key(pair) in self._pairs:
                        yield self._pairs[_key(pair)]
                    elif (named := self._named(path)) is not None:
                        yield pair_of(named)
            elif path.is_dir() and (named := self._named(path)) is not None and not is_skipped(path.name):
                yield from find_pairs(named)  # what is in a new folder may have come before its watch

    def _named(self, path: Path) -> Path | None:
        """The path below its place; ``None`` where none of the places has it, or not to be looked at."""
        for root, place in self._folders.items():
            if path.is_relative_to(root):
                below = path.relative_to(root)
                return None if any(map(is_skipped, below.parts[:-1])) or below.name.startswith(".") else place / below
        return None


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
            return now - self.last >= _SETTLE
        return now - self.last >= _QUIET or now - self.first >= _LONGEST


class _Watched:
    """The pairs that changed, those that are known, and what was said of them last."""

    def __init__(self, work: Callable[[Pair], SyncResult]) -> None:
        self._work = work
        self._changes: dict[Path, _Change] = {}
        self._known: set[Path] = set()
        self._said: dict[Path, object] = {}

    def touch(self, pairs: Iterable[Pair], now: float) -> None:
        for pair in pairs:
            change = self._changes.setdefault(_key(pair), _Change(pair, now, now))
            change.last = max(change.last, now)

    def due(self, now: float) -> list[Pair]:
        due = [change.pair for change in self._changes.values() if change.is_due(now)]
        for pair in due:
            del self._changes[_key(pair)]
        return due

    def sync(self, pair: Pair) -> WatchEvent | None:
        """Sync a pair; answers the event where there is something new to say."""
        key = _key(pair)
        if not (_exists(pair.py) or _exists(pair.ipynb)):
            self._said.pop(key, None)
            self._known.discard(key)
            return None
        if key not in self._known and not is_pair(pair):
            return None
        try:
            result = self._work(pair)
        except DaglabError as error:
            again = time.monotonic() + (0 if isinstance(error, FileMovedError) else _SETTLE)
            self.touch([pair], again)
            return None if isinstance(error, FileMovedError) else self._new(WatchEvent(pair, None, error), str(error))
        self._known.add(key)
        before = result.before
        if before.state in ("conflict", "invalid"):
            cells = [(cell.label, cell.reason, cell.py, cell.ipynb) for cell in before.conflicts]
            return self._new(WatchEvent(pair, result), (before.state, before.reason, cells))
        resolved = self._said.pop(key, None) is not None
        return WatchEvent(pair, result, resolved=resolved) if resolved or result.written else None

    def _new(self, event: WatchEvent, said: object) -> WatchEvent | None:
        """The event of a conflict or fault, unless just that was said already."""
        key = _key(event.pair)
        if self._said.get(key) == said:
            return None
        self._said[key] = said
        return event


def _key(pair: Pair) -> Path:
    return pair.ipynb.absolute()


def _exists(path: Path) -> bool:
    """Whether something is there, or may be: the sync will say what is wrong with it."""
    try:
        return path.exists() or path.is_symlink()
    except OSError:
        return True
