"""Registers the build hook; hatchling loads this module in every build that uses any third-party hook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatchling.plugin import hookimpl

if TYPE_CHECKING:
    from hatch_daglab.plugin import DaglabBuildHook


@hookimpl
def hatch_register_build_hook() -> type[DaglabBuildHook]:
    """The hook's class."""
    from hatch_daglab.plugin import DaglabBuildHook

    return DaglabBuildHook
