"""What changes on disk in and below folders, without watching the folders of tools, which are most of them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Collection, Generator, Iterator
from pathlib import Path
from typing import Any, Protocol

from daglab.errors import PairError
from daglab.pair.places import is_skipped

_TICK_MS = 100
_TRIES = 5  # a folder may go between the walk and its watch
# Linux has a watch for each folder, and few of them; elsewhere a whole tree costs no more than a folder.
_BY_FOLDER = sys.platform == "linux"


class StopEvent(Protocol):
    """What ends a watch, such as a ``threading.Event``."""

    def is_set(self) -> bool:
        """Whether it is to end."""


def folders_below(folder: Path) -> Iterator[Path]:
    """The folder and those below it, without hidden ones and those of tools."""
    for root, folders, _ in os.walk(folder):
        folders[:] = [name for name in folders if not is_skipped(name)]
        yield Path(root)


def changes(trees: Collection[Path], single: Collection[Path], stop: StopEvent) -> Iterator[set[Path]]:
    """What has changed in and below ``trees``, and in ``single`` folders; now and then an empty set.

    A new folder is told once it is watched, since what is in it may have come before.

    Raises:
        PairError: they can't be watched.
    """
    if not (trees or single):
        while not stop.is_set():
            time.sleep(_TICK_MS / 1000)
            yield set()
        return
    try:
        yield from _changes(trees, single, stop)
    except OSError as error:
        raise PairError(f"cannot watch the files: {error}", remedy="watch fewer folders") from error


def _changes(trees: Collection[Path], single: Collection[Path], stop: StopEvent) -> Iterator[set[Path]]:
    from watchfiles import Change

    watcher, found = _begin(trees, single, stop)
    while found is not None:
        yield {Path(name) for _, name in found}
        new = {Path(name) for change, name in found if change is Change.added and _is_new_folder(Path(name))}
        if new and _BY_FOLDER:
            before = watcher
            watcher, found = _begin(trees, single, stop)
            missed = next(before, None) or set()  # the old one has watched until here
            before.close()
            yield new
            found = None if found is None else found | missed
        else:
            found = next(watcher, None)


def _is_new_folder(path: Path) -> bool:
    return not is_skipped(path.name) and path.is_dir() and not path.is_symlink()


def _begin(
    trees: Collection[Path], single: Collection[Path], stop: StopEvent
) -> tuple[Generator[set[Any], None, None], set[Any] | None]:
    """A watch that goes on, with the first it has to say."""
    from watchfiles import watch

    for left in reversed(range(_TRIES)):
        below = {folder for tree in trees for folder in folders_below(tree)} if _BY_FOLDER else set(trees)
        watcher = watch(
            *below,
            *(folder for folder in single if folder.is_dir()),
            watch_filter=None,  # a filter that lets nothing through would hold the empty sets back too
            step=_TICK_MS // 2,
            rust_timeout=_TICK_MS,
            yield_on_timeout=True,
            stop_event=stop,
            ignore_permission_denied=True,
            recursive=not _BY_FOLDER,
        )
        try:
            return watcher, next(watcher, None)
        except FileNotFoundError:
            if not left:
                raise
    raise AssertionError
