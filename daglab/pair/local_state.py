"""What daglab remembers of a pair on this machine: both files' hashes when last equal, and the base with its texts.

It is disposable: without it, status has to read the notebooks and messages know less.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from daglab import files
from daglab.errors import PairError
from daglab.pair.locate import Pair
from daglab.pair.places import link_file


@dataclass(frozen=True)
class LocalState:
    """The base with its texts: ``ipynb`` sources and ``py`` codes, one each for a line of the base.

    ``cells`` are ids, metadata and attachments of the .ipynb's cells, ``metadata`` is its own but for daglab's: what
    other tools drop.
    """

    base: Mapping[str, Any]
    ipynb: tuple[str, ...]
    py: tuple[str, ...]
    cells: tuple[Mapping[str, Any], ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


def unchanged(pair: Pair, py_digest: str | None, ipynb_digest: str | None) -> bool:
    """Whether both files are byte for byte what they were when last equal."""
    try:
        with pair.state_file.open(encoding="utf-8") as file:
            stamp: object = json.loads(file.readline())
        return stamp == _stamp(py_digest, ipynb_digest)
    except (OSError, ValueError):
        return False


def load(pair: Pair) -> LocalState | None:
    """What is remembered; ``None`` when there is nothing that can be read."""
    try:
        value = json.loads(pair.state_file.read_text(encoding="utf-8").partition("\n")[2])
        texts = tuple(value["ipynb"]), tuple(value["py"])
        return LocalState(value["base"], *texts, tuple(value.get("cells", ())), value.get("metadata", {}))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def save(
    pair: Pair,
    *,
    py_digest: str | None,
    ipynb_digest: str | None,
    base: Mapping[str, Any],
    ipynb: Sequence[str],
    py: Sequence[str],
    cells: Sequence[Mapping[str, Any]],
    metadata: Mapping[str, Any],
) -> None:
    """Remember that the pair is equal now. That this fails, in a folder that can't be written, is no fault."""
    known = {"base": base, "ipynb": list(ipynb), "py": list(py), "cells": list(cells), "metadata": dict(metadata)}
    texts = json.dumps(known)
    data = f"{json.dumps(_stamp(py_digest, ipynb_digest))}\n{texts}\n".encode()
    with contextlib.suppress(PairError, OSError):
        pair.state_file.parent.mkdir(parents=True, exist_ok=True)
        ignore = pair.root / ".daglab" / ".gitignore"
        if not ignore.exists():
            files.replace(files.read(ignore), b"*\n")
        files.replace_lightly(pair.state_file, data)
        if pair.place is not None:
            for half, other in ((pair.py, pair.ipynb), (pair.ipynb, pair.py)):
                place = os.path.relpath(other.absolute(), pair.root)
                files.replace_lightly(link_file(half, pair.root), place.encode("utf-8", "surrogateescape"))


def forget(pair: Pair) -> None:
    """Drop what is remembered."""
    for file in (pair.state_file, link_file(pair.py, pair.root), link_file(pair.ipynb, pair.root)):
        with contextlib.suppress(OSError):
            file.unlink()


def _stamp(py_digest: str | None, ipynb_digest: str | None) -> dict[str, Any]:
    return {"version": 1, "py": py_digest, "ipynb": ipynb_digest}
