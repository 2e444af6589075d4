"""Paths from outside stay below the root."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from daglab.errors import MissingFileError, RequestError
from daglab.server import paths
from daglab.server.paths import confined_file, confined_place, read_confined, relative_to_root


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
    ["", "/", "/etc/passwd", "../outside.py", "a b/../../outside.py", "./inner.py", "a//b", "a\\b", "x\0", "x\n",
     "a b/"],
)  # fmt: skip
def test_what_is_no_plain_relative_path(root: Path, path: str) -> None:
    with pytest.raises(RequestError):
        confined_file(root, path)


@pytest.mark.parametrize("path", ["C:x", "con", "LPT1.py", "a:b.ipynb", "con.ipynb"])
def test_names_that_windows_alone_has_no_files_of(root: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "_WINDOWS", True)
    with pytest.raises(RequestError):
        confined_file(root, path)
    monkeypatch.setattr(paths, "_WINDOWS", False)
    (root / path).write_text("1")
    assert confined_file(root, path) == root / path


@pytest.mark.parametrize(
    "path", ["none.py", "a b", "outer.py", "loop.py", "inner.py/x", "%2e%2e/outside.py", "x" * 5000]
)
def test_what_is_not_there_or_outside(root: Path, path: str) -> None:
    with pytest.raises(MissingFileError):
        confined_file(root, path)


@pytest.mark.parametrize("path", ["x" * 5000, f"{'a b/../' * 2}x.py"])
def test_no_file_can_be_there(root: Path, path: str) -> None:
    with pytest.raises((MissingFileError, RequestError)):
        confined_place(root, path)


def test_a_name_that_is_just_short_enough(root: Path) -> None:
    assert confined_place(root, f"{'x' * 252}.py").parent == root


def test_a_file_outside_has_no_relative_path(root: Path) -> None:
    assert relative_to_root(root, root.parent / "outside.py") is None


def swap(place: Path, replacement: Path) -> None:
    """Put a link to ``replacement`` in the place of a file or folder, in one step."""
    link = place.with_name("link")
    link.symlink_to(replacement)
    if place.is_dir():
        place.rename(place.with_name("before"))
    link.rename(place)


@pytest.mark.parametrize("place", ["a b/ä;`x`.py", "a b", "pipe"])
def test_what_is_swapped_in_after_the_check_is_not_read(
    root: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "ä;`x`.py").write_text("2")
    checked = confined_file(root, "a b/ä;`x`.py")
    if place == "pipe":
        checked.unlink()
        os.mkfifo(checked)
    else:
        swap(root / place, outside if place == "a b" else outside / "ä;`x`.py")
    monkeypatch.setattr(paths, "confined_file", lambda root, path: checked)
    with pytest.raises(MissingFileError):
        read_confined(root, "a b/ä;`x`.py")


def test_a_link_that_comes_and_goes_never_leads_out(root: Path) -> None:
    (root / "in").mkdir()
    (root / "in" / "x.py").write_text("1")
    (root.parent / "out").mkdir()
    (root.parent / "out" / "x.py").write_text("2")
    (root / "link").symlink_to(root.parent / "out")
    done = threading.Event()

    def flip() -> None:
        while not done.is_set():
            (root / "in").rename(root / "kept")
            (root / "link").rename(root / "in")
            (root / "in").rename(root / "link")
            (root / "kept").rename(root / "in")

    flipping = threading.Thread(target=flip)
    flipping.start()
    read, refused = 0, 0
    try:
        until = time.monotonic() + 30  # a busy machine may let one thread alone run for long
        while read + refused < 500 or (not (read and refused) and time.monotonic() < until):
            try:
                assert read_confined(root, "in/x.py")[1] == b"1"
                read += 1
            except MissingFileError:
                refused += 1
    finally:
        done.set()
        flipping.join()
    assert read and refused
