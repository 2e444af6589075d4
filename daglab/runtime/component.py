"""Notebooks in a ``dg`` project: a component that a ``defs.yaml`` names, and a scaffolder that starts one."""

from __future__ import annotations

import importlib.util
import keyword
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import dagster as dg
from dagster.components.component_scaffolding import scaffold_component

from daglab.errors import NotebookError
from daglab.notebook import dagster_forms as forms
from daglab.runtime.declare import Defaults
from daglab.runtime.definitions import component_definitions

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
        name = _notebook_name(request.target_path.name)
        try:
            with (request.target_path / f"{name}.py").open("x", encoding="utf-8") as file:
                file.write(_FIRST_NOTEBOOK.format(name=name))
        except FileExistsError:
            pass


def _notebook_name(folder: str) -> str:
    """A name for the first notebook and its asset, as near to the folder's as marimo, Dagster and Python allow."""
    plain = unicodedata.normalize("NFKD", folder).encode("ascii", "ignore").decode()
    name = re.sub(r"\W", "_", plain).strip("_")  # marimo keeps names with a leading underscore to their cell
    if not name or not name[0].isalpha() or keyword.iskeyword(name) or _is_taken(name):
        return f"notebook_{name}".rstrip("_")
    return name


def _is_taken(name: str) -> bool:
    """Whether Dagster keeps a name to itself, or an import of it in the notebook would find the notebook."""
    try:
        forms.output_form(name)
    except ValueError:
        return True
    return importlib.util.find_spec(name) is not None


def _folder(context: dg.ResolutionContext, path: str) -> str:
    """The folder that a ``defs.yaml`` names; Dagster adds the file and the line to an error."""
    folder = context.resolve_source_relative_path(path)
    if not folder.is_dir():
        raise NotebookError(f"there is no folder {path!r} beside defs.yaml", remedy="correct `path`, or make it")
    return str(folder)


# Faults of a defs.yaml are looked for here, because Dagster adds its file and line to what a resolver raises.
def _group(_: dg.ResolutionContext, group: str | None) -> str | None:
    return Defaults(group=group).group


def _owners(context: dg.ResolutionContext, owners: Sequence[str] | None) -> Sequence[str] | None:
    return Defaults(owners=context.resolve_value(owners or [])).owners


def _tags(context: dg.ResolutionContext, tags: Mapping[str, str] | None) -> Mapping[str, str] | None:
    return Defaults(tags=context.resolve_value(tags or {})).tags


@dg.scaffold_with(NotebookScaffolder)
class NotebookComponent(dg.Component, dg.Model, dg.Resolvable):
    """The notebooks of a folder, as :func:`daglab.notebook_definitions` loads them.

    A step is called after the notebook's path below the folder of all components: ``orders__daily_notebook``.
    """

    path: Annotated[
        str, dg.Resolver(_folder, model_field_type=str, description="A folder of notebooks, relative to this file.")
    ] = "."
    group: Annotated[str | None, dg.Resolver(_group, description="The group of assets whose header names none.")] = None
    owners: Annotated[
        Sequence[str] | None, dg.Resolver(_owners, description="The owners of assets whose header names none.")
    ] = None
    tags: Annotated[
        Mapping[str, str] | None, dg.Resolver(_tags, description="Tags of all assets; those of a header win.")
    ] = None

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The definitions of the folder's notebooks.

        Raises:
            NotebookError, HeaderError: as :func:`daglab.notebook_definitions` does.
        """
        folder = context.path / self.path  # one made in Python may be relative
        defaults = Defaults(self.group, self.owners or (), self.tags or {})
        return component_definitions(folder, context.defs_module_path, defaults)
