"""``daglab.json``: what a package with notebooks carries about them, written by the build hook."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from daglab import __version__
from daglab.errors import BuildError
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


def read_manifest(path: Path) -> tuple[NotebookEntry, ...]:
    """The entries of a manifest; keys that a later daglab may have added to this format are left out.

    Raises:
        BuildError: it is damaged, or of another format.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if (number := document["format"]) != FORMAT:
            raise BuildError(f"{path} has format {number!r}; this daglab reads {FORMAT}", remedy="update daglab")
        return tuple(_entry(item) for item in document["notebooks"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BuildError(f"{path} is no manifest: {error!r}", remedy="install the distribution again") from error


def manifest_schema() -> dict[str, Any]:
    """The JSON Schema of the manifest, which docs/daglab.schema.json publishes."""
    texts = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
    sha256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    text = {"type": "string", "minLength": 1}
    entry = {"path": text, "ipynb": text, "sha256": sha256, "assets": texts, "inputs": texts}
    notebook = {"type": "object", "properties": entry, "required": list(entry)}
    whole = {"format": {"const": FORMAT}, "daglab": text, "notebooks": {"type": "array", "items": notebook}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "daglab.json, the manifest of a package with notebooks",
        "type": "object",
        "properties": whole,
        "required": list(whole),
    }


def _entry(item: dict[str, Any]) -> NotebookEntry:
    path, ipynb, sha256 = (str(item[name]) for name in ("path", "ipynb", "sha256"))
    return NotebookEntry(path, ipynb, sha256, tuple(item["assets"]), tuple(item["inputs"]))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(manifest_schema(), indent=2) + "\n")
