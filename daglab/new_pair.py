"""Writes new pairs of notebooks: both halves or none, and the manifest knows them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from daglab import files
from daglab.errors import ExistingFileError, FileMovedError, PairError
from daglab.pair import pair_of
from daglab.pair.places import is_there
from daglab.scaffold.made import record_made

T = TypeVar("T")


def is_taken(file: Path) -> bool:
    """Whether there is a file of the .py's name, or of its other half's."""
    return any(os.path.lexists(half) for half in (file, file.with_suffix(".ipynb")))


def write_pair(file: Path, text: str, create: Callable[[Path], T], *, shown: str, remedy: str) -> T:
    """A new pair, or no file; a file of the .py's name, or of its other half's, is never touched.

    Args:
        file: the .py.
        text: what it is to hold.
        create: makes the .py, which is there then, a pair; its result is the answer.
        shown: the .py's path, for messages.
        remedy: what to do where one of the files is there.

    Raises:
        ExistingFileError: a half is there already.
        PairError, NotebookError: it can't be written, and what ``create`` raises.
    """
    existing = ExistingFileError(f"{shown} or its .ipynb is there already.", remedy=remedy)
    if is_taken(file):
        raise existing
    try:
        written = files.replace(files.FileContent(file, None), text.encode())
    except FileMovedError:
        raise existing from None
    try:
        result = create(file)
    except Exception:
        if not is_there(file.with_suffix(".ipynb")):  # else it is a pair, though not as it was wished
            with contextlib.suppress(PairError):  # what somebody has made of it meanwhile stays
                files.remove(written)
        raise
    pair = pair_of(file)
    record_made(pair.root, (pair.py, pair.ipynb))
    return result


def clear_place(file: Path) -> list[Path]:
    """Delete what is in the place of a pair, to be written anew; answers the backups of it.

    Raises:
        FileMovedError: it has just changed, and was left alone.
        PairError: it can't be deleted or backed up.
    """
    pair = pair_of(file)
    removed = [files.remove(files.read(half), backups=pair.backups(half)) for half in (pair.ipynb, pair.py)]
    return [backup for backup in removed if backup is not None]
