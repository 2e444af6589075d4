"""The graph of a notebook's cells: what must run for an asset, and the version of an asset's code."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from daglab import marimo_graph
from daglab.marimo_graph import CompiledCell
from daglab.notebook.cells import Notebook
from daglab.notebook.depth import refuse_depth
from daglab.notebook.header import Header
from daglab.notebook.params import Param, param_cells


@dataclass(frozen=True)
class CellGraph:
    """Definitions and parents of each cell, by cell index; built by marimo's rules, nothing is run."""

    notebook: Notebook
    cells: tuple[CompiledCell, ...]

    @cached_property
    def definitions(self) -> dict[str, tuple[int, ...]]:
        """Variable -> the cells that define it; more than one is an error that lint reports."""
        found: dict[str, tuple[int, ...]] = {}
        for index, cell in enumerate(self.cells):
            for name in cell.defs:
                found[name] = (*found.get(name, ()), index)
        return found

    @cached_property
    def is_sound(self) -> bool:
        """Whether every cell compiles, no variable is defined twice, no cells depend on each other in a circle, and
        the setup cell on none: then none of marimo's breaking rules is broken."""
        cells = zip(self.notebook.cells, self.cells, strict=True)
        if any(not compiled.valid or (cell.kind == "setup" and compiled.parents) for cell, compiled in cells):
            return False
        if any(len(indices) > 1 for indices in self.definitions.values()):
            return False
        try:
            TopologicalSorter({index: cell.parents for index, cell in enumerate(self.cells)}).prepare()
        except CycleError:
            return False
        return all(cell.kind != "unparsable" for cell in self.notebook.cells)

    def defining(self, variable: str) -> int | None:
        """The cell that defines ``variable``; the first of them if several do."""
        return self.definitions.get(variable, (None,))[0]

    def ancestors(self, variables: Iterable[str], *, given: Collection[str] = ()) -> set[int]:
        """The cells that must run to have ``variables``, when the values of ``given`` are there already.

        A cell whose every definition is given doesn't run, and neither does what only it needs.
        """
        cut = {index for name in given for index in self.definitions.get(name, ())}
        cut = {index for index in cut if self.cells[index].defs <= set(given)}
        waiting = {index for name in variables for index in self.definitions.get(name, ())} - cut
        if waiting:  # marimo runs the setup cell before any other, whether or not a name of it is read
            waiting |= {cell.index for cell in self.notebook.cells if cell.kind == "setup"}
        wanted: set[int] = set()
        while waiting:
            index = waiting.pop()
            wanted.add(index)
            waiting |= self.cells[index].parents - cut - wanted
        return wanted


def cell_graph(notebook: Notebook) -> CellGraph:
    """The graph of a notebook.

    Raises:
        NotebookError: an expression is too deep for marimo to find the names in it, though Python parses it.
    """
    with refuse_depth(notebook.path):
        return CellGraph(notebook, tuple(marimo_graph.compile_graph(notebook.parsed_cells())))


@dataclass(frozen=True)
class AssetGraph:
    """A notebook's graph together with its header: what each asset depends on."""

    cells: CellGraph
    header: Header
    params: dict[str, Param]

    @cached_property
    def param_cells(self) -> frozenset[int]:
        """Cells that do nothing but give params their defaults; a run replaces them together."""
        return frozenset(param_cells(self.cells.notebook, self.header.params))

    def given(self, variable: str) -> set[str]:
        """The variables that a run gives rather than computes, when ``variable`` alone is selected."""
        given = {*self.header.assets, *self.header.inputs, *self.params} - {variable}
        return given | {"partition_key"} if self.header.partitions else given

    def needs(self, variable: str) -> set[str]:
        """The inputs and the other assets of the notebook that ``variable`` (an asset or a check) reads."""
        given = self.given(variable)
        cells = self.cells.ancestors([variable], given=given)
        refs = {name for index in cells for name in self.cells.cells[index].refs}
        # A cell that makes two assets makes both from the same things; neither reads the other.
        own = {name for index in cells for name in self.cells.cells[index].defs}
        return (refs - own) & ({*self.header.assets, *self.header.inputs} - {variable})

    def dependencies(self) -> dict[str, set[str]]:
        """Variable of each asset -> the keys of what its cells read, of its ``deps``, and of its checks' inputs."""
        header = self.header
        found = {}
        for variable, asset in header.assets.items():
            read = (header.inputs[n].key if n in header.inputs else header.key(n) for n in self.needs(variable))
            found[variable] = {*read, *asset.dep_keys}
        for variable, check in header.checks.items():
            # Dagster lets a step read only what one of its outputs depends on.
            found[check.asset] |= {header.inputs[name].key for name in self.needs(variable) & header.inputs.keys()}
        return found

    def code_version(self, variable: str) -> str:
        """sha256 over the code that makes ``variable``: its ancestor cells, cut at inputs and other assets.

        Equal on every Python version, and untouched by edits of markdown, of params' defaults, of trailing blanks
        and of cells that the asset doesn't need. The setup cell counts for every asset, because it always runs.
        """
        asset = self.header.assets.get(variable)
        if asset is not None and asset.code_version is not None:
            return asset.code_version
        wanted = self.cells.ancestors([variable], given=self.given(variable)) - self.param_cells
        notebook = self.cells.notebook
        texts = [_normal(notebook.cells[i].code) for i in sorted(wanted) if not self.cells.cells[i].markdown]
        return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def asset_graph(notebook: Notebook, header: Header) -> AssetGraph:
    """The graph of a notebook with a header."""
    from daglab.notebook.params import read_params

    return AssetGraph(cell_graph(notebook), header, read_params(notebook, header.params))


def _normal(code: str) -> str:
    lines = code.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")
