"""What docs/getting-started.md and docs/ci.md tell to do is done, in fresh projects."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from daglab.cli.init import make_project
from tests.conftest import FreshVenv
from tests.integration.cli.command import environment

DOCS = Path(__file__).parents[3] / "docs"
STARTED = (DOCS / "getting-started.md").read_text("utf-8")
GITHUB, GITLAB = map(
    yaml.safe_load, re.findall(r"<!-- test -->\n```yaml\n(.*?)```", (DOCS / "ci.md").read_text("utf-8"), re.DOTALL)
)
PREPARED = ("pip install", "hatch build")  # done at night: both install all of daglab anew


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """The environment of a shell in which daglab is installed."""
    command = tmp_path / "bin" / "daglab"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m daglab "$@"\n')
    command.chmod(0o755)
    there = environment()
    return {**there, "PATH": os.pathsep.join([str(command.parent), str(Path(sys.executable).parent), there["PATH"]])}


def bash(script: str, cwd: Path, environ: dict[str, str], timeout: float = 250) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=cwd,
        env=environ,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout


def blocks(name: str) -> str:
    found = re.findall(rf"<!-- test: {name} -->\n```bash\n(.*?)```", STARTED, re.DOTALL)
    assert found, f"docs/getting-started.md has no steps for {name}"
    return "\n".join(found)


def test_getting_started_with_a_new_project(tmp_path: Path, shell: dict[str, str]) -> None:
    said = bash(blocks("new"), tmp_path, shell)
    assert "SUCCESS" in said
    assert (tmp_path / "shop/.dagster_home/storage/sales/orders").exists()


def test_getting_started_with_an_existing_project(tmp_path: Path, shell: dict[str, str]) -> None:
    bash("dagster project scaffold --name shop", tmp_path, shell)
    project = tmp_path / "shop"
    bash(blocks("existing"), project, shell)
    (merge,) = re.findall(r"```python\n(.*?)```", STARTED, re.DOTALL)
    definitions = project / "shop" / "definitions.py"
    definitions.write_text(f"{definitions.read_text()}\nimport dagster as dg\n{merge}")
    assert "SUCCESS" in bash(blocks("definitions"), project, shell)
    assert (project / ".dagster_home/storage/numbers/squares").exists()


def test_none_is_left_out() -> None:
    assert STARTED.count("```bash") == STARTED.count("<!-- test: ") == 4


def github_steps() -> list[str]:
    return [step["run"].strip() for step in GITHUB["jobs"]["notebooks"]["steps"] if "run" in step]


def gitlab_steps() -> list[str]:
    return [*GITLAB["notebooks"]["before_script"], *GITLAB["notebooks"]["script"]]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A fresh copy of the demo's project."""
    make_project(tmp_path / "shop", "The shop", "shop", "standard")
    return tmp_path / "shop"


@pytest.mark.nightly
def test_ci(shop: Path, shell: dict[str, str]) -> None:
    for step in github_steps():
        if not step.startswith(PREPARED):
            bash(step, shop, shell)
    assert list((shop / ".daglab" / "executed").rglob("*.ipynb"))


def test_both_services_do_the_same() -> None:
    assert github_steps() == gitlab_steps()


@pytest.mark.nightly
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("service", ["github", "gitlab"])
def test_ci_with_its_own_installation(service: str, shop: Path, tmp_path: Path, wheel_environ: dict[str, str]) -> None:
    venv = FreshVenv(tmp_path / "venv", wheel_environ)
    there = {**venv.environ, "PATH": f"{venv.folder / 'bin'}{os.pathsep}{venv.environ['PATH']}"}
    for step in github_steps() if service == "github" else ["\n".join(gitlab_steps())]:  # GitLab's are one script
        bash(step, shop, there, timeout=900)
    assert list((shop / "dist").glob("*.whl"))
