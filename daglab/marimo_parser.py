"""marimo's own parser, by its private names; the oldest supported ones are mended to read what later ones read.

Up to 0.23, marimo empties the lines of blanks that stand in a cell's strings, shifts strings that are indented less
than the code, and takes more characters for line ends than Python does: notebooks that hold one of them have other
code for it, or none. The halves of a pair would then differ between two people with two versions of marimo.
"""

from __future__ import annotations

import importlib.util
import io
import re
import sys
import textwrap
import threading
import tokenize
from functools import cache
from types import ModuleType
from typing import Any

from daglab.marimo_sql import with_tables

_importing = threading.Lock()
_LINE_END = re.compile(r"\r\n|\r|\n")


@cache
def import_marimo() -> None:
    """Import marimo as a whole; to be called before any part of it is imported.

    Two threads that begin with different parts would break each other's imports: Python lets one of them go on with
    what the other has half done. Where a logger stands for standard output, as in Celery's workers, marimo misses its
    encoding.
    """
    with _importing:
        streams = sys.stdout, sys.stderr
        if not all(hasattr(stream, "encoding") for stream in streams):
            sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
        try:
            import marimo  # noqa: F401
            from marimo._ast import compiler
        finally:
            sys.stdout, sys.stderr = streams
        module: Any = compiler  # for mypy, which sees the installed marimo alone
        module.ScopedVisitor = with_tables(module.ScopedVisitor)


@cache
def parser() -> ModuleType:
    """``marimo._ast.parse``, mended in this process where it must be."""
    import_marimo()
    from marimo._ast import parse

    if importlib.util.find_spec("marimo._ast.dedent") is None:
        module: Any = parse  # for mypy, which sees the installed marimo alone
        module.fixed_dedent = dedented
        module.Extractor = _with_python_s_lines(module.Extractor)
    return parse


def _with_python_s_lines(extractor: type[Any]) -> type[Any]:
    class Extractor(extractor):  # type: ignore[misc]
        def __init__(self, contents: str) -> None:
            super().__init__(contents)
            self.lines = _LINE_END.split(self.contents) if self.contents else []

    return Extractor


def dedented(text: str) -> str:
    """A cell's code without the indentation of its body, as marimo has it since 0.24.

    Lines that are indented less stay. A string with such a line stays as a whole: its blanks are its content.
    """
    lines = _LINE_END.split(text.removesuffix("\n"))
    inside = {number for string in _strings(text) or () for number in string}
    first = next((line for n, line in enumerate(lines) if n not in inside and line.strip()), None)
    if first is None:
        return textwrap.dedent(text)
    indent = first[: _width(first)]
    # First deeper, then back together: only so may the text become one that Python's tokenizer takes.
    filled = [line if n in inside or line.startswith(indent) else indent + line for n, line in enumerate(lines)]
    strings = _strings("\n".join(filled))
    if strings is None:
        return textwrap.dedent("\n".join(filled))
    kept: set[int] = set()
    for string in strings:
        if any(filled[n].strip() and _width(filled[n]) < len(indent) for n in string):
            kept.update(string)
    taken = re.compile(rf"[ \t]{{0,{len(indent)}}}")
    return "\n".join(line if n in kept else taken.sub("", line, count=1) for n, line in enumerate(filled))


def _width(line: str) -> int:
    return len(line) - len(line.lstrip())


def _strings(text: str) -> list[range] | None:
    """For each string, its lines but the first, counted from 0; ``None`` for a text that is not Python's."""
    strings = []
    begin: int | None = None  # of an f-string, which is more than one token since Python 3.12
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            kind = tokenize.tok_name[token.type]
            if kind == "FSTRING_START":
                begin = token.start[0]
            elif kind == "STRING":
                strings.append(range(token.start[0], token.end[0]))
            elif kind == "FSTRING_END" and begin is not None:
                strings.append(range(begin, token.end[0]))
                begin = None
    except (tokenize.TokenError, SyntaxError):
        return None
    return strings
