"""What may import what: the layers, the cost of `import daglab`, and marimo's private names."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = [
    "dagster",
    "filelock",
    "fsspec",
    "httpx",
    "jinja2",
    "jupyter_server",
    "jupyterlab",
    "marimo",
    "nbconvert",
    "nbformat",
    "numpy",
    "pandas",
    "polars",
    "psutil",
    "pydantic",
    "pydantic_settings",
    "rich",
    "tornado",
    "typer",
    "yaml",
]
# Typer is what the command line is made of, and nothing else of the list.
HEAVY_FOR_HELP = [name for name in HEAVY if name != "typer"]
OTHERS = ["dagster", "jupyter_server", "jupyterlab", "marimo"]
HELP_OF_ALL = """\
from daglab.cli.app import run
from daglab.cli.commands import COMMANDS
for name in COMMANDS:
    assert run([name, "--help"]) == 0
"""
NO_DAGSTER = """\
from daglab.cli.app import run
assert run(["discover", "--url", "http://127.0.0.1:9"]) == 5
assert run(["run", "--assets", "x", "--url", "http://127.0.0.1:9"]) == 5
run(["workspace"])
"""
# In a project without notebooks; what doctor and scaffold ask of Dagster, marimo and Jupyter, they ask in subprocesses.
LOOKS_ONLY = """\
import os, tempfile
from daglab.cli.app import run
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    open("pyproject.toml", "w").close()
    for command in ("doctor", "status", "check", "config show", "backups list", "clean", "audit --only secrets"):
        assert run(command.split()) in (0, 3), command
    assert run(["scaffold", "--asset", "x", "--url", "http://127.0.0.1:9"]) == 1
    assert run(["init"]) == 2
    os.chdir("/")
"""


def imported_by(program: str) -> set[str]:
    """Top-level modules that are loaded once ``program`` has run in a fresh interpreter."""
    report = "\nimport sys; print('imported:', *{m.partition('.')[0] for m in sys.modules}, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program + report], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.rpartition("imported:")[2].split())


@pytest.mark.parametrize(
    ("program", "forbidden"),
    [
        ("import daglab", HEAVY),
        ("import daglab.errors, daglab.project", HEAVY),
        ("import daglab.cli.app", HEAVY_FOR_HELP),
        ("import daglab.helpers", OTHERS),
        ("from daglab.cli.app import run\nassert run(['--help']) == 0", HEAVY_FOR_HELP),
        # newer Typers look at a command's types with pydantic
        (HELP_OF_ALL, [name for name in HEAVY_FOR_HELP if name != "pydantic"]),
        (NO_DAGSTER, OTHERS),
        (LOOKS_ONLY, OTHERS),
        ("import hatch_daglab.hooks", HEAVY),
    ],
)
def test_nothing_heavy_is_imported(program: str, forbidden: list[str]) -> None:
    before = imported_by("")  # tools such as coverage may already be there
    assert (imported_by(program) - before) & set(forbidden) == set()


def test_the_layers_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_marimos_private_names_are_touched_in_the_ground_only() -> None:
    allowed = {ROOT / "daglab" / f"marimo_{part}.py" for part in ("api", "graph", "parser", "run", "sql")}
    users = {
        path
        for folder in ("daglab", "hatch_plugin")
        for path in (ROOT / folder).rglob("*.py")
        for module in _imports(path)
        if module.startswith("marimo._")
    }
    assert users <= allowed
    assert users, "no module uses them: this test looks in the wrong place"


def _imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found
