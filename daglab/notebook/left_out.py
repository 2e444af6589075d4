"""Changes that a script makes and a run doesn't: in cells that no asset needs, to what an asset is made from."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from daglab.marimo_sql import query, tables_changed
from daglab.notebook.findings import Finding
from daglab.notebook.graph import CellGraph
from daglab.notebook.header import Header
from daglab.notebook.mutation import changes

_REMEDY = "do it in the cell that makes it, or make another variable of it"


def left_out_findings(graph: CellGraph, header: Header) -> Iterator[Finding]:
    """Where something that an asset or a check reads is changed in place, in a cell that its run leaves out.

    marimo follows names alone, and so does a run; a script runs every cell. DL210 tells of the assets themselves.
    """
    found: dict[tuple[int, int, str], list[str]] = {}
    modules: dict[str, bool] = {}
    for variable in (*header.assets, *header.checks):
        needed = graph.ancestors([variable])
        made = {name for index in needed for name in graph.cells[index].defs}
        read = {name for index in needed for name in graph.cells[index].refs} & made - header.assets.keys()
        for cell, compiled in zip(graph.notebook.cells, graph.cells, strict=True):
            if cell.index in needed or compiled.markdown:
                continue
            for name in sorted(read & compiled.refs):
                if name not in modules:
                    modules[name] = _is_imported(graph, name)
                for line, what in () if modules[name] else (*changes(cell.code, name), *_sql_changes(cell.code, name)):
                    found.setdefault((cell.index, line, what), []).append(variable)
    for (index, line, what), variables in found.items():
        cell = graph.notebook.cells[index]
        names = ", ".join(map(repr, dict.fromkeys(variables)))
        message = f"{what} in {cell.label}, which a run of {names} leaves out"
        yield Finding(graph.notebook.path, cell.code_line + line - 1, "DL211", message, _REMEDY)


def _is_imported(graph: CellGraph, name: str) -> bool:
    """Whether it is a module, or something of one: what is set there is nothing that an asset is made from."""
    return any(
        (alias.asname or alias.name).partition(".")[0] == name
        for index in graph.definitions.get(name, ())
        for node in _nodes(graph.notebook.cells[index].code)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    )


def _sql_changes(code: str, table: str) -> Iterator[tuple[int, str]]:
    for node in _nodes(code):
        sql = query(node) if isinstance(node, ast.Call) else None
        if sql is not None and table in tables_changed(sql):
            yield node.lineno, f"the table {table!r} is changed"


def _nodes(code: str) -> list[ast.expr | ast.stmt]:
    try:
        return [node for node in ast.walk(ast.parse(code)) if isinstance(node, (ast.expr, ast.stmt))]
    except (SyntaxError, ValueError):
        return []
