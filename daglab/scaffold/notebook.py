"""Renders single notebooks: one that explores an asset, and beginnings of others; names and texts stay literal."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Literal

from daglab.scaffold.rendering import SUFFIX, TEMPLATES, environment

NotebookTemplate = Literal["asset", "blank"]
_TAKEN = frozenset({*dir(builtins), *keyword.kwlist, *keyword.softkwlist, "app", "context", "daglab", "marimo", "mo"})


@dataclass(frozen=True)
class ExploredAsset:
    """What a notebook says of the asset that it explores; ``key`` and ``upstream`` have their parts joined by ``/``."""

    key: str
    description: str = ""
    upstream: Sequence[str] = ()
    partitioned: bool = False
    materializable: bool = True
    """Whether Dagster can make it, or only knows of it."""


@dataclass(frozen=True)
class ExploredJob:
    """What a notebook says of the job that it runs."""

    name: str
    description: str = ""
    partitioned: bool = False


def render_exploration(asset: ExploredAsset) -> str:
    """The .py of a notebook that loads an asset and shows it; Dagster doesn't run it."""
    return _render("explore", **exploration_values(asset))


def exploration_values(target: ExploredAsset | ExploredJob, title: str | None = None) -> dict[str, Any]:
    """What templates of explorations may insert.

    ``kind`` (``asset`` or ``job``), ``key`` (the job's name, too), ``title``, ``description`` (its lines), ``upstream``
    (keys), ``partitioned``, ``materializable``, ``variable`` and ``marimo_version``.
    """
    if isinstance(target, ExploredAsset):
        kind, asset = "asset", target
    else:
        kind, asset = "job", ExploredAsset(target.name, target.description, partitioned=target.partitioned)
    return {
        "kind": kind,
        "key": asset.key,
        "title": " ".join((title or asset.key).split()),
        "description": [line for line in asset.description.splitlines() if line.strip()],
        "upstream": list(asset.upstream),
        "partitioned": asset.partitioned,
        "materializable": asset.materializable,
        "variable": variable_name(asset.key.rpartition("/")[2]),
        "marimo_version": metadata.version("marimo"),
    }


def render_notebook(template: NotebookTemplate, name: str) -> str:
    """The .py of a new notebook called ``name``: one that makes an asset of that name, or one with nothing but it."""
    return _render(template, title=" ".join(name.split()), variable=variable_name(name))


def variable_name(text: str) -> str:
    """A name for a variable, as near to ``text`` as Python and marimo allow.

    marimo keeps names with a leading underscore to their cell, and Dagster takes ASCII only.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"\W+", "_", plain).strip("_")
    if not name or not name[0].isalpha() or name in _TAKEN:
        return f"value_{name}".rstrip("_")
    return name


def _render(template: str, **values: Any) -> str:
    source = (TEMPLATES / "notebooks" / f"{template}.py{SUFFIX}").read_text("utf-8")
    sandbox = environment()
    sandbox.trim_blocks = sandbox.lstrip_blocks = True
    return sandbox.from_string(source).render(values, marimo_version=metadata.version("marimo"))
