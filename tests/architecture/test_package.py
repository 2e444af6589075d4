"""Promises of the package as a whole: public names, versions, lower bounds, and what no tracked file may hold."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import daglab

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

# Advisories that are fixed from these versions on.
FLOORS = {
    "jinja2": "3.1.5",
    "jupyter-server": "2.18",
    "jupyter-server-proxy": "4.2",
    "jupyterlab": "4.5.7",
    "marimo": "0.23",
    "nbconvert": "7.17.1",
}
PUBLIC = {
    "NotebookComponent",
    "context",
    "default_executor",
    "installed_notebooks",
    "load_asset",
    "notebook_assets",
    "notebook_definitions",
    "partition_key",
}


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    return [path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def requirements() -> dict[str, Requirement]:
    texts = [*PROJECT["dependencies"], *(r for group in PROJECT["optional-dependencies"].values() for r in group)]
    return {r.name: r for r in map(Requirement, texts)}


def test_public_names_are_what_they_were() -> None:
    assert set(daglab.__all__) == PUBLIC
    assert set(dir(daglab)) >= PUBLIC


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_lower_bounds_carry_the_security_fixes(name: str) -> None:
    bounds = [Version(s.version) for s in requirements()[name].specifier if s.operator == ">="]
    assert bounds
    assert max(bounds) >= Version(FLOORS[name])


def test_every_dependency_has_a_lower_bound_and_no_upper_one() -> None:
    for name, requirement in requirements().items():
        if name != "daglab":
            assert [s.operator for s in requirement.specifier] == [">="], (
                f"{requirement}: give the reason beside a bound"
            )


def test_versions_agree() -> None:
    package = json.loads((ROOT / "labextension" / "package.json").read_text("utf-8"))
    assert package["version"] == daglab.__version__
    assert f"## [{daglab.__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_installed_entry_points_load() -> None:
    scripts = [e for e in entry_points(group="console_scripts") if e.value.startswith("daglab.")]
    hooks = [e for e in entry_points(group="hatch") if e.value.startswith("hatch_daglab")]
    assert scripts
    assert hooks
    for entry in (*scripts, *hooks):
        assert entry.load()


@pytest.mark.parametrize(
    "pattern",
    [
        re.escape(f"{ROOT}/"),
        re.escape(f"{Path.home()}/"),
        r"/home/(?!\$|\{|user/|ann/)[a-z]+/",
        r"https?://[^\s\"']*(?:pypi\.org/simple|files\.pythonhosted|registry\.npmjs|registry\.yarnpkg)",
        r"(?:index-url|index_url|registry)\s*=\s*\"?https?://",
    ],
)
def test_no_machine_paths_or_registry_addresses(pattern: str) -> None:
    own = Path(__file__)
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in tracked()
        if path != own and b"\0" not in (data := path.read_bytes())[:8192]
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), start=1)
        if (match := re.search(pattern, line))
    ]
    assert found == []


def test_modules_say_what_they_are_for_and_stay_small() -> None:
    sizes = {}
    for path in [*(ROOT / "daglab").rglob("*.py"), *(ROOT / "hatch_plugin").rglob("*.py")]:
        if "templates" in path.parts:
            continue
        text = path.read_text("utf-8")
        assert re.match(r'r?"""\S', text), f"{path}: opens with no sentence that says what it is for"
        sizes[path] = text.count("\n")
    assert not {path: size for path, size in sizes.items() if size > 300}
    assert sorted(sizes.values())[len(sizes) // 2] < 150
