"""Keeps pairs in sync while their files are edited: each change on disk leads, once it is quiet, to a sync."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from daglab.errors import PairError
from daglab.pair.changes import StopEvent, changes
from daglab.pair.locate import Pair, find_pairs, pair_of
from daglab.pair.places import Places, is_skipped
from daglab.pair.watched import SETTLE, WatchedPairs, WatchEvent, key_of

_log = logging.getLogger(__name__)


def watch(places: Sequence[Path], pairs: WatchedPairs, *, stop: StopEvent) -> Iterator[WatchEvent]:
    """Sync the pairs in ``places``, notebooks or folders, then again whenever a file of theirs changes.

    Yields what was written, and conflicts and faults when they begin, change and end; never ends by itself.
    ``stop`` ends it between two syncs; ``pairs`` does them. Without places only what failed is tried again.

    Raises:
        PairError: a place doesn't exist or can't be watched.
    """
    for place in places:
        if not place.exists():
            raise PairError(f"{place} does not exist")
    scope = _Scope(places)
    started = False
    for changed in changes(scope.trees, scope.single, stop):
        now = time.monotonic()
        if started:
            pairs.touch(scope.touched(changed), now)
        else:  # only now, so that no edit falls between the first sync and the watch
            pairs.touch(scope.all_pairs(), now - SETTLE)
            started = True
        for pair in pairs.due(now):
            if stop.is_set():
                return
            with pairs.held(pair):
                event = pairs.sync(pair)
                if event is not None:
                    yield event


class _Scope:
    """Which files are watched, and the pairs they belong to, named as the places were."""

    def __init__(self, places: Sequence[Path]) -> None:
        # A file is watched through its folder, since saving may put another file in its place.
        self._folders = {place.absolute(): place for place in places if place.is_dir()}
        self._pairs = {key_of(pair): pair for pair in (pair_of(place) for place in places if not place.is_dir())}
        self.trees = set(self._folders)
        self.single = {file.absolute().parent for p in self._pairs.values() for file in (p.py, p.ipynb)}

    def all_pairs(self) -> Iterator[Pair]:
        yield from self._pairs.values()
        for folder in self._folders.values():
            yield from find_pairs(folder)

    def touched(self, changed: Iterable[Path]) -> Iterator[Pair]:
        places = Places()
        for path in changed:
            try:
                yield from self._touched(path, places)
            except PairError:  # a .py beside half of another pair
                continue
            except Exception:  # one odd file must not end the watch over the others
                _log.exception("daglab: a change of %s is not looked at", path)

    def _touched(self, path: Path, places: Places) -> Iterator[Pair]:
        named = self._named(path)
        if named is None and not self._pairs:
            return
        if path.suffix in (".py", ".ipynb"):
            pair = pair_of(path if named is None else named, places=places)
            if key_of(pair) in self._pairs:
                yield self._pairs[key_of(pair)]
            elif named is not None:
                yield pair
        elif named is not None and path.is_dir() and not is_skipped(path.name):
            yield from find_pairs(named)  # what is in a new folder may have come before its watch

    def _named(self, path: Path) -> Path | None:
        """The path below its place; ``None`` where none of the places has it, or not to be looked at."""
        for root, place in self._folders.items():
            if path.is_relative_to(root):
                below = path.relative_to(root)
                return None if any(map(is_skipped, below.parts[:-1])) or below.name.startswith(".") else place / below
        return None
