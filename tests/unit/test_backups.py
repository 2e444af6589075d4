from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from daglab import backups, files
from tests import faults

DAY = 86_400
NOW = 1_900_000_000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / ".daglab" / "backups"


def replaced(path: Path, data: bytes, folder: Path) -> Path:
    backup = files.replace(files.read(path), data, backups=folder).backup
    assert backup is not None
    return backup


def at(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Set the clock, and let the next backup look through its folder."""
    monkeypatch.setattr(time, "time", lambda: seconds)
    backups._thinned.clear()


def test_what_is_replaced_or_deleted_is_kept_under_time_digest_and_name(
    path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, NOW)
    backup = replaced(path, b"new", folder)
    assert backup == folder / "20300317T174640-cba06b57-a.py"
    assert backup.read_bytes() == b"old"
    deleted = files.remove(files.read(path), backups=folder)
    assert deleted is not None and deleted.read_bytes() == b"new"
    assert not path.exists()
    assert files.remove(files.read(path), backups=folder) is None


def test_a_late_write_into_the_replaced_file_is_in_the_backup(path: Path, folder: Path) -> None:
    with path.open("r+b") as file:
        backup = replaced(path, b"new", folder)
        file.write(b"late")
    assert backup.read_bytes() == b"late"
    assert path.read_bytes() == b"new"


def test_a_file_with_other_names_is_copied_and_they_keep_its_text(path: Path, folder: Path) -> None:
    """Else a backup would change with what is written into the file under its other name."""
    other = path.with_name("other.py")
    os.link(path, other)
    backup = replaced(path, b"new", folder)
    assert other.read_bytes() == b"old"
    other.write_bytes(b"edited")
    assert (path.read_bytes(), backup.read_bytes()) == (b"new", b"old")


def test_a_folder_to_which_no_name_can_be_given_gets_a_copy(path: Path, folder: Path) -> None:
    path.chmod(0o600)
    with faults.watched(faults.lacks("link")):
        backup = replaced(path, b"new", folder)
    assert backup.read_bytes() == b"old"
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert [p.name for p in folder.iterdir()] == [backup.name]


@pytest.mark.parametrize("mode", [0o600, 0o440, 0o666])
def test_neither_backup_nor_new_file_is_more_readable_than_the_file(path: Path, folder: Path, mode: int) -> None:
    path.chmod(mode)
    modes = set()

    def look(number: int, name: str, args: tuple[object, ...]) -> None:
        modes.update(stat.S_IMODE(p.stat().st_mode) | mode for p in path.parent.rglob("*") if p.is_file())

    with faults.watched(look):
        backup = replaced(path, b"new", folder)
    assert modes == {mode}
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(backup.stat().st_mode) == mode


def test_backups_of_one_second_never_replace_each_other(
    path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, NOW)
    made = [replaced(path, data, folder) for data in (b"new", b"old", b"new")]
    assert sorted(p.read_bytes() for p in folder.iterdir()) == [b"new", b"old", b"old"]
    assert len(set(made)) == 3


def test_old_backups_go_by_the_time_in_their_names(path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second name has the file's own time, which may be any."""
    at(monkeypatch, NOW)
    os.utime(path, (NOW - 900 * DAY, NOW - 900 * DAY))
    first = replaced(path, b"2", folder)
    at(monkeypatch, NOW + 29 * DAY)
    second = replaced(path, b"3", folder)
    assert set(folder.iterdir()) == {first, second}
    (folder / "notes.txt").write_text("somebody's own")
    at(monkeypatch, NOW + 31 * DAY)
    third = replaced(path, b"4", folder)
    assert set(folder.iterdir()) == {second, third, folder / "notes.txt"}


def test_a_clock_set_back_drops_nothing(path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOW)
    first = replaced(path, b"2", folder)
    at(monkeypatch, NOW - 4000 * DAY)
    second = replaced(path, b"3", folder)
    third = replaced(path, b"4", folder)
    assert [p.read_bytes() for p in (first, second, third)] == [b"old", b"2", b"3"]


def test_the_oldest_go_when_there_is_too_much_but_never_the_newest(
    path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "BACKUP_BYTES", 1000)
    made = []
    for number in range(12):
        monkeypatch.setattr(time, "time", lambda number=number: NOW + number)
        made.append(replaced(path, bytes([number]) * 100, folder))
        assert sum(p.stat().st_size for p in folder.iterdir()) <= 1000
    assert made[-1].exists() and made[-8].exists()
    assert not made[0].exists()
    path.write_bytes(b"x" * 2000)
    assert replaced(path, b"new", folder).exists()


def test_a_folder_is_looked_through_once_in_ten_minutes(
    path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, NOW)
    looked = []
    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda where: looked.append(where) or real(where))
    clock = time.monotonic()
    for number in range(5):
        replaced(path, bytes([number]), folder)
    assert looked == [folder]
    monkeypatch.setattr(time, "monotonic", lambda: clock + 601)
    replaced(path, b"new", folder)
    assert looked == [folder, folder]


def test_half_a_copy_of_a_killed_sync_goes_after_a_day(
    path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir(parents=True)
    for name, age in ((".a.py.12345678.part.daglab", 2 * DAY), (".a.py.12345679.part.daglab", 0)):
        (folder / name).write_bytes(b"ol")
        os.utime(folder / name, (time.time() - age, time.time() - age))
    backups._thinned.clear()
    backup = replaced(path, b"new", folder)
    assert {p.name for p in folder.iterdir()} == {".a.py.12345679.part.daglab", backup.name}
