"""The places that configuration comes from: which files count, and what each says, line by line."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daglab.errors import ConfigError
from daglab.key_lines import Place, line_of, toml_key_lines, yaml_key_lines

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CONFIG_NAME = "daglab.yaml"
ENV_PREFIX = "DAGLAB_"


@dataclass(frozen=True)
class Origin:
    """Where a value came from: ``kind`` is ``flag``, ``environment``, ``file``, ``user file`` or ``default``.

    ``name`` is the flag, the variable or the file's path; ``line`` is 1-based, files only.
    """

    kind: str
    name: str = ""
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.name}:{self.line}" if self.line else self.name
        return place if self.kind in ("file", "user file") else f"{self.kind} {place}".strip()


@dataclass(frozen=True)
class Source:
    """What one place says: ``values`` as nested dicts, ``origin`` of each key in it."""

    kind: str
    values: dict[str, Any]
    name: str = ""
    lines: Mapping[Place, int] = field(default_factory=dict, repr=False)

    def origin(self, place: Place) -> Origin:
        """Where in this source the key at ``place`` stands."""
        if self.kind == "environment":
            return Origin(self.kind, ENV_PREFIX + "__".join(place).upper())
        if self.kind == "flag":
            return Origin(self.kind, ".".join(place))
        return Origin(self.kind, self.name, line_of(self.lines, place))

    def leaves(self) -> Iterator[tuple[Place, Any]]:
        """Each value that this source sets, with its place."""
        yield from _leaves(self.values, ())


def find_config_file(start: Path) -> Path | None:
    """The project's configuration: in ``start`` or the nearest folder above it, no further than the git root.

    Raises:
        ConfigError: one folder has both a ``daglab.yaml`` and a ``[tool.daglab]`` in its pyproject.toml.
    """
    for folder in (start, *start.parents):
        own, shared = folder / CONFIG_NAME, folder / "pyproject.toml"
        has_table = shared.is_file() and "daglab" in read_toml(shared).get("tool", {})
        if own.is_file() and has_table:
            raise ConfigError(
                f"{folder}: configured twice, in {CONFIG_NAME} and in [tool.daglab] of pyproject.toml",
                remedy="keep one of the two",
            )
        if own.is_file():
            return own
        if has_table:
            return shared
        if (folder / ".git").exists():
            return None
    return None


def find_root(start: Path) -> Path:
    """The project's folder: of its configuration, else the nearest with a pyproject.toml or .git, else ``start``."""
    with contextlib.suppress(ConfigError):  # told by whoever reads the configuration
        if found := find_config_file(start):
            return found.parent
    for folder in (start, *start.parents):
        if (folder / "pyproject.toml").is_file() or (folder / ".git").exists():
            return folder
    return start


def file_stamps(start: Path) -> tuple[object, ...]:
    """What is another value once a file that counts in ``start``, or could count, is made, changed or removed."""
    start = start.absolute()
    names = (CONFIG_NAME, "pyproject.toml", ".git")
    files = [user_config_file(), *(folder / name for folder in (start, *start.parents) for name in names)]
    return tuple(map(_stamp, files))


def _stamp(file: Path) -> tuple[int, ...] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    if stat.S_ISDIR(found.st_mode):  # a .git, of which only counts that it is there
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_mode


def user_config_file() -> Path:
    """The user's own configuration file, whether it exists or not."""
    from platformdirs import user_config_path

    return user_config_path("daglab", appauthor=False) / CONFIG_NAME


def read_source(path: Path, kind: str) -> Source:
    """Read a configuration file.

    Raises:
        ConfigError: it is no UTF-8, no YAML or TOML, or no mapping of keys.
    """
    text = _read(path)
    if path.name == "pyproject.toml":
        lines = {p[2:]: n for p, n in toml_key_lines(text).items() if p[:2] == ("tool", "daglab")}
        values = read_toml(path)["tool"]["daglab"]
    else:
        values, lines = _read_yaml(path, text)
    if not isinstance(values, dict):
        raise ConfigError(
            f"{path}: expected keys with values, not {type(values).__name__}", remedy="see `daglab config schema`"
        )
    return Source(kind, values, str(path), lines)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        ConfigError: it is no UTF-8 or no TOML; the message has file and line.
    """
    try:
        return tomllib.loads(_read(path))
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        place = f"{path}:{at[1]}" if at else str(path)
        raise ConfigError(f"{place}: not valid TOML: {error}", remedy="correct the file") from error


def environment_sections(sections: set[str], exempt: set[str]) -> list[tuple[str, str]]:
    """``DAGLAB_*`` variables that set no key: name, and what it takes for a key.

    ``sections`` are the known top-level keys; ``exempt`` are variables that the configuration itself names,
    such as the one that holds Dagster's token.
    """
    found = []
    for name in sorted(os.environ):
        if name.upper().startswith(ENV_PREFIX) and name not in exempt:
            key = name[len(ENV_PREFIX) :].lower().split("__")[0]
            if key not in sections:
                found.append((name, key))
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}", remedy="make it a readable UTF-8 file") from error


def _read_yaml(path: Path, text: str) -> tuple[Any, dict[Place, int]]:
    import yaml

    try:
        lines, repeated = yaml_key_lines(text)
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or error
        raise ConfigError(f"{place}: not valid YAML: {problem}", remedy="correct the file") from error
    if repeated:
        key, line = repeated[0]
        raise ConfigError(f"{path}:{line}: {'.'.join(key)} is set twice", remedy="keep one of the two")
    return {} if values is None else values, lines


def _leaves(values: Mapping[str, Any], around: Place) -> Iterator[tuple[Place, Any]]:
    for key, value in values.items():
        place = (*around, str(key))
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, place)
        else:
            yield place, value
