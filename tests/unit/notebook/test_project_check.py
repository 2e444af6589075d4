"""A project's notebooks against each other and against the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from daglab.errors import BuildError
from daglab.marimo_api import ParsedCell, render
from daglab.notebook.check import Report, check_project
from daglab.notebook.findings import Finding
from daglab.notebook.requirements import has_runtime, uncovered
from daglab.notebook.source_project import SourceProject, project_root, read_source_project

PYPROJECT = """\
[project]
name = "shop"
version = "1"
dependencies = ["daglab[dagster]", "polars"]

[tool.hatch.build.hooks.daglab]
external = ["raw/*"]
"""


def write_notebook(path: Path, *, inputs: dict[str, str] | None = None, key: str = "orders", head: str = "") -> Path:
    header = ["# /// script", *head.splitlines(), "# [tool.daglab]"]
    header += [line for name, of in (inputs or {}).items() for line in ("# [tool.daglab.inputs]", f'# {name} = "{of}"')]
    header += ["# [tool.daglab.assets.orders]", f'# key = "{key}"', "# ///", ""]
    cells = [ParsedCell("import daglab")]
    cells += [ParsedCell(f"{name} = daglab.load_asset({of!r})") for name, of in (inputs or {}).items()]
    cells += [ParsedCell("orders = [1]")]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(cells, header="\n".join(header)), "utf-8")
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    write_notebook(tmp_path / "src/shop/a.py", inputs={"raw": "raw/orders"}, key="sales/orders")
    return tmp_path


def check(root: Path) -> Report:
    return check_project(read_source_project(root))


def found(root: Path) -> list[tuple[str, str]]:
    return [(finding.code, finding.path) for finding in check(root).findings]


def configure(root: Path, old: str, new: str) -> None:
    path = root / "pyproject.toml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_a_good_project(project: Path) -> None:
    write_notebook(project / "src/shop/b.py", inputs={"sales": "sales/orders"}, key="mart/orders")
    report = check(project)
    assert report.findings == ()
    assert [n.notebook.path for n in report.notebooks] == ["src/shop/a.py", "src/shop/b.py"]


def test_two_notebooks_with_one_key(project: Path) -> None:
    path = write_notebook(project / "src/shop/b.py", key="sales/orders")
    [finding] = check(project).findings
    assert (finding.code, finding.path) == ("DL300", "src/shop/b.py")
    assert "src/shop/a.py" in finding.message
    assert path.read_text().split("\n")[finding.line - 1] == '# key = "sales/orders"'


def test_an_input_that_nothing_makes(project: Path) -> None:
    path = write_notebook(project / "src/shop/b.py", inputs={"sales": "sales/ordres"}, key="b")
    [finding] = check(project).findings
    assert (finding.code, finding.path) == ("DL301", "src/shop/b.py")
    assert "did you mean 'sales/orders'?" in finding.remedy
    assert path.read_text().split("\n")[finding.line - 1] == '# sales = "sales/ordres"'


def test_notebooks_whose_assets_depend_on_each_other(project: Path) -> None:
    path = write_notebook(project / "src/shop/b.py", inputs={"x": "c"}, key="b")
    path.write_text(path.read_text().replace("orders = [1]", "orders = x"))
    other = write_notebook(project / "src/shop/c.py", inputs={"y": "b"}, key="c")
    assert found(project) == []  # two notebooks may read each other's assets; c doesn't use its input
    other.write_text(other.read_text().replace("orders = [1]", "orders = y"))
    [finding] = check(project).findings
    assert (finding.code, finding.path) == ("DL304", "src/shop/b.py")
    assert "b -> c -> b" in finding.message or "c -> b -> c" in finding.message
    assert path.read_text().split("\n")[finding.line - 1] == "# [tool.daglab.assets.orders]"


def test_a_dependency_without_value_must_be_made_too(project: Path) -> None:
    text = (project / "src/shop/a.py").read_text()
    key = '# key = "sales/orders"\n'
    (project / "src/shop/a.py").write_text(text.replace(key, key + '# deps = ["raw/x", "nowhere"]\n'))
    [finding] = check(project).findings
    assert (finding.code, finding.message) == ("DL301", "nothing makes the asset 'nowhere'")


def test_a_notebook_requires_what_the_project_lacks(project: Path) -> None:
    head = '# dependencies = [\n#   "polars>=1", "DuckDB", "marimo",\n#   "not valid!",\n# ]'
    path = write_notebook(project / "src/shop/b.py", key="b", head=head)
    findings = check(project).findings
    assert [f.code for f in findings] == ["DL302", "DL302"]
    assert ["'DuckDB'" in findings[0].message, "'not valid!'" in findings[1].message] == [True, True]
    lines = path.read_text().split("\n")
    assert ["DuckDB" in lines[findings[0].line - 1], "not valid!" in lines[findings[1].line - 1]] == [True, True]


@pytest.mark.parametrize("dependencies", ['"daglab"', '"daglab[jupyter]"', '"polars"', ""])
def test_the_runtime_is_missing(project: Path, dependencies: str) -> None:
    configure(project, '"daglab[dagster]", "polars"', dependencies)
    [finding] = check(project).findings
    assert (finding.code, finding.path, finding.line) == ("DL303", "pyproject.toml", 4)


@pytest.mark.parametrize("dependencies", ['"daglab[all]>=0.1"', '"Daglab[dagster,s3]"'])
def test_the_runtime_is_there(project: Path, dependencies: str) -> None:
    configure(project, '"daglab[dagster]", "polars"', dependencies)
    assert found(project) == []


@pytest.mark.parametrize("table", ['dynamic = ["dependencies"]', ""])
def test_unknown_dependencies_are_held_against_nobody(project: Path, table: str) -> None:
    lines = PYPROJECT.split("\n")
    lines[3] = table
    (project / "pyproject.toml").write_text("\n".join(lines if table else lines[5:]))
    write_notebook(project / "src/shop/a.py", inputs={"raw": "raw/orders"}, head='# dependencies = ["duckdb"]')
    assert found(project) == []


def test_folders_of_the_option(project: Path) -> None:
    write_notebook(project / "examples/x.py", key="sales/orders")
    assert found(project) == [("DL300", "src/shop/a.py")]
    configure(project, "external", 'notebooks = ["src/shop"]\nexternal')
    assert found(project) == []
    configure(project, '["src/shop"]', '["src/shop/a.py", "src/shp"]')
    [finding] = check(project).findings
    assert (finding.code, finding.line) == ("DL322", 7)
    assert len(check(project).notebooks) == 1


@pytest.mark.parametrize(
    ("option", "says"),
    [("[]", "names no folder"), ('["docs"]', "is in 'docs'"), ('["src/shop/a.py", "tool.py"]', "is in 'tool.py'")],
)
def test_an_option_that_leads_to_no_notebook(project: Path, option: str, says: str) -> None:
    (project / "docs").mkdir()
    (project / "tool.py").write_text("import marimo\napp = marimo.App()\n")
    configure(project, "external", f"notebooks = {option}\nexternal")
    [finding] = check(project).findings
    assert (finding.code, finding.path, finding.line) == ("DL322", "pyproject.toml", 7)
    assert says in finding.message


def test_folders_outside_the_project_are_not_searched(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    write_notebook(outside / "x.py", key="x")
    configure(project, "external", f'notebooks = ["src", "../{outside.name}", "../.."]\nexternal')
    assert [n.notebook.path for n in check(project).notebooks] == ["src/shop/a.py"]
    assert found(project) == [("DL320", "pyproject.toml")] * 2


def test_notebooks_must_lie_in_the_project(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    write_notebook(outside / "x.py", key="x")
    configure(project, "external", f'notebooks = ["../{outside.name}"]\nexternal')
    assert {code for code, _ in found(project)} == {"DL320"}


def test_a_link_out_of_the_project_is_refused(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = write_notebook(tmp_path_factory.mktemp("outside") / "x.py", key="x")
    (project / "src/shop/link.py").symlink_to(outside)
    assert found(project) == [("DL320", "src/shop/link.py")]


@pytest.mark.parametrize("name", ["..\\..\\x.py", "a\nb.py", "c:x.py", 'q".py'])
def test_names_that_no_wheel_should_carry(project: Path, name: str) -> None:
    write_notebook(project / "src/shop" / name, key="x")
    [finding] = check(project).findings
    assert finding.code == "DL320"
    assert "\n" not in str(finding)


@pytest.mark.parametrize("name", ["`id`.py", "$(id).py", "a b;c.py", "-x.py", "käse.py"])
def test_odd_names_are_fine(project: Path, name: str) -> None:
    write_notebook(project / "src/shop" / name, key="x")
    assert found(project) == []


def test_a_file_that_is_no_notebook_after_all(project: Path) -> None:
    path = project / "src/shop/b.py"
    path.write_text("# /// script\n# [tool.daglab]\n# ///\nimport marimo\nprint('App()')\n")
    assert found(project) == [("DL200", "src/shop/b.py")]


def test_a_wrong_header_is_one_finding_among_the_others(project: Path) -> None:
    write_notebook(project / "src/shop/b.py", key="/x", head='# dependencies = ["duckdb"]')
    write_notebook(project / "src/shop/c.py", key="sales/orders")
    assert found(project) == [("DL102", "src/shop/b.py"), ("DL300", "src/shop/c.py")]


def test_ignored_findings_are_counted(project: Path) -> None:
    configure(project, '"polars"]', '"polars"]\n# more')
    configure(project, '"daglab[dagster]", "polars"]', '"polars"]  # daglab: ignore[DL303]')
    write_notebook(project / "src/shop/b.py", inputs={"x": "nowhere"}, key="b")
    configure(project, 'external = ["raw/*"]', 'external = ["raw/*"]\nignore = ["DL301"]')
    report = check(project)
    assert report.findings == ()
    assert sorted(f.code for f in report.ignored) == ["DL301", "DL303"]


def test_a_folder_without_pyproject_will_do(tmp_path: Path) -> None:
    write_notebook(tmp_path / "a.py", inputs={"x": "anything"}, head='# dependencies = ["duckdb"]')
    assert found(tmp_path) == []


def test_more_checks_see_each_notebook_and_can_be_ignored(project: Path) -> None:
    def more(path: Path, project: SourceProject) -> list[Finding]:
        return [Finding(project.shown(path), 1, "DL310", "the pair is not in sync")]

    source = read_source_project(project)
    assert [f.path for f in check_project(source, more).findings] == ["src/shop/a.py"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("externl = []", "no option 'externl' (did you mean 'external'?)"),
        ("html = 1", "html: true or false is wanted, not 1"),
        ('outputs = "some"', "outputs: 'strip' or 'keep' is wanted"),
        ('notebooks = "src"', "notebooks: a list is wanted"),
        ('ignore = ["DL999"]', "no finding has the code 'DL999'"),
        ('ignore = ["DL100"]', "findings of DL100 cannot be ignored"),
    ],
)
def test_wrong_options(project: Path, options: str, says: str) -> None:
    configure(project, 'external = ["raw/*"]', options)
    with pytest.raises(BuildError) as caught:
        read_source_project(project)
    assert says in str(caught.value)
    assert str(caught.value).startswith("pyproject.toml: [tool.hatch.build.hooks.daglab]")
    assert caught.value.remedy


def test_hatchlings_own_keys_are_left_to_it(project: Path) -> None:
    configure(project, "external", 'dependencies = ["x"]\nenable-by-default = false\nexternal')
    assert read_source_project(project).options.external == ["raw/*"]


def test_pyproject_that_is_no_toml(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project\n")
    with pytest.raises(BuildError, match="not valid TOML"):
        read_source_project(tmp_path)


def test_the_root_is_the_nearest_pyproject_up_to_git(project: Path) -> None:
    assert project_root(project / "src/shop/a.py") == project
    (project / "src/.git").mkdir()
    assert project_root(project / "src/shop/a.py") == project / "src/shop"


def test_coverage_of_requirements() -> None:
    assert uncovered(["Marimo", "typing_extensions"], ["daglab", "typing-extensions"]) == []
    assert uncovered(["dagster"], ["daglab"]) == ["dagster"]
    assert uncovered(["dagster"], ["daglab[dagster]"]) == []
    assert uncovered(["polars"], ["Polars==1 ; sys_platform == 'win32'", "???"]) == []
    assert not has_runtime(["???", "other[dagster]"])


def test_the_asset_that_the_notebook_makes_is_not_suggested_for_what_it_reads(project: Path) -> None:
    write_notebook(project / "src/shop/b.py", inputs={"raw": "mart/order"}, key="mart/orders")
    [finding] = check(project).findings
    assert (finding.code, "mart/orders" in finding.remedy) == ("DL301", False)
