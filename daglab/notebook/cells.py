"""A marimo notebook read into its cells, each with its code, its place and its own stretch of the file."""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from daglab import marimo_api
from daglab.errors import NotebookError
from daglab.marimo_api import CellKind, ParsedCell
from daglab.notebook.depth import refuse_depth
from daglab.notebook.spans import Span, is_python, leading_lines, lines_of, split


@dataclass(frozen=True)
class Cell:
    """One cell.

    ``code`` is the dedented source that marimo's editor shows, with LF ends; ``text`` the cell's own bytes of the
    file, decorator to return. ``line`` is the 1-based line where ``text`` begins, ``code_line`` where ``code`` does.
    """

    index: int
    name: str
    kind: CellKind
    code: str
    options: Mapping[str, Any]
    text: str
    line: int
    code_line: int
    has_namesake: bool = False

    @property
    def label(self) -> str:
        """How messages call the cell: its name, with its number where another cell has the same, else its number."""
        if self.name in ("", "_"):
            return f"cell {self.index + 1}"
        return f"cell {self.name!r} ({self.index + 1})" if self.has_namesake else f"cell {self.name!r}"


@dataclass(frozen=True)
class Notebook:
    """A marimo notebook: the file's text, cut without loss, and what marimo makes of it."""

    path: str
    text: str
    spans: tuple[Span, ...]
    cells: tuple[Cell, ...]
    app_options: Mapping[str, Any]
    header: str
    version: str | None

    @property
    def newline(self) -> str:
        """The file's own line end."""
        return "\r\n" if "\r\n" in self.text else "\n"

    def parsed_cells(self) -> list[ParsedCell]:
        """The cells in the form that marimo's own functions take."""
        return [ParsedCell(c.code, c.name, c.kind, c.options) for c in self.cells]


def is_notebook(text: str) -> bool:
    """Whether a Python text is a marimo notebook, told by its content alone."""
    if "marimo" not in text or "App(" not in text:
        return False
    return any(marimo_api.node_kind(node) == "app" for node in marimo_api.statements(text.removeprefix("\ufeff")))


def read_notebook(path: Path) -> Notebook:
    """Read a notebook from disk.

    Raises:
        NotebookError: the file can't be read, isn't UTF-8, or isn't a marimo notebook.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise NotebookError(f"{path} cannot be read: {error.strerror or error}", remedy="make it readable") from error
    except UnicodeDecodeError as error:
        raise NotebookError(
            f"{path} is not UTF-8: byte {error.start} is {error.object[error.start]:#04x}", remedy="save it as UTF-8"
        ) from error
    return parse_notebook(text, path)


def parse_notebook(text: str, path: str | Path = "notebook.py") -> Notebook:
    """Read a notebook's text; cells with syntax errors are kept, with kind ``unparsable``.

    Raises:
        NotebookError: the text is not a marimo notebook, or marimo or Python cannot read it.
    """
    with refuse_depth(path):
        return _parsed(text, path)


def _parsed(text: str, path: str | Path) -> Notebook:
    parsed = marimo_api.parse(text.removeprefix("\ufeff"))
    if parsed is None and is_notebook(text):
        remedy = "correct its syntax errors: next to form feeds and rare line ends, marimo cannot read past them"
        raise NotebookError(f"marimo cannot read {path}", remedy=remedy)
    if parsed is None or not parsed.valid:
        raise NotebookError(f"{path} is not a marimo notebook", remedy="it has no `app = marimo.App()`")
    spans = split(text)
    blocks = [span for span in spans if span.kind == "cell"]
    if len(blocks) != len(parsed.cells):
        raise NotebookError(
            f"{path}: marimo reads {len(parsed.cells)} cells, but the file has {len(blocks)}",
            remedy="open it in marimo and save it there",
        )
    lead = leading_lines(text.removeprefix("\ufeff"))
    cells = [
        Cell(i, c.name, c.kind, _code(b, c), c.options, b.text, b.line, _code_line(b, c, lead))
        for i, (b, c) in enumerate(zip(blocks, parsed.cells, strict=True))
    ]
    return Notebook(str(path), text, spans, _told_apart(cells), parsed.app_options, parsed.header, parsed.version)


def parse_edited(old: Notebook, text: str) -> Notebook:
    """What :func:`parse_notebook` reads in an edited text of ``old``; marimo is given only the cells that are new.

    Raises:
        NotebookError: the text is not a marimo notebook.
    """
    spans = split(text)
    gaps = "".join(span.text for span in spans if span.kind == "gap")
    # Where Python sees the cells' ends and only comments stand between, marimo reads each cell by its own text alone,
    # but for the first, which may be the setup cell, and the last, whose comments may be the file's.
    if not (is_python(old.text) and is_python(text) and all(map(_is_comment, gaps.splitlines()))):
        return parse_notebook(text, old.path)
    blocks = [span for span in spans if span.kind == "cell"]
    known = {cell.text: cell for cell in old.cells[:-1] if cell.kind != "setup"}
    reused = [known.get(block.text) for block in blocks[:-1]] + [None] * len(blocks[-1:])
    new = [block.text for block, cell in zip(blocks, reused, strict=True) if cell is None]
    read = parse_notebook(spans[0].text + "\n\n".join(new) + spans[-1].text, old.path)
    fresh = iter(read.cells)
    cells = []
    for index, (block, known_cell) in enumerate(zip(blocks, reused, strict=True)):
        cell = known_cell or next(fresh)
        cells.append(replace(cell, index=index, line=block.line, code_line=block.line + cell.code_line - cell.line))
    return replace(read, text=text, spans=spans, cells=_told_apart(cells))


def _told_apart(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The cells, each knowing whether another one has its name, which marimo allows."""
    names = Counter(cell.name for cell in cells)
    return tuple(
        cell if cell.has_namesake is (names[cell.name] > 1) else replace(cell, has_namesake=not cell.has_namesake)
        for cell in cells
    )


