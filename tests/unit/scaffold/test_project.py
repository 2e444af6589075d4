"""The project template: sound files, and a title that stays what it is."""

from __future__ import annotations

import ast
import sys
from pathlib import Path, PurePosixPath

import pytest

from daglab import __version__, marimo_api
from daglab.notebook.cells import parse_notebook
from daglab.notebook.check import check_project
from daglab.notebook.source_project import read_source_project
from daglab.scaffold.project import package_name, render_project

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TITLES = [
    "The shop",
    "{{7*7}} {% raw %} {# x #}",
    'Bob\'s "Best" Shop\\',
    '"""',
    "a\nb\r\n c",
    "\x7f \u2028 \u202e 🛒",
    "# [link](javascript:x) <script>alert(1)</script>",
    "",
]


def literal(title: str) -> str:
    return " ".join(title.split())


@pytest.mark.parametrize("title", TITLES)
def test_a_title_stays_literal(title: str) -> None:
    files = render_project(title)
    assert tomllib.loads(files[PurePosixPath("pyproject.toml")])["project"]["description"] == literal(title)
    for path, text in files.items():
        if path.suffix == ".py":
            ast.parse(text)
        if path.parent.name == "notebooks":
            notebook = parse_notebook(text)
            assert notebook.app_options.get("app_title", "") == literal(title)
            assert len(notebook.cells) > 8
    readme = files[PurePosixPath("README.md")].split("\n")
    assert readme[0] == ("# " + "".join(f"\\{c}" if c in "\\`*_{}[]<>#|~!&$" else c for c in literal(title)))
    assert readme[1] == ""


def test_the_notebooks_stand_as_marimo_would_save_them() -> None:
    for path, text in render_project("The shop").items():
        if path.parent.name == "notebooks":
            notebook = parse_notebook(text)
            cells = notebook.parsed_cells()
            assert marimo_api.render(cells, header=notebook.header, app_options=notebook.app_options) == text


def test_the_project_has_no_findings(tmp_path: Path) -> None:
    for path, text in render_project("The shop").items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    report = check_project(read_source_project(tmp_path))
    assert (report.findings, len(report.notebooks)) == ((), 2)
    made = {h.key(v) for n in report.notebooks if (h := n.header) for v in h.assets}
    assert made == {"sales/orders", "sales/daily_revenue", "sales/customer_segments"}


def test_it_requires_this_daglab_or_a_later_one() -> None:
    document = tomllib.loads(render_project("x")[PurePosixPath("pyproject.toml")])
    assert f"daglab[dagster]>={__version__}" in document["project"]["dependencies"]
    assert f"daglab>={__version__}" in document["build-system"]["requires"]


def test_git_ignores_what_is_local() -> None:
    ignored = render_project("x")[PurePosixPath(".gitignore")].split()
    assert {".daglab/", ".dagster_home/", ".env", "dist/"} <= set(ignored)


@pytest.mark.parametrize(
    ("folder", "package"),
    [
        ("shop", "shop"),
        ("My-Shop 2", "my_shop_2"),
        ("Bücher", "bucher"),
        ("polars", "shop"),
        ("json", "shop"),
        ("class", "shop"),
        ("2nd", "shop"),
        ("本", "shop"),
        ("", "shop"),
    ],
)
def test_the_package_is_named_after_the_folder(folder: str, package: str) -> None:
    assert package_name(folder) == package


def test_the_package_is_named_alike_everywhere(tmp_path: Path) -> None:
    files = render_project("The shop", "book_store")
    assert not any("src/shop" in text or "shop.definitions" in text or "from shop" in text for text in files.values())
    assert not any("src/shop" in str(path) for path in files)
    document = tomllib.loads(files[PurePosixPath("pyproject.toml")])
    assert document["project"]["name"] == "book-store"
    assert document["tool"]["dagster"]["module_name"] == "book_store.definitions"
    assert document["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["src/book_store"]
