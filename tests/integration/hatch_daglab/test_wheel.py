"""What a wheel made with the hook holds: all that belongs there, and nothing else."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from daglab import __version__
from tests.integration.hatch_daglab.building import Built, build, configure, notebook, tiny_project

HALF = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": 7,
            "id": "a",
            "metadata": {"execution": {"started": "now"}, "editable": False},
            "outputs": [{"output_type": "stream", "name": "stdout", "text": ["customer 4711\n"]}],
            "source": ["numbers = [1, 2]"],
        }
    ],
    "metadata": {"widgets": {"state": "customer 4711"}, "kernelspec": {"name": "python3", "display_name": "Python 3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tiny_project(tmp_path / "project")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def read(built: Built, name: str) -> str:
    return built.wheel.read(name).decode("utf-8")


def test_members(project: Path, out: Path) -> None:
    built = build(project, out)
    assert built.members == [
        "tiny/__init__.py",
        "tiny/daglab.json",
        "tiny/definitions.py",
        "tiny/notebooks/numbers.ipynb",
        "tiny/notebooks/numbers.py",
    ]
    assert read(built, "tiny/notebooks/numbers.py") == notebook()
    assert read(built, "tiny-1.dist-info/entry_points.txt") == "[daglab.code_locations]\ntiny = tiny.definitions\n"


def test_nothing_is_left_behind(project: Path, out: Path, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    before = sorted(project.rglob("*"))
    assert build(project, out, TMPDIR=str(tmp_path / "tmp")).status == 0
    assert sorted(project.rglob("*")) == before
    assert list((tmp_path / "tmp").iterdir()) == []


def test_manifest(project: Path, out: Path) -> None:
    import hashlib

    (project / "src/tiny/a.py").write_text(notebook(assets="tiny/a", inputs="raw/x"))
    built = build(project, out)
    document = json.loads(read(built, "tiny/daglab.json"))
    assert {key: document[key] for key in ("format", "daglab")} == {"format": 1, "daglab": __version__}
    first, second = document["notebooks"]
    assert first == {
        "path": "a.py",
        "ipynb": "a.ipynb",
        "sha256": hashlib.sha256(built.wheel.read("tiny/a.py")).hexdigest(),
        "assets": ["tiny/a"],
        "inputs": ["raw/x"],
    }
    assert second["path"] == "notebooks/numbers.py"
    assert 'notebook_definitions("tiny",' in read(built, "tiny/definitions.py").replace("'", '"')


def test_generated_definitions_are_python(project: Path, out: Path) -> None:
    text = read(build(project, out), "tiny/definitions.py")
    assert "notebook_definitions('tiny.notebooks', executor=daglab.default_executor())" in text
    ast.parse(text)


def test_generated_definitions_materialize_from_the_wheel(project: Path, out: Path, tmp_path: Path) -> None:
    (project / "src/tiny/notebooks/twice.py").write_text(
        notebook("numbers = raw * 2", assets="tiny/twice", inputs="raw/x")
    )
    site = tmp_path / "site"
    build(project, out).wheel.extractall(site)
    code = (
        "import dagster as dg\n"
        "from tiny.definitions import defs\n"
        "raw = dg.asset(lambda: 21, name='x', key_prefix='raw')\n"
        "assets = [raw, *defs.assets]\n"
        "io = dg.FilesystemIOManager(base_dir='values')\n"
        "with dg.DagsterInstance.ephemeral() as instance:\n"
        "    result = dg.materialize(assets, instance=instance, resources={'io_manager': io})\n"
        "print(result.asset_value(['tiny', 'numbers']), result.asset_value(['tiny', 'twice']))\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(site)}
    argv = [sys.executable, "-c", code]
    ended = subprocess.run(argv, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split("\n")[-2] == "[1, 2] 42"


@pytest.mark.parametrize("name", ["definitions.py", "definitions/__init__.py"])
def test_own_definitions_are_left_alone(project: Path, out: Path, name: str) -> None:
    path = project / "src/tiny" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("defs = 'mine'\n")
    built = build(project, out)
    assert [m for m in built.members if m.startswith("tiny/definitions")] == [f"tiny/{name}"]
    assert read(built, f"tiny/{name}") == "defs = 'mine'\n"


def test_a_missing_half_is_generated(project: Path, out: Path) -> None:
    (project / "src/tiny/notebooks/numbers.py").write_text(
        notebook("import marimo as mo", 'mo.md(r"""# Hé""")', "numbers = 3")
    )
    half = json.loads(read(build(project, out), "tiny/notebooks/numbers.ipynb"))
    assert [(c["cell_type"], "".join(c["source"])) for c in half["cells"]] == [
        ("code", "import marimo as mo"),
        ("markdown", "# Hé"),
        ("code", "numbers = 3"),
    ]
    import nbformat

    nbformat.validate(nbformat.from_dict(half))


