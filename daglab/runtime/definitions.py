"""Notebooks as Dagster definitions: one multi-asset a notebook, made without running or importing anything of it."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import multiprocessing
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import dagster as dg

from daglab.errors import AssetValueError, NotebookError
from daglab.notebook.cycles import cycle_findings
from daglab.notebook.find import find_notebooks
from daglab.notebook.project_rules import key_findings
from daglab.runtime import declare
from daglab.runtime.declare import Defaults
from daglab.runtime.failures import refusal
from daglab.runtime.loaded import LoadedNotebook, load
from daglab.runtime.params import config_fields, param_values
from daglab.runtime.partitions import partitions


def notebook_assets(path: str | Path) -> dg.AssetsDefinition:
    """The assets and checks of one notebook, as its ``[tool.daglab]`` header declares them.

    The step is called after the file: ``orders.py`` makes ``orders_notebook``, under which a run's configuration sets
    its params: ``{"ops": {"orders_notebook": {"config": {"min_amount": 5.0}}}}``.

    Raises:
        NotebookError: the file is no notebook, has no header, or doesn't define what the header names.
        HeaderError: the header is wrong.
    """
    loaded = load(Path(path))
    return _assets(loaded, _step_name(Path(path).stem), Defaults())


def notebook_definitions(
    notebooks: ModuleType | str | Path,
    *,
    group: str | None = None,
    owners: Sequence[str] | None = None,
    tags: Mapping[str, str] | None = None,
    executor: dg.ExecutorDefinition | None = None,
) -> dg.Definitions:
    """Definitions of all notebooks with a header in a package or a folder, and below it.

    Args:
        notebooks: a package, its dotted name (``"shop"``), or a folder. The package itself is not imported.
        group, owners, tags: for assets whose header says nothing else; tags are merged.
        executor: how runs execute their steps; unset, so that the result merges with other definitions.

    Raises:
        NotebookError: there is no such package or folder, a notebook in it is not one that can be loaded, or
            ``group``, ``owners`` or ``tags`` are not in the form that Dagster asks for.
        HeaderError: a header is wrong.
    """
    paths = [(folder, path) for folder in _folders(notebooks) for path in find_notebooks(folder)]
    stems = Counter(path.stem for _, path in paths)

    def name_of(folder: Path, loaded: LoadedNotebook) -> str:
        path = Path(loaded.notebook.path)
        if stems[path.stem] == 1:
            return path.stem
        shown = loaded.shown_path  # Dagster wants one name for one step
        return (shown if "/" in shown else os.path.relpath(path, folder)).removesuffix(".py")

    return _definitions(paths, name_of, Defaults(group, owners or (), tags or {}), executor)


def component_definitions(folder: Path, root: Path, defaults: Defaults) -> dg.Definitions:
    """Definitions of a component's notebooks in a folder.

    Their steps are called after their paths below ``root``, the folder of all components, because no component knows
    the notebooks of the others. Raises as :func:`notebook_definitions` does.
    """

    def name_of(_: Path, loaded: LoadedNotebook) -> str:
        return Path(os.path.relpath(loaded.notebook.path, root)).with_suffix("").as_posix()

    paths = [(found, path) for found in _folders(folder) for path in find_notebooks(found)]
    return _definitions(paths, name_of, defaults, None)


def _definitions(
    paths: Sequence[tuple[Path, Path]],
    name_of: Callable[[Path, LoadedNotebook], str],
    defaults: Defaults,
    executor: dg.ExecutorDefinition | None,
) -> dg.Definitions:
    assets = []
    notebooks_read = []
    for folder, path in paths:
        loaded = load(path)
        assets.append(_assets(loaded, _step_name(name_of(folder, loaded)), defaults))
        notebooks_read.append((loaded.notebook, loaded.header))
    # Dagster finds these faults, too, but when all is merged, and without a file or a line.
    for finding in (*key_findings(header for _, header in notebooks_read), *cycle_findings(notebooks_read)):
        raise NotebookError(f"{finding.path}:{finding.line}: {finding.message}", remedy=finding.remedy)
    return dg.Definitions(assets=assets, executor=executor)


def definitions_in(module: ModuleType) -> list[dg.Definitions]:
    """The Definitions of a code location's module, those of ``@dg.definitions`` made."""
    values = [value() if type(value).__name__ == "LazyDefinitions" else value for value in vars(module).values()]
    return [value for value in values if isinstance(value, dg.Definitions)]


