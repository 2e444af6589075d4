"""IPython magics as comments of valid Python, and back."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence

MARK = "# daglab: "

# Lines that only IPython understands: %magic, !shell, ?help, help?, and assignments from the first two.
_MAGIC = r"[%!?].*|[\w.*%]+\?{1,2}|[\w., \[\]\"'*]+= ?[%!].*"
# Tried where these don't suffice: automatic calls (/f x), magics without their sign.
_WIDE = rf"{_MAGIC}|[/,;].+|(?:cd|ls|ll|cat|cp|mv|rm|mkdir|rmdir|man|pip|conda|mamba|uv) .*"
_MAGICS = tuple(re.compile(rf"([ \t]*)({pattern})\Z") for pattern in (_MAGIC, _WIDE))
_COMMENTED = re.compile(rf"(?:([ \t]+)pass  )?# daglab: ({_WIDE})\Z")
_CELL_MAGIC = re.compile(r"%%(\w+)")
_PYTHON_CELL_MAGICS = frozenset({"time", "timeit", "capture", "prun"})
_ANY = "# daglab:"


def is_python(source: str) -> bool:
    """Whether Python, with ``await`` allowed outside functions, accepts the source."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def comment_magics(source: str) -> str:
    """The source with each magic in a comment; unchanged where it is Python already, or would not become Python.

    A cell magic whose body is not Python (``%%bash``) takes its whole cell along.
    """
    lines = source.split("\n")
    if not any(_MAGICS[-1].match(line) for line in lines) or is_python(source):
        return source
    if is_foreign(source):
        return "\n".join(_comment(line) for line in lines)
    for pattern in _MAGICS:
        commented = _with_comments(lines, pattern)
        if is_python("\n".join(commented)):
            text = _lines_in_strings("\n".join(commented))
            return "\n".join(lines[i] if i in text else line for i, line in enumerate(commented))
    return source


def _with_comments(lines: Sequence[str], pattern: re.Pattern[str]) -> list[str]:
    found = []
    continued = False
    for line in lines:
        magic = pattern.match(line)
        if continued:
            found.append(_comment(line))
        elif magic:
            found.append(f"{magic[1]}pass  {MARK}{magic[2]}" if magic[1] else MARK + magic[2])
        else:
            found.append(line)
        continued = (continued or magic is not None) and line.endswith("\\")
    return found


def _comment(line: str) -> str:
    return MARK + line if line else _ANY


def _lines_in_strings(text: str) -> set[int]:
    """0-based numbers of the lines that begin inside a string: what looks like a magic there is text."""
    found: set[int] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, (ast.JoinedStr, ast.Constant)) and node.end_lineno is not None:
            found.update(range(node.lineno, node.end_lineno))
    return found


def restore_magics(code: str) -> str:
    """What :func:`comment_magics` made ``code`` from; unchanged where there are no such comments."""
    lines = code.split("\n")
    if is_foreign(lines[0].removeprefix(MARK)) and all(line.startswith(_ANY) for line in lines):
        return "\n".join(_uncomment(line) for line in lines)
    found = []
    continued = False
    for line in lines:
        magic = _COMMENTED.match(line)
        continues = continued and line.startswith(_ANY)
        found.append(_uncomment(line) if continues else (magic[1] or "") + magic[2] if magic else line)
        continued = (continues or magic is not None) and line.endswith("\\")
    return "\n".join(found)


def _uncomment(line: str) -> str:
    return line.removeprefix(MARK) if line != _ANY else ""


def is_foreign(source: str) -> bool:
    """Whether a cell magic says that its body is no Python."""
    magic = _CELL_MAGIC.match(source)
    return magic is not None and magic[1] not in _PYTHON_CELL_MAGICS
