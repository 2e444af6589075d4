"""Which Dagster: the project's folder, its Dagster instance and its code location, found in one way by every part."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from daglab.config_sources import find_root, read_toml
from daglab.errors import ConfigError

if TYPE_CHECKING:
    from daglab.config import Config

HOME_NAME = ".dagster_home"
HOME_FILES = {".gitignore": "*\n", "dagster.yaml": "# Dagster's defaults: SQLite in this folder.\n"}
_REMEDY = "set module_name under [tool.dagster] in pyproject.toml, or dagster.repository_location_name in daglab.yaml"


@dataclass(frozen=True)
class CodeLocation:
    """A module whose definitions Dagster loads, the name that Dagster gives it, and what said so.

    ``by`` is the tool whose files name it: ``dagster``, ``dg``, or ``None`` for none.
    """

    module_name: str
    location_name: str
    origin: str
    by: Literal["dagster", "dg"] | None = None


@dataclass(frozen=True)
class Project:
    """A project's folder. ``location_name`` is the code location that the configuration asks for, if it does."""

    root: Path
    location_name: str | None = None

    @classmethod
    def find(cls, start: Path | None = None, config: Config | None = None) -> Project:
        """The project around ``start`` (default: the current folder), with its configuration.

        Without ``config`` the configuration is read.

        Raises:
            ConfigError: the configuration is wrong.
        """
        if config is None:
            from daglab.config import load_config

            config = load_config(start)
        root = find_root(start.absolute()) if start else config.root
        return cls(root, config.dagster.repository_location_name)

    @property
    def dagster_home(self) -> Path:
        """The instance's folder: DAGSTER_HOME, else ``.dagster_home`` in the project.

        Raises:
            ConfigError: DAGSTER_HOME is a relative path, which Dagster refuses.
        """
        given = os.environ.get("DAGSTER_HOME", "").strip()
        if not given:
            return self.root / HOME_NAME
        path = Path(given).expanduser()
        if not path.is_absolute():
            raise ConfigError(f"DAGSTER_HOME is not an absolute path: {given}", remedy=f"set it to {path.absolute()}")
        return path

    def ensure_dagster_home(self) -> Path:
        """Create the instance's folder where it is missing, and answer it.

        The project's own one is kept out of git, and has a ``dagster.yaml``, for the lack of which Dagster warns.
        """
        home = self.dagster_home
        home.mkdir(parents=True, exist_ok=True)
        if home == self.root / HOME_NAME:
            for name, text in HOME_FILES.items():
                if not (home / name).exists():
                    (home / name).write_text(text, "utf-8")
        return home

    def environment(self) -> dict[str, str]:
        """This process's environment variables with DAGSTER_HOME set: what a child process of the project gets."""
        return {**os.environ, "DAGSTER_HOME": str(self.dagster_home)}

    def code_location(self) -> CodeLocation:
        """The project's one code location.

        Named by ``dagster.repository_location_name`` of the configuration, else by ``[tool.dagster]`` in
        pyproject.toml, else by ``[tool.dg.project]`` there or dg.toml.

        Raises:
            ConfigError: none is named, or several; the remedy lists the candidates.
        """
        declared = list(self.declared())
        if self.location_name is None:
            if len(declared) == 1:
                return declared[0]
            raise self._undecided(declared)
        for candidate in (*declared, *self.packages()):
            if candidate.location_name == self.location_name:
                return candidate
        if len(declared) == 1:  # the configuration renames it
            return replace(declared[0], location_name=self.location_name)
        raise self._undecided(declared)

    def declared(self) -> Iterator[CodeLocation]:
        """What the files of Dagster's own tools say; the first of them that says something counts."""
        pyproject = self.root / "pyproject.toml"
        tools = _table(read_toml(pyproject), "tool") if pyproject.is_file() else {}
        dagster = _table(tools, "dagster")
        modules = [dagster["module_name"]] if "module_name" in dagster else []
        listed = dagster.get("modules", [])
        tables = [table for table in listed if isinstance(table, dict)] if isinstance(listed, list) else []
        modules += [table["name"] for table in tables if table.get("type") == "module" and "name" in table]
        if modules:
            for module in modules:
                if not isinstance(module, str):
                    raise ConfigError(
                        f"{pyproject}: {module!r} under [tool.dagster] is no name of a module",
                        remedy='such as module_name = "shop.definitions"',
                    )
                name = dagster.get("code_location_name", module)
                yield CodeLocation(module, name, f"[tool.dagster] in {pyproject}", "dagster")
            return
        dg = self.root / "dg.toml"
        for project, origin in (
            (_table(_table(tools, "dg"), "project"), f"[tool.dg.project] in {pyproject}"),
            (_table(read_toml(dg), "project") if dg.is_file() else {}, str(dg)),
        ):
            if root_module := project.get("root_module"):
                module = project.get("code_location_target_module", f"{root_module}.definitions")
                yield CodeLocation(module, project.get("code_location_name", module), origin, "dg")
                return

    def packages(self) -> Iterator[CodeLocation]:
        """Packages of the project that have a ``definitions.py``."""
        for folder in (self.root, self.root / "src"):
            for path in sorted(folder.glob("*/definitions.py")):
                package = path.parent.name
                if package.isidentifier():
                    yield CodeLocation(f"{package}.definitions", package, str(path))

    def _undecided(self, declared: list[CodeLocation]) -> ConfigError:
        candidates = declared or list(self.packages())
        if not candidates and not (self.root / "pyproject.toml").is_file():
            return ConfigError(
                f"{self.root} is in no project: there is no pyproject.toml, and so no code location",
                remedy="work in a project's folder, or make one: `daglab init --bootstrap DIR`",
                details={"candidates": []},
            )
        wanted = f"the code location {self.location_name!r} is not in it" if self.location_name else "no code location"
        if len(declared) > 1 and not self.location_name:
            wanted = "several code locations"
        shown = [f"{c.location_name} ({c.module_name})" for c in candidates]
        return ConfigError(
            f"{self.root}: {wanted}",
            remedy=f"{_REMEDY}; candidates: {', '.join(shown)}" if shown else _REMEDY,
            details={"candidates": [c.module_name for c in candidates]},
        )


def _table(values: dict[str, Any], key: str) -> dict[str, Any]:
    below = values.get(key)
    return below if isinstance(below, dict) else {}
