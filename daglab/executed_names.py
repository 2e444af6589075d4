"""The names of executed notebooks' files: from asset keys and numbers of tries, and back."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import quote

from daglab.errors import StorageError

_LONGEST_NAME = 200  # file systems take 255 bytes


def file_name(asset_key: str, retry: int = 0) -> str:
    """The file's name for an asset key: parts joined by ``__``, one name for each key, safe on every file system.

    The number of a ``retry`` stands behind ``@``, which is escaped in keys.

    Raises:
        StorageError: the key is empty or has an empty part.
    """
    parts = asset_key.split("/")
    if not all(parts):
        raise StorageError(f"{asset_key!r} is not an asset key", remedy="parts joined by '/', none of them empty")
    name = "__".join(_escape(part) for part in parts)
    if len(name) > _LONGEST_NAME:
        name = f"{name[: _LONGEST_NAME - 65]}-{hashlib.sha256(asset_key.encode()).hexdigest()}"
    return f"{name}@retry-{retry}.ipynb" if retry else f"{name}.ipynb"


def tries_of(first: str) -> re.Pattern[str]:
    """What the names of all tries match whose first has the name ``first``; the group is the number of the retry."""
    return re.compile(rf"{re.escape(first.removesuffix('.ipynb'))}(?:@retry-(\d+))?\.ipynb")


def _escape(part: str) -> str:
    """One part of a key; its underscores stay readable unless they could be taken for the joint of two parts."""
    text = quote(part, safe="")
    if "__" in text or text.startswith("_") or text.endswith("_"):
        text = text.replace("_", "%5F")
    return text.replace(".", "%2E") if text.startswith(".") else text
