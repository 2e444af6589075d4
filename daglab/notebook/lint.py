"""Lint of one notebook: marimo's breaking rules, and what daglab asks of a notebook that makes assets."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from daglab import marimo_api
from daglab.errors import HeaderError
from daglab.notebook.cells import Cell, Notebook, syntax_faults
from daglab.notebook.findings import Finding, did_you_mean
from daglab.notebook.graph import CellGraph, cell_graph
from daglab.notebook.header import Header, read_header
from daglab.notebook.ignore import sort_out
from daglab.notebook.left_out import left_out_findings
from daglab.notebook.loads import loaded_keys
from daglab.notebook.mutation import changes
from daglab.notebook.params import param_faults
from daglab.notebook.spans import leading_lines
from daglab.notebook.unread import unread_findings

_REMEDIES = {
    "MB001": "open the notebook in marimo and mend the cell",
    "MB002": "rename one of them, or give it a leading underscore to keep it in its cell",
    "MB003": "move what both cells need into a third one",
    "MB004": "the setup cell runs first: define there what it needs",
    "MB005": "open the notebook in marimo and mend the cell",
}
_T = TypeVar("_T")


async def lint_notebook(notebook: Notebook) -> list[Finding]:
    """Findings of one notebook, by line, without those that a comment in it accepts. Nothing is run.

    A header that can't be read is a finding too. A notebook without a ``[tool.daglab]`` header is held to marimo's
    rules only.
    """
    return sort_out(await all_findings(notebook), notebook.text)[0]


def lint_notebook_sync(notebook: Notebook) -> list[Finding]:
    """:func:`lint_notebook` for callers that can't await; works inside a running event loop too."""
    return run_to_end(lint_notebook(notebook))


def marimo_findings(graph: CellGraph) -> list[Finding]:
    """What marimo will refuse to run of a notebook, and where: its breaking rules, MB001 to MB005."""
    if graph.is_sound:
        return []
    notebook = graph.notebook
    return sorted(set(run_to_end(_marimos_findings(notebook, notebook.text.removeprefix("\ufeff")))))


async def all_findings(notebook: Notebook) -> list[Finding]:
    """:func:`lint_notebook` with the findings that comments accept."""
    text = notebook.text.removeprefix("\ufeff")
    graph = cell_graph(notebook)
    findings = [] if graph.is_sound else await _marimos_findings(notebook, text)
    try:
        header = read_header(text, notebook.path)
    except HeaderError as error:
        findings += (Finding(**found) for found in error.details["findings"])
    else:
        if header is not None:
            findings += _header_findings(graph, header)
    return sorted(set(findings))


async def _marimos_findings(notebook: Notebook, text: str) -> list[Finding]:
    lead = leading_lines(text)
    faults = syntax_faults(notebook)
    remedy = _REMEDIES["MB001"]
    findings = [Finding(notebook.path, line, "MB001", f"a cell does not parse: {why}", remedy) for line, why in faults]
    for diagnostic in await marimo_api.lint(text):
        if diagnostic.code == "MB001" and faults:
            continue
        *others, line = (line + lead for line in diagnostic.lines)
        message = diagnostic.message + (f" (also line {', '.join(map(str, others))})" if others else "")
        findings.append(Finding(notebook.path, line, diagnostic.code, message, _REMEDIES.get(diagnostic.code, "")))
    return findings


