"""The thread of a Jupyter server that watches its files and has changed pairs synced."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from daglab.config_sources import find_root
from daglab.errors import PairError
from daglab.pair.changes import folders_below
from daglab.pair.watch import watch
from daglab.pair.watched import WatchedPairs, WatchEvent

_MOST_FOLDERS = 5_000  # a home folder may have millions: the kernel has a watch for each
_END_SECONDS = 10.0
_REFUSED = 600.0  # seconds: folders are tidied up, and other programs give back their watches
_PAUSE = 10.0  # seconds after a failure that nobody has foreseen


class PairWatch:
    """Watches the server's root; where that is too large, the projects below it in which somebody opens a notebook.

    Args:
        pairs: does the syncs.
        tell: is told of what is new, in this thread.
    """

    def __init__(
        self, root: Path, pairs: WatchedPairs, tell: Callable[[WatchEvent], None], log: logging.Logger
    ) -> None:
        self._root = root
        self._pairs = pairs
        self._tell = tell
        self._log = log
        self._opened: deque[Path] = deque()  # all else is the thread's own
        self._places: list[Path] = []
        self._refused: dict[Path, float] = {}
        self._added = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="daglab-pairs", daemon=True)

    @property
    def started(self) -> bool:
        """Whether it watches, or did."""
        return self._thread.ident is not None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the sync that is being done, for which the end of a server waits ten seconds at most."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(_END_SECONDS)

    def notice(self, file: Path) -> None:
        """Somebody works with this file below the root: its project is watched, if it isn't yet."""
        self._opened.append(file)

    def is_set(self) -> bool:
        """Whether the watch that goes on is to end, since another place is to be watched as well; for the thread."""
        while self._opened and not self._ended.is_set():
            places = self._unwatched(self._opened.popleft())
            self._places += places
            self._added |= bool(places)
        return self._added or self._ended.is_set()

    def _unwatched(self, file: Path) -> list[Path]:
        """What may be watched for the sake of a file; nothing where it is watched, or can't be for now."""
        if any(file.is_relative_to(place) and place.exists() for place in self._places):
            return []
        now, places = time.monotonic(), dict.fromkeys((self._root, find_root(file.parent)))
        return [one for one in places if one.is_relative_to(self._root) and self._refused.get(one, 0) < now]

    def _run(self) -> None:
        self._places.append(self._root)
        while not self._ended.is_set():
            try:
                self._watch()
            except Exception:
                self._log.exception("daglab: the watch over pairs has failed; it begins again")
                self._ended.wait(_PAUSE)

    def _watch(self) -> None:
        """Watch the places, until there are others."""
        self._added = False
        self._places = [place for place in dict.fromkeys(self._places) if place.exists()]
        for place in [place for place in self._places if _is_large(place)]:
            self._refuse(place)
        places = [one for one in self._places if not any(other in one.parents for other in self._places)]
        self._places = [*places]
        try:
            for event in watch(places, self._pairs, stop=self):
                self._tell(event)
        except PairError as error:
            if all(place.exists() for place in places):  # else it is tried without those that have gone
                place = places[-1]  # those before could be watched without it
                self._log.warning(
                    "daglab: pairs in %s are synced when they are saved in Jupyter only: %s", place, error
                )
                self._refuse(place)

    def _refuse(self, place: Path) -> None:
        self._places.remove(place)
        self._refused[place] = time.monotonic() + _REFUSED


def _is_large(folder: Path) -> bool:
    """Whether there are more folders in it than can be watched lightly."""
    return next(itertools.islice(folders_below(folder), _MOST_FOLDERS + 1, None), None) is not None
