"""A ``dg`` project with ``daglab.NotebookComponent``: listed, scaffolded, checked, materialized by its commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import FreshVenv

FILES = {
    "pyproject.toml": """
[project]
name = "shop"
version = "1"

[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "shop"
""",
    "src/shop/__init__.py": "",
    "src/shop/definitions.py": """
from pathlib import Path
import dagster as dg

@dg.definitions
def defs():
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
""",
    "src/shop/defs/__init__.py": "",
}


class DgProject:
    """A project as dg makes it, and dg of one environment."""

    def __init__(self, root: Path, programs: Path, environ: dict[str, str]) -> None:
        self.root = root
        self.programs = programs
        for name, text in FILES.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        home = root / "home"
        home.mkdir()
        path = os.pathsep.join(filter(None, [str(root / "src"), environ.get("PYTHONPATH", "")]))
        searched = os.pathsep.join([str(programs), environ["PATH"]])
        self.environ = {**environ, "PYTHONPATH": path, "PATH": searched, "DAGSTER_HOME": str(home), "COLUMNS": "200"}

    def dg(self, *arguments: str, ok: bool = True) -> str:
        argv = [str(self.programs / "dg"), *arguments]
        done = subprocess.run(argv, cwd=self.root, env=self.environ, capture_output=True, text=True, timeout=120)
        assert (done.returncode == 0) is ok, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.mark.nightly
def test_what_dg_scaffolds_dg_accepts_and_an_error_in_its_yaml_has_a_line(tmp_path: Path) -> None:
    project = DgProject(tmp_path / "project", Path(sys.executable).parent, dict(os.environ))
    project.dg("scaffold", "defs", "daglab.NotebookComponent", "orders")
    assert "All component YAML validated" in project.dg("check", "yaml")
    place = project.root / "src/shop/defs/orders/defs.yaml"
    place.write_text("type: daglab.NotebookComponent\nattributes:\n  grup: sales\n")
    said = project.dg("check", "yaml", ok=False)
    assert f"{place}:3" in said
    assert "'grup' was unexpected" in said


@pytest.mark.nightly
def test_the_component_of_an_installed_wheel(tmp_path: Path, daglab_wheel: Path, wheel_environ: dict[str, str]) -> None:
    venv = FreshVenv(tmp_path / "venv", wheel_environ)
    venv.install(f"{daglab_wheel}[dagster]", "dagster-dg-cli")
    project = DgProject(tmp_path / "project", venv.folder / "bin", venv.environ)
    assert "daglab.NotebookComponent" in project.dg("list", "components")
    project.dg("scaffold", "defs", "daglab.NotebookComponent", "orders")
    assert "All definitions loaded successfully" in project.dg("check", "defs")
    assert "orders" in project.dg("list", "defs")
    project.dg("launch", "--assets", "orders")
    assert (project.root / "home" / "storage" / "orders").is_file()
    assert list((project.root / ".daglab" / "executed").glob("*/orders.ipynb"))
    place = project.root / "src/shop/defs/orders/defs.yaml"
    place.write_text("type: daglab.NotebookComponent\nattributes:\n  owners: [bob]\n")
    said = project.dg("check", "defs", ok=False)
    assert f"{place}:3" in said
    assert "owners has 'bob': an owner is an e-mail address" in said
