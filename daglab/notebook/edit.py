"""Edits of a marimo file that change only the bytes of the cells that were edited."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from daglab import marimo_api, marimo_graph
from daglab.errors import NotebookError
from daglab.marimo_api import CellKind, ParsedCell
from daglab.marimo_graph import RenderedCells
from daglab.notebook.cells import Cell, Notebook, parse_edited, parse_notebook
from daglab.notebook.spans import indented, lines_of

_BETWEEN = "\n\n"  # marimo keeps two blank lines between cells


@dataclass(frozen=True)
class NewCell:
    """A cell of the notebook that is to be.

    ``origin`` is the index of the cell of the old notebook that it continues; its bytes are kept where they can be.
    """

    code: str
    name: str = marimo_api.DEFAULT_NAME
    kind: CellKind = "cell"
    options: Mapping[str, Any] = field(default_factory=dict)
    origin: int | None = None

    def parsed(self) -> ParsedCell:
        """The cell in the form that marimo's own functions take."""
        return ParsedCell(self.code, self.name, self.kind, self.options)


def keep(cell: Cell) -> NewCell:
    """The cell as it stands."""
    return NewCell(cell.code, cell.name, cell.kind, cell.options, origin=cell.index)


def new_notebook(cells: Sequence[NewCell], *, header: str = "") -> str:
    """The text of a new notebook, in marimo's own layout; ``header`` is what stands above ``import marimo``.

    Raises:
        NotebookError: see :func:`rewrite`.
    """
    # A notebook without cells has more blank lines above its foot than one that gets its first cell may have.
    one_cell = parse_notebook(marimo_api.render([ParsedCell("")], header=header))
    return rewrite(one_cell if cells else parse_notebook(marimo_api.render([], header=header)), cells)


def rewrite(notebook: Notebook, cells: Sequence[NewCell]) -> str:
    """The notebook's text with ``cells`` for its cells.

    Every byte outside edited cells stays, but for the signature and return of cells that must follow the edit,
    because other names reach them now. Comments between cells stay before the cell that they stood before; those of a
    deleted cell move to the next. A cell that doesn't parse becomes an ``app._unparsable_cell``, as marimo does it.

    Raises:
        NotebookError: a cell cannot be written so that marimo reads the same code again, or the setup cell isn't first.
    """
    for index, cell in enumerate(cells):
        if cell.kind == "setup" and index:
            raise NotebookError(f"{notebook.path}: the setup cell is not the first cell", remedy="move it to the top")
    new = canonical([cell.parsed() for cell in cells]).blocks
    # Where no other cell follows the edit, what marimo would have written before it need not be known.
    old = None if _is_local(notebook, cells) else canonical(notebook.parsed_cells()).blocks
    blocks = []
    origins = [notebook.cells[cell.origin] if cell.origin is not None else None for cell in cells]
    for index, (cell, origin) in enumerate(zip(cells, origins, strict=True)):
        same = origin is not None and _same(origin, cell)
        if origin and same and (old is None or _stands(origin.text, old[origin.index], new[index])):
            blocks.append(origin.text)
        else:
            blocks.append(_decorated(new[index].replace("\n", notebook.newline), origin, cell))
    text = _join(notebook, cells, blocks)
    wrong = _misread(notebook, text, cells)
    if wrong:
        for index in wrong:
            block = _verbatim(new[index], cells[index].code).replace("\n", notebook.newline)
            blocks[index] = _decorated(block, origins[index], cells[index])
        text = _join(notebook, cells, blocks)
        wrong = _misread(notebook, text, cells)
    if wrong:
        raise NotebookError(
            f"{notebook.path}: cell {wrong[0] + 1} cannot be written so that marimo reads the same code again",
            remedy="look for strings or comments whose indentation matters",
        )
    return text


def _decorated(block: str, origin: Cell | None, cell: NewCell) -> str:
    """The new block below the old decorator, which may hold comments, and options that marimo doesn't know."""
    if origin is None or (origin.name, origin.options) != (cell.name, cell.options):
        return block
    old, new = interface(origin.text), interface(block)
    if old is None or new is None or not old[0] == new[0] == ("app.cell",):
        return block
    above, below = (lines_of(text) for text in (origin.text, block))
    return "".join(above[: _def_line(origin.text)] + below[_def_line(block) :])


def _def_line(block: str) -> int:
    return ast.parse(block).body[0].lineno - 1


def _same(old: Cell, new: NewCell) -> bool:
    return (old.code, old.name, dict(old.options)) == (new.code, new.name, dict(new.options))


def _is_local(notebook: Notebook, cells: Sequence[NewCell]) -> bool:
    """Whether the cells are the notebook's own in their order, and the edited ones say the same to the others."""
    if [cell.origin for cell in cells] != list(range(len(notebook.cells))):
        return False
    for old, new in zip(notebook.cells, cells, strict=True):
        if not _same(old, new):
            outline = marimo_graph.outline(old.code) if old.kind == new.kind == "cell" else None
            if outline is None or outline != marimo_graph.outline(new.code):
                return False
    return True


def _stands(block: str, old: str, new: str) -> bool:
    """Whether an unedited cell's block may stay; ``old`` and ``new`` are marimo's own, before and after the edit."""
    if old == new:
        return True
    now, before, after = interface(block), interface(old), interface(new)
    if now is None or before is None or after is None:
        return False
    return all(c == a or b == a for c, b, a in zip(now, before, after, strict=True))