def load_definitions(target: str) -> dg.Definitions:
    """The Definitions of a code location's module, or of the notebooks in a folder that has no module of its own.

    Raises:
        DagsterInvalidDefinitionError: the module has none, or several.
        Exception: whatever the module raises.
    """
    if Path(target).is_dir():
        return notebook_definitions(Path(target))
    found = definitions_in(importlib.import_module(target))
    if len(found) != 1:
        raise dg.DagsterInvalidDefinitionError(f"{target} has {len(found)} Definitions instead of one")
    return found[0]


def default_executor() -> dg.ExecutorDefinition:
    """Dagster's multiprocess executor; where the system has a forkserver, one that has imported marimo already.

    A run configures it as Dagster's own: ``{"execution": {"config": {"max_concurrent": 4}}}``.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return dg.multiprocess_executor
    start = {"start_method": {"forkserver": {"preload_modules": ["daglab.runtime.preload"]}}}
    schema: Any = dg.multiprocess_executor.config_schema.config_type
    others = {name: field for name, field in schema.fields.items() if name != "start_method"}

    @dg.configured(dg.multiprocess_executor, config_schema=others)
    def multiprocess(config: dict[str, Any]) -> dict[str, Any]:
        return {**start, **config}

    return multiprocess


def _assets(loaded: LoadedNotebook, name: str, defaults: Defaults) -> dg.AssetsDefinition:
    try:
        return _multi_asset(loaded, name, defaults)
    except Exception as error:  # whatever a version of Dagster refuses, it can't say where
        place = f"{loaded.notebook.path}:{loaded.header.line_of()}"
        raise NotebookError(f"{place}: Dagster refuses the header: {error}", remedy="correct it") from error


def _multi_asset(loaded: LoadedNotebook, name: str, defaults: Defaults) -> dg.AssetsDefinition:
    header = loaded.header
    outs = declare.outputs(loaded, defaults)

    @dg.multi_asset(
        name=name,
        outs=outs,
        deps=declare.upstream(loaded),
        internal_asset_deps=declare.dependencies(loaded),
        check_specs=declare.check_specs(loaded),
        config_schema=config_fields(loaded.graph.params),
        partitions_def=partitions(header.partitions),
        backfill_policy=declare.backfill_policy(header.assets),
        retry_policy=declare.retry_policy(header.assets),
        pool=declare.pool(header.assets),
        required_resource_keys=set(header.model.resources),
        op_tags=header.model.op_tags,
        can_subset=True,
    )
    def notebook(context):  # type: ignore[no-untyped-def]  # Dagster reads annotations, and strings it can't resolve
        from daglab.runtime.step import run_notebook

        try:
            params = param_values(loaded.graph.params, context.op_execution_context.op_config)
        except AssetValueError as error:
            raise refusal(str(error), {}) from error
        yield from run_notebook(loaded, params, context)

    assets: dg.AssetsDefinition = notebook
    return assets


def _step_name(path: str) -> str:
    """The step's name, made of the file's own path or stem alone, so that no other notebook changes it.

    Where Dagster's characters don't suffice, a hash tells ``a b.py`` from ``a_b.py``.
    """
    name = path.replace("/", "__")
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    replaced = plain != name or "__" in path
    return f"{plain}_{hashlib.sha256(path.encode()).hexdigest()[:6]}_notebook" if replaced else f"{plain}_notebook"


def _folders(notebooks: ModuleType | str | Path) -> Iterator[Path]:
    places: list[Any]
    if isinstance(notebooks, ModuleType):
        places = list(getattr(notebooks, "__path__", []))
    elif isinstance(notebooks, Path) or "/" in notebooks or not _is_dotted(notebooks):
        places = [notebooks]
    else:
        try:
            spec = importlib.util.find_spec(notebooks)
        except ImportError:
            spec = None
        places = list(spec.submodule_search_locations or []) if spec else [notebooks]
    if not places:
        raise NotebookError(f"{notebooks!r} is a module, not a package", remedy="give a package or a folder")
    for place in places:
        if not Path(place).is_dir():
            raise NotebookError(f"there is no package or folder {str(place)!r}", remedy="give a package or a folder")
        yield Path(place)


def _is_dotted(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))
