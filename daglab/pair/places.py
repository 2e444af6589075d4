"""Where the other half of a notebook is: beside it, or where daglab's metadata, local state or jupytext say."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from daglab.config_sources import find_root
from daglab.errors import PairError
from daglab.pair.jupytext_formats import Halves, JupytextConfig, configured, find_config, halves, parse_formats

_SKIPPED = frozenset({"node_modules", "__pycache__", "__marimo__", "build", "dist", "site-packages", "venv"})
_HALVES = (".py", ".ipynb")
_LONGEST_NAME, _LONGEST_PATH = 255, 4_000  # bytes
_AFTER_METADATA = re.compile(rb'\s*,\s*"nbformat"\s*:\s*\d+\s*,\s*"nbformat_minor"\s*:\s*\d+\s*\}\s*\Z')
_LONGEST_AFTER = 1_000  # bytes


def is_skipped(name: str) -> bool:
    """Whether pairs are not looked for in a folder of this name: it is hidden, or a tool's own."""
    return name.startswith(".") or name in _SKIPPED


def notebook_files(folder: Path) -> Iterator[Path]:
    """The .py and .ipynb files in and below ``folder``; hidden folders and folders of tools are left out."""
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not is_skipped(f))
        directory = Path(root)
        yield from (directory / f for f in sorted(files) if f.endswith(_HALVES) and not f.startswith("."))


def key_of(path: Path, root: Path) -> str:
    """A file's name in ``.daglab``: from its place in the project."""
    place = os.path.relpath(path.absolute(), root)
    return hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def link_file(half: Path, root: Path) -> Path:
    """Where this machine remembers the other half of a file, if the two don't stand side by side."""
    return root / ".daglab" / "state" / f"{key_of(half, root)}.link"


