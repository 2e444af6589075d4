"""Paths that come from outside, confined to the Jupyter server's root folder."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from daglab.errors import MissingFileError, RequestError

_DEVICES = re.compile(r"(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$")
_WINDOWS = os.name == "nt"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def confined_file(root: Path, path: str) -> Path:
    """The existing file at ``path``, which is relative to ``root`` with ``/`` between its parts.

    Links are followed, and the file that they lead to must lie in ``root`` as well.

    Raises:
        RequestError: the path is not a plain relative one.
        MissingFileError: no file is there, or it lies outside; the two are not told apart.
    """
    real_root = root.resolve()
    try:
        real = real_root.joinpath(*_parts(path)).resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: a loop of links, before Python 3.13
        raise _missing(path) from None
    if not real.is_relative_to(real_root) or not real.is_file():
        raise _missing(path)
    return real


def confined_place(root: Path, path: str) -> Path:
    """Where a file of this path would be, there or not: its folder, which is there, lies in ``root``.

    Raises:
        RequestError: the path is not a plain relative one.
        MissingFileError: its folder is not there, or lies outside; the file system has no such long names.
    """
    *folders, name = _parts(path)
    place = _folder(root, folders, path) / name
    try:
        os.lstat(place)
    except FileNotFoundError:
        pass
    except OSError:
        raise _missing(path) from None
    return place


def confined_folder(root: Path, path: str) -> Path:
    """The existing folder at ``path``, relative to ``root``; an empty path is ``root`` itself.

    Raises:
        RequestError: the path is not a plain relative one.
        MissingFileError: no folder is there, or it lies outside.
    """
    return _folder(root, _parts(path) if path else [], path)


def _folder(root: Path, parts: list[str], path: str) -> Path:
    real_root = root.resolve()
    try:
        folder = real_root.joinpath(*parts).resolve(strict=True)
    except (OSError, RuntimeError):
        raise _missing(path) from None
    if not folder.is_relative_to(real_root) or not folder.is_dir():
        raise _missing(path)
    return folder


def refuse_hidden(path: str) -> None:
    """Raise MissingFileError where a part of the path begins with ``.``, as Jupyter hides ``.git`` and the like."""
    if any(part.startswith(".") and part not in (".", "..") for part in path.split("/")):
        raise _missing(path)


def lies_below(root: Path, file: Path) -> bool:
    """Whether a file that is written at this place, through links that are there, would be in ``root``."""
    try:
        return file.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):
        return False


def _parts(path: str) -> list[str]:
    parts = path.split("/")
    if (
        _CONTROL.search(path)
        or "\\" in path
        or any(part in ("", ".", "..") for part in parts)
        or (_WINDOWS and (":" in path or any(_DEVICES.match(part) for part in parts)))
    ):
        raise RequestError(
            f"{path!r} is not a path below the server's root.",
            remedy="give the path as the file browser shows it, relative and with /",
        )
    return parts


def read_confined(root: Path, path: str, most: int = -1) -> tuple[Path, bytes]:
    """The file as :func:`confined_file` finds it, and its bytes, of a large one the first ``most``.

    Links that are put in between are not followed.

    Raises:
        RequestError: the path is not a plain relative one.
        MissingFileError: no file is there that can be read, or it lies outside.
    """
    file = confined_file(root, path)
    try:
        with os.fdopen(_open_below(root.resolve(), file), "rb") as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise _missing(path)
            return file, opened.read(most)
    except OSError:  # ELOOP: a link stands where none stood a moment ago
        raise _missing(path) from None


def _open_below(real_root: Path, file: Path) -> int:
    """A descriptor of ``file``, which holds no links, reached from the root without following any."""
    if os.open not in os.supports_dir_fd:  # Windows, where daglab is not claimed to be safe
        return os.open(file, os.O_RDONLY)
    *folders, name = file.relative_to(real_root).parts
    folder = os.open(real_root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in folders:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        # O_NONBLOCK: a pipe would block
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    finally:
        os.close(folder)


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
