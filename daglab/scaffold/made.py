"""The manifest of the notebooks that daglab made from templates, so that those nobody has touched can be cleaned.

It is ``.daglab/made.json`` in the project: for each notebook the paths of its files, as seen from the project's folder,
and the sha256 of what they held then. A notebook that has been edited since, or run in Jupyter, is the user's.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path

from daglab import files
from daglab.errors import PairError

_MANIFEST = Path(".daglab") / "made.json"
_LOCK = Path(".daglab") / "locks" / "made.lock"


def record_made(root: Path, notebook: Collection[Path]) -> None:
    """Note that daglab made the files of a notebook in the project ``root``; where that fails, they are the user's."""
    with contextlib.suppress(OSError, PairError), files.locked(root / _LOCK):
        made = {os.path.relpath(path.absolute(), root): files.read(path).digest for path in notebook}
        _save(root, [*_load(root), made])


def untouched(root: Path) -> list[list[files.FileContent]]:
    """The notebooks that daglab made in the project ``root`` and that are wholly as they were then: their files.

    Those elsewhere are the user's: the manifest may have come with a project that somebody else has made.
    """
    known = [made for made in _load(root) if made and all(_is_below(root, name) for name in made)]
    found = [[_content(root / name, digest) for name, digest in made.items()] for made in known]
    return [[content for content in notebook if content is not None] for notebook in found if None not in notebook]


def forget_missing(root: Path) -> None:
    """Take the notebooks that aren't there any more off the manifest."""
    with contextlib.suppress(OSError, PairError), files.locked(root / _LOCK):
        known = _load(root)
        left = [notebook for notebook in known if any(os.path.lexists(root / name) for name in notebook)]
        if left != known:
            _save(root, left)


def _load(root: Path) -> list[dict[str, str | None]]:
    try:
        found = json.loads((root / _MANIFEST).read_bytes())["notebooks"]
        return [notebook for notebook in found if isinstance(notebook, dict)]
    except (OSError, ValueError, LookupError, TypeError):
        return []


def _save(root: Path, notebooks: Collection[Mapping[str, str | None]]) -> None:
    text = json.dumps({"version": 1, "notebooks": list(notebooks)}, indent=1)
    files.replace_lightly(root / _MANIFEST, f"{text}\n".encode())


def _is_below(root: Path, name: str) -> bool:
    try:
        path = (root / name).resolve()
    except (OSError, RuntimeError, ValueError):  # a circle of links, a null byte
        return False
    return path.is_relative_to(root.resolve()) and path.suffix in (".py", ".ipynb")


def _content(path: Path, digest: str | None) -> files.FileContent | None:
    """What the file holds, where that has the digest."""
    try:
        content = files.read(path)
    except PairError:
        return None
    return content if digest is not None and content.digest == digest else None
