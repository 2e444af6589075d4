"""Reads and writes notebooks by marimo's private names; tests/contract runs it against the supported marimo versions.

marimo has no public API for reading a notebook without running it; each function here wraps one private
piece in a small typed one, so that a change in marimo shows in one place.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Literal

from daglab.errors import NotebookError
from daglab.marimo_parser import import_marimo, parser

CellKind = Literal["cell", "setup", "function", "class", "unparsable"]
SETUP_NAME = "setup"
DEFAULT_NAME = "_"


@dataclass(frozen=True)
class ParsedCell:
    """A cell as marimo reads it: ``code`` is the dedented source that its editor shows."""

    code: str
    name: str = DEFAULT_NAME
    kind: CellKind = "cell"
    options: Mapping[str, Any] = field(default_factory=dict)
    lineno: int = 0  # marimo's: the line before the code's first, counted from the text's first non-blank line


@dataclass(frozen=True)
class ParsedNotebook:
    """A notebook as marimo reads it. ``valid`` is false for Python files that are no notebook."""

    header: str
    app_options: Mapping[str, Any]
    cells: tuple[ParsedCell, ...]
    version: str | None
    valid: bool


@dataclass(frozen=True)
class LintDiagnostic:
    """One finding of marimo's own linter: its code, what it says, and the 1-based lines that it is about, sorted."""

    code: str
    message: str
    lines: tuple[int, ...]


def parse(text: str) -> ParsedNotebook | None:
    """Read a notebook's text; ``None`` when it is blank, marimo finds no app in it, or can't read it."""
    import_marimo()
    from marimo._schemas import serialization as ir

    kinds: dict[type[Any], CellKind] = {
        ir.SetupCell: "setup",
        ir.FunctionCell: "function",
        ir.ClassCell: "class",
        ir.UnparsableCell: "unparsable",
    }
    try:
        notebook = _read(text)
    # ValueError: NUL bytes, on some Python versions. IndexError, AssertionError: marimo's scanner, for texts that don't
    # parse, counts more line ends than its parser does.
    except (parser().MarimoFileError, SyntaxError, ValueError, IndexError, AssertionError):
        return None
    if notebook is None:
        return None
    cells = []
    for cell in notebook.cells:
        options = dict(cell.options)
        name = options.pop("name", None) or cell.name or DEFAULT_NAME  # unparsable cells have their name there
        cells.append(ParsedCell(cell.code, name, kinds.get(type(cell), "cell"), options, cell.lineno))
    header = notebook.header.value if notebook.header else ""
    return ParsedNotebook(header, dict(notebook.app.options), tuple(cells), notebook.version, notebook.valid)


@lru_cache(maxsize=8)  # reading, lint and a pair's status ask for the same text, one after the other
def _read(text: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        return parser().parse_notebook(text)


def statements(text: str) -> list[ast.stmt]:
    """The top-level statements as marimo's parser sees them, also of a text with syntax errors.

    Line numbers count from the first non-blank line, because marimo strips the text.
    """

    def nodes() -> Iterator[ast.stmt]:
        stack = parser().Parser(text).node_stack()
        while (node := next(stack)) is not None:
            assert isinstance(node, ast.stmt)
            yield node

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            return list(nodes())
    except (SyntaxError, ValueError):  # the part before the first cell does not parse either
        return []


def scanned_ends(text: str) -> dict[int, int]:
    """First line -> last line of each cell that marimo's scanner finds in a text with syntax errors."""
    import_marimo()
    from marimo._ast.scanner import scan_notebook

    try:
        return {cell.start_line: cell.end_line for cell in scan_notebook(text.strip()).cells}
    except ValueError:  # Python 3.13's tokenizer trips over "\r" before some characters
        return {}


def node_kind(node: ast.stmt) -> Literal["setup", "cell", "app", "guard"] | None:
    """What a top-level statement is to marimo; ``None`` for anything that is no part of a notebook."""
    parse = parser()
    if parse.is_setup_cell(node):
        return "setup"
    if parse.is_body_cell(node):
        return "cell"
    if parse.is_run_guard(node):
        return "guard"
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
        function = node.value.func
        if isinstance(function, ast.Attribute) and function.attr == "App":
            return "app"
    return None


def render(cells: Sequence[ParsedCell], *, header: str = "", app_options: Mapping[str, Any] | None = None) -> str:
    """The text that marimo itself would save for these cells.

    Raises:
        NotebookError: marimo can't write them (functions of one name that call each other, for one).
    """
    import_marimo()
    from marimo._ast.codegen import generate_filecontents_from_ir
    from marimo._schemas import serialization as ir

    kinds: dict[CellKind, type[ir.CellDef]] = {
        "cell": ir.CellDef,
        "setup": ir.SetupCell,
        "function": ir.FunctionCell,
        "class": ir.ClassCell,
        "unparsable": ir.UnparsableCell,
    }
    notebook = ir.NotebookSerializationV1(
        app=ir.AppInstantiation(options=dict(app_options or {})),
        header=ir.Header(value=header) if header else None,
        cells=[kinds[c.kind](code=c.code, name=c.name, options=dict(c.options)) for c in cells],
        filename="notebook.py",
    )
    try:
        return generate_filecontents_from_ir(notebook)
    except ValueError as error:
        raise unwritable(error) from error


def convert_jupyter(text: str) -> str | None:
    """What ``marimo convert`` makes of the text of an .ipynb; ``None`` where it fails."""
    import_marimo()
    from marimo._convert.converters import MarimoConvert

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return MarimoConvert.from_ipynb(text).to_py()
    except Exception:  # marimo raises whatever its parts do for a notebook that it can't convert
        return None


def unwritable(error: ValueError) -> NotebookError:
    """The error of cells that marimo's code generator refuses."""
    return NotebookError(
        f"marimo cannot write these cells: {error}",
        remedy="look for functions that are defined twice, and for NUL characters",
    )


def markdown_of(code: str) -> str | None:
    """The markdown of a cell that is one ``mo.md(...)`` call with a constant string; else ``None``."""
    import_marimo()
    from marimo._ast.compiler import extract_markdown

    markdown: str | None = extract_markdown(code)
    return markdown


def markdown_call(markdown: str, prefix: str = "r") -> str:
    """The ``mo.md(...)`` call that marimo writes for a markdown cell."""
    import_marimo()
    from marimo._convert.common.format import markdown_to_marimo

    return markdown_to_marimo(markdown, prefix=prefix)


async def lint(text: str) -> list[LintDiagnostic]:
    """marimo's breaking findings (MB001 to MB005), by line; safe inside a running event loop.

    ``text`` has no byte order mark; lines count from its first non-blank one.
    """
    notebook = _read(text)
    if notebook is None:
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        diagnostics = await _rule_engine().check_notebook(notebook, text)
    found = []
    for diagnostic in diagnostics:
        line = diagnostic.line
        # Except for cells that don't parse, marimo counts from the line before the code's first; 0 is "unknown".
        above = 0 if diagnostic.code == "MB001" else 1
        lines = sorted({int(n) + above for n in (line if isinstance(line, (list, tuple)) else [line]) if n} or {1})
        found.append(LintDiagnostic(str(diagnostic.code), str(diagnostic.message), tuple(lines)))
    return sorted(found, key=lambda diagnostic: (diagnostic.lines, diagnostic.code))


@cache
def _rule_engine() -> Any:
    import_marimo()
    from marimo._lint.rule_engine import RuleEngine
    from marimo._lint.rules.breaking import BREAKING_RULE_CODES

    return RuleEngine([rule() for rule in BREAKING_RULE_CODES.values()])
