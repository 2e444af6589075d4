"""The files of a project that an audit reads: notebooks, configuration, and what starts its servers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from daglab.notebook.find import find_files, find_jupyter, find_notebooks

_CONFIGURATION = (
    ".env", ".env.*", "*.env", "daglab.yaml", "pyproject.toml", "dg.toml", "dagster.yaml", "workspace.yaml",
    "docker-compose*.y*ml", "compose*.y*ml", "Dockerfile*", "Makefile", "Procfile", ".netrc", ".pypirc", "*.pem",
    "*.key", "jupyter_*config.py", "jupyter_*config.json", ".marimo.toml",
)  # fmt: skip
MOST_BYTES = 5_000_000  # of one file; what is larger was not written by hand


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


def scripts(root: Path) -> Iterator[Path]:
    """Files in which servers are started: shell scripts, and what builds and starts containers."""
    yield from find_files(root, ".sh")
    yield from (
        path for path in configuration_files(root) if path.name.startswith(("Make", "Proc", "Docker", "docker", "comp"))
    )


def lone_jupyter(root: Path) -> Iterator[tuple[Path, str]]:
    """The code of each .ipynb that has no .py beside it, one text: magics and shell commands are comments in it."""
    for path in find_jupyter(root):
        if path.with_suffix(".py").exists() or (text := read_text(path)) is None:
            continue
        try:
            cells = [cell for cell in json.loads(text)["cells"] if cell.get("cell_type") == "code"]
            lines = "\n".join("".join(cell["source"]) for cell in cells).split("\n")
        except (ValueError, LookupError, TypeError, AttributeError):
            continue
        yield path, "\n".join(f"#{line}" if line.lstrip().startswith(("%", "!", "?")) else line for line in lines)


def read_text(path: Path) -> str | None:
    """A file's text; ``None`` for one that can't be read or is too large."""
    try:
        return path.read_text("utf-8", "replace") if path.stat().st_size <= MOST_BYTES else None
    except OSError:
        return None


def shown(path: Path, root: Path) -> str:
    """A path as a finding tells it."""
    return os.path.relpath(path, root) if path.is_relative_to(root) else str(path)
