"""What ``daglab`` can do: each command's module, named and not imported, so that help and typos cost no imports."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CommandEntry:
    """A command: ``target`` is ``module:name`` of its function or ``typer.Typer``; ``help`` one line for the list."""

    target: str
    help: str

    def load(self, name: str, settings: dict[str, Any]) -> Any:
        """Import the command and build it for Typer's parser; ``settings`` are its context's."""
        import typer

        module, _, attribute = self.target.partition(":")
        loaded = getattr(importlib.import_module(module), attribute)
        if not isinstance(loaded, typer.Typer):
            function, loaded = loaded, typer.Typer(add_completion=False, rich_markup_mode=None)
            loaded.command(name, context_settings=settings)(function)
        command = typer.main.get_command(loaded)
        command.name = name
        return command


# In the order of a project's life; `daglab --help` shows them so.
COMMANDS = {
    "init": CommandEntry("daglab.cli.init:init", "Take daglab into a Dagster project, or make a new one."),
    "demo": CommandEntry("daglab.cli.demo:demo", "Show the whole way from two notebooks to a served wheel."),
    "dev": CommandEntry("daglab.cli.dev:dev", "Start Dagster with marimo, or with JupyterLab."),
    "check": CommandEntry("daglab.cli.check:check", "Check notebooks without running them."),
    "pair": CommandEntry("daglab.cli.pair:pair", "Make a notebook a pair of .py and .ipynb."),
    "unpair": CommandEntry("daglab.cli.pair:unpair", "Take a pair apart."),
    "sync": CommandEntry("daglab.cli.pair:sync", "Bring the edits of each half of a pair to the other."),
    "backups": CommandEntry("daglab.cli.backups:app", "List, show and restore what syncs replaced or deleted."),
    "status": CommandEntry("daglab.cli.pair:status", "Show which pairs are in sync."),
    "scaffold": CommandEntry("daglab.cli.scaffold:scaffold", "Make a notebook that explores an asset or a job."),
    "discover": CommandEntry("daglab.cli.discover:discover", "Show what a running Dagster has."),
    "run": CommandEntry("daglab.cli.run:run", "Materialize assets or run a job, and follow it."),
    "workspace": CommandEntry("daglab.cli.workspace:workspace", "Make workspace.yaml of installed code locations."),
    "doctor": CommandEntry("daglab.cli.doctor:doctor", "Tell what is wrong with this machine and project."),
    "clean": CommandEntry("daglab.cli.clean:clean", "Delete old executed notebooks, backups and caches."),
    "audit": CommandEntry("daglab.cli.audit:audit", "Look for secrets, risky code and open doors."),
    "config": CommandEntry("daglab.cli.config:app", "Show the configuration in force, and its schema."),
}
