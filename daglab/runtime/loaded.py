"""A notebook as the runtime knows it: its cells, its header, its graph, and what a selection of its assets needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daglab.errors import NotebookError
from daglab.marimo_run import CellRunner, CellSource
from daglab.notebook.cells import Cell, Notebook, read_notebook
from daglab.notebook.graph import AssetGraph, asset_graph
from daglab.notebook.header import Header, read_header
from daglab.notebook.lint import marimo_findings
from daglab.notebook.spans import lines_of


@dataclass(frozen=True)
class Plan:
    """What to do for a selection: the cells to run, and the inputs and stored assets that they read."""

    cells: frozenset[int]
    inputs: frozenset[str]


@dataclass(frozen=True)
class LoadedNotebook:
    """A notebook with its header, read without running anything of it."""

    notebook: Notebook
    header: Header
    graph: AssetGraph

    @property
    def shown_path(self) -> str:
        """The file relative to the folder that holds its top-level package, as in a wheel: ``shop/notebooks/x.py``."""
        return shown_path(Path(self.notebook.path))

    def plan(self, wanted: Collection[str]) -> Plan:
        """The plan for ``wanted`` variables: the graph is cut at inputs, params and all other assets."""
        given = {*self.header.assets, *self.header.inputs, *self.graph.params} - set(wanted)
        if self.header.partitions:
            given.add("partition_key")
        cells = self.graph.cells.ancestors(wanted, given=given)
        compiled = [self.graph.cells.cells[index] for index in cells]
        read = {name for cell in compiled for name in cell.refs - cell.defs}
        # An asset that isn't wanted is one of them, even when its cell runs for another asset of the same cell.
        return Plan(frozenset(cells), frozenset(read & {*self.header.assets, *self.header.inputs} - set(wanted)))

    def defined_in(self, index: int) -> frozenset[str]:
        """The variables that a cell defines."""
        return self.graph.cells.cells[index].defs

    def refs(self, index: int) -> frozenset[str]:
        """The variables that a cell reads."""
        return self.graph.cells.cells[index].refs

    def runner(self, arguments: Mapping[str, Any]) -> CellRunner:
        """The cells, compiled; ``mo.cli_args()`` gives ``arguments``. See :class:`CellRunner` for its errors."""
        sources = [_source(cell) for cell in self.notebook.cells]
        return CellRunner(self.notebook.path, sources, self.notebook.app_options, arguments)


def load(path: Path) -> LoadedNotebook:
    """Read a notebook with a ``[tool.daglab]`` header.

    Raises:
        NotebookError: it isn't a notebook, has no header, or no cell defines an asset or a check of its header.
        HeaderError: its header is wrong.
    """
    notebook = read_notebook(path.absolute())
    header = read_header(notebook.text, path.absolute())
    if header is None:
        raise NotebookError(f"{path} has no [tool.daglab] header", remedy="declare its assets there; docs/header.md")
    graph = asset_graph(notebook, header)
    for role, names in (("assets", header.assets), ("checks", header.checks)):
        for name in names:
            if graph.cells.defining(name) is None:
                for finding in marimo_findings(graph.cells):  # a cell that can't be compiled may be the one
                    raise NotebookError(f"{path}:{finding.line}: {finding.message}", remedy=finding.remedy)
                line = header.line_of(role, name)
                raise NotebookError(
                    f"{path}:{line}: no cell defines {name!r}, which the header names under {role}",
                    remedy="define the variable, or correct the header",
                )
    given = {**dict.fromkeys(header.inputs, "input"), **({"partition_key": "key"} if header.partitions else {})}
    for name, role in given.items():
        for index in graph.cells.definitions.get(name, ()):
            if others := graph.cells.cells[index].defs - {name}:
                # The cell would run, replace the stored value by its own and hide the dependency.
                raise NotebookError(
                    f"{path}:{notebook.cells[index].code_line}: the cell of the {role} {name!r} defines "
                    f"{', '.join(sorted(others))} as well",
                    remedy="what a run replaces stands alone in its cell",
                )
    return LoadedNotebook(notebook, header, graph)


def shown_path(path: Path) -> str:
    """``shop/notebooks/orders.py``: relative to the folder of the file's top-level package; the name alone if none."""
    package = next((folder for folder in path.parents if (folder / "__init__.py").is_file()), None)
    if package is None:
        return path.name
    while (package.parent / "__init__.py").is_file():
        package = package.parent
    return path.relative_to(package.parent).as_posix()


def _source(cell: Cell) -> CellSource:
    lines = lines_of(cell.text)
    first = lines[cell.code_line - cell.line] if cell.code_line - cell.line < len(lines) else ""
    indent = len(first) - len(first.lstrip())
    return CellSource(cell.code, cell.name, cell.kind, cell.options, cell.code_line, indent)
