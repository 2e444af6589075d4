"""Pairs whose halves are links, have other names, can't be written, or change under a sync's hands."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daglab import backups
from daglab.errors import FileMovedError
from daglab.pair import create_pair, pair_of, pair_status, sync
from tests import faults
from tests.unit.pair.conftest import PY, Files, synced_pair


def edit_both(pair: Files) -> None:
    pair.edit_py("sum(orders)", "max(orders)")
    pair.edit_ipynb(lambda cells: cells[3].update(source="print(total, 'ipynb')"))


def assert_both_edits_are_in_both(pair: Files) -> None:
    for path in (pair.py, pair.ipynb):
        assert "max(orders)" in path.read_text("utf-8")
        assert "print(total, 'ipynb')" in path.read_text("utf-8")
    assert sync(pair.py).written == ()


@pytest.mark.parametrize("half", [".py", ".ipynb"])
def test_a_half_that_is_a_link_stays_one_and_its_file_is_exchanged_where_it_is(pair: Files, half: str) -> None:
    link = pair.py.with_suffix(half)
    elsewhere = pair.py.parent / "elsewhere"
    elsewhere.mkdir()
    target = link.rename(elsewhere / f"target{half}")
    link.symlink_to(target.relative_to(link.parent))
    edit_both(pair)
    left = elsewhere / f".target{half}.1a2b3c4d.daglab"
    left.write_bytes(b"of a killed sync")
    folders = set()

    def look(number: int, name: str, args: tuple[object, ...]) -> None:
        if name == "exchange":
            folders.update(Path(str(arg)).parent for arg in args if Path(str(arg)).suffix == half)

    with faults.watched(look):
        result = sync(pair.py)
    assert folders == {elsewhere}
    assert link.is_symlink() and not target.is_symlink()
    assert not left.exists()
    assert any(backup.name.endswith(link.name) for backup in result.backups)
    assert_both_edits_are_in_both(pair)


@pytest.mark.parametrize("half", [".py", ".ipynb"])
def test_another_name_of_a_half_keeps_its_old_text_whole(pair: Files, half: str) -> None:
    path = pair.py.with_suffix(half)
    edit_both(pair)
    other = path.with_name(f"other{half}.bak")
    os.link(path, other)
    before = path.read_bytes()
    sync(pair.py)
    assert other.read_bytes() == before
    assert_both_edits_are_in_both(pair)


SYNC = """
import os, sys
from pathlib import Path
import filelock
from daglab.errors import PairError
from daglab.pair import sync
sync(Path(sys.argv[1]), dry_run=True)  # imports all that it needs, which the other user may not be able to
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    print(sync(Path(sys.argv[1])).written)
except PairError as error:
    print(error.message, "/", error.remedy)
"""


def sync_without_privileges(path: Path) -> str:
    """Sync in a process that file modes bind: as another user, where this one is root."""
    done = subprocess.run([sys.executable, "-c", SYNC, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def open_pair() -> Iterator[Files]:
    """A pair that also another user can reach and write; pytest's own folders are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        pair = synced_pair(Path(name))
        edit_both(pair)
        for path in [Path(name), *Path(name).rglob("*")]:
            path.chmod(0o777 if path.is_dir() else 0o666)
        yield pair


@pytest.mark.parametrize("closed", [".", ".daglab", ".daglab/backups", ".daglab/locks"])
def test_a_folder_that_cannot_be_written_is_told_and_both_halves_stay(open_pair: Files, closed: str) -> None:
    before = open_pair.both()
    folder = open_pair.py.parent / closed
    folder.mkdir(exist_ok=True)
    if closed == ".daglab":
        for name in ("backups", "locks"):
            for path in (folder / name).glob("*"):
                path.unlink()
            if (folder / name).exists():
                (folder / name).rmdir()
    for lock in (open_pair.py.parent / ".daglab" / "locks").glob("*"):
        lock.unlink()
    folder.chmod(0o555)
    try:
        said = sync_without_privileges(open_pair.py)
    finally:
        folder.chmod(0o777)
    assert said.startswith("cannot ") and ": Permission denied / check its folder" in said
    assert open_pair.both() == before
    assert not list(open_pair.py.parent.glob(".*.daglab"))
    assert "orders.py" in sync_without_privileges(open_pair.py)
    assert_both_edits_are_in_both(open_pair)


def test_a_read_only_state_folder_fails_no_sync(open_pair: Files) -> None:
    state = open_pair.py.parent / ".daglab" / "state"
    state.chmod(0o555)
    try:
        assert "orders.ipynb" in sync_without_privileges(open_pair.py)
    finally:
        state.chmod(0o777)
    assert_both_edits_are_in_both(open_pair)


