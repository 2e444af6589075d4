from __future__ import annotations

from pathlib import Path

import pytest

from daglab.config import Config
from daglab.errors import ConfigError
from daglab.project import CodeLocation, Project


@pytest.fixture(autouse=True)
def no_dagster_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_root_is_the_nearest_project(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml")
    below = tmp_path / "src" / "shop"
    below.mkdir(parents=True)
    assert Project.find(below, Config()).root == tmp_path


def test_dagster_home_lies_in_the_project_unless_the_environment_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(tmp_path)
    assert project.dagster_home == tmp_path / ".dagster_home"
    assert project.environment()["DAGSTER_HOME"] == str(tmp_path / ".dagster_home")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "elsewhere"))
    assert project.dagster_home == tmp_path / "elsewhere"
    assert project.ensure_dagster_home().is_dir()
    assert list((tmp_path / "elsewhere").iterdir()) == []
    monkeypatch.setenv("DAGSTER_HOME", "relative")
    with pytest.raises(ConfigError, match="not an absolute path: relative"):
        _ = project.dagster_home


def test_the_projects_own_instance_is_created_once_and_kept_out_of_git(tmp_path: Path) -> None:
    project = Project(tmp_path)
    home = project.ensure_dagster_home()
    assert (home / ".gitignore").read_text() == "*\n"
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    project.ensure_dagster_home()
    assert (home / "dagster.yaml").read_text() == "telemetry: {enabled: false}\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"pyproject.toml": '[tool.dagster]\nmodule_name = "shop.definitions"\ncode_location_name = "shop"\n'},
            ("shop.definitions", "shop"),
        ),
        ({"pyproject.toml": '[tool.dagster]\nmodule_name = "shop.defs"\n'}, ("shop.defs", "shop.defs")),
        (
            {"pyproject.toml": '[tool.dagster]\nmodules = [{type = "module", name = "shop.defs"}]\n'},
            ("shop.defs", "shop.defs"),
        ),
        ({"pyproject.toml": '[tool.dg.project]\nroot_module = "shop"\n'}, ("shop.definitions", "shop.definitions")),
        (
            {"dg.toml": '[project]\nroot_module = "shop"\ncode_location_name = "s"\n', "pyproject.toml": "[project]\n"},
            ("shop.definitions", "s"),
        ),
        (
            {"dg.toml": '[project]\nroot_module = "a"\n', "pyproject.toml": '[tool.dagster]\nmodule_name = "b"\n'},
            ("b", "b"),
        ),
    ],
)
def test_code_location_from_dagsters_files(tmp_path: Path, files: dict[str, str], expected: tuple[str, str]) -> None:
    for name, text in files.items():
        write(tmp_path / name, text)
    location = Project(tmp_path).code_location()
    assert (location.module_name, location.location_name) == expected


@pytest.mark.parametrize("table", ["module_name = 5", 'modules = [{type = "module", name = 5}]'])
def test_a_module_whose_name_is_none_is_told(tmp_path: Path, table: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.dagster]\n{table}\n")
    with pytest.raises(ConfigError, match=r"5 under .* is no name of a module"):
        list(Project(tmp_path).declared())


@pytest.mark.parametrize("table", ["modules = 5", 'modules = ["shop"]'])
def test_a_table_of_modules_that_is_none_names_none(tmp_path: Path, table: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.dagster]\n{table}\n")
    assert list(Project(tmp_path).declared()) == []


def test_the_configured_name_chooses_and_renames(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", '[tool.dagster]\nmodule_name = "shop.definitions"\n')
    origin = f"[tool.dagster] in {tmp_path / 'pyproject.toml'}"
    config = Config(dagster={"repository_location_name": "shop"})  # type: ignore[arg-type]
    assert Project.find(tmp_path, config).code_location() == CodeLocation("shop.definitions", "shop", origin, "dagster")
    write(tmp_path / "pyproject.toml")
    definitions = write(tmp_path / "src" / "shop" / "definitions.py")
    assert Project(tmp_path, "shop").code_location() == CodeLocation("shop.definitions", "shop", str(definitions))


def test_candidates_are_listed_when_nothing_decides(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml")
    write(tmp_path / "src" / "shop" / "definitions.py")
    write(tmp_path / "stock" / "definitions.py")
    with pytest.raises(ConfigError, match="no code location") as caught:
        Project(tmp_path).code_location()
    assert "candidates: stock (stock.definitions), shop (shop.definitions)" in caught.value.remedy
    with pytest.raises(ConfigError, match="'shpo' is not in it"):
        Project(tmp_path, "shpo").code_location()


def test_outside_any_project(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is in no project: there is no") as caught:
        Project(tmp_path).code_location()
    assert "daglab init" in caught.value.remedy


def test_several_modules_are_not_guessed_among(tmp_path: Path) -> None:
    modules = '[{type = "module", name = "a"}, {type = "module", name = "b"}]'
    write(tmp_path / "pyproject.toml", f"[tool.dagster]\nmodules = {modules}\n")
    with pytest.raises(ConfigError, match="several code locations") as caught:
        Project(tmp_path).code_location()
    assert caught.value.details["candidates"] == ["a", "b"]
    assert Project(tmp_path, "b").code_location().module_name == "b"
