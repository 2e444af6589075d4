"""What a header declares and no cell reads, and the partition that a cell reads and no header declares."""

from __future__ import annotations

from collections.abc import Iterator

from daglab.notebook.findings import Finding
from daglab.notebook.graph import CellGraph
from daglab.notebook.header import Header
from daglab.notebook.loads import calls


def unread_findings(graph: CellGraph, header: Header) -> Iterator[Finding]:
    """Partitions and params that change nothing; each run would be like the other, and nothing would tell."""
    read = {name for cell in graph.cells for name in cell.refs}
    if header.partitions is None:
        yield from _undeclared_partitions(graph, header)
    elif not (read & {"partition_key"} or any(header.model.upstream()) or _asks(graph)):
        message = "the assets are partitioned, but nothing reads `partition_key`, and no input is partitioned with them"
        remedy = "read it where the partition's data is chosen, or take [tool.daglab.partitions] out"
        yield Finding(graph.notebook.path, header.line_of("partitions"), "DL207", message, remedy)
    if any("cli_args" in cell.code for cell in graph.notebook.cells):  # it has all of them
        return
    for name in header.params:
        if name not in read and name in graph.definitions:
            message = f"no cell reads the param {name!r}"
            remedy = "read it, or take it out of `params`"
            yield Finding(graph.notebook.path, header.line_of("params"), "DL208", message, remedy)


def _undeclared_partitions(graph: CellGraph, header: Header) -> Iterator[Finding]:
    """Cells that ask for the partition of a run which has none."""
    model = header.model
    if "partition_key" in {*model.params, *model.inputs, *model.assets, *model.checks}:
        return
    for cell, compiled in zip(graph.notebook.cells, graph.cells, strict=True):
        if "partition_key" in compiled.defs or calls(cell.code, "partition_key"):
            message = "the cell asks for the run's partition, but the header has no [tool.daglab.partitions]"
            remedy = 'declare them, such as daily = { start = "2026-01-01" }, or give the variable another name'
            yield Finding(graph.notebook.path, cell.code_line, "DL206", message, remedy)


def _asks(graph: CellGraph) -> bool:
    """Whether a cell may learn of the partition without `partition_key`."""
    return any(calls(cell.code, "context", "partition_key", "load_asset") for cell in graph.notebook.cells)
