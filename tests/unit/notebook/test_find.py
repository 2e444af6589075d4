"""Notebooks are found by content; foreign and hidden files are passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from daglab import notebook_definitions
from daglab.errors import NotebookError
from daglab.notebook.check import check_project
from daglab.notebook.find import find_notebooks, has_header
from daglab.notebook.source_project import read_source_project
from tests.unit.notebook.test_graph import TEXT
from tests.unit.notebook.test_spans import NOTEBOOK


def test_notebooks_are_found_by_content(tmp_path: Path) -> None:
    for name, text in {
        "b/asset.py": TEXT,
        "a/plain.py": NOTEBOOK,
        "a/module.py": "import marimo\napp = 1  # App(\n",
        "a/text.txt": TEXT,
        ".hidden/asset.py": TEXT,
        "node_modules/asset.py": TEXT,
        "asset.py": TEXT,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "latin.py").write_bytes(b"# caf\xe9 import marimo App(\n")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert find_notebooks(tmp_path) == [tmp_path / "asset.py", tmp_path / "b/asset.py"]
    assert find_notebooks(tmp_path, header_only=False) == [
        tmp_path / "asset.py",
        tmp_path / "a/plain.py",
        tmp_path / "b/asset.py",
    ]
    assert find_notebooks(tmp_path / "none") == []


def test_folders_of_tools_are_skipped_but_not_a_packages_own(tmp_path: Path) -> None:
    for name in ("build/lib/shop/a.py", "dist/a.py", "shop/build/a.py", "shop/build/site-packages/a.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(TEXT)
    (tmp_path / "shop/__init__.py").touch()
    assert find_notebooks(tmp_path) == [tmp_path / "shop/build/a.py"]


def test_what_cannot_be_opened_is_left_to_its_reader(tmp_path: Path) -> None:
    (tmp_path / "gone.py").symlink_to("nothing")
    (tmp_path / ".#a.py").symlink_to("someone@host.4711")  # an open file of Emacs
    assert find_notebooks(tmp_path) == [tmp_path / "gone.py"]
    assert find_notebooks(tmp_path, header_only=False) == []
    [finding] = check_project(read_source_project(tmp_path)).findings
    assert (finding.path, finding.code) == ("gone.py", "DL200")
    with pytest.raises(NotebookError, match=r"gone\.py cannot be read"):
        notebook_definitions(tmp_path)


def test_a_header_is_told_from_a_mention_of_one() -> None:
    assert has_header(TEXT)
    assert has_header(TEXT.replace("\n", "\r\n"))
    assert has_header("# /// script\n# [tool.daglab.assets.x]\n# ///\n")
    assert not has_header(NOTEBOOK)
    assert not has_header("# [tool.daglab]\nimport marimo\n")
    assert not has_header('# /// script\n# dependencies = ["daglab"]\n# ///\n')
    assert not has_header('# /// script\n# dependencies = ["daglab\n# ///\n')
    assert not has_header('# /// script\n# tool = "daglab"\n# ///\n')


@pytest.mark.parametrize(
    "header",
    [
        "\ufeff# /// script\n# [tool.daglab.assets.a]\n# ///\n",
        "# /// script\n# [ tool . daglab ]\n# ///\n",
        '# /// script\n# [tool."daglab".assets.a]\n# ///\n',
        "# /// script\n# [tool]\n# daglab.assets.a = {}\n# ///\n",
        "# /// script\n# tool = { daglab = { assets = { a = {} } } }\n# ///\n",
        "# /// script\n#     [tool.daglab.assets.a]\n# ///\n",
        "# /// script\n# [tool.daglab\n# ///\n",
        "# /// script\n# [tool.daglab.assets.a]\n\n",
        "# /// script\n#[tool.daglab.assets.a]\n# ///\n",
    ],
)
def test_every_legal_spelling_of_a_header_is_found_and_broken_ones_too(header: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(header + NOTEBOOK.partition("# ///\n")[2].replace("# ///", "#"), "utf-8")
    assert find_notebooks(tmp_path) == [tmp_path / "a.py"]


@pytest.mark.parametrize(
    "table", ["tool.dagglab.assets.orders", "tool.dag-lab", "tool.Daglab.assets.orders", "daglab.assets.orders"]
)
def test_a_table_of_almost_the_name_is_a_finding(table: str, tmp_path: Path) -> None:
    header = f'# /// script\n# dependencies = ["marimo"]\n# [{table}]\n# x = 1\n# ///\n'
    (tmp_path / "a.py").write_text(header + TEXT.partition("# ///\n")[2])
    [finding] = check_project(read_source_project(tmp_path)).findings
    assert (finding.line, finding.code, finding.remedy) == (3, "DL101", "did you mean [tool.daglab]?")
    assert f"[{'.'.join(table.split('.')[: 1 + table.startswith('tool')])}]" in finding.message
    with pytest.raises(NotebookError, match="which nothing reads"):
        notebook_definitions(tmp_path)


@pytest.mark.parametrize("table", ["tool.marimo", "tool.datalab", "tool.dagster", "tool.uv"])
def test_tables_of_other_tools_are_theirs(table: str) -> None:
    assert not has_header(f"# /// script\n# [{table}]\n# x = 1\n# ///\n")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_notebook_that_is_not_utf_8_is_an_error_and_never_passed_over(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "latin.py"
    path.write_bytes(TEXT.replace("import marimo", "# caf\xe9\nimport marimo", 1).encode(encoding))
    assert find_notebooks(tmp_path) == [path]
    assert find_notebooks(tmp_path, header_only=False) == []
    with pytest.raises(NotebookError, match="not UTF-8"):
        notebook_definitions(tmp_path)
    [finding] = check_project(read_source_project(tmp_path)).findings
    assert (finding.code, "not UTF-8" in finding.message) == ("DL200", True)
