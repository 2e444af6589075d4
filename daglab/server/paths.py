"""Paths that come from outside, confined to the Jupyter server's root folder."""

from __future__ import annotations

import re
from pathlib import Path

from daglab.errors import MissingFileError, RequestError

_DEVICES = re.compile(r"(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def confined_file(root: Path, path: str) -> Path:
    """The existing file at ``path``, which is relative to ``root`` with ``/`` between its parts.

    Links are followed, and the file that they lead to must lie in ``root`` as well.

    Raises:
        RequestError: the path is not a plain relative one.
        MissingFileError: no file is there, or it lies outside; the two are not told apart.
    """
    parts = path.split("/")
    if (
        _CONTROL.search(path)
        or "\\" in path
        or ":" in path
        or any(part in ("", ".", "..") or _DEVICES.match(part) for part in parts)
    ):
        raise RequestError(
            f"{path!r} is not a path below the server's root.",
            remedy="give the path as the file browser shows it, relative and with /",
        )
    real_root = root.resolve()
    try:
        real = real_root.joinpath(*parts).resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: a loop of links, before Python 3.13
        raise _missing(path) from None
    if not real.is_relative_to(real_root) or not real.is_file():
        raise _missing(path)
    return real


def relative_to_root(root: Path, file: Path) -> str | None:
    """The path of ``file`` as the file browser shows it; None when it lies outside of ``root``."""
    try:
        return file.resolve().relative_to(root.resolve()).as_posix()
    except (OSError, ValueError):
        return None


def _missing(path: str) -> MissingFileError:
    return MissingFileError(
        f"There is no file {path} below the server's root.", remedy="reload the file browser", details={"path": path}
    )
