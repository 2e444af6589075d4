"""The backups of files that are replaced or deleted: named by time, digest and file, thinned out by age and size."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from daglab import renames
from daglab.durable import PART, drop, make_folder, place, write_part

BACKUP_DAYS = 30
BACKUP_BYTES = 500_000_000
_THIN_SECONDS = 600.0
_STAMP = "%Y%m%dT%H%M%S"
_BACKUP = re.compile(r"((\d{8}T\d{6})-[0-9a-f]{8})-(.+)", re.DOTALL)  # names sort by time
_LINKLESS = frozenset({errno.EXDEV, errno.EPERM, errno.EMLINK, *renames.UNSUPPORTED})


@dataclass(frozen=True)
class BackupName:
    """What a backup's file name says: the ``name`` to call it by, when it was ``saved``, and whose text it is."""

    name: str
    saved: datetime
    file: str


def read_name(name: str) -> BackupName | None:
    """Take the name of a backup's file apart; ``None`` for one that is no backup's."""
    match = _BACKUP.fullmatch(name)
    if match is None:
        return None
    try:
        saved = datetime.strptime(match[2], _STAMP).replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    return BackupName(match[1], saved, match[3])


def keep(file: Path, data: bytes, folder: Path, *, name: str, copied: bool = False) -> Path:
    """Keep what ``file`` holds, which is ``data``, in ``folder`` as a text of the file ``name``; answers the backup.

    It is the file itself under a second name, so that also what another program still writes into it is kept. It is a
    copy where the file has other names already, under which it could be changed, where names can't be added, and where
    ``copied`` says that the file stays in use. The backup's name is the time, the digest's beginning and ``name``:
    ``20260123T101500-1a2b3c4d-orders.py``. It is as readable as the file is. It lasts once the folder has been flushed.

    Raises:
        OSError: it can't be kept; then the file may not be replaced or deleted either.
    """
    make_folder(folder)
    status = file.stat()
    ending = f"{hashlib.sha256(data).hexdigest()[:8]}-{name}"
    if status.st_nlink == 1 and not copied:
        try:
            return _named(folder, ending, lambda path: os.link(file, path))
        except OSError as error:
            if error.errno not in _LINKLESS:
                raise
    part = write_part(folder / name, data, mode=stat.S_IMODE(status.st_mode))
    try:
        return _named(folder, ending, lambda path: place(part, path))
    except BaseException:
        drop(part)
        raise


def _named(folder: Path, ending: str, give_name: Callable[[Path], None]) -> Path:
    """Give a backup the name of now; of a second later, where that is taken."""
    seconds = time.time()
    while True:
        path = folder / f"{_stamp(seconds)}-{ending}"
        try:
            give_name(path)
        except FileExistsError:
            seconds += 1
        else:
            return path


def _stamp(seconds: float) -> str:
    return time.strftime(_STAMP, time.gmtime(seconds))


# For each folder of backups: when it is to be looked through next, and how much is in it, as far as is known here.
_thinned: dict[Path, tuple[float, int]] = {}


def thin_out(newest: Path) -> None:
    """Drop backups over :data:`BACKUP_DAYS` old, and the oldest beyond :data:`BACKUP_BYTES` in all, but not ``newest``.

    The age is that in the name, since the time of a second name is that of the file. A folder is looked through every
    ten minutes, and when too much has come.
    """
    folder = newest.parent
    with contextlib.suppress(OSError):
        due, total = _thinned.get(folder, (-_THIN_SECONDS, 0))
        total += newest.stat().st_size
        if time.monotonic() >= due or total > BACKUP_BYTES:
            due, total = time.monotonic() + _THIN_SECONDS, _drop_old(newest)
        _thinned[folder] = due, total


def _drop_old(newest: Path) -> int:
    """Drop what is too old or too much, and a tenth more, so that the next one is room for; answers what is left."""
    now, room, total = time.time(), BACKUP_BYTES * 9 // 10, newest.stat().st_size
    oldest = _stamp(now - BACKUP_DAYS * 86_400)
    with os.scandir(newest.parent) as entries:
        found = sorted(entries, key=lambda entry: entry.name, reverse=True)
    for entry in found:
        with contextlib.suppress(OSError):
            status = entry.stat(follow_symlinks=False)
            if entry.name.endswith(PART):  # half a copy, if nobody is writing it
                dropped = status.st_mtime < now - 86_400
            elif _BACKUP.match(entry.name) and entry.name != newest.name:
                dropped = entry.name < oldest or total + status.st_size > room
                total += 0 if dropped else status.st_size
            else:
                continue
            if dropped:
                os.unlink(entry)
    return total
