"""How templates are rendered: in a sandbox, and so that what somebody typed stays what it is in each language."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from daglab.errors import DaglabError, ExitCode

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

TEMPLATES = Path(__file__).with_name("templates")
SUFFIX = ".j2"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~!&$])")


class TemplateError(DaglabError):
    """There is no such template, or it can't be rendered; the message has its file and line."""

    code = "template"
    exit_code = ExitCode.USAGE


def environment() -> SandboxedEnvironment:
    """What renders: values are inserted by the filters ``toml``, ``python``, ``markdown`` and ``raw_markdown``."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    # No HTML is made; each place escapes for its own language.
    sandbox = SandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
    sandbox.filters |= {"toml": _toml, "python": _python, "markdown": _markdown, "raw_markdown": _raw_markdown}
    return sandbox


def _toml(text: str) -> str:
    """A TOML basic string (JSON's, but for DEL, which TOML wants escaped)."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _python(text: str) -> str:
    """A Python literal."""
    return json.dumps(text, ensure_ascii=False) if text.isprintable() else ascii(text)


def _markdown(text: str) -> str:
    """Markdown that shows the text as it is."""
    return _MARKDOWN.sub(r"\\\1", text)


def _raw_markdown(text: str) -> str:
    """One line of a raw Python string in triple quotes, whose markdown shows the text as it is."""
    line = "".join(char if char.isprintable() else " " for char in text).strip() or "(blank)"
    return _markdown(line).replace('"""', "&quot;&quot;&quot;")
