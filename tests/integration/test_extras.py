"""Each way to install daglab, from its wheel into an empty environment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import FreshVenv

JUPYTER = {"jupyter-server", "jupyterlab", "jupyter-server-proxy", "notebook", "nbconvert", "ipykernel"}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, daglab_wheel: Path, wheel_environ: dict[str, str]) -> FreshVenv:
    venv = FreshVenv(tmp_path_factory.mktemp("base") / "venv", wheel_environ)
    venv.install(str(daglab_wheel))
    return venv


def test_the_base_has_neither_dagster_nor_jupyter(base: FreshVenv) -> None:
    assert not {d for d in base.distributions() if d.startswith("dagster")}
    assert not base.distributions() & JUPYTER


def test_the_base_answers(base: FreshVenv) -> None:
    done = base.run("daglab", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "config" in done.stdout
    done = base.run("daglab", "config", "show", "--json")
    assert json.loads(done.stdout)["config"]["dagster"]["port"] == 3000


def test_the_base_checks_a_project(base: FreshVenv) -> None:
    notebook = base.folder / "project" / "one.py"
    notebook.parent.mkdir()
    notebook.write_text(
        "# /// script\n# [tool.daglab.assets.one]\n# kind = ['x']\n# ///\n\nimport marimo\n\napp = marimo.App()\n"
        "\n\n@app.cell\ndef _():\n    one = 1\n    return\n\n\nif __name__ == '__main__':\n    app.run()\n"
    )
    done = base.run("daglab", "check", str(notebook))
    assert done.returncode == 7, done.stdout + done.stderr
    assert "DL101" in done.stdout + done.stderr
    assert "did you mean 'kinds'?" in done.stdout + done.stderr


@pytest.mark.parametrize("name", ["notebook_definitions", "notebook_assets"])
def test_the_base_says_in_one_line_what_definitions_need(base: FreshVenv, name: str) -> None:
    done = base.run("python", "-c", f"import daglab; daglab.{name}('.')")
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("daglab.errors.MissingExtraError:")
    assert last.endswith('(pip install "daglab[dagster]")')


def test_the_dagster_extra_runs_assets_and_brings_no_jupyter(base: FreshVenv, daglab_wheel: Path) -> None:
    base.install(f"{daglab_wheel}[dagster]")
    assert "dagster" in base.distributions()
    assert not base.distributions() & JUPYTER
    done = base.run("python", "-c", "import daglab; daglab.notebook_definitions; print('ready')")
    assert done.stdout == "ready\n", done.stderr


@pytest.mark.nightly
@pytest.mark.parametrize("extra", ["jupyter", "all"])
def test_the_other_extras_install_whole(
    extra: str, tmp_path: Path, daglab_wheel: Path, wheel_environ: dict[str, str]
) -> None:
    venv = FreshVenv(tmp_path / "venv", wheel_environ)
    venv.install(f"{daglab_wheel}[{extra}]")
    expected = {"jupyter-server", "jupyterlab", "jupyter-server-proxy", "nbconvert"}
    if extra == "all":
        expected |= {"dagster", "dagster-webserver"}
    assert expected <= venv.distributions()
    check = venv.run("python", "-m", "pip", "check")
    assert check.returncode == 0, check.stdout