def syntax_faults(notebook: Notebook) -> list[tuple[int, str]]:
    """The line of the file and Python's own words for each cell that marimo holds for unparsable."""
    faults = []
    for cell in notebook.cells:
        try:
            if cell.kind == "unparsable":
                _compile(cell.code)
        except SyntaxError as error:
            faults.append((cell.code_line + (error.lineno or 1) - 1, error.msg))
        except ValueError as error:  # a NUL
            faults.append((cell.code_line, str(error)))
    return faults


def _compile(code: str) -> None:
    """Raise what Python has against a cell, also what only shows behind parsing, such as ``break`` outside a loop."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        compile(code, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


def _code(block: Span, cell: ParsedCell) -> str:
    """The cell's code with the comments at its end, some of which marimo doesn't read where no return follows."""
    code, lines = cell.code.split("\n"), block.text.rstrip().replace("\r\n", "\n").split("\n")
    last, end = _last_statement(code), _last_statement(lines)
    if cell.kind == "unparsable" or not code[last]:
        return cell.code
    indent, _, behind = lines[end].partition(code[last])
    if indent.strip() or behind.lstrip()[:1] not in ("", "#"):
        return cell.code
    after = code[last + 1 :] or [line.removeprefix(indent) for line in lines[end + 1 :]]
    return "\n".join([*code[:last], code[last] + behind, *after])


def _last_statement(lines: Sequence[str]) -> int:
    """The last line that is neither blank nor a comment."""
    return max((k for k, line in enumerate(lines) if not _is_comment(line)), default=0)


def _is_comment(line: str) -> bool:
    return line.lstrip()[:1] in ("", "#")


def _code_line(block: Span, cell: ParsedCell, lead: int) -> int:
    """Where the code begins in the file; marimo's own number where it is right, else by its first line's text."""
    lines = lines_of(block.text)
    first = cell.code.split("\n", 1)[0].strip()
    candidates: list[int] = [cell.lineno + lead + 1 - block.line, *range(len(lines))]
    for offset in candidates:
        if 0 <= offset < len(lines) and lines[offset].strip() == first:
            return block.line + offset
    return block.line
