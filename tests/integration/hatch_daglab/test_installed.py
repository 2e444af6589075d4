"""What installed wheels tell of their notebooks, and how they run where nothing else is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

import daglab
from daglab.errors import BuildError
from daglab.notebook.manifest import manifest_schema
from tests.conftest import FreshVenv
from tests.integration.hatch_daglab.building import build, configure, notebook, tiny_project

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the import path that holds the wheel of a project with two notebooks."""
    root = tiny_project(tmp_path_factory.mktemp("installed") / "project")
    (root / "src/tiny/read.py").write_text(notebook("numbers = raw", assets="tiny/read", inputs="tiny/numbers"))
    site = root.parent / "site"
    build(root, root.parent / "out").wheel.extractall(site)
    return site


@pytest.fixture
def site(unpacked: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(unpacked))
    return unpacked


def test_the_schema_is_published_and_built_manifests_follow_it(unpacked: Path) -> None:
    published = json.loads((ROOT / "docs/daglab.schema.json").read_text("utf-8"))
    assert published == manifest_schema()
    jsonschema.validate(json.loads((unpacked / "tiny/daglab.json").read_text("utf-8")), published)


def test_notebooks_of_installed_wheels(site: Path) -> None:
    first, second = daglab.installed_notebooks()
    assert (first.distribution, first.module, first.path) == (
        *("tiny", "tiny.definitions"),
        site / "tiny/notebooks/numbers.py",
    )
    assert (second.path.is_file(), second.ipynb.is_file()) == (True, True)
    assert (second.assets, second.inputs) == (("tiny/read",), ("tiny/numbers",))
    assert "tiny" not in sys.modules


def test_no_notebooks_at_all() -> None:
    assert daglab.installed_notebooks() == []


def test_it_needs_neither_dagster_nor_marimo(site: Path) -> None:
    code = (
        "import sys; sys.modules['dagster'] = sys.modules['marimo'] = None\n"
        f"sys.path.insert(0, {str(site)!r})\nimport daglab\nprint(len(daglab.installed_notebooks()))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ended.stdout == "2\n", ended.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"format": 2, "notebooks": []}', "has format 2; this daglab reads 1 (update daglab)"),
        ('{"format": 1}', "is no manifest: KeyError('notebooks') (install the distribution again)"),
        ("[]", "is no manifest"),
        ('{"format": 1, "notebooks": [3]}', "is no manifest"),
        ("\xff", "is no manifest"),
    ],
)
def test_manifests_that_cannot_be_read(text: str, says: str, site: Path) -> None:
    path = site / "tiny/daglab.json"
    before = path.read_bytes()
    path.write_bytes(text.encode("latin-1"))
    try:
        with pytest.raises(BuildError) as raised:
            daglab.installed_notebooks()
    finally:
        path.write_bytes(before)
    assert says in str(raised.value)


def test_a_build_opens_no_connection(tmp_path: Path) -> None:
    guard = tmp_path / "guard/sitecustomize.py"
    guard.parent.mkdir()
    guard.write_text(
        "import os, sys\n"
        "def hook(event, args):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.sendto'):\n"
        "        os.write(2, b'a connection'); os._exit(66)\n"
        "sys.addaudithook(hook)\n"
    )
    path = ":".join([str(guard.parent), str(ROOT), str(ROOT / "hatch_plugin")])
    built = build(tiny_project(tmp_path / "project"), tmp_path / "out", PYTHONPATH=path)
    assert built.status == 0, built.said


BUILDERS = {
    "hatch": ["-m", "hatch", "build", "-t", "wheel", "{out}"],
    "build": ["-m", "build", "--wheel", "--outdir", "{out}"],
    "build, the wheel from the sdist": ["-m", "build", "--outdir", "{out}"],
    "uv": ["-m", "uv", "build", "--wheel", "--out-dir", "{out}"],
}


@pytest.mark.nightly
@pytest.mark.timeout(900)
@pytest.mark.parametrize("builder", BUILDERS)
def test_each_builder_makes_the_same_wheel_in_isolation(
    builder: str, tmp_path: Path, wheel_environ: dict[str, str]
) -> None:
    root = tiny_project(tmp_path / "project")
    expected = build(root, tmp_path / "plain").artifacts[0].read_bytes()
    out = tmp_path / "out"
    argv = [sys.executable, *(part.format(out=out) for part in BUILDERS[builder])]
    environ = {key: value for key, value in wheel_environ.items() if key != "PYTHONPATH"}
    ended = subprocess.run(argv, cwd=root, env=environ, capture_output=True, text=True, timeout=600)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    [wheel] = out.glob("*.whl")
    assert wheel.read_bytes() == expected


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_a_wheel_is_a_code_location_where_nothing_else_is(tmp_path: Path, wheel_environ: dict[str, str]) -> None:
    """In a folder without the project, in an environment without Jupyter."""
    root = tiny_project(tmp_path / "project")
    configure(root, "[tool.hatch.build.hooks", '[tool.dg.project]\nroot_module = "tiny"\n\n[tool.hatch.build.hooks')
    [wheel] = build(root, tmp_path / "out").artifacts
    venv = FreshVenv(tmp_path / "venv", wheel_environ)
    venv.install(str(wheel), "dagster-dg-cli")
    assert not venv.distributions() & {"jupyter-server", "jupyterlab", "ipykernel", "nbconvert"}
    validated = venv.run("dagster", "definitions", "validate", "-m", "tiny.definitions")
    assert validated.returncode == 0, validated.stdout + validated.stderr
    [site] = venv.folder.glob("lib/*/site-packages")
    (site / "dg.toml").write_text('directory_type = "project"\n\n[project]\nroot_module = "tiny"\n')
    checked = venv.run("dg", "check", "defs", "--use-active-venv", "--target-path", str(site))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    ran = venv.run("dagster", "asset", "materialize", "-m", "tiny.definitions", "--select", "*")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    listed = venv.run("python", "-c", "import daglab; print(daglab.installed_notebooks()[0].assets)")
    assert listed.stdout == "('tiny/numbers',)\n", listed.stderr