class Places:
    """Finds halves; what it reads of folders and notebooks it reads once, so it is for one command only.

    A half elsewhere must be in the same project, or below the folder of the jupytext configuration that says so;
    what else a notebook claims is ignored, since it may come from anybody.
    """

    def __init__(self) -> None:
        self._roots: dict[Path, Path] = {}
        self._configs: dict[Path, JupytextConfig | None] = {}
        self._elsewhere: dict[Path, dict[Path, Path]] = {}
        self._found: dict[Path, Path] = {}

    def root(self, py: Path, ipynb: Path) -> Path:
        """The project's folder of a pair: the .ipynb's, or what holds both."""
        root = self._root(ipynb)
        if py.parent == ipynb.parent or absolute(py).is_relative_to(root):
            return root
        return Path(os.path.commonpath([absolute(py).parent, absolute(ipynb).parent]))

    def py_of(self, ipynb: Path) -> Path:
        """The .py of an .ipynb, whether it is there or not.

        The first counts that is there of: what daglab's metadata says, what this machine remembers, what jupytext's
        metadata or configuration says. Where nothing is said, it stands beside.
        """
        if ipynb not in self._found:
            beside, metadata = ipynb.with_suffix(".py"), said_metadata(ipynb)
            claims = [] if _stands_beside(metadata, beside) else list(self._claims(ipynb, metadata))
            there = [py for py in claims if is_there(py)] or claims
            self._found[ipynb] = beside if not there or there[0] == absolute(beside) else _like(there[0], ipynb)
        return self._found[ipynb]

    def ipynb_of(self, py: Path) -> Path:
        """The .ipynb of a .py, whether it is there or not.

        Raises:
            PairError: the .ipynb beside it is half of another pair.
        """
        own, beside = absolute(py), py.with_suffix(".ipynb")
        by_jupytext = self._by_config(own)
        configured_place = _like(by_jupytext.ipynb, py) if by_jupytext else beside
        remembered = self._linked(own)
        for ipynb in (*([_like(remembered, py)] if remembered else []), configured_place, beside):
            if is_there(ipynb) and absolute(self.py_of(ipynb)) == own:
                return ipynb
        if ipynb_elsewhere := self._all_elsewhere(self._root(py)).get(own):
            return _like(ipynb_elsewhere, py)
        if configured_place == beside and is_there(beside) and absolute(self.py_of(beside)) != own:
            raise PairError(
                f"{beside} is the other half of {self.py_of(beside)}, not of {py}", remedy=f"rename {py}, or move it"
            )
        return configured_place

    def _root(self, half: Path) -> Path:
        if half.parent not in self._roots:
            self._roots[half.parent] = find_root(absolute(half.parent))
        return self._roots[half.parent]

    def _config(self, half: Path) -> JupytextConfig | None:
        folder = half.parent
        if folder not in self._configs:
            self._configs[folder] = find_config(folder)
        return self._configs[folder]

    def _claims(self, ipynb: Path, metadata: dict[str, Any]) -> Iterator[Path]:
        own = absolute(ipynb)
        said = metadata.get("daglab")
        if isinstance(said, dict) and "base" in said:
            py = absolute(own.parent / _named(said.get("py", ""), own))
            if _is_inside(py, self._root(own)) and py.suffix == ".py":
                yield py
        if remembered := self._linked(own):
            yield remembered
        formats = formats_of(metadata)
        found = halves(own, parse_formats(formats), self._config(own)) if formats else None
        if found and found.marimo and _is_inside(found.py, self._root(own)):
            yield found.py
        if not formats and (by_config := self._by_config(own)):
            yield by_config.py

    def _by_config(self, half: Path) -> Halves | None:
        config = self._config(half)
        found = halves(half, configured(half, config), config) if config else None
        if config is None or found is None or not found.marimo:
            return None
        inside = all(_is_inside(path, config.path.parent) for path in (found.py, found.ipynb))
        return found if inside else None

    def _linked(self, half: Path) -> Path | None:
        root = self._root(half)
        try:
            other = absolute(root / link_file(half, root).read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return other if _is_inside(other, root) and other.suffix in _HALVES and is_there(other) else None

    def _all_elsewhere(self, root: Path) -> dict[Path, Path]:
        """All .py files of a project of which the .ipynb doesn't stand beside them, and that."""
        if root not in self._elsewhere:
            ipynbs = [path for path in notebook_files(root) if path.suffix == ".ipynb"]
            pairs = [(absolute(self.py_of(ipynb)), ipynb) for ipynb in ipynbs]
            self._elsewhere[root] = {py: ipynb for py, ipynb in pairs if py != ipynb.with_suffix(".py")}
        return self._elsewhere[root]


def place_of(py: Path, ipynb: Path) -> str | None:
    """What the .ipynb's metadata says of the place of its .py, robust to moving both; ``None`` where that is beside.

    It ends with a slash where the names are the same: a folder.
    """
    own, other = absolute(ipynb), absolute(py)
    if other == own.with_suffix(".py"):
        return None
    folder = Path(os.path.relpath(other.parent, own.parent)).as_posix()
    return f"{folder}/" if other.stem == own.stem else f"{folder}/{other.name}"


def said_metadata(ipynb: Path) -> dict[str, Any]:
    """An .ipynb's metadata, as :func:`metadata_in` answers them."""
    return metadata_in(_data(ipynb))


def _data(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def metadata_in(data: bytes) -> dict[str, Any]:
    """The metadata in the bytes of an .ipynb; it may be left out where neither daglab nor jupytext is in it."""
    metadata = _last_metadata(data)
    if metadata is None and (b'"jupytext' in data or b'"daglab"' in data):
        metadata = _metadata_of(data)
    return metadata if isinstance(metadata, dict) else {}


def _last_metadata(data: bytes) -> Any:
    """The metadata that stand behind the cells, where Jupyter writes them; ``None`` where they don't.

    Told without reading the cells, whose outputs may be very much.
    """
    after = _AFTER_METADATA.search(data, max(len(data) - _LONGEST_AFTER, 0))
    at = data.rfind(b'"metadata"')
    # A cell's metadata, or what is deeper in the notebook's, would leave a bracket too many.
    return None if after is None or at < 0 else _metadata_of(b"{" + data[at : after.start()] + b"}")


def _metadata_of(data: bytes) -> Any:
    try:
        return json.loads(data)["metadata"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _stands_beside(metadata: dict[str, Any], py: Path) -> bool:
    """Whether daglab's metadata can't but say so, as those of most notebooks do: nothing else is looked at then."""
    said = metadata.get("daglab")
    return isinstance(said, dict) and "base" in said and "py" not in said and is_there(py)


def formats_of(metadata: dict[str, Any]) -> Any:
    """jupytext's formats in a notebook's metadata."""
    jupytext = metadata.get("jupytext")
    return (jupytext.get("formats") if isinstance(jupytext, dict) else None) or metadata.get("jupytext_formats")


def _named(place: Any, ipynb: Path) -> str:
    if not isinstance(place, str) or "\0" in place:
        return ipynb.with_suffix(".py").name
    return f"{place}{ipynb.stem}.py" if not place or place.endswith("/") else place


def absolute(path: Path) -> Path:
    """A path from the root; what it means by ``..`` is resolved, links are not."""
    return Path(os.path.abspath(path))  # noqa: PTH100


def is_there(path: Path) -> bool:
    """Whether there is a file of this name, which may be none that a file can have."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _is_inside(path: Path, root: Path) -> bool:
    """Whether a file could be in the folder; a repository may hold links that lead out of it, and any name."""
    try:
        if any(len(os.fsencode(part)) > _LONGEST_NAME for part in path.parts) or len(os.fsencode(path)) > _LONGEST_PATH:
            return False
        return path.is_relative_to(root) and path.parent.resolve().is_relative_to(root.resolve())
    except (OSError, ValueError, RuntimeError):  # no name that a file can have; a loop of links
        return False


def _like(path: Path, given: Path) -> Path:
    """A path as the user writes it: relative where the given one is."""
    return path if given.is_absolute() else Path(os.path.relpath(path))