def same_time_and_size(path: Path, old: str, new: str) -> None:
    times = path.stat()
    text = path.read_text("utf-8")
    assert old in text and len(old) == len(new)
    path.write_text(text.replace(old, new), "utf-8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize("seconds", [0, -400 * 86_400, 400 * 86_400])
def test_no_clock_and_no_time_of_a_file_decides(pair: Files, seconds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is set, and every edit keeps its file's size and time, cut to two seconds."""
    for path in (pair.py, pair.ipynb):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    now = time.time() + seconds
    monkeypatch.setattr(time, "time", lambda: now)
    backups._thinned.clear()
    same_time_and_size(pair.py, "sum(orders)", "max(orders)")
    assert pair_status(pair.py).state == "py-ahead"
    assert sync(pair.py).written == (pair.ipynb,)
    os.utime(pair.ipynb, (1_700_000_000, 1_700_000_000))
    same_time_and_size(pair.ipynb, "print(total)", "repr((total))"[:12])
    assert pair_status(pair.py).state == "ipynb-ahead"
    result = sync(pair.py)
    assert pair.py in result.written
    kept = [path.read_text("utf-8") for path in pair_of(pair.py).backups(pair.py).iterdir()]
    assert any("sum(orders)" in text for text in kept)
    assert any("print(total)" in text and "max(orders)" in text for text in kept)
    assert sync(pair.py).written == ()


MOVES: dict[str, Callable[[Path], object]] = {
    "edited": lambda path: path.write_bytes(path.read_bytes() + b" "),
    "deleted": Path.unlink,
    "chmod": lambda path: path.chmod(0o600),
}


@pytest.mark.parametrize("half", [".py", ".ipynb"])
@pytest.mark.parametrize("move", MOVES)
def test_a_half_that_changes_just_before_the_swap_is_left_alone(pair: Files, half: str, move: str) -> None:
    edit_both(pair)
    path = pair.py.with_suffix(half)
    act = faults.before("exchange", lambda: MOVES[move](path), nth=0 if half == ".py" else 1)
    before = pair.ipynb.read_bytes()
    with faults.watched(act), pytest.raises(FileMovedError):
        sync(pair.py)
    assert path.exists() == (move != "deleted")
    if half == ".py" or move == "chmod":
        assert pair.ipynb.read_bytes() == before
    assert [p.name for p in pair.py.parent.glob(".*")] == [".daglab"]
    sync(pair.py)
    if move != "deleted" or half == ".ipynb":
        assert_both_edits_are_in_both(pair)


@pytest.mark.parametrize("half", [".py", ".ipynb"])
def test_a_half_that_appears_meanwhile_is_left_alone(pair: Files, half: str) -> None:
    path = pair.py.with_suffix(half)
    path.unlink()
    with (
        faults.watched(faults.before("rename_new", lambda: path.write_text("somebody else's"))),
        pytest.raises(FileMovedError),
    ):
        sync(pair.py)
    assert path.read_text() == "somebody else's"


@pytest.mark.parametrize("edited", [".py", ".ipynb"])
@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"\x00" * 100])
def test_an_unreadable_half_beside_an_edited_one_is_told_and_nothing_is_written(
    pair: Files, edited: str, data: bytes
) -> None:
    edit_both(pair)
    broken = pair.py if edited == ".ipynb" else pair.ipynb
    broken.write_bytes(data)
    before = pair.both()
    result = sync(pair.py)
    assert (result.before.state, result.written, result.backups) == ("invalid", (), ())
    assert broken.name in result.before.reason
    assert pair.both() == before


def test_line_ends_and_byte_order_mark_outlive_a_sync_that_is_finished_later(folder: Path) -> None:
    pair = Files(folder)
    pair.py.write_bytes(b"\xef\xbb\xbf" + PY.replace("\n", "\r\n").encode())
    create_pair(pair.py)
    pair.edit_ipynb(lambda cells: cells[3].update(source="print(total, 'ipynb')"))
    with faults.watched(faults.before("exchange", lambda: os.utime(pair.py))) as calls:
        sync(pair.py)
    assert "exchange" in calls
    assert pair.py.read_bytes().startswith(b"\xef\xbb\xbf# /// script\r\n")
    assert b"\n" not in pair.py.read_bytes().replace(b"\r\n", b"")


@pytest.mark.parametrize("half", [".py", ".ipynb"])
def test_a_write_protected_half_is_told_and_both_halves_stay(open_pair: Files, half: str) -> None:
    before = open_pair.both()
    open_pair.py.with_suffix(half).chmod(0o444)
    said = sync_without_privileges(open_pair.py)
    assert f"cannot write {open_pair.py.with_suffix(half)}: Permission denied" in said
    if half == ".py":
        assert open_pair.both() == before
    else:
        assert open_pair.ipynb.read_bytes() == before[1]
