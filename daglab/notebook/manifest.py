"""``daglab.json``: what a package with notebooks carries about them, written by the build hook."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from daglab import __version__
from daglab.notebook.header import Header

FILE_NAME = "daglab.json"
FORMAT = 1


@dataclass(frozen=True)
class NotebookEntry:
    """One notebook of a package.

    ``path`` and ``ipynb`` are relative to the package's folder, with slashes; ``sha256`` is that of the .py file's
    bytes; ``assets`` and ``inputs`` are asset keys such as ``sales/orders``, sorted.
    """

    path: str
    ipynb: str
    sha256: str
    assets: tuple[str, ...]
    inputs: tuple[str, ...]


def notebook_entry(path: str, ipynb: str, content: bytes, header: Header) -> NotebookEntry:
    """The entry of a notebook whose .py file holds ``content``."""
    assets = tuple(sorted(header.key(variable) for variable in header.assets))
    inputs = tuple(sorted(given.key for given in header.inputs.values()))
    return NotebookEntry(path, ipynb, hashlib.sha256(content).hexdigest(), assets, inputs)


def manifest_text(entries: Iterable[NotebookEntry]) -> str:
    """The manifest as JSON; the same entries give the same text, whatever their order."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "daglab": __version__,
        "notebooks": [asdict(entry) for entry in sorted(entries, key=lambda entry: entry.path)],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
