"""Renames that the standard library lacks: two files exchanged in one step, a name given only where none is."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

# What a kernel, a C library or a file system answers that doesn't know such a rename.
UNSUPPORTED = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})

_HERE = -100  # AT_FDCWD of Linux


def exchange(one: Path, other: Path) -> None:
    """Exchange two files: at every moment both names are there. Links are exchanged themselves.

    Raises:
        OSError: with an errno of :data:`UNSUPPORTED` where that can't be done; nothing has changed.
    """
    _rename(one, other, linux=2, darwin=2)  # RENAME_EXCHANGE, RENAME_SWAP


def rename_new(source: Path, target: Path) -> None:
    """Rename a file, but never over another one.

    Raises:
        FileExistsError: ``target`` is there.
        OSError: with an errno of :data:`UNSUPPORTED` where that can't be done; nothing has changed.
    """
    _rename(source, target, linux=1, darwin=4)  # RENAME_NOREPLACE, RENAME_EXCL


@lru_cache(maxsize=1)
def _c_library() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _rename(source: Path, target: Path, *, linux: int, darwin: int) -> None:
    names = os.fsencode(source), os.fsencode(target)
    try:
        if sys.platform == "darwin":
            failed = _c_library().renamex_np(*names, ctypes.c_uint(darwin))
        else:
            failed = _c_library().renameat2(_HERE, names[0], _HERE, names[1], ctypes.c_uint(linux))
    except AttributeError:  # a C library without it
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), str(target)) from None
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(source), None, str(target))
