"""The shapes of ``--json``: published, up to date, of each command, and those of its real output.

What needs a running Dagster is held against them in tests/integration/cli.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from daglab.cli.app import run
from daglab.cli.commands import COMMANDS
from daglab.cli.shapes import DOCUMENTS, LINES, cli_schema
from daglab.pair import create_pair
from daglab.scaffold.notebook import render_notebook
from tests.shapes import assert_shape

FILE = Path(__file__).parents[2] / "docs" / "cli.schema.json"
Printed = Callable[..., str]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a pair in conflict, a notebook with a fault, and one that is none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DAGLAB_MARIMO__PORT", "2719")
    (tmp_path / "src" / "shop").mkdir(parents=True)
    (tmp_path / "src/shop/definitions.py").write_text("import dagster as dg\n\ndefs = dg.Definitions()\n")
    (tmp_path / "src/shop/__init__.py").touch()
    text = (
        '[project]\nname = "shop"\nversion = "1"\ndependencies = []\n[tool.dagster]\nmodule_name = "shop.definitions"\n'
    )
    (tmp_path / "pyproject.toml").write_text(text)
    note = tmp_path / "note.py"
    note.write_text(render_notebook("blank", "note"))
    create_pair(note)
    for path, old, new in ((note, "note", "mine"), (note.with_suffix(".ipynb"), "note", "theirs")):
        path.write_text(path.read_text().replace(f"# {old}", f"# {new}"))
    header = "# /// script\n# [tool.daglab]\n# groop = 'x'\n# ///\n"
    (tmp_path / "faulty.py").write_text(header + render_notebook("blank", "faulty"))
    (tmp_path / "half.ipynb").write_text("{}")
    return tmp_path


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    def answer(*arguments: str, code: int | None = 0) -> str:
        status = run([*arguments, "--json"])
        assert code is None or status == code
        out = capsys.readouterr().out
        assert_shape([*arguments, "--json"], out)
        return out

    return answer


def test_the_schema_is_up_to_date() -> None:
    assert FILE.read_text("utf-8") == f"{json.dumps(cli_schema(), indent=1)}\n", (
        "python -m daglab.cli.shapes > docs/cli.schema.json"
    )


def test_every_command_with_json_has_a_shape() -> None:
    known = {name.removesuffix(" --watch") for name in (*DOCUMENTS, *LINES)} - {"error"}
    assert known == {
        name for name, function in _functions().items() if "as_json" in inspect.signature(function).parameters
    }


def test_of_pairs(project: Path, printed: Printed) -> None:
    statuses = json.loads(printed("status", code=None))
    assert "conflict" in statuses["summary"]
    printed("sync", "--dry-run", "note.py", code=8)
    printed("pair", "note.py", "--prefer", "py")
    printed("pair", "nowhere.py", code=None)
    printed("sync", "half.ipynb", code=None)
    (backup, *_) = json.loads(printed("backups", "list"))["backups"]
    name = Path(backup["path"]).name
    printed("backups", "show", name)
    printed("backups", "restore", name, "--dry-run")
    printed("backups", "restore", name, "--to", "old.txt")
    printed("backups", "show", "nothing", code=1)
    assert json.loads(printed("unpair", "note.py"))["changed"]


def test_of_projects(project: Path, printed: Printed) -> None:
    printed("init", "--dry-run")
    printed("init")
    printed("init", "nowhere", code=2)
    printed("init", "--bootstrap", "new", "--template", "minimal")
    assert json.loads(printed("check", code=7))["findings"]
    printed("config", "show", "--origin")
    printed("workspace", code=None)


def test_of_what_looks_around(project: Path, printed: Printed) -> None:
    printed("doctor", code=None)
    printed("audit", "--only", "permissions", "--only", "code", code=3)
    printed("clean", "--dry-run", "--backups", "--cache", "--older-than", "0d")
    printed("clean", "--yes", "--cache", "--older-than", "0d")


def test_of_errors(project: Path, printed: Printed) -> None:
    printed("statsu", code=2)
    printed("status", "--nonsense", code=2)
    (project / "daglab.yaml").write_text("dagstre: 1\n")
    for command in (["config", "show"], ["run", "-a", "x"], ["discover"], ["scaffold", "-a", "x"], ["dev"]):
        assert '"config"' in printed(*command, code=2)


def _functions() -> dict[str, Callable[..., object]]:
    """Each command's function by the command's words."""
    found = {}
    for name, entry in COMMANDS.items():
        module, _, attribute = entry.target.partition(":")
        loaded = getattr(__import__(module, fromlist=["_"]), attribute)
        if isinstance(loaded, typer.Typer):
            for info in loaded.registered_commands:
                assert info.callback is not None
                found[f"{name} {info.name or info.callback.__name__}"] = info.callback
        else:
            found[name] = loaded
    return found
