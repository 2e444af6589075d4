"""Where jupytext's ``formats`` put the halves of a notebook; nothing of jupytext is imported.

A format is ``[root//][folder/][name]/[suffix.]extension[:name]``, such as ``ipynb``, ``notebooks///ipynb``,
``scripts//py:marimo``, ``nb_/ipynb`` or ``.lib.py:marimo``: https://jupytext.readthedocs.io/en/latest/config.html.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from daglab.config_sources import read_toml
from daglab.errors import ConfigError

PAIRED = "ipynb,py:marimo"
_NAMES = [f"{dot}jupytext{ending}" for dot in ("", ".") for ending in ("", ".toml", ".yml", ".yaml", ".json")]
_CONFIG_FILES = (*_NAMES, ".jupytext.py")
_COMMON = {"notebook": "ipynb", "marimo": "py", "myst": "md:myst", "pandoc": "md:pandoc"}


@dataclass(frozen=True)
class Format:
    """One file of a paired notebook: how its path is made of the path that all of them share."""

    extension: str
    name: str = ""
    suffix: str = ""
    root: tuple[str, ...] = ()
    folder: tuple[str, ...] = ()
    prefix: str = ""


@dataclass(frozen=True)
class _Shared:
    """What the paths of paired files have in common: the folder above the roots, where they have any, and the rest."""

    above: tuple[str, ...] | None
    below: tuple[str, ...]
    stem: str


@dataclass(frozen=True)
class Halves:
    """The files that jupytext pairs with each other; ``marimo`` says whether the .py is a marimo notebook."""

    py: Path
    ipynb: Path
    marimo: bool


@dataclass(frozen=True)
class JupytextConfig:
    """jupytext's configuration file, and the groups of formats in it, of which the first that fits counts.

    One that can't be read, or is a program (``.jupytext.py``), has none.
    """

    path: Path
    groups: tuple[tuple[Format, ...], ...] = ()


def parse_formats(value: Any) -> tuple[Format, ...]:
    """The formats in ``metadata.jupytext.formats``, or in one group of a configuration; none where it is no such."""
    if isinstance(value, Mapping):
        value = ",".join(f"{f.removesuffix('/')}///{one}" if f else str(one) for f, one in value.items())
    texts = value.split(",") if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return ()
    return tuple(_format(text) for text in texts if text)


def _format(text: str) -> Format:
    text = _COMMON.get(text.lower(), text)
    before, slash, text = text.rpartition("/")
    before, text = (before, text) if before else ("", slash + text)
    extension, _, name = text.partition(":")
    at = extension.rfind(".")
    suffix, extension = (extension[:at], extension[at:]) if at > 0 else ("", f".{extension.removeprefix('.')}")
    root, _, inner = before.rpartition("//")
    folder, _, prefix = inner.rpartition("/")
    return Format(extension, name, suffix, _parts(root), _parts(folder), prefix)


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("/") if part)


def halves(path: Path, formats: Sequence[Format], config: JupytextConfig | None = None) -> Halves | None:
    """The .py and the .ipynb that ``formats`` pair, one of which is ``path``, an absolute path.

    ``config`` is jupytext's configuration file for it: folders above it don't count. ``None`` where the formats name
    not exactly one of each, or don't fit the path. A file whose format begins with ``..`` doesn't tell where it came
    from; the other half does.
    """
    ipynb = [one for one in formats if one.extension == ".ipynb"]
    scripts = [one for one in formats if one.extension == ".py"]
    py = [one for one in scripts if one.name == "marimo"] or scripts
    if len(ipynb) != 1 or len(py) != 1:
        return None
    own, other = (ipynb[0], py[0]) if path.suffix == ".ipynb" else (py[0], ipynb[0])
    shared = _shared(path, own, config)
    if shared is None or (bool(own.root) != bool(other.root) and (other.root or other.folder or other.prefix)):
        return None
    found = Halves(_placed(shared, py[0]), _placed(shared, ipynb[0]), py[0].name == "marimo")
    return found if path in (found.py, found.ipynb) else None


def _shared(path: Path, fmt: Format, config: JupytextConfig | None) -> _Shared | None:
    """What is left of a path when the format's own parts are taken off; ``None`` where it hasn't got them."""
    stem = path.name.removesuffix(fmt.extension)
    if path.suffix != fmt.extension or not stem.endswith(fmt.suffix):
        return None
    stem = stem[: len(stem) - len(fmt.suffix)]
    if not (fmt.root or fmt.folder or fmt.prefix):
        return _Shared(None, path.parent.parts, stem)
    if not stem.startswith(fmt.prefix) or ".." in fmt.folder:
        return None
    top = config.path.parent if config else None
    fixed = top.parts if top and path.is_relative_to(top) else path.parts[:1]
    below = path.parent.parts[len(fixed) :]
    if fmt.folder and below[-len(fmt.folder) :] != fmt.folder:
        return None
    below = below[: len(below) - len(fmt.folder)]
    stem = stem[len(fmt.prefix) :]
    if not fmt.root:
        return _Shared(None, (*fixed, *below), stem)
    count = len(fmt.root)
    at = [i for i in range(len(below) - count + 1) if below[i : i + count] == fmt.root]
    if not at:
        return None
    return _Shared((*fixed, *below[: at[-1]]), below[at[-1] + count :], stem)


def _placed(shared: _Shared, fmt: Format) -> Path:
    folders = [*(shared.above or ()), *fmt.root, *shared.below]
    up = 0
    while up < len(fmt.folder) and fmt.folder[up] == "..":
        up += 1
    folders = [*folders[: max(1, len(folders) - up)], *fmt.folder[up:]]
    return Path(*folders, f"{fmt.prefix}{shared.stem}{fmt.suffix}{fmt.extension}")


def find_config(folder: Path) -> JupytextConfig | None:
    """jupytext's configuration for the notebooks of a folder, an absolute path: the nearest file, upwards."""
    for above in (folder, *folder.parents):
        for name in _CONFIG_FILES:
            if (above / name).is_file():
                return JupytextConfig(above / name, _groups(_read(above / name)))
        shared = above / "pyproject.toml"
        if shared.is_file() and "jupytext" in (tool := _read(shared).get("tool", {})):
            return JupytextConfig(shared, _groups(tool["jupytext"]))
    return None


def _groups(values: Any) -> tuple[tuple[Format, ...], ...]:
    formats = values.get("formats") or values.get("default_jupytext_formats") if isinstance(values, dict) else None
    groups = formats.split(";") if isinstance(formats, str) else formats if isinstance(formats, list) else [formats]
    return tuple(map(parse_formats, groups))


def configured(path: Path, config: JupytextConfig) -> tuple[Format, ...]:
    """The formats that the configuration has for a notebook: its first group of which one fits the path."""
    fitting = (formats for formats in config.groups if any(_shared(path, one, config) for one in formats))
    return next(fitting, ())


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.suffix in (".yml", ".yaml"):
            import yaml

            value = yaml.safe_load(path.read_text("utf-8"))
        elif path.suffix == ".json":
            value = json.loads(path.read_text("utf-8"))
        elif path.suffix == ".py":
            value = {}
        else:
            value = read_toml(path)
    except (ConfigError, OSError, ValueError):
        return {}
    except Exception as error:  # YAML's errors have no base that can be named without importing it
        if type(error).__module__.startswith("yaml"):
            return {}
        raise
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