def test_an_entry_point_that_the_project_declares_stays(project: Path, out: Path) -> None:
    configure(
        project,
        "[tool.hatch.build.targets",
        '[project.entry-points."daglab.code_locations"]\ntiny = "tiny.x"\n\n[tool.hatch.build.targets',
    )
    assert "tiny = tiny.x\n" in read(build(project, out), "tiny-1.dist-info/entry_points.txt")


def test_strays_stay_out(project: Path, out: Path) -> None:
    package = project / "src/tiny"
    for name in (
        *(".env", ".env.local", "notebooks/.env", ".daglab/backups/x.py", ".dagster_home/x.db"),
        *("notebooks/__marimo__/session/numbers.py.json", "notebooks/.ipynb_checkpoints/numbers-checkpoint.ipynb"),
        *(".envrc", "prod.env", ".netrc", ".pypirc", ".git-credentials", "id_rsa", "id_rsa.pub", "id_ed25519"),
        *("numbers.py~", "a.py.bak", "x.ipynb.part", ".jupyter_ystore.db", ".virtual_documents/x.py", ".Trash-0/x"),
    ):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("SECRET=4711")
    (package / "data.csv").write_text("a,b\n")
    (package / "notebooks/.#numbers.py").symlink_to("someone@host.4711")  # an open file of Emacs
    assert build(project, out).members == [
        "tiny/__init__.py",
        "tiny/daglab.json",
        "tiny/data.csv",
        "tiny/definitions.py",
        "tiny/notebooks/numbers.ipynb",
        "tiny/notebooks/numbers.py",
    ]


@pytest.mark.parametrize("target", ["wheel", "sdist"])
def test_the_same_bytes_in_another_folder_zone_and_order(project: Path, out: Path, tmp_path: Path, target: str) -> None:
    configure(project, "external", "html = true\nexternal")
    (project / "src/tiny/notebooks/b.py").write_text(notebook(assets="b"))
    (project / "src/tiny/notebooks/a.py").write_text(notebook(assets="a"))
    copy = tmp_path / "elsewhere" / "copy"
    for path in sorted((p for p in project.rglob("*") if p.is_file()), reverse=True):
        copied = copy / path.relative_to(project)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copied)
        os.utime(copied, (1, 1))
    before = os.umask(0o077)
    try:
        second = build(
            copy, tmp_path / "out2", target, TZ="Asia/Kathmandu", PYTHONHASHSEED="7", LC_ALL="C", USER="other"
        )
    finally:
        os.umask(before)
    first = build(project, out, target, PYTHONHASHSEED="3")
    assert (first.status, second.status) == (0, 0), first.said + second.said
    assert first.artifacts[0].read_bytes() == second.artifacts[0].read_bytes()
    if target == "wheel":
        assert {"tiny/notebooks/a.html", "tiny/notebooks/numbers.ipynb"} <= set(first.members)


def test_nothing_of_the_users_is_run(project: Path, out: Path, tmp_path: Path) -> None:
    trap = f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).write_text('ran')\n"
    for name in ("__init__.py", "definitions.py", "notebooks/__init__.py"):
        (project / "src/tiny" / name).write_text(trap)
    (project / "src/tiny/notebooks/numbers.py").write_text(notebook(trap, "numbers = 1"))
    assert build(project, out).status == 0
    assert not (tmp_path / "ran").exists()


def test_flat_layout_and_default_folders(project: Path, out: Path) -> None:
    (project / "src/tiny").rename(project / "tiny")
    configure(project, '[tool.hatch.build.targets.wheel]\npackages = ["src/tiny"]\n', "")
    assert "tiny/daglab.json" in build(project, out).members


def test_a_package_in_a_namespace(project: Path, out: Path) -> None:
    (project / "src/acme").mkdir()
    (project / "src/tiny").rename(project / "src/acme/tiny")
    configure(project, '["src/tiny"]', '["src/acme"]')
    built = build(project, out)
    assert "acme/tiny/daglab.json" in built.members
    assert "notebook_definitions('acme.tiny.notebooks'" in read(built, "acme/tiny/definitions.py")
    assert "acme.tiny = acme.tiny.definitions" in read(built, "tiny-1.dist-info/entry_points.txt")


