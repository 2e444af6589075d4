"""What daglab remembers of a pair on this machine: both files' hashes when last equal, what marimo refuses of the
notebook, and the base with its texts.

It is disposable: without it, status has to read the notebooks and messages know less.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daglab import files
from daglab.notebook.findings import Finding
from daglab.pair.locate import Pair
from daglab.pair.places import link_file

_VERSION = 2


@dataclass(frozen=True)
class LocalState:
    """The base with its texts: ``ipynb`` sources and ``py`` codes, one each for a line of the base.

    ``cells`` are ids, metadata and attachments of the .ipynb's cells, ``metadata`` is its own but for daglab's: what
    other tools drop. ``earlier`` are the hashes of the .py at the syncs on this machine that led to this one.
    """

    base: Mapping[str, Any]
    ipynb: tuple[str, ...]
    py: tuple[str, ...]
    cells: tuple[Mapping[str, Any], ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    earlier: tuple[str, ...] = ()


def unchanged(pair: Pair, py_digest: str | None, ipynb_digest: str | None) -> tuple[Finding, ...] | None:
    """What marimo refuses of the notebook, if both files are byte for byte what they were when last equal; else
    ``None``."""
    try:
        with pair.state_file.open(encoding="utf-8") as file:
            stamp = json.loads(file.readline())
        if {**stamp, "refused": []} != _stamp(py_digest, ipynb_digest, ()):
            return None
        return tuple(Finding(str(pair.py), **found) for found in stamp["refused"])
    except (OSError, ValueError, TypeError):
        return None


def load(pair: Pair) -> LocalState | None:
    """What is remembered; ``None`` when there is nothing that can be read."""
    try:
        value = json.loads(pair.state_file.read_text(encoding="utf-8").partition("\n")[2])
        texts = tuple(value["ipynb"]), tuple(value["py"])
        dropped = tuple(value.get("cells", ())), value.get("metadata", {})
        state = LocalState(value["base"], *texts, *dropped, tuple(value.get("earlier", ())))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    words, objects = (*state.ipynb, *state.py, *state.earlier), (state.base, state.metadata, *state.cells)
    sound = all(isinstance(word, str) for word in words) and all(isinstance(one, dict) for one in objects)
    return state if sound else None


def save(
    pair: Pair,
    *,
    py_digest: str | None,
    ipynb_digest: str | None,
    refused: Sequence[Finding],
    base: Mapping[str, Any],
    ipynb: Sequence[str],
    py: Sequence[str],
    cells: Sequence[Mapping[str, Any]],
    metadata: Mapping[str, Any],
    earlier: Sequence[str] = (),
) -> None:
    """Remember that the pair is equal now. That this fails, in a folder that can't be written, is no fault."""
    known = {"base": base, "ipynb": list(ipynb), "py": list(py), "cells": list(cells), "metadata": dict(metadata)}
    known["earlier"] = list(earlier)
    texts = json.dumps(known)
    data = f"{json.dumps(_stamp(py_digest, ipynb_digest, refused))}\n{texts}\n".encode()
    ignore = pair.root / ".daglab" / ".gitignore"
    with contextlib.suppress(OSError):
        if not ignore.exists():
            files.replace_lightly(ignore, b"*\n")
    with contextlib.suppress(OSError):
        files.replace_lightly(pair.state_file, data)
        if pair.place is not None:
            for link, place in _links(pair):
                files.replace_lightly(link, place)


def forget(pair: Pair) -> None:
    """Drop what is remembered of this pair; not that one of its halves is another one's."""
    with contextlib.suppress(OSError):
        pair.state_file.unlink()
    for link, place in _links(pair):
        with contextlib.suppress(OSError):
            if link.read_bytes() == place:
                link.unlink()


def remembered_files(root: Path) -> list[Path]:
    """The files that hold what is remembered of the pairs of the project ``root``, told by what is in them."""
    found = []
    for path in sorted((root / ".daglab" / "state").glob("*.json")):
        with contextlib.suppress(OSError, ValueError, TypeError, LookupError), path.open(encoding="utf-8") as file:
            if json.loads(file.readline())["version"] == _VERSION:
                found.append(path)
    return found


def _links(pair: Pair) -> list[tuple[Path, bytes]]:
    """The files that tell of each half where the other is, and what they hold."""
    both = ((pair.py, pair.ipynb), (pair.ipynb, pair.py))
    places = [(half, os.path.relpath(other.absolute(), pair.root)) for half, other in both]
    return [(link_file(half, pair.root), place.encode("utf-8", "surrogateescape")) for half, place in places]


def _stamp(py_digest: str | None, ipynb_digest: str | None, refused: Sequence[Finding]) -> dict[str, Any]:
    found = [{k: v for k, v in finding.to_json().items() if k != "path"} for finding in refused]
    return {"version": _VERSION, "py": py_digest, "ipynb": ipynb_digest, "refused": found}