def interface(block: str) -> tuple[tuple[str, ...], ...] | None:
    """A cell's decorators, the names that it takes and what it returns; ``None`` for a block that is no function."""
    try:
        node = ast.parse(block).body[0]
    except (SyntaxError, ValueError, IndexError):
        return None
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    decorators = [ast.unparse(decorator).partition("(")[0] for decorator in node.decorator_list]
    last = node.body[-1]
    returned = [ast.unparse(last)] if isinstance(last, ast.Return) else []
    return tuple(decorators), tuple(argument.arg for argument in node.args.args), tuple(returned)


def canonical(cells: Sequence[ParsedCell]) -> RenderedCells:
    """marimo's own text of each cell, among these others.

    Raises:
        NotebookError: marimo can't write them.
    """
    return _rendered(_Plain(tuple(map(_plain, cells)), cells))


@dataclass(frozen=True)
class _Plain:
    """Cells that are equal when marimo's text of them is."""

    told_by: tuple[tuple[str, str, CellKind, str], ...]
    cells: Sequence[ParsedCell] = field(compare=False)


def _plain(cell: ParsedCell) -> tuple[str, str, CellKind, str]:
    """What marimo's text of a cell follows from; it tells functions, classes and code that doesn't parse by itself."""
    name = marimo_api.DEFAULT_NAME if cell.kind in ("function", "class") else cell.name
    return cell.code, name, "setup" if cell.kind == "setup" else "cell", repr(dict(cell.options))


@lru_cache(maxsize=32)  # a sync asks for the same cells before and after it writes, and the next one again
def _rendered(plain: _Plain) -> RenderedCells:
    told = zip(plain.told_by, plain.cells, strict=True)
    return marimo_graph.render_blocks([ParsedCell(code, name, kind, c.options) for (code, name, kind, _), c in told])


def _join(notebook: Notebook, cells: Sequence[NewCell], blocks: Sequence[str]) -> str:
    spans = notebook.spans
    head, foot = spans[0].text, spans[-1].text
    gaps = [span.text for span in spans if span.kind == "gap"]  # gaps[i] stands between the cells i and i + 1
    kept = {cell.origin for cell in cells}
    newline = notebook.newline
    between = _BETWEEN.replace("\n", newline)
    parts = [_ended(head, newline)]
    lost = ""  # comments that stood before cells which are deleted
    previous: int | None = None
    before: int | None = -1  # the origin of the cell before; -1 is the head
    for cell, block in zip(cells, blocks, strict=True):
        origin = cell.origin
        if origin is not None:
            for index in range(previous + 1 if previous is not None else 0, origin):
                if index not in kept and index and gaps[index - 1].strip():
                    lost += gaps[index - 1].strip("\r\n") + newline
            previous = origin
        gap = gaps[origin - 1] if origin else ""
        if origin is not None and before == origin - 1 and not lost:
            parts.append(gap)
        else:
            comments = lost + (gap.strip("\r\n") + newline if gap.strip() else "")
            lead = "" if before == -1 else between
            parts.append(lead + comments + (newline if comments else ""))
            lost = ""
        parts.append(_ended(block, newline))
        before = origin
    rest = [gaps[i - 1] for i in range((previous or 0) + 1, len(notebook.cells)) if i not in kept]
    comments = lost + "".join(gap.strip("\r\n") + newline for gap in rest if gap.strip())
    if comments:
        parts.append(between + comments)
    if not notebook.cells and cells:
        parts.append(between if foot else "")
    parts.append(foot)
    text = "".join(parts)
    if not foot and not notebook.text.endswith(("\n", "\r")):
        return text.removesuffix(newline)
    return text


def _ended(text: str, newline: str) -> str:
    return text if not text or text.endswith(("\n", "\r")) else text + newline


def _misread(notebook: Notebook, text: str, cells: Sequence[NewCell]) -> list[int]:
    """Indices of the cells that marimo would read as another code, name or options than they have."""
    read = parse_edited(notebook, text)
    if len(read.cells) != len(cells):
        raise NotebookError(f"{notebook.path}: {len(cells)} cells would be read as {len(read.cells)}")
    return [i for i, (a, b) in enumerate(zip(read.cells, cells, strict=True)) if _trimmed(a.code) != _trimmed(b.code)]


def reads_as(text: str, cells: Sequence[NewCell]) -> bool:
    """Whether ``text`` is a notebook of cells with the code of ``cells``."""
    try:
        read = parse_notebook(text).cells
    except NotebookError:
        return False
    return [_trimmed(cell.code) for cell in read] == [_trimmed(cell.code) for cell in cells]


def _trimmed(code: str) -> str:
    """Code as marimo can keep it: LF, no blank lines around it."""
    return re.sub(r"\A(?:[ \t\f]*\n)+", "", code.replace("\r\n", "\n").replace("\r", "\n")).rstrip(" \t\n\f")


def _verbatim(block: str, code: str) -> str:
    """marimo's block with ``code`` in it as it is; marimo itself prints markdown cells anew."""
    try:
        node = ast.parse(block).body[0]
    except (SyntaxError, ValueError):  # a NUL, which no Python source may hold
        return block
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.With)) or block.startswith("@app.function"):
        return block
    lines = lines_of(block)
    first = min(statement.lineno for statement in node.body)
    signature = next(i for i in range(node.lineno - 1, first) if lines[i].rstrip().endswith(":"))
    last = node.body[-1]
    end = lines[last.lineno - 1 :] if isinstance(last, ast.Return) else []
    body = indented(code.replace("\r\n", "\n").replace("\r", "\n").strip("\n"))
    return "".join([*lines[: signature + 1], body + "\n", *end])
