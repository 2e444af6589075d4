"""What cells define and need, and how marimo writes them together: by its private names, as in ``marimo_api``."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from daglab.marimo_api import ParsedCell, unwritable
from daglab.marimo_parser import import_marimo


@dataclass(frozen=True)
class CompiledCell:
    """Names that a cell defines and refers to, and the indices of the cells that must run before it.

    ``valid`` is false for a cell that does not compile; it has no names and no parents.
    """

    defs: frozenset[str]
    refs: frozenset[str]
    parents: frozenset[int]
    markdown: bool
    valid: bool = True


@dataclass(frozen=True)
class RenderedCells:
    """How marimo writes cells: ``blocks`` from decorator to return, and what they are ``compiled`` to on the way."""

    blocks: tuple[str, ...]
    compiled: tuple[CompiledCell, ...]


def compile_graph(cells: Sequence[ParsedCell]) -> list[CompiledCell]:
    """Definitions, references and parents of each cell, by marimo's own rules; nothing is run.

    A cell that does not compile has no names and no parents. SQL cells' tables count as names.
    """
    return _graph([_compiled(cell.code, str(i)) for i, cell in enumerate(cells)])


def render_blocks(cells: Sequence[ParsedCell]) -> RenderedCells:
    """Each cell as it stands in the text of :func:`daglab.marimo_api.render`.

    Raises:
        NotebookError: as there.
    """
    import_marimo()
    from marimo._ast import codegen
    from marimo._ast.cell import CellConfig
    from marimo._ast.names import TOPLEVEL_CELL_PREFIX
    from marimo._ast.toplevel import TopLevelExtraction

    codes = [cell.code for cell in cells]
    names = [TOPLEVEL_CELL_PREFIX + c.name if c.kind in ("function", "class") else c.name for c in cells]
    configs = [CellConfig.from_dict(dict(cell.options)) for cell in cells]
    setup = codegen.pop_setup_cell(codes, names, configs)
    blocks = [codegen.build_setup_section(setup) or "with app.setup:\n    pass"] if setup else []
    compiled: list[Any] = [setup] if setup else []
    try:
        everything = TopLevelExtraction(codes, names, configs, set(setup.defs) if setup else set())
        variables = everything.variables
        for status in everything:
            # For each cell, marimo looks through the variables of all, unless it is given those alone that it names.
            known = {name: variables[name] for name in (*status.defs, *status.refs) if name in variables}
            of_cell: Any = SimpleNamespace(
                allowed_refs=everything.allowed_refs, used_refs=everything.used_refs, variables=known
            )
            blocks.append(codegen.safe_serialize_cell(of_cell, status))
            compiled.append(status._cell)
    except ValueError as error:
        raise unwritable(error) from error
    return RenderedCells(tuple(block.rstrip("\n") + "\n" for block in blocks), tuple(_graph(compiled)))


def outline(code: str) -> object:
    """What another cell's signature and return may follow from in a cell: equal outlines, and they stay as they are.

    ``None`` for functions, classes and SQL, and for code that doesn't compile: they have more to say.
    """
    cell = _compiled(code, "0")
    if cell is None or cell.toplevel_variable is not None or _speaks_sql(cell):
        return None
    annotations = {name: repr(data) for name, data in cell.init_variable_data.items()}
    return cell.defs, cell.refs, annotations


def _graph(compiled: Sequence[Any]) -> list[CompiledCell]:
    edges = marimos_edges if any(cell is not None and _speaks_sql(cell) for cell in compiled) else edges_by_name
    parents = edges(compiled)
    nothing: frozenset[str] = frozenset()
    return [
        CompiledCell(nothing, nothing, frozenset(), markdown=False, valid=False)
        if cell is None
        else CompiledCell(frozenset(cell.defs), frozenset(cell.refs), parents[i], cell.markdown is not None)
        for i, cell in enumerate(compiled)
    ]


def _speaks_sql(cell: Any) -> bool:
    return bool(cell.sql_refs) or any(v.language != "python" for data in cell.variable_data.values() for v in data)


def marimos_edges(compiled: Sequence[Any]) -> list[frozenset[int]]:
    """The parents of each compiled cell in marimo's own graph, which takes time with the square of their number."""
    import_marimo()
    from marimo._runtime.dataflow import DirectedGraph
    from marimo._types.ids import CellId_t

    graph = DirectedGraph()
    for i, cell in enumerate(compiled):
        if cell is not None:
            graph.register_cell(CellId_t(str(i)), cell)
    return [frozenset(int(parent) for parent in graph.parents.get(CellId_t(str(i)), ())) for i in range(len(compiled))]


def edges_by_name(compiled: Sequence[Any]) -> list[frozenset[int]]:
    """The same for cells without SQL, by looking names up.

    A cell's parents are the cells that define what it refers to, and those that refer to what it deletes.
    """
    defining: dict[str, list[int]] = {}
    referring: dict[str, list[int]] = {}
    for i, cell in enumerate(compiled):
        for names, index in ((cell.defs, defining), (cell.refs, referring)) if cell is not None else ():
            for name in names:
                index.setdefault(name, []).append(i)
    return [
        frozenset()
        if cell is None
        else frozenset(
            {parent for name in cell.refs for parent in defining.get(name, ())}
            | {parent for name in cell.deleted_refs for parent in referring.get(name, ())}
        )
        - {i}
        for i, cell in enumerate(compiled)
    ]


@lru_cache(maxsize=256)  # of an edited notebook, most cells are the ones of before
def _compiled(code: str, cell_id: str) -> Any:
    import_marimo()
    from marimo._ast.compiler import compile_cell
    from marimo._types.ids import CellId_t

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        try:
            return compile_cell(code, cell_id=CellId_t(cell_id))
        except (SyntaxError, ValueError):
            return None
