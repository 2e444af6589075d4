"""Notebooks in a ``dg`` project: a component that a ``defs.yaml`` names, and a scaffolder that starts one."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import dagster as dg
from dagster.components.component_scaffolding import scaffold_component
from pydantic import Field

from daglab.errors import NotebookError
from daglab.runtime.definitions import notebook_definitions

_FIRST_NOTEBOOK = """\
# /// script
# requires-python = ">=3.10"
# dependencies = ["daglab", "marimo"]
#
# [tool.daglab.assets.{name}]
# description = "Say what it holds."
# ///

import marimo

app = marimo.App()


@app.cell
def _():
    {name} = [1, 2, 3]
    return


if __name__ == "__main__":
    app.run()
"""


class NotebookScaffolder(dg.Scaffolder[Any]):
    """Writes ``defs.yaml`` and beside it a first notebook, called after the folder; one that is there is kept."""

    def scaffold(self, request: dg.ScaffoldRequest[Any]) -> None:
        """Make the files of one component; ``--append`` adds to a ``defs.yaml`` that has its notebooks already."""
        scaffold_component(request)
        if request.append:
            return
        name = re.sub(r"\W", "_", request.target_path.name)
        if keyword.iskeyword(name) or not name[0].isalpha():
            name = f"notebook_{name.lstrip('_')}"  # marimo keeps names with a leading underscore to their cell
        try:
            with (request.target_path / f"{name}.py").open("x", encoding="utf-8") as file:
                file.write(_FIRST_NOTEBOOK.format(name=name))
        except FileExistsError:
            pass


def _folder(context: dg.ResolutionContext, path: str) -> str:
    """The folder that a ``defs.yaml`` names; Dagster adds the file and the line to an error."""
    folder = context.resolve_source_relative_path(path)
    if not folder.is_dir():
        raise NotebookError(f"there is no folder {path!r} beside defs.yaml", remedy="correct `path`, or make it")
    return str(folder)


@dg.scaffold_with(NotebookScaffolder)
class NotebookComponent(dg.Component, dg.Model, dg.Resolvable):
    """The notebooks of a folder, as :func:`daglab.notebook_definitions` loads them."""

    path: Annotated[
        str, dg.Resolver(_folder, model_field_type=str, description="A folder of notebooks, relative to this file.")
    ] = "."
    group: str | None = Field(default=None, description="The group of assets whose header names none.")
    owners: Sequence[str] | None = Field(default=None, description="The owners of assets whose header names none.")
    tags: Mapping[str, str] | None = Field(default=None, description="Tags of all assets; those of a header win.")

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The definitions of the folder's notebooks.

        Raises:
            NotebookError, HeaderError: as :func:`daglab.notebook_definitions` does.
        """
        folder = context.path / self.path  # one made in Python may be relative
        return notebook_definitions(folder, group=self.group, owners=self.owners, tags=self.tags)
