"""The thread of a Jupyter server that watches its files and has changed pairs synced."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

from daglab.config_sources import find_root
from daglab.errors import PairError
from daglab.pair.places import is_skipped
from daglab.pair.watch import watch
from daglab.pair.watched import WatchedPairs, WatchEvent

_MOST_FOLDERS = 5_000  # a home folder may have millions: the kernel has a watch for each
_END_SECONDS = 10.0


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
        self._places: set[Path] = set()
        self._refused: set[Path] = set()
        self._again = threading.Event()  # there are other places: watch those
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="daglab-pairs", daemon=True)

    @property
    def started(self) -> bool:
        """Whether it watches."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the sync that is being done, for which the end of a server waits ten seconds at most."""
        self._ended.set()
        if self.started:
            self._thread.join(_END_SECONDS)

    def is_set(self) -> bool:
        """Whether the watch that goes on is to end."""
        return self._again.is_set() or self._ended.is_set()

    def notice(self, file: Path) -> None:
        """Somebody works with this file below the root: its project is watched, if it isn't yet."""
        known = self._places | self._refused
        if self._root in self._places or any(file.is_relative_to(place) for place in known - {self._root}):
            return
        project = find_root(file.parent)
        if project != self._root and project.is_relative_to(self._root):
            self._places |= {project}
            self._again.set()

    def _run(self) -> None:
        self._places |= {self._root}
        while not self._ended.is_set():
            self._again.clear()
            self._refused |= {place for place in self._places if _is_large(place)}
            self._places -= self._refused
            try:
                for event in watch(sorted(self._places), self._pairs, stop=self):
                    self._tell(event)
            except PairError as error:
                self._log.warning("daglab: pairs are synced when they are saved in Jupyter only: %s", error)
                self._refused |= self._places
                self._places.clear()
            except Exception:
                self._log.exception("daglab: the watch over pairs has failed; it begins again")
                self._ended.wait(10)


def _is_large(folder: Path) -> bool:
    """Whether there are more folders in it than can be watched lightly."""
    count = 0
    for _, folders, _ in os.walk(folder):
        folders[:] = [name for name in folders if not is_skipped(name)]
        count += len(folders)
        if count > _MOST_FOLDERS:
            return True
    return False
