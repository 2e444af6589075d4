"""Notebooks are found by content; foreign, hidden and unreadable files are passed over."""

from __future__ import annotations

from pathlib import Path

from daglab.notebook.find import find_notebooks, has_header
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
    (tmp_path / "latin.py").write_bytes(b"# caf\xe9 import marimo App(\n# /// script\n# [tool.daglab]\n")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert find_notebooks(tmp_path) == [tmp_path / "asset.py", tmp_path / "b/asset.py"]
    assert find_notebooks(tmp_path, header_only=False) == [
        tmp_path / "asset.py",
        tmp_path / "a/plain.py",
        tmp_path / "b/asset.py",
    ]
    assert find_notebooks(tmp_path / "none") == []


def test_a_header_is_told_from_a_mention_of_one() -> None:
    assert has_header(TEXT)
    assert has_header(TEXT.replace("\n", "\r\n"))
    assert has_header("# /// script\n# [tool.daglab.assets.x]\n# ///\n")
    assert not has_header(NOTEBOOK)
    assert not has_header("# [tool.daglab]\nimport marimo\n")
    assert not has_header("import marimo\napp = marimo.App()\n# /// script\n# [tool.daglab]\n# ///\n")
