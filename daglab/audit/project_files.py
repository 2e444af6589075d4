"""The files of a project that an audit reads: notebooks, configuration, and what starts its servers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from daglab.audit.report import Skipped
from daglab.notebook.find import find_files, find_notebooks

_CONFIGURATION = (
    ".env", ".env.*", "*.env", "daglab.yaml", "pyproject.toml", "dg.toml", "dagster.yaml", "workspace.yaml",
    "docker-compose*.y*ml", "compose*.y*ml", "Dockerfile*", "Makefile", "Procfile", ".netrc", ".pypirc", "*.pem",
    "*.key", "jupyter_*config.py", "jupyter_*config.json", ".marimo.toml",
)  # fmt: skip
MOST_BYTES = 5_000_000  # of one file; what is larger was not written by hand, and takes long


def configuration_files(root: Path) -> Iterator[Path]:
    """Files that configure the project, or keep its secrets, in its folder, the instance's and .jupyter."""
    for folder in (root, root / ".dagster_home", root / ".jupyter"):
        if folder.is_dir():
            for path in sorted(folder.iterdir()):
                if path.is_file() and any(fnmatch(path.name, pattern) for pattern in _CONFIGURATION):
                    yield path


def sources(root: Path) -> list[Path]:
    """The marimo notebooks, with a header or without."""
    return find_notebooks(root, header_only=False)


def scripts(root: Path) -> list[Path]:
    """Files in which servers are started: shell scripts, YAML, and what builds and starts containers."""
    named = (path for path in configuration_files(root) if path.name.startswith(("Make", "Proc", "Docker")))
    return sorted({*(path for suffix in (".sh", ".yaml", ".yml") for path in find_files(root, suffix)), *named})


def code_cells(text: str) -> list[tuple[int, str]] | None:
    """The code cells of an .ipynb, each with its 1-based number among all cells; ``None`` for what is no notebook."""
    try:
        cells: list[Any] = json.loads(text)["cells"]
        return [(i, "".join(cell["source"])) for i, cell in enumerate(cells, start=1) if cell["cell_type"] == "code"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def read_text(path: Path, root: Path, check: str) -> str | Skipped:
    """A file's text; for one that can't be read or is too large, what ``check`` leaves out."""
    try:
        if (size := path.stat().st_size) > MOST_BYTES:
            reason = f"it has {size:,} bytes, and at most {MOST_BYTES:,} are read"
            return Skipped(check, reason, "look at it yourself, or make it smaller", shown(path, root))
        return path.read_text("utf-8", "replace")
    except OSError as error:
        return Skipped(check, f"it cannot be read: {error.strerror}", "make it readable", shown(path, root))


def shown(path: Path, root: Path) -> str:
    """A path as a finding tells it."""
    return os.path.relpath(path, root) if path.is_relative_to(root) else str(path)