def run_to_end(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """The result of a coroutine, whether or not an event loop runs in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def _header_findings(graph: CellGraph, header: Header) -> Iterator[Finding]:
    yield from _undefined(graph, header)
    yield from _crowded(graph, header)
    yield from _partition_key(graph, header)
    yield from _changed(graph, header)
    yield from left_out_findings(graph, header)
    yield from _undeclared(graph, header)
    yield from unread_findings(graph, header)
    path = graph.notebook.path
    for fault in param_faults(graph.notebook, header.params):
        yield Finding(path, fault.line or header.line_of("params"), "DL204", fault.message, fault.remedy)


def _undefined(graph: CellGraph, header: Header) -> Iterator[Finding]:
    """Variables of the header that no cell defines; a cell that can't be compiled may be the one."""
    if syntax_faults(graph.notebook) or not all(cell.valid for cell in graph.cells):
        return
    names = {"assets": [*header.assets], "checks": [*header.checks], "inputs": [*header.inputs]}
    for role, variables in names.items():
        for variable in variables:
            if graph.defining(variable) is None:
                yield Finding(
                    graph.notebook.path,
                    header.line_of(role, variable),
                    "DL201",
                    f"no cell defines {variable!r}, which the header lists under {role}",
                    did_you_mean(variable, graph.definitions) or f"add a cell that assigns {variable!r}",
                )


def _crowded(graph: CellGraph, header: Header) -> Iterator[Finding]:
    """Cells of assets and inputs that define other names as well.

    A run leaves such a cell out when it has the value already; the other names would then be missing, or the value
    would be made twice.
    """
    notebook = graph.notebook
    for cell, compiled in zip(notebook.cells, graph.cells, strict=True):
        assets = sorted(compiled.defs & header.assets.keys())
        inputs = sorted(compiled.defs & header.inputs.keys())
        others = sorted(compiled.defs - header.assets.keys())
        if inputs and len(compiled.defs) > 1:
            more = sorted(compiled.defs - {inputs[0]})
            message = f"the cell of input {inputs[0]!r} also defines {_named(more)}"
            yield Finding(notebook.path, cell.code_line, "DL203", message, "an input stands alone in its cell")
        elif assets and others:
            message = f"the cell of asset {_named(assets)} also defines {_named(others)}"
            remedy = f"move them to another cell, or keep them in this one as {_named(['_' + n for n in others])}"
            yield Finding(notebook.path, cell.code_line, "DL202", message, remedy)


def _partition_key(graph: CellGraph, header: Header) -> Iterator[Finding]:
    """The cell of a partitioned notebook's ``partition_key``, which a run replaces, with other names in it."""
    for index in graph.definitions.get("partition_key", ()) if header.partitions else ():
        if more := sorted(graph.cells[index].defs - {"partition_key"}):
            message = f"the cell of 'partition_key' also defines {_named(more)}"
            line = graph.notebook.cells[index].code_line
            yield Finding(graph.notebook.path, line, "DL203", message, "it stands alone in its cell")


def _changed(graph: CellGraph, header: Header) -> Iterator[Finding]:
    """Places outside an asset's own cell that change its value."""
    for variable, asset in header.assets.items():
        own = graph.definitions.get(variable, ())
        for cell, compiled in zip(graph.notebook.cells, graph.cells, strict=True):
            if cell.index in own or variable not in compiled.refs:
                continue
            for line, what in changes(cell.code, variable, asset.type):
                yield _change(graph.notebook, cell, line, what, own)


def _undeclared(graph: CellGraph, header: Header) -> Iterator[Finding]:
    """Assets that a cell of a run loads, and that the header doesn't say it depends on: the run refuses them.

    Cells that no asset and no check needs are never run: there anything may be loaded.
    """
    known = {given.key for given in header.inputs.values()} | {header.key(variable) for variable in header.assets}
    known |= {key for asset in header.assets.values() for key in asset.dep_keys}
    for index in sorted(graph.ancestors([*header.assets, *header.checks])):
        cell = graph.notebook.cells[index]
        for line, key in loaded_keys(cell.code):
            if key not in known:
                message = f"{key!r} is loaded, but neither inputs nor deps of the header name it"
                remedy = did_you_mean(key, known)
                remedy = (
                    remedy
                    if remedy.startswith("did")
                    else f'load it in a cell of its own, and add NAME = "{key}" to [tool.daglab.inputs]'
                )
                yield Finding(graph.notebook.path, cell.code_line + line - 1, "DL205", message, remedy)


def _change(notebook: Notebook, cell: Cell, line: int, what: str, own: tuple[int, ...]) -> Finding:
    home = notebook.cells[own[0]].label if own else "its own cell"
    message = f"the asset {what} outside {home}"
    return Finding(notebook.path, cell.code_line + line - 1, "DL210", message, "do it there, or on a copy")


def _named(names: list[str]) -> str:
    return ", ".join(map(repr, names))
