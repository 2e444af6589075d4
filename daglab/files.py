"""Files that are at every moment wholly old or wholly new: hashed reads, atomic replacement, locks, backups."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from daglab.errors import FileMovedError, PairError

BACKUP_DAYS = 30
BACKUP_BYTES = 500_000_000
_LOCK_SECONDS = 30.0
_BESIDE = ".daglab"  # the ending of the temporary files


@dataclass(frozen=True)
class FileContent:
    """What a file held when it was read. ``data`` is ``None`` when there was no file; ``digest`` is its sha256."""

    path: Path
    data: bytes | None

    @property
    def digest(self) -> str | None:
        """sha256 of the bytes, in hexadecimal; ``None`` when there was no file."""
        return None if self.data is None else hashlib.sha256(self.data).hexdigest()


def read(path: Path) -> FileContent:
    """Read a file; a missing one is content too.

    Raises:
        PairError: it is there, but can't be read.
    """
    try:
        return FileContent(path, path.read_bytes())
    except FileNotFoundError:
        return FileContent(path, None)
    except OSError as error:
        raise _refuse("read", path, error) from error


def replace(old: FileContent, data: bytes) -> FileContent:
    """Replace what was read by ``data``: wholly or not at all; durable when the call returns.

    A link is followed, so that the link stays; the mode is kept. Nothing is written where the bytes are equal.
    Where there was no file, one is created, and never over another one's.

    Raises:
        FileMovedError: the file isn't what was read any more; it was left alone.
        PairError: the file can't be written; it is as before.
    """
    if data == old.data:
        return old
    _check_unmoved(old)
    target = _target(old.path)
    try:
        beside = _write_beside(target, data, mode_of=target if old.data is not None else None)
    except OSError as error:
        raise _refuse("write", old.path, error) from error
    try:
        if old.data is None:
            # A link fails where a file is; a rename would replace it.
            os.link(beside, target)
            beside.unlink()
        else:
            _check_unmoved(old)
            beside.replace(target)
        _fsync_folder(target.parent)
    except BaseException as error:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
        if isinstance(error, FileExistsError):
            raise _moved(old.path) from error
        if isinstance(error, OSError):
            raise _refuse("write", old.path, error) from error
        raise
    return FileContent(old.path, data)


def replace_lightly(path: Path, data: bytes) -> None:
    """Replace a file that may be lost, such as a cache, wholly or not at all, without waiting for the disk.

    Raises:
        OSError: it can't be written.
    """
    _write_beside(path, data, mode_of=None, durable=False).replace(path)


def sweep(path: Path) -> None:
    """Remove what a killed :func:`replace` left beside ``path``. Only for who holds the lock of those who write it."""
    target = _target(path)
    with contextlib.suppress(OSError):
        for path_beside in target.parent.iterdir():
            if path_beside.name.startswith(f".{target.name}.") and path_beside.name.endswith(_BESIDE):
                path_beside.unlink()


def remove(old: FileContent) -> None:
    """Delete the file that was read, if it is still the same.

    Raises:
        FileMovedError: it isn't; it was left alone.
        PairError: it can't be deleted.
    """
    _check_unmoved(old)
    if old.data is None:
        return
    try:
        old.path.unlink()
        _fsync_folder(old.path.parent)
    except OSError as error:
        raise _refuse("delete", old.path, error) from error


def back_up(old: FileContent, folder: Path) -> Path:
    """Copy what was read into ``folder``, durably, and drop what has become too old or too much there.

    The name is the time, the digest's beginning and the file's own name: ``20260123T101500-1a2b3c4d-orders.py``.

    Raises:
        PairError: the copy can't be written; then nothing may be replaced or deleted either.
    """
    assert old.data is not None
    assert old.digest is not None
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    path = folder / f"{stamp}-{old.digest[:8]}-{old.path.name}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_beside(path, old.data, mode_of=None).replace(path)
        _fsync_folder(folder)
    except OSError as error:
        raise _refuse("back up", old.path, error) from error
    _thin_out(folder, keep=path)
    return path


@contextlib.contextmanager
def locked(path: Path, *, seconds: float = _LOCK_SECONDS) -> Iterator[None]:
    """Hold the lock file ``path``, so that one process at a time works on what it stands for.

    Raises:
        PairError: another process held it for all of ``seconds``, or the folder can't be written.
    """
    from filelock import FileLock, Timeout

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, timeout=seconds)
        lock.acquire()
    except Timeout as error:
        raise PairError(
            f"another process has held {path} for {seconds:g} s", remedy="wait for it to end, or end it"
        ) from error
    except OSError as error:
        raise _refuse("lock", path, error) from error
    try:
        yield
    finally:
        lock.release()


def _target(path: Path) -> Path:
    """The file itself, where ``path`` is a link to it."""
    try:
        return path.resolve(strict=False)
    except (OSError, RuntimeError) as error:  # a loop of links
        raise PairError(f"{path} is a link that leads nowhere", remedy="remove the link") from error


def _write_beside(target: Path, data: bytes, *, mode_of: Path | None, durable: bool = True) -> Path:
    """Write a temporary file in the target's folder; a durable one is on the disk when this returns."""
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}{_BESIDE}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)  # less the umask
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if mode_of is not None:
                beside.chmod(stat.S_IMODE(mode_of.stat().st_mode))
            file.flush()
            if durable:
                os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
        raise
    return beside


def _fsync_folder(folder: Path) -> None:
    """Make a rename durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some file systems have no fsync of folders
            raise
    finally:
        os.close(handle)


def _check_unmoved(old: FileContent) -> None:
    if read(old.path).data != old.data:
        raise _moved(old.path)


def _moved(path: Path) -> FileMovedError:
    return FileMovedError(
        f"{path} changed while daglab worked on it; it was left as it is", remedy="run the command again"
    )


def _refuse(what: str, path: Path, error: OSError) -> PairError:
    return PairError(f"cannot {what} {path}: {error.strerror or error}", remedy="check its folder, its mode, the disk")


def _thin_out(folder: Path, *, keep: Path) -> None:
    """Drop backups over :data:`BACKUP_DAYS` old, and the oldest beyond :data:`BACKUP_BYTES` in all."""
    found = []
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            status = path.stat()
            found.append((path != keep, -status.st_mtime, status.st_size, path))
    total, oldest = 0, time.time() - BACKUP_DAYS * 86_400
    for _, negative_time, size, path in sorted(found):  # the one just made first, then from new to old
        total += size
        if path != keep and (-negative_time < oldest or total > BACKUP_BYTES):
            with contextlib.suppress(OSError):
                path.unlink()
