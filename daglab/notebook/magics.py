"""IPython magics as comments of valid Python, and back."""

from __future__ import annotations

import ast
import re
import warnings

MARK = "# daglab: "

# A line that only IPython understands: %magic, !shell, ?help, help?, and assignments from the first two.
_MAGIC = r"(?:[%!?].*|[\w.*%][\w.*%]*\?{1,2}|[\w, ]+= ?[%!].*)"
_LINE = re.compile(rf"(?m)^([ \t]*)({_MAGIC})$")
_COMMENTED = re.compile(rf"(?m)^(?:([ \t]+)pass  )?# daglab: ({_MAGIC})$")
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
    if not re.search(r"(?m)^[ \t]*[%!?]|\?$|= ?[%!]", source) or is_python(source):
        return source
    if _is_foreign(source):
        return "\n".join(f"{MARK}{line}" if line else _ANY for line in source.split("\n"))
    text = _LINE.sub(lambda m: f"{m[1]}pass  {MARK}{m[2]}" if m[1] else MARK + m[2], source)
    return text if is_python(text) else source


def restore_magics(code: str) -> str:
    """What :func:`comment_magics` made ``code`` from; unchanged where there are no such comments."""
    lines = code.split("\n")
    if _is_foreign(lines[0].removeprefix(MARK)) and all(line.startswith(_ANY) for line in lines):
        return "\n".join(line.removeprefix(MARK) if line != _ANY else "" for line in lines)
    return _COMMENTED.sub(lambda m: (m[1] or "") + m[2], code)


def _is_foreign(source: str) -> bool:
    """Whether a cell magic says that its body is no Python."""
    magic = _CELL_MAGIC.match(source)
    return magic is not None and magic[1] not in _PYTHON_CELL_MAGICS
