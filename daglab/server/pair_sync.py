"""Keeps pairs in sync inside a Jupyter server: after each save, and when a file changes on disk."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

from daglab.errors import FileMovedError, PairError
from daglab.files import FileContent
from daglab.pair import Pair, PairStatus, SyncResult, pair_of, pair_status, sync
from daglab.pair.places import absolute
from daglab.pair.plan import Plan
from daglab.pair.watched import WatchedPairs, WatchEvent
from daglab.server.pair_size import refuse_large
from daglab.server.pair_watch import PairWatch
from daglab.server.paths import lies_below
from daglab.server.rooms import Rooms

Cause = Literal["save", "disk", "request"]
_ROOM_SECONDS = 10.0
_UPLOAD_SECONDS = 60.0  # without another part, whoever uploads a file has gone


class PairSync:
    """Syncs the pairs below the Jupyter server's root, in threads.

    A missing half is not made here: whoever deletes a file in the file browser doesn't want it back.

    Args:
        root: the Jupyter server's root folder.
        publish: is told of each sync, conflict and fault, from any thread; see :func:`told`.
        rooms: the live documents, which are not written.
        wanted: whether pairs are to be synced unasked, as the configuration says now.
    """

    def __init__(
        self,
        root: Path,
        publish: Callable[[dict[str, Any]], None],
        rooms: Rooms,
        wanted: Callable[[], bool],
        log: logging.Logger,
    ) -> None:
        self._root = root
        self._publish = publish
        self._rooms = rooms
        self._wanted = wanted
        self._pairs = WatchedPairs(self._work)
        self._watch = PairWatch(root, self._pairs, partial(self._tell, cause="disk"), log)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._saving: Counter[str] = Counter()
        self._uploaded: dict[str, float] = {}

    def use(self, loop: asyncio.AbstractEventLoop) -> None:
        """The server's event loop, in which rooms are asked for."""
        self._loop = loop

    @property
    def wanted(self) -> bool:
        """Whether pairs are to be synced unasked."""
        return self._wanted()

    @property
    def started(self) -> bool:
        """Whether it watches, or did."""
        return self._watch.started

    def start(self) -> None:
        """Begin to watch."""
        self._watch.start()

    async def stop(self) -> None:
        """End, after the sync that is being done."""
        await asyncio.to_thread(self._watch.stop)

    def notice(self, path: str) -> None:
        """Somebody opens a file of the server's: what lies around it is watched from now on."""
        if path.endswith((".py", ".ipynb")):
            self._watch.notice(self._root / path.strip("/"))

    @contextmanager
    def saving(self, file: Path) -> Iterator[None]:
        """While Jupyter saves a file, and :meth:`saved` syncs its pair, changes on disk are left to that.

        Jupyter empties a file before it writes it.
        """
        place = os.path.realpath(file)
        self._saving[place] += 1
        try:
            yield
        finally:
            self._saving[place] -= 1
            self._uploaded.pop(place, None)

    def uploading(self, file: Path) -> None:
        """A part of a file is uploaded: until it is :meth:`saving`, its pair is left alone, but not for ever."""
        self._uploaded[os.path.realpath(file)] = time.monotonic() + _UPLOAD_SECONDS

    def _is_unfinished(self, file: Path) -> bool:
        place = os.path.realpath(file)
        return bool(self._saving[place]) or self._uploaded.get(place, 0.0) > time.monotonic()

    def saved(self, file: Path) -> None:
        """Sync the pair of a file that Jupyter has just saved. It blocks; not for the event loop's thread."""
        try:
            pair = pair_of(file)
        except PairError:  # a .py beside half of another pair
            return
        with self._pairs.held(pair):
            if event := self._pairs.sync(pair, partial(self._work, saved=file)):
                self._tell(event, "save", saved=file)

    def _work(self, pair: Pair, saved: Path | None = None) -> SyncResult:
        if saved is None and (self._is_unfinished(pair.py) or self._is_unfinished(pair.ipynb)):
            raise FileMovedError(f"{pair.ipynb} is being saved")  # it is tried again
        if not self.wanted:
            return SyncResult(PairStatus(pair.py, pair.ipynb, "unpaired"))
        refuse_large(pair)
        if not (pair.py.exists() and pair.ipynb.exists()):
            return SyncResult(pair_status(pair))
        return sync(pair, approve=partial(self.approve, saved=saved))

    def approve(self, plan: Plan, saved: Path | None = None) -> None:
        """Refuse a sync that must not be done here; in a thread, right before anything is written.

        The file ``saved`` may be open in a room, which waits for it: it can do without new metadata, not without cells.

        Raises:
            PairError: a half lies outside of the server's root, or the .py is half of another pair.
            OpenInRoomError: a file that is to be written is open in a room.
        """
        texts = plan.texts()
        if not texts:
            return
        refuse_outside(self._root, plan.pair)
        _refuse_second_claim(plan.pair)
        if not self._rooms.possible:
            return
        changed = [path for path, before, after in texts if not (path == saved and same_cells(before, after))]
        if changed:
            self._refuse_open(changed)

    def _refuse_open(self, changed: list[Path]) -> None:
        assert self._loop is not None
        asked = asyncio.run_coroutine_threadsafe(self._rooms.refuse(*changed), self._loop)
        try:
            asked.result(_ROOM_SECONDS)
        except FutureTimeoutError:
            asked.cancel()
            raise PairError(
                f"whether {changed[0].name} is open in a collaboration room is not known within {_ROOM_SECONDS:g} s",
                remedy="it is tried again; if it stays so, restart Jupyter",
            ) from None

    def tell(self, pair: Pair, result: SyncResult) -> None:
        """Publish what was done on request."""
        if result.written and not result.dry_run:
            self._tell(WatchEvent(pair, result), "request")

    def _tell(self, event: WatchEvent, cause: Cause, saved: Path | None = None) -> None:
        self._publish(told(self._root, event, cause, saved))


