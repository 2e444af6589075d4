"""Which files are a pair, and where daglab keeps what it knows of it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from daglab.config_sources import find_root
from daglab.errors import PairError
from daglab.notebook.find import has_header

_SKIPPED = frozenset({"node_modules", "__pycache__", "__marimo__", "build", "dist", "site-packages", "venv"})


@dataclass(frozen=True)
class Pair:
    """Two files that are one notebook; either may be missing. ``root`` is the project's folder."""

    py: Path
    ipynb: Path
    root: Path

    @property
    def key(self) -> str:
        """The pair's name in ``.daglab``: from its place in the project."""
        place = os.path.relpath(self.ipynb.absolute(), self.root)
        return hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:16]

    @property
    def state_file(self) -> Path:
        """What daglab remembers of the pair on this machine."""
        return self.root / ".daglab" / "state" / f"{self.key}.json"

    @property
    def lock_file(self) -> Path:
        """Held while the pair is worked on."""
        return self.root / ".daglab" / "locks" / f"{self.key}.lock"

    @property
    def backups(self) -> Path:
        """Where texts go that a sync replaces or deletes."""
        return self.root / ".daglab" / "backups"


def pair_of(path: Path, *, root: Path | None = None) -> Pair:
    """The pair that a file is half of: the other half has the same stem in the same folder.

    Raises:
        PairError: it is neither .py nor .ipynb.
    """
    if path.suffix not in (".py", ".ipynb"):
        raise PairError(f"{path} is neither a .py nor an .ipynb", remedy="name one half of a pair, or a folder")
    return Pair(path.with_suffix(".py"), path.with_suffix(".ipynb"), root or find_root(path.absolute().parent))


def other_case(pair: Pair) -> str | None:
    """The name of a lone half that differs from this pair's by case alone, as after the rename of one half only."""
    endings = {".py": pair.ipynb, ".ipynb": pair.py}
    try:
        names = os.listdir(pair.py.parent)  # noqa: PTH208 - of a folder of many lone halves, for each of them
    except OSError:
        return None
    same = {name for name in names if name.casefold() in (pair.py.name.casefold(), pair.ipynb.name.casefold())}
    for other in sorted(map(Path, same - {pair.py.name, pair.ipynb.name})):
        is_lone = other.with_suffix(endings[other.suffix.lower()].suffix).name not in same
        if is_lone and pair.py.with_suffix(other.suffix).name not in same:
            return other.name
    return None


def find_pairs(folder: Path) -> list[Pair]:
    """The pairs in and below ``folder``, sorted.

    A pair is a marimo notebook and an .ipynb of one stem in one folder, or one half alone that says it is one: a .py
    with a ``[tool.daglab]`` header, an .ipynb with daglab's metadata. Hidden folders and folders of tools are left out.
    """
    roots: dict[Path, Path] = {}
    found = []
    for directory, names in _folders(folder):
        stems = sorted({name.rpartition(".")[0] for name in names if name.endswith((".py", ".ipynb"))})
        for stem in stems:
            py, ipynb = directory / f"{stem}.py", directory / f"{stem}.ipynb"
            if _belongs(py, ipynb, names):
                root = roots.get(directory) or roots.setdefault(directory, find_root(directory.absolute()))
                found.append(Pair(py, ipynb, root))
    return found


def is_pair(pair: Pair) -> bool:
    """Whether :func:`find_pairs` would find the pair, by what its files hold."""
    names = {path.name for path in (pair.py, pair.ipynb) if path.exists()}
    return bool(names) and _belongs(pair.py, pair.ipynb, names)


def is_skipped(name: str) -> bool:
    """Whether pairs are not looked for in a folder of this name: it is hidden, or a tool's own."""
    return name.startswith(".") or name in _SKIPPED


def _folders(folder: Path) -> Iterator[tuple[Path, set[str]]]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not is_skipped(f))
        yield Path(root), {f for f in files if not f.startswith(".")}


def _belongs(py: Path, ipynb: Path, names: set[str]) -> bool:
    """Whether the files of a stem are a pair, or half of one; told by their content, cheaply."""
    try:
        if py.name in names:
            data = py.read_bytes()
            marimo = is_marimo(data)
            if ipynb.name in names:
                # A broken .py counts as well: the .ipynb knows that it is half of a pair.
                return marimo or has_metadata(ipynb.read_bytes())
            return marimo and has_header(data.decode("utf-8", "replace"))
        return has_metadata(ipynb.read_bytes())
    except OSError:
        return True  # its status will say why it can't be read


def is_marimo(data: bytes) -> bool:
    """Whether a .py looks like a marimo notebook, a broken one included."""
    return b"marimo" in data and b"App(" in data


def has_metadata(data: bytes) -> bool:
    """Whether an .ipynb's metadata says that it is half of a daglab pair."""
    if b'"daglab"' not in data:
        return False
    try:
        metadata = json.loads(data).get("metadata", {})
        return "base" in metadata.get("daglab", {})
    except (ValueError, AttributeError, TypeError, RecursionError):
        return False
