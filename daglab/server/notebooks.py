"""Which notebook of the project makes which asset, read from the notebooks' headers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

from daglab.config_sources import CONFIG_NAME
from daglab.errors import HeaderError
from daglab.notebook.find import find_files, has_header
from daglab.notebook.header import read_header
from daglab.server.paths import relative_to_root

_FRESH_SECONDS = 3.0
_PROJECT_FILES = (CONFIG_NAME, "pyproject.toml", ".git")
_MOST_BYTES = 5_000_000
"""What is larger is no notebook that anybody wrote, and reading it would keep this process busy."""


class NotebookIndex:
    """Asset key -> path of its notebook relative to the Jupyter server's root; looked at again after a few seconds.

    Only files that have changed are read again.

    Args:
        folder: answers the folder of the project whose notebooks are searched, as it is now; none are searched where
            no file makes it a project's, as in a home folder.
        root: the Jupyter server's root folder.
    """

    def __init__(self, folder: Callable[[], Path], root: Path, log: logging.Logger) -> None:
        self._folder = folder
        self._root = root
        self._log = log
        self._lock = asyncio.Lock()
        self._paths: dict[str, str] = {}
        self._read_at = float("-inf")
        self._known: dict[str, tuple[object, tuple[str, ...]]] = {}
        self._warned: dict[str, str] = {}

    async def paths(self) -> dict[str, str]:
        """The index; files are read in a thread, once for all that ask meanwhile."""
        async with self._lock:
            if time.monotonic() - self._read_at > _FRESH_SECONDS:
                self._paths = await asyncio.to_thread(self._read)
                self._read_at = time.monotonic()
            return self._paths

    def _read(self) -> dict[str, str]:
        known, self._known = self._known, {}
        paths: dict[str, str] = {}
        folder = self._folder()
        if not any((folder / name).exists() for name in _PROJECT_FILES):
            return paths
        for file in find_files(folder, ".py"):
            relative = relative_to_root(self._root, file)
            try:
                stat = file.stat()
            except OSError:
                continue
            if relative is None or stat.st_size > _MOST_BYTES:
                continue
            # The time of the last change can't be set, as that of the last write can.
            state = stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
            before = known.get(relative)
            keys = before[1] if before and before[0] == state else self._keys(file, relative)
            self._known[relative] = state, keys
            paths |= dict.fromkeys(keys, relative)
        return paths

    def _keys(self, file: Path, relative: str) -> tuple[str, ...]:
        try:
            text = file.read_text("utf-8")
            header = read_header(text, file) if "marimo" in text and has_header(text) else None
        except (HeaderError, OSError, UnicodeDecodeError) as error:
            if self._warned.get(relative) != str(error):  # once, also where the file can't be kept from changing
                self._log.warning("daglab: %s has no readable header: %s", relative, error)
            self._warned[relative] = str(error)
            return ()
        return tuple(header.key(variable) for variable in header.assets) if header else ()
