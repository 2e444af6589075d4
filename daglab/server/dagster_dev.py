"""The command line and the environment of `dagster dev` for a project."""

from __future__ import annotations

import os
import sys

from daglab.processes import LOOPBACK
from daglab.project import Project


def dagster_dev_argv(project: Project, port: int, host: str = LOOPBACK) -> list[str]:
    """`dagster dev` for the project's code location, on the loopback interface only: Dagster has no authentication.

    Raises:
        ConfigError: the project names no code location, or several.
    """
    location = project.code_location()
    argv = [sys.executable, "-m", "dagster", "dev", "--host", LOOPBACK, "--port", str(port)]
    if location.origin.startswith("[tool.dagster]"):  # Dagster reads it too, with the location's name, which
        return argv  # its --module-name would replace by the module's
    return [*argv, "--module-name", location.module_name]


def project_environment(project: Project) -> dict[str, str]:
    """The environment of processes that load the project's code, installed or not: its ``src`` can be imported."""
    environment = project.environment()
    folders = [str(folder) for folder in (project.root / "src", project.root) if folder.is_dir()]
    given = environment.get("PYTHONPATH")
    environment["PYTHONPATH"] = os.pathsep.join([*folders, *([given] if given else [])])
    return environment
