"""``daglab check --load``: holds the notebooks against the project's real Definitions, loaded in a subprocess."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from daglab.errors import MissingExtraError
from daglab.notebook.findings import Finding
from daglab.runs.code_location import loadable, probe

if TYPE_CHECKING:
    from daglab.notebook.check import CheckedNotebook, Report


def load_findings(report: Report, root: Path, timeout: float) -> Iterator[Finding]:
    """What the Definitions lack that the notebooks need: themselves, resources and IO managers, assets, or types.

    User code runs in the subprocess alone, which has ``timeout`` seconds.

    Raises:
        ConfigError: the project names no code location, or several.
        MissingExtraError: Dagster is not installed.
    """
    if importlib.util.find_spec("dagster") is None:
        raise MissingExtraError("dagster", needed_for="daglab check --load")
    target = loadable(root)
    types = list(_types(report))
    outcome = probe(target, [(str(checked.path.parent), name) for checked, _, name in types], root, timeout)
    if (error := outcome.get("error")) is not None:
        remedy = f"`dagster definitions validate -m {target}` shows all of it" if target != str(root) else ""
        yield Finding("pyproject.toml", 1, "DL340", f"the Definitions cannot be loaded: {error}", remedy)
        return
    for (checked, line, _), fault in zip(types, outcome["types"], strict=True):
        if fault is not None:
            remedy = "name a class of an installed package, such as polars.DataFrame"
            yield Finding(checked.notebook.path, line, "DL342", fault, remedy)
    known = set(outcome["keys"])
    for checked in report.notebooks:
        if (header := checked.header) is None:
            continue
        for variable in header.assets:
            if (key := header.key(variable)) not in known:
                message = f"the Definitions of {target} lack the asset {key!r}, which the notebook makes"
                remedy = "add daglab.notebook_definitions(...) of its folder to them"
                yield Finding(checked.notebook.path, header.line_of("assets", variable), "DL341", message, remedy)
        for variable, given in header.inputs.items():
            if given.key not in known:
                message = f"the Definitions of {target} lack the asset {given.key!r}, which the notebook reads"
                remedy = f'add what makes it, or dg.AssetSpec("{given.key}") where other code does'
                yield Finding(checked.notebook.path, header.line_of("inputs", variable), "DL341", message, remedy)


def _types(report: Report) -> Iterator[tuple[CheckedNotebook, int, str]]:
    """The types that headers name, with their lines."""
    for checked in report.notebooks:
        if (header := checked.header) is not None:
            types = {("inputs", name): given.type for name, given in header.inputs.items()}
            types |= {("assets", name): asset.type for name, asset in header.assets.items()}
            yield from ((checked, header.line_of(*place, "type"), name) for place, name in types.items() if name)
