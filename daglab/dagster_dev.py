"""The command line and the environment of `dagster dev` for a project."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from daglab.processes import LOOPBACK
from daglab.project import Project

LOG_FILE = Path(".daglab") / "logs" / "dagster.log"
"""What Dagster says, below the project's root."""


def dagster_dev_argv(project: Project, port: int, host: str = LOOPBACK) -> list[str]:
    """`dagster dev` for the project's code location, or `dg dev` in a `dg` project where that is installed.

    ``host`` is an address of this machine alone: Dagster has no authentication.

    Raises:
        ConfigError: the project names no code location, or several.
    """
    location = project.code_location()
    place = ["--host", host, "--port", str(port)]
    if location.by == "dg" and find_spec("dagster_dg_cli"):  # it reads the location's name, and checks defs.yaml files
        return [sys.executable, "-m", "dagster_dg_cli.cli", "dev", "--use-active-venv", *place]
    argv = [sys.executable, "-m", "dagster", "dev", *place]
    if location.by == "dagster":  # it reads the location's name, which its --module-name would replace by the module's
        return argv
    return [*argv, "--module-name", location.module_name]


def project_environment(project: Project) -> dict[str, str]:
    """The environment of processes that load the project's code, installed or not: its ``src`` can be imported."""
    environment = project.environment()
    folders = [str(folder) for folder in (project.root / "src", project.root) if folder.is_dir()]
    given = environment.get("PYTHONPATH")
    environment["PYTHONPATH"] = os.pathsep.join([*folders, *([given] if given else [])])
    return environment
