"""The renames as this machine's kernel does them: where it has none, they must say so."""

from __future__ import annotations

import errno
from pathlib import Path
from types import SimpleNamespace

import pytest

from daglab import renames


def test_two_files_are_exchanged(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "größe"
    one.write_bytes(b"1")
    other.write_bytes(b"2")
    renames.exchange(one, other)
    assert (one.read_bytes(), other.read_bytes()) == (b"2", b"1")
    with pytest.raises(FileNotFoundError, match="none"):
        renames.exchange(one, tmp_path / "none")
    assert one.read_bytes() == b"2"


def test_a_new_name_is_never_another_file_s(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"1")
    renames.rename_new(one, other)
    one.write_bytes(b"2")
    with pytest.raises(FileExistsError):
        renames.rename_new(one, other)
    assert (one.read_bytes(), other.read_bytes()) == (b"2", b"1")


def test_a_c_library_without_them_is_unsupported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renames, "_c_library", SimpleNamespace)
    with pytest.raises(OSError, match="not implemented") as caught:
        renames.exchange(tmp_path / "one", tmp_path / "other")
    assert caught.value.errno == errno.ENOSYS
    assert caught.value.errno in renames.UNSUPPORTED
