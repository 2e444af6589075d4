"""A project whose notebooks are checked and built: its folder, its dependencies, the hook's options."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daglab.errors import BuildError
from daglab.key_lines import Place, line_of, toml_key_lines
from daglab.notebook.find import find_notebooks, may_be_asset_notebook
from daglab.notebook.hook_options import TABLE, HookOptions, read_options

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class SourceProject:
    """A project to check. ``dependencies`` is ``None`` where they are unknown: nothing is held against them then."""

    root: Path
    dependencies: tuple[str, ...] | None
    options: HookOptions
    lines: Mapping[Place, int] = field(default_factory=dict, repr=False)

    def line_of(self, *place: str) -> int:
        """The 1-based line of pyproject.toml's key at ``place``, or of the nearest key around it."""
        return line_of(self.lines, place)

    def shown(self, path: Path) -> str:
        """A path as findings name it: relative to the project, with slashes."""
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            return str(path)

    def notebooks(self) -> list[Path]:
        """The notebooks with a ``[tool.daglab]`` header, sorted.

        What the option ``notebooks`` names and isn't there, or lies outside the project, is left out, and not searched.
        """
        if self.options.notebooks is None:
            return find_notebooks(self.root)
        return sorted({path for given in self.options.notebooks for path in self.notebooks_in(given)})

    def notebooks_in(self, given: str) -> list[Path]:
        """The notebooks with a header in a folder (or a file) that the option names."""
        path = self.root / given
        if not self.holds(path):
            return []
        if path.is_file():
            return [path] if may_be_asset_notebook(path) else []
        return find_notebooks(path)

    def holds(self, path: Path) -> bool:
        """Whether a path lies in the project, and no link leads out of it."""
        return path.resolve().is_relative_to(self.root.resolve())


def read_source_project(root: Path) -> SourceProject:
    """The project in a folder, from its pyproject.toml; without one, any folder with notebooks will do.

    Raises:
        BuildError: pyproject.toml is not TOML, or the hook's options are wrong.
    """
    path = root / "pyproject.toml"
    if not path.is_file():
        return SourceProject(root, None, HookOptions(external=["*"]))
    text = path.read_text(encoding="utf-8")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BuildError(f"{path} is not valid TOML: {error}", remedy="see toml.io") from error
    project = _table(document, "project")
    dependencies = tuple(map(str, project.get("dependencies", ()))) if project else None
    if "dependencies" in project.get("dynamic", ()):
        dependencies = None
    options = read_options(_table(document, *TABLE.split(".")))
    return SourceProject(root, dependencies, options, toml_key_lines(text))


def project_root(path: Path) -> Path:
    """The nearest folder with a pyproject.toml, from ``path`` upward to the git root; else ``path``'s own folder."""
    path = path.resolve()
    start = path if path.is_dir() else path.parent
    for folder in (start, *start.parents):
        if (folder / "pyproject.toml").is_file():
            return folder
        if (folder / ".git").exists():
            break
    return start


def _table(document: Mapping[str, Any], *place: str) -> Mapping[str, Any]:
    for part in place:
        below = document.get(part)
        document = below if isinstance(below, dict) else {}
    return document
