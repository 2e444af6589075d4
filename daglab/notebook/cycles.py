"""Assets of a project that depend on each other in a circle, through their notebooks' inputs and deps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from daglab.notebook.cells import Notebook
from daglab.notebook.findings import Finding
from daglab.notebook.graph import AssetGraph, cell_graph
from daglab.notebook.header import Header


def cycle_findings(notebooks: Sequence[tuple[Notebook, Header]]) -> Iterator[Finding]:
    """The first circle, at one of its assets. Dagster would not load any of the assets.

    Two notebooks may well read each other's assets: only assets count. Cells are looked at only when notebooks form a
    circle, which seldom happens.
    """
    makers = {header.key(variable): (header, variable) for _, header in notebooks for variable in header.assets}
    by_notebook = {
        header.path: [makers[dep.key][0].path for _, dep in header.model.upstream() if dep.key in makers]
        for _, header in notebooks
    }
    if not _circle(by_notebook):
        return
    needs: dict[str, set[str]] = {}
    for notebook, header in notebooks:
        graph = AssetGraph(cell_graph(notebook), header, {})
        needs |= {header.key(variable): keys for variable, keys in graph.dependencies().items()}
    if circle := _circle(needs):
        header, variable = makers[circle[0]]
        message = f"assets depend on each other in a circle: {' -> '.join(circle)}"
        remedy = "take one of these steps out of the inputs or deps"
        yield Finding(header.path, header.line_of("assets", variable), "DL304", message, remedy)


def _circle(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """The names of one circle, the first of them again at its end; empty when there is none."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name, others in needs.items():
        sorter.add(name, *sorted(set(others) - {name}))
    try:
        sorter.prepare()
    except CycleError as error:
        return [str(name) for name in error.args[1]]
    return []
