"""The files of a project that an audit reads: notebooks, configuration, and what starts its servers."""

from __future__ import annotations

import json
import os
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from daglab.audit.report import Skipped
from daglab.notebook.find import find_files, find_notebooks

_CONFIGURATION = (
    ".env", ".env.*", "*.env", "daglab.yaml", "pyproject.toml", "dg.toml", "dagster.yaml", "workspace.yaml",
    "docker-compose*.y*ml", "compose*.y*ml", "Dockerfile*", "Makefile", "Procfile", ".netrc", ".pypirc", "*.pem",
    "*.key", "jupyter_*config.py", "jupyter_*config.json", ".marimo.toml", "*.yaml", "*.yml",
)  # fmt: skip
_HIDDEN = (".dagster_home", ".jupyter", ".github")
MOST_BYTES = 5_000_000  # of one file; what is larger was not written by hand, and takes long


def configuration_files(root: Path) -> list[Path]:
    """Files that configure the project, or keep its secrets: in it, in the instance's folder, wherever that is, and in
    Jupyter's. Those of the run's storage are none, nor those of tools."""
    from daglab.project import Project

    home = Project(root).dagster_home
    found = [*find_files(root, ""), *jupyter_files(root)]
    for folder in dict.fromkeys([*(root / name for name in _HIDDEN), home]):
        if folder == root / ".github":
            found += find_files(folder, "")
        elif folder.is_dir():
            found += (path for path in folder.iterdir() if path.is_file())
    return sorted({path for path in found if any(fnmatch(path.name, pattern) for pattern in _CONFIGURATION)})


def jupyter_files(root: Path) -> list[Path]:
    """Jupyter's configuration in the project and of the user; that of installed packages is their own."""
    named = os.environ.get("JUPYTER_CONFIG_DIR", "").strip()
    found: set[Path] = set()
    for folder in (root, root / ".jupyter", Path(named) if named else Path.home() / ".jupyter"):
        found.update(folder.glob("jupyter_*config.py"), folder.glob("jupyter_*config.json"))
        found.update(folder.glob("jupyter_*config.d/*.json"))
    return sorted(path for path in found if path.is_file())


def sources(root: Path) -> list[Path]:
    """The marimo notebooks, with a header or without."""
    return find_notebooks(root, header_only=False)


def scripts(root: Path) -> list[Path]:
    """Files in which servers are started: shell scripts, Python, YAML, and what builds and starts containers."""
    started = (".yaml", ".yml")
    named = (
        p for p in configuration_files(root) if p.name.startswith(("Make", "Proc", "Docker")) or p.suffix in started
    )
    return sorted({*find_files(root, ".sh"), *find_files(root, ".py"), *named})


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
