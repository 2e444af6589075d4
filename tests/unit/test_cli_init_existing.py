"""``daglab init`` in a project that Dagster runs already: each kind is recognised, and nothing in it is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from daglab.cli.app import run
from daglab.config import load_config
from tests.shapes import assert_shape

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DEFINITIONS = "import dagster as dg\n\ndefs = dg.Definitions()\n"
HATCH = '[build-system]\nrequires = ["hatchling"] # ours\nbuild-backend = "hatchling.build"\n\n'
PROJECT = '[project]\nname = "shop"\nversion = "1"\ndependencies = [\n    "dagster", # pinned elsewhere\n]\n\n'
DG = '[tool.dg]\ndirectory_type = "project"\n\n[tool.dg.project]\nroot_module = "shop"\n'


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def init(capsys: pytest.CaptureFixture[str], folder: Path, *options: str, code: int = 0) -> dict[str, Any]:
    assert run(["init", str(folder), "--json", *options]) == code
    out = capsys.readouterr().out
    assert_shape(["init"], out)
    answer: dict[str, Any] = json.loads(out)
    return answer


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".daglab" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


KINDS = {
    "dg": {
        "pyproject.toml": PROJECT + HATCH + DG,
        "src/shop/__init__.py": "",
        "src/shop/defs/__init__.py": "",
        "src/shop/definitions.py": "from dagster import load_from_defs_folder\n",
    },
    "dagster": {
        "pyproject.toml": PROJECT + HATCH + '[tool.dagster]\nmodule_name = "shop.definitions"\n',
        "shop/__init__.py": "",
        "shop/definitions.py": DEFINITIONS,
    },
    "workspace": {
        "workspace.yaml": "load_from:\n  - python_file:\n      relative_path: src/shop/repository.py\n",
        "src/shop/__init__.py": "",
        "src/shop/repository.py": DEFINITIONS,
    },
    "definitions": {
        "pyproject.toml": PROJECT + HATCH,
        "src/shop/__init__.py": "",
        "src/shop/definitions.py": DEFINITIONS,
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_project(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, KINDS[kind])
    planned = init(capsys, tmp_path, "--dry-run")
    assert contents(tmp_path) == KINDS[kind]
    done = init(capsys, tmp_path)
    assert (done["kind"], done["changed"]) == (kind, planned["changed"])
    config = load_config(tmp_path)
    assert config.notebooks_dir is not None
    notebooks = tmp_path / config.notebooks_dir
    assert notebooks.is_dir()
    assert notebooks.is_relative_to(tmp_path / done["package"])
    assert ".daglab/" in (tmp_path / ".gitignore").read_text()
    if kind == "dg":
        assert (notebooks / "defs.yaml").read_text() == "type: daglab.NotebookComponent\n"
        assert done["notes"] == []
    else:
        assert any('daglab.notebook_definitions("shop.notebooks")' in note for note in done["notes"])
    before = contents(tmp_path)
    assert init(capsys, tmp_path)["changed"] == []
    assert contents(tmp_path) == before


def test_line_ends_stay_what_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, KINDS["dagster"])
    (tmp_path / "pyproject.toml").write_bytes(KINDS["dagster"]["pyproject.toml"].replace("\n", "\r\n").encode())
    (tmp_path / ".gitignore").write_bytes(b"dist/\r\n*.pyc")
    init(capsys, tmp_path)
    for name in ("pyproject.toml", ".gitignore"):
        data = (tmp_path / name).read_bytes()
        assert data.count(b"\n") == data.count(b"\r\n") > 3
    assert load_config(tmp_path).notebooks_dir == Path("shop/notebooks")


def test_pyproject_keeps_its_comments_and_gets_the_hook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, KINDS["dagster"])
    init(capsys, tmp_path)
    text = (tmp_path / "pyproject.toml").read_text()
    document = tomllib.loads(text)
    assert "# ours" in text
    assert "# pinned elsewhere" in text
    assert document["build-system"]["requires"] == ["hatchling", "daglab"]
    assert document["project"]["dependencies"] == ["dagster", "daglab[dagster]"]
    assert document["tool"]["hatch"]["build"]["hooks"]["daglab"] == {}
    assert document["tool"]["daglab"] == {"notebooks_dir": "shop/notebooks"}
    (backup,) = (path for path in (tmp_path / ".daglab" / "backups").rglob("*") if path.is_file())
    assert backup.read_text() == KINDS["dagster"]["pyproject.toml"]


def test_what_is_there_stays_unless_it_is_forced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = '[tool.daglab]\nnotebooks_dir = "elsewhere"\n\n[tool.hatch.build.hooks.daglab]\nexternal = ["raw/*"]\n'
    write(tmp_path, {**KINDS["dagster"], "pyproject.toml": KINDS["dagster"]["pyproject.toml"] + own})
    init(capsys, tmp_path)
    document = tomllib.loads((tmp_path / "pyproject.toml").read_text())
    assert document["tool"]["daglab"]["notebooks_dir"] == "elsewhere"
    assert document["tool"]["hatch"]["build"]["hooks"]["daglab"]["external"] == ["raw/*"]
    forced = init(capsys, tmp_path, "--force")
    assert forced["changed"] == [{"path": "pyproject.toml", "changes": ["replaces notebooks_dir in [tool.daglab]"]}]
    document = tomllib.loads((tmp_path / "pyproject.toml").read_text())
    assert document["tool"]["daglab"]["notebooks_dir"] == "shop/notebooks"


def test_what_a_person_has_to_do_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    setuptools = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    dynamic = '[project]\nname = "shop"\ndynamic = ["version", "dependencies"]\n'
    files = {**KINDS["definitions"], "pyproject.toml": setuptools + dynamic, "daglab.yaml": "version: 1\n"}
    write(tmp_path, files)
    done = init(capsys, tmp_path)
    notes = "\n".join(done["notes"])
    assert "setuptools.build_meta, which has no build hooks" in notes
    assert "Add daglab[dagster]" in notes
    assert "daglab.yaml is there and stays as it is" in notes
    assert (tmp_path / "pyproject.toml").read_text() == files["pyproject.toml"]


def test_what_is_no_project_or_several(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--bootstrap" in init(capsys, tmp_path, code=2)["error"]["remedy"]
    assert init(capsys, tmp_path / "missing", code=2)["error"]["message"].endswith("is no folder")
    for package in ("one", "two"):
        write(tmp_path, {f"src/{package}/__init__.py": "", f"src/{package}/definitions.py": DEFINITIONS})
    assert init(capsys, tmp_path, code=2)["error"]["remedy"] == "--package one"
    assert init(capsys, tmp_path, "--package", "two")["package"] == "src/two"
    (tmp_path / "workspace.yaml").write_text("load_from: [")
    assert "workspace.yaml" in init(capsys, tmp_path, code=2)["error"]["message"]


@pytest.mark.parametrize("file", ["/etc/repo.py", "../shared/repo.py", ".", "definitions.py", "src"])
def test_code_that_lies_in_no_package_of_the_folder(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "workspace.yaml").write_text(json.dumps({"load_from": [{"python_file": file}]}))
    assert "package of the folder" in init(capsys, tmp_path, code=2)["error"]["message"]
    assert contents(tmp_path).keys() == {"workspace.yaml"}


SCATTERED = f'[project]\nname = "shop"\nversion = "1"\n\n{HATCH}[project.scripts]\nshop = "shop:main"\n'


@pytest.mark.parametrize("text", [SCATTERED, f"\ufeff{PROJECT}{HATCH}", f"{PROJECT}{HATCH}".replace("\n", "\r\n")])
def test_what_is_told_is_written(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, {**KINDS["definitions"], "pyproject.toml": ""})
    (tmp_path / "pyproject.toml").write_bytes(text.encode())
    init(capsys, tmp_path)
    document = tomllib.loads((tmp_path / "pyproject.toml").read_text("utf-8-sig"))
    assert "daglab[dagster]" in document["project"]["dependencies"]
    assert document["tool"]["hatch"]["build"]["hooks"]["daglab"] == {}
    assert init(capsys, tmp_path)["changed"] == []


@pytest.mark.parametrize("tool", ["[tool]\nhatch = {build = {targets = {}}}\n", "[tool]\nhatch.build.targets = {}\n"])
def test_tables_that_cannot_be_added_to(tool: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {**KINDS["definitions"], "pyproject.toml": PROJECT + HATCH + tool}
    write(tmp_path, before)
    answer = init(capsys, tmp_path, code=2)
    assert "[tool.hatch.build.hooks.daglab]" in answer["error"]["remedy"]
    assert contents(tmp_path) == before


def test_options_of_a_new_project_need_one(tmp_path: Path) -> None:
    assert run(["init", str(tmp_path), "--template", "minimal"]) == 2
    assert list(tmp_path.iterdir()) == []


def test_read_only_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, KINDS["dg"])
    monkeypatch.setenv("DAGLAB_READ_ONLY", "true")
    init(capsys, tmp_path, code=2)
    assert contents(tmp_path) == KINDS["dg"]


def test_a_project_that_dagster_has_scaffolded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "dagster", "project", "scaffold", "--name", "shop"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    done = init(capsys, tmp_path / "shop")
    assert (done["kind"], done["package"], done["module"]) == ("dagster", "shop", "shop.definitions")
    assert init(capsys, tmp_path / "shop")["changed"] == []
    assert run(["check", str(tmp_path / "shop")]) == 0


@pytest.mark.nightly
@pytest.mark.timeout(300)
def test_a_project_that_create_dagster_has_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its requirements don't agree with those of the other tools here, so that it has an environment of its own."""
    bin_ = Path(sys.executable).parent
    made = [bin_ / "uvx", "create-dagster", "project", "shop", "--no-uv-sync"]
    subprocess.run(made, cwd=tmp_path, check=True, capture_output=True, timeout=200)
    done = init(capsys, tmp_path / "shop")
    assert (done["kind"], done["package"], done["notes"]) == ("dg", "src/shop", [])
    path = os.pathsep.join([str(tmp_path / "shop" / "src"), os.environ.get("PYTHONPATH", "")])
    checked = subprocess.run(
        [bin_ / "dg", "check", "defs"], cwd=tmp_path / "shop", capture_output=True, text=True, timeout=90,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr
