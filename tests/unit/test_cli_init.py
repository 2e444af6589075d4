"""`daglab init --bootstrap`: what it makes, and what it leaves alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from daglab.cli.app import run
from daglab.pair import pair_status


def files(folder: Path) -> set[str]:
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in found if not name.startswith(".daglab/")}


def test_a_new_project_in_a_folder_with_an_odd_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "my 'new' shop; $(x)"
    assert run(["init", "--bootstrap", str(folder), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document["made"]) == files(folder)
    assert {"pyproject.toml", ".gitignore", "src/my_new_shop_x/notebooks/orders.ipynb"} <= files(folder)
    for name in ("orders", "segments"):
        assert pair_status(folder / f"src/my_new_shop_x/notebooks/{name}.py").state == "in-sync"
    assert run(["check", str(folder)]) == 0


def test_the_next_commands_can_be_pasted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "--bootstrap", str(tmp_path / "a b")]) == 0
    said = capsys.readouterr()
    assert 'export DAGSTER_HOME="$PWD/.dagster_home"' in said.err
    assert (tmp_path / "a b/.dagster_home/dagster.yaml").is_file()
    assert f"cd '{tmp_path}/a b'" in said.err
    assert "made" in said.out
    assert said.err.index("pip install -e .") < said.err.index("dagster dev -m a_b.definitions")


@pytest.mark.parametrize("name", ["polars", "import", "Shop", "my-shop", "2nd", "json", "tests", ""])
def test_a_package_that_would_hide_another_module_is_refused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", "--bootstrap", str(tmp_path / "shop"), "--package", name]) == 2
    assert f"{name!r} can't be the name of the project's package" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_dry_run_makes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "--bootstrap", str(tmp_path / "shop"), "--dry-run"]) == 0
    assert "would make" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_read_only_of_the_folder_around_makes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "daglab.yaml").write_text("read_only: true\n")
    assert run(["init", "--bootstrap", str(tmp_path / "shops" / "new")]) == 2
    assert "read_only" in capsys.readouterr().err
    assert files(tmp_path) == {"daglab.yaml"}
    assert run(["init", "--bootstrap", str(tmp_path / "new"), "--dry-run"]) == 0


def test_a_folder_with_files_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "README.md").write_text("mine")
    assert run(["init", "--bootstrap", str(tmp_path)]) == 8
    assert "--force" in capsys.readouterr().err
    assert files(tmp_path) == {"README.md"}


def test_force_keeps_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "README.md").write_text("mine")
    assert run(["init", "--bootstrap", str(tmp_path), "--force", "--json", "--package", "shop"]) == 0
    assert json.loads(capsys.readouterr().out)["kept"] == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"
    assert "src/shop/orders.py" in files(tmp_path)


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shop").write_text("mine")
    assert run(["init", "--bootstrap", str(tmp_path / "shop")]) == 8


def test_the_folder_must_be_named() -> None:
    assert run(["init"]) == 2
