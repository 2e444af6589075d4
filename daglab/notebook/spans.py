"""A marimo file cut into exact spans: joined again they are the file, byte for byte, whatever it holds."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from daglab import marimo_api

SpanKind = Literal["head", "cell", "gap", "foot"]

# The lines that Python's own parser counts; str.splitlines() splits on more characters.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of whole lines.

    ``head`` is all before the first cell, ``cell`` a cell with its decorators and trailing comments, ``gap``
    what stands between two cells, ``foot`` what follows the last (from the ``__main__`` guard on where there is no
    cell). ``line`` is the 1-based number of its first line.
    """

    kind: SpanKind
    text: str
    line: int


def lines_of(text: str) -> list[str]:
    """Lines with their ends, as ``ast`` counts them: ``\\n``, ``\\r\\n`` and ``\\r`` alone end one."""
    return _LINE.findall(text)


def indented(code: str) -> str:
    """Code as it stands in a cell's body: marimo's reading takes exactly these blanks off again.

    Lines of blanks are indented as well: they may be part of a string.
    """
    return re.sub("(?m)^(?!$)", "    ", code)


def split(text: str) -> tuple[Span, ...]:
    """Cut a text into spans. ``"".join(span.text for span in split(text)) == text`` holds for every text.

    A text that is no marimo notebook is all ``head``.
    """
    return _cut(text)[0]


def is_python(text: str) -> bool:
    """Whether Python can parse a text."""
    return _cut(text)[1]


@lru_cache(maxsize=8)  # what is about to be written is read before and after
def _cut(text: str) -> tuple[tuple[Span, ...], bool]:
    body = text.removeprefix("\ufeff")
    lines = lines_of(body)
    spans: list[Span] = []
    position = 0
    nodes = _statements(body)
    cells, guard = _cell_lines(body, lines, nodes)
    for start, end in cells:
        spans.append(_span("gap" if spans else "head", lines, position, start))
        spans.append(_span("cell", lines, start, end))
        position = end
    if not cells:
        position = len(lines) if guard is None else guard
        spans.append(_span("head", lines, 0, position))
    spans.append(_span("foot", lines, position, len(lines)))
    if body is not text:
        spans[0] = Span(spans[0].kind, "\ufeff" + spans[0].text, 1)
    return tuple(spans), nodes is not None


def _span(kind: SpanKind, lines: list[str], start: int, end: int) -> Span:
    return Span(kind, "".join(lines[start:end]), start + 1)


def leading_lines(text: str) -> int:
    """How many lines marimo strips off the front of ``text`` before it counts."""
    blank = text[: len(text) - len(text.lstrip())]
    return len(re.findall(r"\r\n|\r|\n", blank))


def _cell_lines(text: str, lines: list[str], nodes: list[ast.stmt] | None) -> tuple[list[tuple[int, int]], int | None]:
    """0-based half-open line ranges of the cells, and the line of the ``__main__`` guard."""
    lead = leading_lines(text)
    scanned = {} if nodes is not None else marimo_api.scanned_ends(text)
    ranges: list[tuple[int, int]] = []
    in_app = False
    for node in nodes if nodes is not None else marimo_api.statements(text):
        kind = marimo_api.node_kind(node)
        if kind == "guard":
            return ranges, node.lineno - 1 + lead
        if kind == "app":
            in_app = True
        # Only the first cell may be the setup cell: marimo takes a later one for foreign text.
        if not in_app or kind not in ("cell", "setup") or (kind == "setup" and ranges):
            continue
        decorators: list[ast.expr] = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(d.lineno for d in decorators)])
        end = (node.end_lineno or node.lineno) + lead
        if first in scanned:
            end = max(end, scanned[first] + lead)
        else:
            end = _with_trailing_comments(node, lines, lead, end)
        # In a file with syntax errors marimo's scanner counts other line ends too: ranges must not overlap for it.
        start = max(first - 1 + lead, ranges[-1][1] if ranges else 0)
        end = min(end, len(lines))
        if start < end:
            ranges.append((start, end))
    return ranges, None


def _statements(text: str) -> list[ast.stmt] | None:
    """The statements, counted from the first non-blank line as marimo does; ``None`` for a text with syntax errors."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            return ast.parse(text.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _with_trailing_comments(node: ast.stmt, lines: list[str], lead: int, end: int) -> int:
    """Comments at body indentation belong to the cell, though the syntax tree doesn't know them."""
    body: list[ast.stmt] = getattr(node, "body", [])
    if not body or body[0].lineno == node.lineno:
        return end
    first = "".join(lines[body[0].lineno - 1 + lead :][:1])  # none, where marimo's scanner counted other line ends
    indent = first[: len(first) - len(first.lstrip())]
    if not indent:
        return end
    for number in range(end, len(lines)):
        if not lines[number].strip():
            continue
        if not lines[number].startswith(indent):
            break
        end = number + 1
    return end
