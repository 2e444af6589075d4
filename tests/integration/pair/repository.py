"""A git repository with a notebook pair in it, driven by the real git."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.integration.pair.test_pair_commands import DAGLAB, daglab

# Nobody's configuration, and the daglab, marimo and black of this environment.
ENVIRON = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "PATH": f"{DAGLAB.parent}{os.pathsep}{os.environ['PATH']}",
}

NOTEBOOK = """# /// script
# dependencies = ["marimo", "daglab[dagster]"]
#
# [tool.daglab.assets.total]
# ///

import marimo

__generated_with = "0.23.0"
app = marimo.App()


@app.cell
def _():
    first = 1
    return (first,)


@app.cell
def _():
    second = 2
    return (second,)


@app.cell
def _():
    third = 3
    return (third,)


@app.cell
def _(first, second, third):
    total = first + second + third
    return (total,)


if __name__ == "__main__":
    app.run()
"""


class Repository:
    """A work tree; ``orders.py`` and ``orders.ipynb`` are its pair."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.py = folder / "orders.py"
        self.ipynb = folder / "orders.ipynb"

    @classmethod
    def create(cls, folder: Path) -> Repository:
        """A new repository with nothing committed."""
        folder.mkdir()
        made = cls(folder)
        made.git("init", "-q", "-b", "main")
        (folder / "pyproject.toml").write_text(
            '[project]\nname = "shop"\nversion = "1"\ndependencies = ["marimo", "daglab[dagster]"]\n'
        )
        return made

    def run(self, *command: str, code: int = 0) -> str:
        """Run a command in it; answer all that it printed."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, **ENVIRON},
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
        )
        assert done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def git(self, *args: str, code: int = 0) -> str:
        """Run git."""
        return self.run("git", *args, code=code)

    def python(self, *args: str, code: int = 0) -> str:
        """Run a module's command line, such as ``black``."""
        return self.run(sys.executable, "-m", *args, code=code)

    def commit(self, message: str, code: int = 0) -> str:
        """Commit everything."""
        self.git("add", "-A")
        return self.git("commit", "-q", "-m", message, code=code)

    def sync(self, *args: str, code: int = 0) -> str:
        """``daglab sync``; what it printed as data."""
        return daglab(self.folder, "sync", *args, code=code).stdout

    def add_pair(self) -> None:
        """Make the pair."""
        self.py.write_text(NOTEBOOK)
        daglab(self.folder, "pair", "orders.py")
