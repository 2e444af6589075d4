"""The notebooks in one folder of the Jupyter server, told by what the files hold, not by their names."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from daglab.errors import MissingFileError, PairError, RequestError
from daglab.notebook.kernel import is_python
from daglab.pair import pair_of
from daglab.pair.places import Places, is_there, metadata_in
from daglab.server.models import Model
from daglab.server.pair_size import is_large
from daglab.server.pair_sync import path_in
from daglab.server.paths import lies_below, read_confined

HEAD_BYTES = 1_000_000
"""How much of a .py is read to tell whether it is a marimo notebook."""
_MOST_FILES = 2_000
_APP = re.compile(r"^\w+\s*=\s*[\w.]+\.App\(", re.MULTILINE)


class NotebookModel(Model):
    """A marimo notebook, a Jupyter notebook of a Python kernel, or both as the halves of one.

    Paths are relative to the Jupyter server's root, null where there is no such half. ``paired`` tells two halves that
    are kept in sync from two that are not.
    """

    py: str | None
    ipynb: str | None
    paired: bool


def makes_app(head: bytes) -> bool:
    """Whether a Python file that begins so makes a marimo app.

    marimo itself reads it next, and says what is wrong with it; parsing a large one here would keep this process busy.
    """
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)  # its last character may be cut
    except UnicodeDecodeError:
        return False
    return "marimo" in text and _APP.search(text) is not None


def notebooks_in(root: Path, folder: Path) -> list[NotebookModel]:
    """The notebooks of which a half is in ``folder``, of very many files the first 2,000; halves outside are left out.

    Hidden files are left out as well.
    """
    names = (file for file in folder.iterdir() if file.suffix in (".py", ".ipynb") and not file.name.startswith("."))
    places = Places()
    found: dict[tuple[str | None, str | None], NotebookModel] = {}
    for file in sorted(names)[:_MOST_FILES]:
        halves = _halves(root, file, places)
        if halves is not None:
            found.setdefault((halves.py, halves.ipynb), halves)
    return list(found.values())


def _halves(root: Path, file: Path, places: Places) -> NotebookModel | None:
    """What notebook a file is half of; None where it is none."""
    if not _is_half(root, file):
        return None
    try:
        pair = pair_of(file, places=places)
        other = pair.ipynb if file.suffix == ".py" else pair.py
    except PairError:  # beside half of another pair
        other = None
    if other is not None and not (is_there(other) and lies_below(root, other) and _is_half(root, other)):
        other = None
    py, ipynb = (file, other) if file.suffix == ".py" else (other, file)
    paired = py is not None and ipynb is not None and not _is_unpaired(root, ipynb)
    return NotebookModel(
        py=path_in(root, py) if py else None, ipynb=path_in(root, ipynb) if ipynb else None, paired=paired
    )


def _is_half(root: Path, file: Path) -> bool:
    if file.suffix == ".py":
        return makes_app(_read(root, file, HEAD_BYTES))
    return is_large(file) or is_python(metadata_in(_read(root, file)))


def _is_unpaired(root: Path, ipynb: Path) -> bool:
    said = {} if is_large(ipynb) else metadata_in(_read(root, ipynb)).get("daglab")
    return isinstance(said, dict) and said.get("paired") is False


def _read(root: Path, file: Path, most: int = -1) -> bytes:
    try:
        return read_confined(root, path_in(root, file) or "", most)[1]
    except (MissingFileError, RequestError):  # one that can't be read, or has a name that no path may have
        return b""
