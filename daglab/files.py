"""Files that are at every moment wholly old or wholly new: hashed reads, atomic replacement, locks."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from daglab import backups as kept
from daglab import durable, renames
from daglab.errors import FileMovedError, PairError

_BESIDE = ".daglab"  # the ending of a file beside that may hold what a user saved


@dataclass(frozen=True)
class FileContent:
    """What a file held when it was read. ``data`` is ``None`` when there was no file; ``digest`` is its sha256.

    ``backup`` is where the text went that :func:`replace` put this one in the place of.
    """

    path: Path
    data: bytes | None
    backup: Path | None = None

    @property
    def digest(self) -> str | None:
        """sha256 of the bytes, in hexadecimal; ``None`` when there was no file."""
        return None if self.data is None else hashlib.sha256(self.data).hexdigest()


def read(path: Path) -> FileContent:
    """Read a file; a missing one is content too.

    Raises:
        PairError: it is there, but can't be read.
    """
    with _refusing("read", path):
        try:
            return FileContent(path, path.read_bytes())
        except FileNotFoundError:
            return FileContent(path, None)


def replace(old: FileContent, data: bytes, *, backups: Path | None = None) -> FileContent:
    """Replace what was read by ``data``: wholly or not at all; durable when the call returns.

    With ``backups``, a folder, what the file held is there before it is replaced; see :func:`daglab.backups.keep`.

    The new file is exchanged with the old one, which is looked at then: what somebody saved at the last moment goes
    back into its place. (Where the platform can't exchange files, what is saved between the last look and the rename
    is replaced.) A link to a file is followed, so that the link stays; the mode is kept; another hard link of the
    file keeps the old text, whole. Nothing is written where the bytes are equal. Where there was no file, one is
    created, and never over another one's, nor through a link.

    Raises:
        FileMovedError: the file, or its mode, isn't what was read any more; it was left alone.
        PairError: the file can't be written or backed up. It is as before; or as it should be, if only the last flush
            of its folder failed, and files can't be exchanged or there was none.
    """
    if data == old.data:
        return old
    _check_same(old, old.path)
    target = _target(old.path)
    if old.data is None:
        _create(old.path, target, data)
        return FileContent(old.path, data)
    with _backed_up(old, target, backups) as backup, _refusing("write", old.path, was_there=True):
        mode = stat.S_IMODE(target.stat().st_mode)
        if not os.access(target, os.W_OK):  # the folder's mode alone would let it be replaced
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        part = durable.write_part(target, data, mode=mode)
        try:
            if backup is not None:
                durable.fsync_folder(backup.parent)  # after the new file's flush, since that does most of its work
            _check_same(old, old.path)
            beside = part.with_name(part.name.removesuffix(durable.PART) + _BESIDE)
            os.replace(part, beside)
        except BaseException:
            durable.drop(part)
            raise
        _swap(old, target, beside, data, mode, backups)
    return FileContent(old.path, data, backup)


def replace_lightly(path: Path, data: bytes) -> None:
    """Replace a file that may be lost, such as a cache, wholly or not at all, without waiting for the disk.

    Only for who holds the lock of those who write it.

    Raises:
        OSError: it can't be written.
    """
    durable.make_folder(path.parent)
    # Always the same name, so that killed ones don't pile up.
    part = path.with_name(f".{path.name}{durable.PART}")
    try:
        durable.write(part, data, os.O_TRUNC, durable=False)
        os.replace(part, path)
    except BaseException:
        durable.drop(part)
        raise


def remove(old: FileContent, *, backups: Path | None = None) -> Path | None:
    """Delete the file that was read, if it is still the same; answers its backup in the folder ``backups``.

    A link is deleted itself, and the file it leads to stays.

    Raises:
        FileMovedError: it isn't the same; it was left alone.
        PairError: it can't be deleted or backed up; it is as before.
    """
    _check_same(old, old.path)
    if old.data is None:
        return None
    with _backed_up(old, _target(old.path), backups) as backup, _refusing("delete", old.path, was_there=True):
        if backup is not None:
            durable.fsync_folder(backup.parent)
        beside = durable.beside(old.path, _BESIDE)
        try:
            os.replace(old.path, beside)
            _check_same(old, beside)
            durable.fsync_folder(beside.parent)
        except BaseException:
            with contextlib.suppress(OSError, PairError):
                _put_back(beside, old.path, backups)
            raise
        durable.drop(beside)
    return backup


def sweep(path: Path, *, backups: Path) -> None:
    """Clear away what a killed :func:`replace` or :func:`remove` left beside ``path``.

    What may be the only copy of something that a user saved goes to ``backups``. What can't be cleared away stays.
    Only for who holds the lock of those who write ``path``.
    """
    target = _target(path)
    left = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{8}}(?:\.part)?{re.escape(_BESIDE)}")
    with contextlib.suppress(OSError):
        for name in [name for name in os.listdir(target.parent) if left.fullmatch(name)]:
            with contextlib.suppress(OSError, PairError):
                _clear(target.parent / name, target, backups)


@contextlib.contextmanager
def locked(path: Path, *, seconds: float = 30.0) -> Iterator[None]:
    """Hold the lock file ``path``, so that one process at a time works on what it stands for.

    Raises:
        PairError: another process held it for all of ``seconds``, or the folder can't be written.
    """
    from filelock import FileLock, Timeout

    with _refusing("lock", path):
        durable.make_folder(path.parent)
        lock = FileLock(path, timeout=seconds)
        try:
            lock.acquire()
        except Timeout as error:
            message = f"another process has held {path} for {seconds:g} s"
            raise PairError(message, remedy="wait for it to end, or end it") from error
    try:
        yield
    finally:
        lock.release()


def _target(path: Path) -> Path:
    """The file itself, where ``path`` is a link to it. None is made through a link: that may be somebody's trap."""
    try:
        return path.resolve(strict=path.is_symlink())
    except (OSError, RuntimeError) as error:  # nothing is there, or it is a loop of links
        raise PairError(f"{path} is a link that leads nowhere", remedy="remove the link") from error


