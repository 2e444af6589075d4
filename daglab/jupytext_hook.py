"""Makes daglab's conversion jupytext's own ``py:marimo`` in every process that has imported daglab.

jupytext starts marimo twice for each conversion, and loses what marimo's converters lose. Nothing is imported here
until jupytext itself is; then two of its modules get other functions.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

_CONVERTER = "daglab.pair.jupytext_converter"


def install() -> None:
    """Patch jupytext now, if it is imported, and else as soon as it will be."""
    for name, patch in (("jupytext.combine", _patch_combine), ("jupytext.jupytext", _patch_jupytext)):
        if name in sys.modules:
            patch(sys.modules[name])
        else:
            sys.meta_path.insert(0, _AfterImport(name, patch))


class _AfterImport:
    """A finder that has ``then`` called with one module when that has been imported, and is gone by then.

    It never keeps a module from being imported.
    """

    def __init__(self, name: str, then: Callable[[ModuleType], None]) -> None:
        self._name = name
        self._then = then

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:  # noqa: ARG002 # the protocol's
        if name != self._name or self not in sys.meta_path:
            return None
        sys.meta_path.remove(self)
        from importlib.util import find_spec

        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                self._then(module)

            try:
                spec.loader.exec_module = exec_module  # type: ignore[method-assign]
            except AttributeError:  # a loader that can't be changed: jupytext stays as it is
                pass
        return spec


def _patch_jupytext(module: ModuleType) -> None:
    """The class through which all of jupytext's reading and writing of text notebooks goes."""
    converter = getattr(module, "TextNotebookConverter", None)
    if converter is None or not (hasattr(converter, "reads") and hasattr(converter, "writes")):
        return
    reads, writes = converter.reads, converter.writes

    def reads_marimo(self: Any, s: str, **options: Any) -> Any:
        return _converter().reads(s) if _is_marimo(self) else reads(self, s, **options)

    def writes_marimo(self: Any, nb: Any, metadata: Any = None, **options: Any) -> Any:
        return _converter().writes(nb) if _is_marimo(self) else writes(self, nb, metadata, **options)

    converter.reads, converter.writes = reads_marimo, writes_marimo


def _patch_combine(module: ModuleType) -> None:
    """The function that joins a .py, of which it has the path's format only, with what the .ipynb holds besides."""
    combine = getattr(module, "combine_inputs_with_outputs", None)
    if combine is None:
        return

    def combine_marimo(nb_source: Any, nb_outputs: Any, fmt: Any = None) -> Any:
        # Only what daglab has read of a .py has its base before it is joined with the .ipynb.
        ours = "base" in nb_source.metadata.get("daglab", {})
        combined = combine(nb_source, nb_outputs, fmt)
        return _converter().with_metadata(combined, nb_source, nb_outputs) if ours else combined

    for loaded in [module, *(m for name, m in list(sys.modules.items()) if name.startswith("jupytext."))]:
        if getattr(loaded, "combine_inputs_with_outputs", None) is combine:
            loaded.combine_inputs_with_outputs = combine_marimo  # type: ignore[attr-defined]


def _is_marimo(converter: Any) -> bool:
    return bool(getattr(converter, "fmt", {}).get("format_name") == "marimo")


def _converter() -> Any:
    from importlib import import_module

    return import_module(_CONVERTER)
