"""`daglab check`: which findings are shown for which paths, and how."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from daglab.cli.app import run


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    assert run(["init", "--bootstrap", str(tmp_path / "shop"), "--quiet"]) == 0
    capsys.readouterr()
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "shop"


def rename_key(shop: Path) -> None:
    for half in ("orders.py", "orders.ipynb"):
        path = shop / "src/shop/notebooks" / half
        path.write_text(path.read_text().replace("sales/orders", "sales/ordrs"))


def test_nothing_to_say(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check"]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "2 notebooks, 0 findings\n")
    assert run(["check", "-q"]) == 0
    assert capsys.readouterr().err == ""


def test_paths_are_relative_to_the_current_folder(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rename_key(shop)
    monkeypatch.chdir(shop / "src/shop")
    assert run(["check", str(shop)]) == 7
    said = capsys.readouterr()
    assert said.out.startswith("notebooks/segments.py:9: DL301 nothing makes the asset 'sales/orders' (did you mean")
    assert said.err == "2 notebooks, 1 finding\n"


def test_the_whole_project_is_checked_and_the_named_paths_are_shown(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rename_key(shop)
    assert run(["check", "src/shop/notebooks/orders.py", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"notebooks": 1, "findings": [], "ignored": []}
    assert run(["check", "src/shop/notebooks/segments.py", "--json"]) == 7
    [finding] = json.loads(capsys.readouterr().out)["findings"]
    assert set(finding) == {"path", "line", "code", "message", "remedy"}
    assert finding["code"] == "DL301"


def test_ignored_findings_are_counted(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rename_key(shop)
    pyproject = shop / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("external =", 'ignore = ["DL301"]\nexternal ='))
    assert run(["check"]) == 0
    assert capsys.readouterr().err == "2 notebooks, 0 findings, 1 ignored\n"


def test_a_wrong_option_is_an_error_with_a_remedy(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pyproject = shop / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("external =", "extrnal ="))
    assert run(["check", "--json"]) == 7
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["code"], error["remedy"]) == ("build", "did you mean 'external'?")


def test_a_path_that_is_not_there(shop: Path) -> None:
    assert run(["check", "nowhere"]) == 2


def test_a_named_ipynb_stands_for_its_pair(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (shop / "src/shop/notebooks/orders.ipynb").is_file()
    assert run(["check", "src/shop/notebooks/orders.ipynb"]) == 0
    assert capsys.readouterr().err == "1 notebook, 0 findings\n"


OTHERS = {
    "notes.py": ("x = 1\n", "no marimo notebook"),
    "plain.py": ("import marimo\napp = marimo.App()\n", "no [tool.daglab] header"),
    "notes.txt": ("x", "neither a .py nor an .ipynb"),
    "lone.ipynb": ('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "has no .py half"),
    ".hidden/orders.py": ("", "doesn't count the notebook"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_named_file_that_is_no_daglab_notebook(name: str, shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, why = OTHERS[name]
    path = shop / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text or (shop / "src/shop/notebooks/orders.py").read_text())
    assert run(["check", name]) == 7
    said = capsys.readouterr()
    assert said.out.startswith(f"{name}:1: DL323 ") and why in said.out
    assert said.err == "0 notebooks, 1 finding\n"
    assert run(["check", name, "--skip-others"]) == 0
    assert capsys.readouterr().out == ""
    assert run(["check", "src"]) == 0


def test_a_named_half_of_a_notebook_that_cannot_be_read(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "src/shop/notebooks/orders.py").write_bytes(
        (shop / "src/shop/notebooks/segments.py").read_bytes().replace(b"Whom", b"\xff")
    )
    assert run(["check", "src/shop/notebooks/orders.ipynb"]) == 7
    said = capsys.readouterr().out
    assert "DL200" in said and "DL323" not in said


def test_a_near_miss_of_the_header_is_told_of_a_named_file(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = shop / "src/shop/notebooks/orders.py"
    path.write_text(path.read_text().replace("tool.daglab", "tool.dagglab"))
    for argument in (str(path), "."):
        assert run(["check", argument, "--skip-others"]) == 7
        assert "DL101 the header has a table [tool.dagglab]" in capsys.readouterr().out


def test_without_a_project_only_what_is_named_is_looked_at(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    (home / "far").mkdir(parents=True)
    text = (shop / "src/shop/notebooks/orders.py").read_text()
    (home / "orders.py").write_text(text)
    (home / "far" / "orders.py").write_text(text)
    monkeypatch.chdir(home)
    assert run(["check"]) == 2
    assert "is in no project" in capsys.readouterr().err
    assert run(["check", "orders.py"]) == 0
    assert capsys.readouterr().err == "1 notebook, 0 findings\n"
    assert run(["check", "."]) == 7
    assert "DL300" in capsys.readouterr().out
