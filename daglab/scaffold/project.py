"""Renders the template of a project: text in, files out; what the user typed stays literal."""

from __future__ import annotations

import keyword
import re
import sys
import unicodedata
from importlib import metadata
from pathlib import PurePosixPath
from typing import Literal

from daglab import __version__
from daglab.scaffold.rendering import SUFFIX, TEMPLATES, environment

ProjectTemplate = Literal["standard", "minimal"]
_PLACEHOLDER = "package"  # the package's folder in a template
_NAMES = {"gitignore": ".gitignore"}  # a .gitignore among the templates would be obeyed there
_PACKAGE = re.compile(r"[a-z][a-z0-9_]*")
# What the project itself imports, or is tested by; and what would hide a module of Python.
_TAKEN = sys.stdlib_module_names | {"daglab", "dagster", "marimo", "matplotlib", "polars", "pytest", "src", "tests"}


def package_name(folder: str) -> str:
    """A package's name after that of a folder: ``my_shop`` for ``My-Shop``; ``shop`` where that gives none."""
    plain = unicodedata.normalize("NFKD", folder).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    return name if is_package_name(name) else "shop"


def is_package_name(name: str) -> bool:
    """Whether a new project's package may have this name: an import of it must find no other module."""
    return bool(_PACKAGE.fullmatch(name)) and not keyword.iskeyword(name) and name not in _TAKEN


def render_project(
    title: str, package: str = "shop", template: ProjectTemplate = "standard"
) -> dict[PurePosixPath, str]:
    """The files of a new project: path -> text.

    ``standard`` is a small shop, with two notebooks and an asset in plain Python; ``minimal`` is one notebook alone.

    ``title`` is any text; blanks and line ends in it become single spaces. ``package`` is the name of its package, one
    of which :func:`is_package_name` is true.
    """
    sandbox = environment()
    values = {
        "title": " ".join(title.split()),
        "package": package,
        "project": package.replace("_", "-"),
        "daglab_version": __version__,
        "marimo_version": metadata.version("marimo"),
    }
    files: dict[PurePosixPath, str] = {}
    folder = TEMPLATES / template
    for source in sorted(folder.rglob(f"*{SUFFIX}")):
        path = PurePosixPath(source.relative_to(folder).as_posix().removesuffix(SUFFIX))
        text = sandbox.from_string(source.read_text(encoding="utf-8")).render(values)
        if path.parts[:2] == ("src", _PLACEHOLDER):
            path = PurePosixPath("src", package, *path.parts[2:])
        files[path.with_name(_NAMES.get(path.name, path.name))] = text
    return files
