"""Adds to a pyproject.toml what daglab needs, and keeps its comments and its order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from daglab.errors import ConfigError


def edit_pyproject(text: str, notebooks: str, path: Path, *, force: bool, configures: bool) -> tuple[str, list[str]]:
    """A pyproject.toml with what it lacks, and what that changes, in words.

    Args:
        text: what the file holds.
        notebooks: the folder for notebooks, from the file's folder.
        path: the file, for errors.
        force: a value that is there already is replaced by daglab's.
        configures: daglab's configuration goes into this file.

    Raises:
        ConfigError: it is written in a way that can't be edited.
    """
    try:
        edited, changes = _edited(text, notebooks, force=force, configures=configures)
        if not changes or not _edited(edited, notebooks, force=force, configures=configures)[1]:
            return edited, changes  # else something got lost
    except (ValueError, LookupError, TypeError, AttributeError):  # inline tables, where tables are added
        pass
    raise ConfigError(
        f"{path}: its tables are written in a way that daglab can't add to; nothing was changed",
        remedy=f'add to it: [tool.daglab] with notebooks_dir = "{notebooks}", daglab[dagster] in '
        "project.dependencies, daglab in build-system.requires, and [tool.hatch.build.hooks.daglab]",
    )


def lists_requirements(document: Mapping[str, Any]) -> bool:
    """Whether the project's requirements stand in the file."""
    return "project" in document and "dependencies" not in document["project"].get("dynamic", ())


def build_backend(document: Mapping[str, Any]) -> str | None:
    """What builds the project; ``None`` where the file doesn't say."""
    backend: str | None = document.get("build-system", {}).get("build-backend")
    return backend


def _edited(text: str, notebooks: str, *, force: bool, configures: bool) -> tuple[str, list[str]]:
    import tomlkit

    mark = "\ufeff" if text.startswith("\ufeff") else ""
    changes: list[str] = []
    document = tomlkit.parse(text.removeprefix(mark))
    if configures:
        _set(document, ("tool", "daglab", "notebooks_dir"), notebooks, changes, force=force)
    if lists_requirements(document):
        _require(document, ("project", "dependencies"), "daglab[dagster]", changes)
    if build_backend(document) == "hatchling.build":
        _require(document, ("build-system", "requires"), "daglab", changes)
        _table(document, ("tool", "hatch", "build", "hooks", "daglab"), changes)
    return mark + tomlkit.dumps(document), changes


def _table(document: Any, place: tuple[str, ...], changes: list[str]) -> Any:
    """The table at ``place``, made where it is missing."""
    import tomlkit

    table = document
    for name in place:
        if name not in table:
            is_last = name == place[-1]
            table[name] = tomlkit.table(is_super_table=not is_last)
            if is_last:
                changes.append(f"adds [{'.'.join(place)}]")
        table = table[name]
    return table


def _set(document: Any, place: tuple[str, ...], value: Any, changes: list[str], *, force: bool) -> None:
    """Set one key of a table."""
    *tables, key = place
    table = _table(document, tuple(tables), changes)
    if key not in table or (force and table[key] != value):
        changes.append(f"{'replaces' if key in table else 'sets'} {key} in [{'.'.join(tables)}]")
        table[key] = value


def _require(document: Any, place: tuple[str, str], requirement: str, changes: list[str]) -> None:
    """Add to a list of requirements, unless the package is in it, with these extras, in whatever version."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    table, key = document[place[0]], place[1]
    wanted = Requirement(requirement)
    for text in table.get(key, ()):
        try:
            found = Requirement(str(text))
        except InvalidRequirement:
            continue
        if canonicalize_name(found.name) == wanted.name and wanted.extras <= found.extras:
            return
    if key in table:
        table[key].append(requirement)
    else:
        table[key] = [requirement]
    changes.append(f"requires {requirement} in {'.'.join(place)}")
