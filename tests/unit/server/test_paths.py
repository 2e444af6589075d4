"""Paths from outside stay below the root."""

from __future__ import annotations

from pathlib import Path

import pytest

from daglab.errors import MissingFileError, RequestError
from daglab.server.paths import confined_file, relative_to_root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "a b").mkdir(parents=True)
    (tmp_path / "root" / "a b" / "ä;`x`.py").write_text("1")
    (tmp_path / "outside.py").write_text("2")
    (tmp_path / "root" / "inner.py").symlink_to(tmp_path / "root" / "a b" / "ä;`x`.py")
    (tmp_path / "root" / "outer.py").symlink_to(tmp_path / "outside.py")
    (tmp_path / "root" / "loop.py").symlink_to(tmp_path / "root" / "loop.py")
    return tmp_path / "root"


@pytest.mark.parametrize("path", ["a b/ä;`x`.py", "inner.py"])
def test_files_below_the_root(root: Path, path: str) -> None:
    file = confined_file(root, path)
    assert file.read_text() == "1"
    assert relative_to_root(root, file) == "a b/ä;`x`.py"


@pytest.mark.parametrize(
    "path",
    ["", "/", "/etc/passwd", "../outside.py", "a b/../../outside.py", "./inner.py", "a//b", "a\\b", "C:x", "x\0", "x\n",
     "con", "LPT1.py", "a b/"],
)  # fmt: skip
def test_what_is_no_plain_relative_path(root: Path, path: str) -> None:
    with pytest.raises(RequestError):
        confined_file(root, path)


@pytest.mark.parametrize(
    "path", ["none.py", "a b", "outer.py", "loop.py", "inner.py/x", "%2e%2e/outside.py", "x" * 5000]
)
def test_what_is_not_there_or_outside(root: Path, path: str) -> None:
    with pytest.raises(MissingFileError):
        confined_file(root, path)


def test_a_file_outside_has_no_relative_path(root: Path) -> None:
    assert relative_to_root(root, root.parent / "outside.py") is None