def test_notebooks_beside_the_packages_are_checked_and_left_out(project: Path, out: Path) -> None:
    (project / "examples").mkdir()
    (project / "examples/x.py").write_text(notebook(assets="x"))
    assert not [m for m in build(project, out).members if "x.py" in m]


class TestHalves:
    @pytest.fixture(autouse=True)
    def half(self, project: Path) -> Path:
        path = project / "src/tiny/notebooks/numbers.ipynb"
        path.write_text(json.dumps(HALF))
        return path

    def test_outputs_are_stripped_and_the_rest_stays(self, project: Path, out: Path, half: Path) -> None:
        built = build(project, out)
        assert b"4711" not in b"".join(built.wheel.read(name) for name in built.wheel.namelist())
        [cell] = json.loads(read(built, "tiny/notebooks/numbers.ipynb"))["cells"]
        assert (cell["outputs"], cell["execution_count"], cell["metadata"]) == ([], None, {"editable": False})
        assert json.loads(half.read_text()) == HALF

    def test_outputs_are_kept_on_request(self, project: Path, out: Path) -> None:
        configure(project, "external", 'outputs = "keep"\nexternal')
        assert json.loads(read(build(project, out), "tiny/notebooks/numbers.ipynb")) == HALF

    @pytest.mark.parametrize("target", ["wheel", "sdist"])
    def test_notebooks_of_no_pair_lose_their_outputs_too(self, project: Path, out: Path, target: str) -> None:
        for name in ("lone.ipynb", "Shout.IPYNB"):
            (project / "src/tiny" / name).write_text(json.dumps(HALF))
        built = build(project, out, target)
        assert built.status == 0, built.said
        content = {}
        if target == "wheel":
            content = {name: built.wheel.read(name) for name in built.members}
        else:
            with tarfile.open(built.artifacts[0]) as archive:
                for member in archive.getmembers():
                    content[member.name] = getattr(archive.extractfile(member), "read", bytes)()
        assert len([name for name in content if name.endswith(("tiny/lone.ipynb", "tiny/Shout.IPYNB"))]) == 2
        assert not any(b"4711" in text for text in content.values())

    def test_a_notebook_that_cannot_be_stripped_is_refused(self, project: Path, out: Path) -> None:
        (project / "src/tiny/lone.ipynb").write_bytes(b"{\xff")
        built = build(project, out)
        assert (built.status, built.artifacts) == (1, [])
        assert "src/tiny/lone.ipynb:1: DL312 src/tiny/lone.ipynb is not UTF-8 (mend or remove it)" in built.said

    def test_outputs_leave_by_no_sdist_either(self, project: Path, out: Path) -> None:
        [path] = build(project, out, "sdist").artifacts
        with tarfile.open(path) as archive:
            archive.extractall(out, filter="data")
        root = out / "tiny-1"
        names = sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())
        assert names == [
            "PKG-INFO",
            "pyproject.toml",
            *(f"src/tiny/{n}" for n in ("__init__.py", "notebooks/numbers.ipynb", "notebooks/numbers.py")),
        ]
        assert not any(b"4711" in p.read_bytes() for p in root.rglob("*") if p.is_file())
        again = build(root, out / "wheel")
        direct = build(project, out / "direct")
        assert again.artifacts[0].read_bytes() == direct.artifacts[0].read_bytes()


class TestEditable:
    @pytest.fixture(autouse=True)
    def by_path(self, project: Path) -> None:
        """Without this hatchling wants a further package for editable builds."""
        configure(
            project,
            "[tool.hatch.build.targets",
            '[tool.hatch.build]\ndev-mode-dirs = ["src"]\n\n[tool.hatch.build.targets',
        )

    def test_it_works_with_findings(self, project: Path, out: Path) -> None:
        (project / "src/tiny/notebooks/numbers.py").write_text(notebook("numbers = 1", "numbers = 2"))
        built = build(project, out, "wheel:editable")
        assert built.members == ["_tiny.pth"]

    def test_a_code_location_needs_definitions_of_its_own(self, project: Path, out: Path) -> None:
        without = build(project, out, "wheel:editable")
        assert "tiny-1.dist-info/entry_points.txt" not in without.wheel.namelist()
        (project / "src/tiny/definitions.py").write_text("defs = None\n")
        built = build(project, out / "own", "wheel:editable")
        assert "tiny = tiny.definitions" in read(built, "tiny-1.dist-info/entry_points.txt")
