"""The project's code location, for commands that have a subprocess load it."""

from __future__ import annotations

import os
from pathlib import Path

from daglab.errors import ConfigError


def loadable(root: Path) -> str:
    """The code location's module; the project's folder where only the build makes definitions.

    Raises:
        ConfigError: the project names no code location, or several.
    """
    from daglab.project import Project

    try:
        return Project.find(root).code_location().module_name
    except ConfigError:
        if any((root / "src").glob("*/definitions.py")) or any(root.glob("*/definitions.py")):
            raise
        return str(root)


def loading_environment(root: Path) -> dict[str, str]:
    """This process's environment variables, with the project's own packages to be imported."""
    paths = [str(root / "src"), str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
