"""What cells define and need, by marimo's private names; tests/contract runs it as it runs ``marimo_api``."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from daglab.marimo_api import ParsedCell


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


def compile_graph(cells: Sequence[ParsedCell]) -> list[CompiledCell]:
    """Definitions, references and parents of each cell, by marimo's own rules; nothing is run.

    A cell that does not compile has no names and no parents. SQL cells' tables count as names.
    """
    compiled = [_compiled(cell.code, str(i)) for i, cell in enumerate(cells)]
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
    from marimo._ast.compiler import compile_cell
    from marimo._types.ids import CellId_t

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        try:
            return compile_cell(code, cell_id=CellId_t(cell_id))
        except (SyntaxError, ValueError):
            return None
