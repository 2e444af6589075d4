"""The project's code location, for those that have a subprocess load it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

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


def probe(target: str, types: Sequence[tuple[str, str]], root: Path, timeout: float) -> dict[str, Any]:
    """What a subprocess finds in the code location ``target``, see :mod:`daglab.runtime.definitions_probe`.

    Args:
        target: what :func:`loadable` answers.
        types: types of headers, each behind its notebook's folder.
        root: the project's folder.
        timeout: seconds.
    """
    from daglab.processes import spawn

    with TemporaryDirectory(prefix="daglab-load-") as folder:
        named, answer = Path(folder) / "types.json", Path(folder) / "answer.json"
        named.write_text(json.dumps(types), encoding="utf-8")
        argv = [sys.executable, "-m", "daglab.runtime.definitions_probe", target, str(named), str(answer)]
        with spawn(argv, cwd=root, env=loading_environment(root), die_with_parent=True) as child:
            try:
                child.wait(timeout)
            except subprocess.TimeoutExpired:
                return {"error": f"it took more than {timeout:g} s"}
            if not answer.is_file():
                return {"error": f"the process ended with status {child.returncode}\n{child.log_tail(5)}".strip()}
        found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        return found
