"""Which notebook of the project makes which asset, read from the notebooks' headers."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from daglab.errors import HeaderError
from daglab.notebook.find import find_notebooks
from daglab.notebook.header import read_header
from daglab.server.paths import relative_to_root

_FRESH_SECONDS = 3.0


class NotebookIndex:
    """Asset key -> path of its notebook relative to the Jupyter server's root; read again when it is a few seconds old.

    Args:
        folder: where the project's notebooks are searched.
        root: the Jupyter server's root folder.
    """

    def __init__(self, folder: Path, root: Path, log: logging.Logger) -> None:
        self._folder = folder
        self._root = root
        self._log = log
        self._lock = asyncio.Lock()
        self._paths: dict[str, str] = {}
        self._read_at = float("-inf")

    async def paths(self) -> dict[str, str]:
        """The index; files are read in a thread, once for all that ask meanwhile."""
        async with self._lock:
            if time.monotonic() - self._read_at > _FRESH_SECONDS:
                self._paths = await asyncio.to_thread(self._read)
                self._read_at = time.monotonic()
            return self._paths

    def _read(self) -> dict[str, str]:
        paths: dict[str, str] = {}
        for file in find_notebooks(self._folder):
            relative = relative_to_root(self._root, file)
            if relative is None:
                continue
            try:
                header = read_header(file.read_text("utf-8"), file)
            except (HeaderError, OSError, UnicodeDecodeError) as error:
                self._log.warning("daglab: %s has no readable header: %s", relative, error)
                continue
            if header is not None:
                paths |= {header.key(variable): relative for variable in header.assets}
        return paths