def _create(path: Path, target: Path, data: bytes) -> None:
    with _refusing("write", path):
        part = durable.write_part(target, data)
        try:
            durable.place(part, target)
        except FileExistsError as error:
            raise _moved(path) from error
        finally:
            durable.drop(part)
        durable.fsync_folder(target.parent)


def _swap(old: FileContent, target: Path, beside: Path, data: bytes, mode: int, backups: Path | None) -> None:
    """Put the file ``beside`` in the target's place, unless that isn't what was read; then all is as it was."""
    try:
        try:
            renames.exchange(beside, target)
        except OSError as error:
            if error.errno not in renames.UNSUPPORTED:
                raise
            os.replace(beside, target)
            durable.fsync_folder(target.parent)
            return
        _check_same(old, beside)
        if stat.S_IMODE(beside.lstat().st_mode) != mode:  # lstat: a link may have come instead
            raise _moved(old.path)
        durable.fsync_folder(target.parent)
    except BaseException:
        with contextlib.suppress(OSError, PairError):
            _swap_back(beside, target, data, backups)
        raise
    durable.drop(beside)  # its text is in the backups, and so is what is still written into it


def _swap_back(beside: Path, target: Path, data: bytes, backups: Path | None) -> None:
    """Undo an exchange, if there was one. What was saved over ``data`` in between is kept."""
    if not _holds(beside, data):
        if backups is not None and (saved := read(beside).data) is not None:
            with contextlib.suppress(OSError):  # who has read the new text may write over the one that comes back
                kept.keep(beside, saved, backups, name=target.name, copied=True)
        renames.exchange(beside, target)
    if _holds(beside, data):
        os.unlink(beside)
    else:
        _clear(beside, target, backups)


def _put_back(beside: Path, path: Path, backups: Path | None) -> None:
    """Undo the rename of a deletion. Where another file has come into its place, it is kept."""
    try:
        durable.place(beside, path)
    except FileExistsError:
        _clear(beside, path, backups)


def _clear(beside: Path, target: Path, backups: Path | None) -> None:
    """Unlink a file beside ``target``; what a user may have saved in it goes to the backups, or stays without any."""
    status = beside.lstat()
    ours = beside.name.endswith(durable.PART) or stat.S_ISLNK(status.st_mode)
    if not ours and status.st_nlink == 1:  # else it has another name already, as in the backups
        data = read(beside).data
        if data is None or backups is None:
            return
        kept.keep(beside, data, backups, name=target.name)
        durable.fsync_folder(backups)
    os.unlink(beside)


@contextlib.contextmanager
def _backed_up(old: FileContent, target: Path, folder: Path | None) -> Iterator[Path | None]:
    """Around a replacement: the backup, to be flushed before anything is replaced, and taken back if nothing is."""
    if folder is None:
        yield None
        return
    with _refusing("back up", old.path, was_there=True):
        assert old.data is not None
        backup = kept.keep(target, old.data, folder, name=old.path.name)
    try:
        yield backup
    except BaseException:
        # A second name of a file that stays in its place is no backup: it would change with it.
        with contextlib.suppress(OSError):
            if _holds(target, old.data) or target.samefile(backup):
                os.unlink(backup)
        raise
    kept.thin_out(backup)


def _check_same(old: FileContent, path: Path) -> None:
    if read(path).data != old.data:
        raise _moved(old.path)


def _holds(path: Path, data: bytes | None) -> bool:
    try:
        return read(path).data == data
    except PairError:
        return False


def _moved(path: Path) -> FileMovedError:
    message = f"{path} changed while daglab worked on it; it was left as it is"
    return FileMovedError(message, remedy="run the command again")


@contextlib.contextmanager
def _refusing(what: str, path: Path, *, was_there: bool = False) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if was_there and isinstance(error, FileNotFoundError):
            raise _moved(path) from error
        message = f"cannot {what} {path}: {error.strerror or error}"
        raise PairError(message, remedy="check its folder, its mode, the disk") from error
