"""Renders the template of a project: text in, files out; what the user typed stays literal."""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from daglab import __version__

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

_TEMPLATES = Path(__file__).with_name("templates")
_SUFFIX = ".j2"
_NAMES = {"gitignore": ".gitignore"}  # a .gitignore among the templates would be obeyed there
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~!&$])")


def render_project(title: str, template: str = "shop") -> dict[PurePosixPath, str]:
    """The files of a new project: path -> text.

    ``title`` is any text; blanks and line ends in it become single spaces.
    """
    environment = _environment()
    values = {
        "title": " ".join(title.split()),
        "daglab_version": __version__,
        "marimo_version": metadata.version("marimo"),
    }
    files: dict[PurePosixPath, str] = {}
    folder = _TEMPLATES / template
    for source in sorted(folder.rglob(f"*{_SUFFIX}")):
        path = PurePosixPath(source.relative_to(folder).as_posix().removesuffix(_SUFFIX))
        text = environment.from_string(source.read_text(encoding="utf-8")).render(values)
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