def refuse_outside(root: Path, pair: Pair) -> None:
    """A server writes below its root only, also where the project reaches further, and where links lead elsewhere.

    Raises:
        PairError: a half lies outside.
    """
    for half in (pair.py, pair.ipynb):
        if not lies_below(root, half):
            raise PairError(
                f"{half.name}, half of the pair {pair.ipynb.stem}, lies outside of the folder that Jupyter serves",
                remedy="start Jupyter in the project's folder, or run daglab sync",
            )


def _refuse_second_claim(pair: Pair) -> None:
    """Two notebooks must not write one .py, as when a notebook is copied whose .py stands elsewhere."""
    if pair.place is not None and (other := pair_of(pair.py).ipynb.absolute()) != pair.ipynb.absolute():
        raise PairError(
            f"{pair.py} is the other half of {other}, not of {pair.ipynb}", remedy=f"daglab unpair {pair.ipynb}"
        )


def told(root: Path, event: WatchEvent, cause: Cause, saved: Path | None = None) -> dict[str, Any]:
    """An event of a pair as JSON values, with paths relative to ``root``; None for a half outside of it.

    ``state`` is the one after it. ``written`` has for each file its sha256, and whether an open document must be
    loaded again: who has ``saved`` it and lacks nothing but metadata need not.
    """
    about: dict[str, Any] = {
        "py": path_in(root, event.pair.py),
        "ipynb": path_in(root, event.pair.ipynb),
        "cause": cause,
        "state": "error",
        "reason": "",
        "written": [],
        "conflicts": [],
        "error": None,
    }
    if event.result is None:
        return about | (event.error.to_json() if event.error else {})
    result, before = event.result, event.result.before
    return about | {
        "state": result.state,
        "reason": "" if result.synced else before.reason,
        "conflicts": [{"cell": one.cell, "label": one.label, "reason": one.reason} for one in before.conflicts],
        "written": [
            {
                "path": path_in(root, path),
                "hash": FileContent(path, new.encode()).digest,
                "reload": path != saved or not same_cells(old, new),
            }
            for path, old, new in result.texts
        ],
    }


def path_in(root: Path, file: Path) -> str | None:
    """The path of a file as the file browser shows it, links as they are; None where it doesn't lie below ``root``."""
    own = absolute(file)
    return own.relative_to(root).as_posix() if own.is_relative_to(root) else None


def same_cells(one: str, other: str) -> bool:
    """Whether two texts of an .ipynb differ in nothing but metadata of the notebook; two other texts always do."""
    try:
        return bool(json.loads(one)["cells"] == json.loads(other)["cells"])
    except (ValueError, LookupError, TypeError):
        return False
