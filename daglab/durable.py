"""Single steps of writing files durably: a part beside its target, a new name, a folder, a flush.

Every change of the disk here, in :mod:`daglab.backups` and :mod:`daglab.files` is a call of ``os`` or
:mod:`daglab.renames`, so that a test can make each one fail.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

from daglab import renames

PART = ".part.daglab"  # the ending of a file beside that is ours alone


def beside(target: Path, ending: str) -> Path:
    """A new name in the target's folder; :func:`daglab.files.sweep` knows such names."""
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}{ending}")


def write_part(target: Path, data: bytes, *, mode: int | None = None) -> Path:
    """Write a new file beside ``target``; it is on the disk when this returns. Without ``mode``, the umask's.

    Raises:
        OSError: it can't be written, and isn't there.
    """
    part = beside(target, PART)
    try:
        write(part, data, os.O_EXCL, mode=mode)
    except BaseException:
        drop(part)
        raise
    return part


def write(path: Path, data: bytes, flags: int, *, mode: int | None = None, durable: bool = True) -> None:
    """Write a file in place, opened with ``flags`` too; see :func:`write_part`."""
    # Never readable for more people than it is to be in the end; without a mode, for those that the umask lets.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | flags, 0o666 if mode is None else mode)
    try:
        if mode is not None:
            os.fchmod(handle, mode)  # the umask counts above
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        if durable:
            os.fsync(handle)
    finally:
        os.close(handle)


def place(source: Path, target: Path) -> None:
    """Rename a file, but never over another one.

    Raises:
        FileExistsError: there is one.
        OSError: it can't be renamed.
    """
    try:
        renames.rename_new(source, target)
    except OSError as error:
        if error.errno not in renames.UNSUPPORTED:
            raise
        os.link(source, target)
        os.unlink(source)


def make_folder(folder: Path) -> None:
    """Make a folder, if there is none, and those above it, durably.

    Raises:
        OSError: it can't be made.
    """
    try:
        os.mkdir(folder)
    except FileExistsError:
        if not folder.is_dir():
            raise
    except FileNotFoundError:
        make_folder(folder.parent)
        make_folder(folder)
    else:
        fsync_folder(folder.parent)


def fsync_folder(folder: Path) -> None:
    """Make what changed in a folder durable.

    Raises:
        OSError: the disk said no; what lasts is unknown.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some file systems have no fsync of folders
            raise
    finally:
        os.close(handle)


def drop(path: Path) -> None:
    """Unlink a file that isn't needed; where that fails, :func:`daglab.files.sweep` will."""
    with contextlib.suppress(OSError):
        os.unlink(path)
