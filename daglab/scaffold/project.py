"""Renders the template of a project: text in, files out; what the user typed stays literal."""

from __future__ import annotations

import json
import keyword
import re
import sys
import unicodedata
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from daglab import __version__

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

_TEMPLATES = Path(__file__).with_name("templates")
_SUFFIX = ".j2"
_NAMES = {"gitignore": ".gitignore"}  # a .gitignore among the templates would be obeyed there
_PACKAGE = re.compile(r"[a-z][a-z0-9_]*")
# What the project itself imports, or is tested by; and what would hide a module of Python.
_TAKEN = sys.stdlib_module_names | {"daglab", "dagster", "marimo", "matplotlib", "polars", "pytest", "src", "tests"}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~!&$])")


def package_name(folder: str) -> str:
    """A package's name after that of a folder: ``my_shop`` for ``My-Shop``; ``shop`` where that gives none."""
    plain = unicodedata.normalize("NFKD", folder).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    return name if is_package_name(name) else "shop"


def is_package_name(name: str) -> bool:
    """Whether a new project's package may have this name: an import of it must find no other module."""
    return bool(_PACKAGE.fullmatch(name)) and not keyword.iskeyword(name) and name not in _TAKEN


def render_project(title: str, package: str = "shop", template: str = "shop") -> dict[PurePosixPath, str]:
    """The files of a new project: path -> text.

    ``title`` is any text; blanks and line ends in it become single spaces. ``package`` is the name of its package, one
    of which :func:`is_package_name` is true.
    """
    environment = _environment()
    values = {
        "title": " ".join(title.split()),
        "package": package,
        "project": package.replace("_", "-"),
        "daglab_version": __version__,
        "marimo_version": metadata.version("marimo"),
    }
    files: dict[PurePosixPath, str] = {}
    folder = _TEMPLATES / template
    for source in sorted(folder.rglob(f"*{_SUFFIX}")):
        path = PurePosixPath(source.relative_to(folder).as_posix().removesuffix(_SUFFIX))
        text = environment.from_string(source.read_text(encoding="utf-8")).render(values)
        if path.parts[:2] == ("src", template):
            path = PurePosixPath("src", package, *path.parts[2:])
        files[path.with_name(_NAMES.get(path.name, path.name))] = text
    return files


def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    # No HTML is made; each place escapes for its own language.
    environment = SandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
    environment.filters |= {"toml": _toml, "python": _python, "markdown": _markdown}
    return environment


def _toml(text: str) -> str:
    """A TOML basic string (JSON's, but for DEL, which TOML wants escaped)."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _python(text: str) -> str:
    """A Python literal."""
    return json.dumps(text, ensure_ascii=False) if text.isprintable() else ascii(text)


def _markdown(text: str) -> str:
    """Markdown that shows the text as it is."""
    return _MARKDOWN.sub(r"\\\1", text)
