"""`daglab check --load`: the notebooks against real Definitions, loaded by a real process."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from daglab.cli.app import run
from tests.integration.hatch_daglab.building import notebook, tiny_project

OWN = """\
import daglab
import dagster as dg

defs = dg.Definitions.merge(daglab.notebook_definitions("tiny.notebooks"), dg.Definitions(assets=[{assets}]))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tiny_project(tmp_path / "project")
    (root / "src/tiny/notebooks/read.py").write_text(notebook("numbers = raw", assets="tiny/read", inputs="raw/x"))
    with (root / "pyproject.toml").open("a") as file:
        file.write('\n[tool.dg.project]\nroot_module = "tiny"\n')
    return root


def checked(root: Path, capsys: pytest.CaptureFixture[str], *more: str) -> list[dict[str, Any]]:
    status = run(["check", str(root), "--load", "--json", *more])
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]
    assert status == (7 if found else 0)
    return found


def define(root: Path, text: str) -> None:
    (root / "src/tiny/definitions.py").write_text(text)


def test_all_is_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    define(project, "print('noise')\n" + OWN.format(assets="dg.AssetSpec('raw/x')"))
    before = set(sys.modules)
    assert checked(project, capsys) == []
    assert not {name for name in set(sys.modules) - before if name.startswith("tiny")}


def test_an_external_asset_that_nothing_defines(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    define(project, OWN.format(assets=""))
    [finding] = checked(project, capsys)
    assert (Path(finding["path"]).name, finding["line"], finding["code"]) == ("read.py", 4, "DL341")
    assert "tiny.definitions lack the asset 'raw/x', which the notebook reads" in finding["message"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import nowhere_at_all\n", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("import sys; sys.exit(3)\n", "SystemExit: 3"),
        ("import os; os._exit(9)\n", "the process ended with status 9"),
        ("import time; time.sleep(60)\n", "it took more than 1 s"),
        ("x = 1\n", "tiny.definitions has 0 Definitions instead of one"),
        (OWN.format(assets="dg.asset(lambda: 1, name='a', io_manager_key='lake')"), "io manager with key 'lake'"),
        (OWN.format(assets="dg.asset(lambda: 1, name='a', required_resource_keys={'db'})"), "'db'"),
    ],
)
def test_definitions_that_cannot_be_loaded(
    text: str, says: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    define(project, text)
    [finding] = checked(project, capsys, *(["--timeout", "1"] if "sleep" in text else []))
    assert finding["code"] == "DL340"
    assert says in finding["message"]


def test_definitions_that_only_the_build_makes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(tiny_project(tmp_path / "project"), capsys) == []


def test_a_lazy_definitions_function(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = OWN.format(assets="").replace("defs = ", "@dg.definitions\ndef defs():\n    return ")
    define(project, text)
    assert [finding["code"] for finding in checked(project, capsys)] == ["DL341"]


def test_types_that_are_not_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    define(project, OWN.format(assets="dg.AssetSpec('raw/x')"))
    books = project / "src/tiny/notebooks"
    (books / "shapes.py").write_text("class Point: ...\nORIGIN = Point()\n")
    (books / "broken.py").write_text("1 / 0\n")
    types = ["list", "pathlib.Path", "shapes.Point", "pathlib.Pth", "nowhere.X", "shapes.ORIGIN", "broken.X", "Lst"]
    for number, name in enumerate(types):
        key = f'# key = "typed/{number}"\n'
        text = notebook(assets=f"typed/{number}").replace(key, f'{key}# type = "{name}"\n')
        (books / f"typed_{number}.py").write_text(text)
    found = checked(project, capsys)
    assert [(Path(one["path"]).name, one["code"]) for one in found] == [(f"typed_{n}.py", "DL342") for n in range(3, 8)]
    assert "has no attribute 'Pth'" in found[0]["message"]
    assert "No module named 'nowhere'" in found[1]["message"]
    assert "is not a class" in found[2]["message"]
    assert "ZeroDivisionError" in found[3]["message"]
    line = (books / "typed_3.py").read_text().splitlines()[found[0]["line"] - 1]
    assert line == '# type = "pathlib.Pth"'
