"""What a check of ``daglab doctor`` gets, and what it answers."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from daglab.errors import ConfigError, DaglabError, ProcessError
from daglab.project import Project

if TYPE_CHECKING:
    from daglab.client import DagsterStatus
    from daglab.config import Config

State = Literal["ok", "warning", "critical", "skipped"]
SECONDS = 5.0
"""For a request to Dagster."""
_PROJECT_FILES = ("pyproject.toml", "daglab.yaml", "dg.toml", "workspace.yaml")


@dataclass(frozen=True)
class Finding:
    """One thing that a check has seen; ``fix``, where there is a safe one, mends it and answers what it did."""

    state: State
    message: str
    remedy: str = ""
    fix: Callable[[], str] | None = None


@dataclass(frozen=True)
class Heard:
    """What Dagster answers, and the seconds that one small question takes."""

    status: DagsterStatus
    latency: float


class Site:
    """The project that is looked at, its configuration, and what its Dagster and Jupyter tell, asked once.

    ``fault`` is what is wrong with the configuration; ``config`` then is the defaults.
    """

    def __init__(self) -> None:
        from daglab.config import default_config, load_config

        self.fault: ConfigError | None = None
        try:
            self.config: Config = load_config()
        except ConfigError as error:
            self.fault = error
            self.config = default_config()
        self.root: Path = self.config.root
        self.project = Project(self.root, self.config.dagster.repository_location_name)

    @property
    def is_project(self) -> bool:
        """Whether there is a project around the current folder; all that lies below is its own then."""
        return any((self.root / name).is_file() for name in _PROJECT_FILES)

    @cached_property
    def jupyter(self) -> dict[str, Any]:
        """What :mod:`daglab.cli.jupyter_probe` tells; it is asked once, and again after :meth:`forget_jupyter`.

        Raises:
            ProcessError: it fails.
        """
        told = ask_python("-m", "daglab.cli.jupyter_probe").strip()
        answer: dict[str, Any] = json.loads(told.rpartition("\n")[2])
        return answer

    def forget_jupyter(self) -> None:
        """Have Jupyter asked again, after a change."""
        vars(self).pop("jupyter", None)

    @cached_property
    def dagster(self) -> Heard | DaglabError:
        """Dagster's answer, or the error in its place."""
        from daglab.client import BlockingDagsterClient

        settings = self.config.dagster
        settings = settings.model_copy(update={"timeout": min(settings.timeout, SECONDS)})
        try:
            with BlockingDagsterClient(settings) as client:
                status = client.status()
                began = time.perf_counter()
                client.version()
                return Heard(status, time.perf_counter() - began)
        except DaglabError as error:
            return error


def installed(name: str) -> str | None:
    """The version of an installed distribution; ``None`` where there is none, or what is there is damaged."""
    try:
        return metadata.version(name) or None
    except (metadata.PackageNotFoundError, KeyError, OSError):  # the last: where importlib_metadata is imported
        return None


def ask_python(*arguments: str, timeout: float = 30.0) -> str:
    """What this environment's Python prints: heavy imports stay out of this process, and can't break it.

    Args:
        arguments: of ``python``.
        timeout: seconds.

    Raises:
        ProcessError: it fails, with the last line of its complaint; or it takes too long.
    """
    try:
        # Not in the project's folder, whose files would be imported in the packages' place.
        done = subprocess.run(
            [sys.executable, *arguments], cwd=sys.prefix, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        raise ProcessError(f"it did not end within {timeout:g} s", remedy="look what keeps this machine busy") from None
    if done.returncode != 0:
        said = done.stderr.strip().rpartition("\n")[2] or f"it ended with status {done.returncode}"
        raise ProcessError(said, remedy="install it again, into an environment of its own if need be")
    return done.stdout
