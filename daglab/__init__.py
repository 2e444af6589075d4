"""daglab: the notebook is the asset.

The public names are imported when they are first used: ``import daglab`` alone imports nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daglab import jupytext_hook

if TYPE_CHECKING:
    from daglab.notebook.installed import installed_notebooks
    from daglab.runtime.component import NotebookComponent
    from daglab.runtime.current import context, partition_key
    from daglab.runtime.definitions import default_executor, notebook_assets, notebook_definitions
    from daglab.runtime.values import load_asset

__version__ = "0.1.0"

__all__ = [
    "NotebookComponent",
    "context",
    "default_executor",
    "installed_notebooks",
    "load_asset",
    "notebook_assets",
    "notebook_definitions",
    "partition_key",
]

_DEFINED_IN = {
    "NotebookComponent": "runtime.component",
    "context": "runtime.current",
    "default_executor": "runtime.definitions",
    "installed_notebooks": "notebook.installed",
    "load_asset": "runtime.values",
    "notebook_assets": "runtime.definitions",
    "notebook_definitions": "runtime.definitions",
    "partition_key": "runtime.current",
}


jupytext_hook.install()


def __getattr__(name: str) -> Any:
    if name not in _DEFINED_IN:
        raise AttributeError(f"module 'daglab' has no attribute {name!r}")
    from importlib import import_module

    try:
        value = getattr(import_module(f"daglab.{_DEFINED_IN[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name != "dagster":
            raise
        from daglab.errors import MissingExtraError

        raise MissingExtraError("dagster", needed_for=f"daglab.{name}") from error
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_DEFINED_IN])
