"""Which files are a pair, and where daglab keeps what it knows of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from daglab.errors import PairError
from daglab.notebook.find import has_header
from daglab.pair.places import Places, absolute, is_there, key_of, metadata_in, notebook_files, place_of

BACKUPS = Path(".daglab") / "backups"


@dataclass(frozen=True)
class Pair:
    """Two files that are one notebook; either may be missing. ``root`` is the project's folder."""

    py: Path
    ipynb: Path
    root: Path

    @property
    def key(self) -> str:
        """The pair's name in ``.daglab``: from the .ipynb's place in the project."""
        return key_of(self.ipynb, self.root)

    @property
    def place(self) -> str | None:
        """Where the .py is, seen from the .ipynb; ``None`` where it stands beside."""
        return place_of(self.py, self.ipynb)

    @property
    def state_file(self) -> Path:
        """What daglab remembers of the pair on this machine."""
        return self.root / ".daglab" / "state" / f"{self.key}.json"

    @property
    def lock_file(self) -> Path:
        """Held while the pair is worked on."""
        return self.root / ".daglab" / "locks" / f"{self.key}.lock"

    def backups(self, half: Path) -> Path:
        """Where the texts of a half go that a sync replaces or deletes."""
        return backups_of(half, self.root)


def backups_of(file: Path, root: Path) -> Path:
    """Where the backups of a file go, in the project ``root``: a folder for each of the project's."""
    place = Path(os.path.relpath(file.absolute().parent, root))
    return root / BACKUPS / Path(*("__" if part == ".." else part for part in place.parts))


def pair_of(path: Path, *, root: Path | None = None, places: Places | None = None) -> Pair:
    """The pair that a file is half of, whichever half it is; see :class:`daglab.pair.places.Places`.

    A command that asks for many pairs gives its ``places``, so that folders are read once.

    Raises:
        PairError: it is neither .py nor .ipynb; the .ipynb beside a .py is half of another pair.
    """
    if path.suffix not in (".py", ".ipynb"):
        if path.is_dir():
            raise PairError(f"{path} is a folder", remedy=f"name its notebooks, such as {path / '*.ipynb'}")
        if not path.exists():
            raise PairError(f"{path} does not exist")
        raise PairError(f"{path} is neither a .py nor an .ipynb", remedy="name one half of a pair")
    places = places or Places()
    if path.suffix == ".py":
        py, ipynb = path, places.ipynb_of(path)
    else:
        py, ipynb = places.py_of(path), path
    return Pair(py, ipynb, root or places.root(py, ipynb))


def other_case(pair: Pair) -> str | None:
    """The name of a lone half that differs from this pair's by case alone, as after the rename of one half only."""
    if pair.place is not None:
        return None
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
    """The pairs of which a half is in or below ``folder``, each once, in the order of their files.

    A pair is a marimo notebook and its .ipynb, or one half alone that says it is one: a .py with a ``[tool.daglab]``
    header or whose pair this machine remembers, an .ipynb with daglab's metadata. Hidden folders and folders of tools
    are left out.
    """
    places = Places()
    files = list(notebook_files(folder))
    beside: dict[Path, Path] = {}
    elsewhere: dict[Path, Path] = {}
    for path in files:
        if path.suffix == ".ipynb":
            py = places.py_of(path)
            if py.parent == path.parent:
                beside[py] = path
            else:
                elsewhere[absolute(py)] = path
    found: dict[Path, Pair] = {}
    for path in files:
        ipynb = path if path.suffix == ".ipynb" else beside.get(path)
        if ipynb is None:
            ipynb = elsewhere.get(absolute(path)) or _half_elsewhere(path, places)
        py = path if path.suffix == ".py" else places.py_of(path)
        if ipynb is not None and ipynb not in found:
            pair = Pair(py, ipynb, places.root(py, ipynb))
            if _belongs(pair):
                found[ipynb] = pair
    return list(found.values())


def is_pair(pair: Pair) -> bool:
    """Whether :func:`find_pairs` would find the pair, by what its files hold."""
    return (is_there(pair.py) or is_there(pair.ipynb)) and _belongs(pair)


def _half_elsewhere(py: Path, places: Places) -> Path | None:
    """The .ipynb of a .py that none below the same folder claims, be it there or not."""
    try:
        return places.ipynb_of(py) if is_marimo(py.read_bytes()) else None
    except OSError:
        return py.with_suffix(".ipynb")  # the status will say why it can't be read
    except PairError:
        return None


def _belongs(pair: Pair) -> bool:
    """Whether the files are a pair, or half of one; told by their content, cheaply."""
    try:
        if not os.path.lexists(pair.py):
            return has_metadata(pair.ipynb.read_bytes())
        data = pair.py.read_bytes()
        if os.path.lexists(pair.ipynb):
            # A broken .py counts as well: the .ipynb knows that it is half of a pair.
            return is_marimo(data) or has_metadata(pair.ipynb.read_bytes())
        return is_marimo(data) and (has_header(data.decode("utf-8", "replace")) or pair.state_file.exists())
    except OSError:
        return True  # its status will say why it can't be read


def is_marimo(data: bytes) -> bool:
    """Whether a .py looks like a marimo notebook, a broken one included."""
    return b"marimo" in data and b"App(" in data


def has_metadata(data: bytes) -> bool:
    """Whether an .ipynb's metadata says that it is half of a daglab pair."""
    said = metadata_in(data).get("daglab")
    return isinstance(said, dict) and "base" in said
