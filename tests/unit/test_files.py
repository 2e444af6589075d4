from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from daglab import files
from daglab.errors import FileMovedError, PairError
from tests import faults


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    path.chmod(0o640)
    new = files.replace(files.read(path), b"new")
    assert path.read_bytes() == b"new"
    assert new.digest == files.read(path).digest
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [p.name for p in tmp_path.iterdir()] == ["a.py"]


def test_equal_bytes_are_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    before = path.stat()
    files.replace(files.read(path), b"old")
    assert path.stat() == before


@pytest.mark.parametrize("edit", [b"edited", b"olD"])
def test_a_file_that_moved_is_left_alone_whatever_its_time_says(tmp_path: Path, edit: bytes) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    times = path.stat()
    read = files.read(path)
    path.write_bytes(edit)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(FileMovedError):
        files.replace(read, b"new")
    with pytest.raises(FileMovedError):
        files.remove(read)
    assert path.read_bytes() == edit
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_that_was_deleted_is_not_made_again(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    read = files.read(path)
    path.unlink()
    with pytest.raises(FileMovedError):
        files.replace(read, b"new")
    assert list(tmp_path.iterdir()) == []


def test_a_new_file_never_replaces_another_one(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    absent = files.read(path)
    assert absent.digest is None
    path.write_bytes(b"somebody else's")
    with pytest.raises(FileMovedError):
        files.replace(absent, b"new")
    assert path.read_bytes() == b"somebody else's"
    path.unlink()
    files.replace(absent, b"new")
    assert path.read_bytes() == b"new"
    assert [p.name for p in tmp_path.iterdir()] == ["a.py"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target.py", tmp_path / "link.py"
    target.write_bytes(b"old")
    link.symlink_to(target)
    files.replace(files.read(link), b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_no_file_is_made_through_a_link(tmp_path: Path) -> None:
    """A repository may hold links to where files are that programs look for."""
    link = tmp_path / "link.py"
    link.symlink_to(tmp_path / "target.py")
    with pytest.raises(PairError, match="leads nowhere"):
        files.replace(files.read(link), b"new")
    assert not (tmp_path / "target.py").exists()


def test_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.py").symlink_to(tmp_path / "b.py")
    (tmp_path / "b.py").symlink_to(tmp_path / "a.py")
    with pytest.raises(PairError):
        files.read(tmp_path / "a.py")


def test_what_cannot_be_read_or_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(PairError, match="cannot read"):
        files.read(tmp_path)
    missing = files.FileContent(tmp_path / "no" / "a.py", None)
    with pytest.raises(PairError, match="cannot write"):
        files.replace(missing, b"new")
    (tmp_path / "plain").write_bytes(b"")
    (tmp_path / "a.py").write_bytes(b"text")
    with pytest.raises(PairError, match="cannot back up"):
        files.replace(files.read(tmp_path / "a.py"), b"new", backups=tmp_path / "plain" / "backups")
    assert (tmp_path / "a.py").read_bytes() == b"text"
    with pytest.raises(PairError, match="cannot lock"), files.locked(tmp_path / "plain" / "x.lock"):
        pass


@pytest.mark.parametrize("call", ["fsync", "write"])
def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, call: str) -> None:
    """The file-size limit of a child process is a real failing write; fsync fails by a file system without it."""
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    program = (
        "import os, resource, signal, sys; from pathlib import Path; from daglab import files\n"
        "from daglab.errors import PairError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "path = Path(sys.argv[1]); old = files.read(path)\n"
        "if sys.argv[2] == 'write': resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
        "else:\n"
        "    def fsync(_): raise OSError(5, 'Input/output error')\n"
        "    os.fsync = fsync\n"
        "try: files.replace(old, b'x' * 1000)\n"
        "except PairError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, path, call], capture_output=True, text=True, check=True)
    assert "cannot write" in done.stdout
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.py"]


def test_a_lock_is_held_against_other_processes(tmp_path: Path) -> None:
    lock = tmp_path / "locks" / "x.lock"
    program = (
        "import sys; from pathlib import Path; from daglab import files\n"
        "with files.locked(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with pytest.raises(PairError, match="another process"), files.locked(lock, seconds=0.1):
            pass
    finally:
        child.communicate()
    with files.locked(lock, seconds=1):
        pass


def test_what_a_killed_replacement_left_is_cleared_away(tmp_path: Path) -> None:
    """Parts are ours; what may be a user's only copy goes to the backups; other files' leftovers stay."""
    backups = tmp_path / "backups"
    left = {
        ".a.py.1a2b3c4d.part.daglab": b"hal",
        ".a.py.1a2b3c4e.daglab": b"a user's",
        ".a.py.b.py.1a2b3c4d.daglab": b"another file's",
        ".a.py.notes.daglab": b"a user's file",
        "a.py": b"text",
    }
    for name, data in left.items():
        (tmp_path / name).write_bytes(data)
    backups.mkdir()
    (backups / "kept").write_bytes(b"in the backups already")
    os.link(backups / "kept", tmp_path / ".a.py.1a2b3c4f.daglab")
    (tmp_path / ".a.py.1a2b3c40.daglab").symlink_to("a.py")
    files.sweep(tmp_path / "a.py", backups=backups)
    files.sweep(tmp_path / "no" / "a.ipynb", backups=backups)
    assert {p.name for p in tmp_path.iterdir()} == {
        ".a.py.b.py.1a2b3c4d.daglab",
        ".a.py.notes.daglab",
        "a.py",
        "backups",
    }
    (kept,) = (p for p in backups.iterdir() if p.name != "kept")
    assert kept.read_bytes() == b"a user's"
    assert kept.name.endswith("-a.py")


def test_a_leftover_that_cannot_be_kept_stays(tmp_path: Path) -> None:
    (tmp_path / "backups").write_bytes(b"no folder")
    (tmp_path / ".a.py.1a2b3c4e.daglab").write_bytes(b"a user's")
    files.sweep(tmp_path / "a.py", backups=tmp_path / "backups")
    assert (tmp_path / ".a.py.1a2b3c4e.daglab").read_bytes() == b"a user's"


Save = Callable[[Path], object]


def saved_in_place(path: Path) -> None:
    path.write_bytes(b"saved")


def saved_by_rename(path: Path) -> None:
    path.with_name("new").write_bytes(b"saved")
    path.with_name("new").replace(path)


def saved_with_the_same_time_and_size(path: Path) -> None:
    """As on a file system that knows two seconds only, too."""
    times = path.stat()
    path.write_bytes(b"olD")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


SAVES = [
    (saved_in_place, b"saved"),
    (saved_by_rename, b"saved"),
    (saved_with_the_same_time_and_size, b"olD"),
    (Path.unlink, None),
]


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("call", ["open", "link", "write", "replace", "exchange"])
@pytest.mark.parametrize(("save", "left"), SAVES)
def test_a_save_at_any_moment_up_to_the_swap_stays_in_place(
    tmp_path: Path, save: Save, left: bytes | None, call: str, kept: bool
) -> None:
    """``exchange``: between the last look and the swap itself."""
    path, backups = tmp_path / "a.py", tmp_path / "backups"
    path.write_bytes(b"old")
    read = files.read(path)
    with faults.watched(faults.before(call, lambda: save(path))) as calls:
        if call == "link" and not kept:
            save(path)
        with pytest.raises(FileMovedError):
            files.replace(read, b"new", backups=backups if kept else None)
    assert call == "link" or call in calls
    assert files.read(path).data == left
    assert {p.name for p in tmp_path.iterdir()} <= {"a.py", "backups"}
    if left is not None:
        assert path.stat().st_nlink == 1
    files.replace(files.read(path), b"new", backups=backups if kept else None)
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("when", ["write", "exchange"])
def test_a_mode_that_is_changed_meanwhile_is_kept(tmp_path: Path, when: str) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    read = files.read(path)
    path.chmod(0o600)
    with faults.watched(faults.before(when, lambda: path.chmod(0o640))), pytest.raises(FileMovedError):
        files.replace(read, b"new")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"old", 0o640)
    path.chmod(0o600)
    files.replace(read, b"new")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o600)


def test_two_saves_at_the_worst_moments_are_both_somewhere(tmp_path: Path) -> None:
    """One between the last look and the swap, one between the swap and its undoing."""
    path, backups = tmp_path / "a.py", tmp_path / "backups"
    path.write_bytes(b"old")
    first = faults.before("exchange", lambda: path.write_bytes(b"first"))
    second = faults.before("exchange", lambda: path.write_bytes(b"second"), nth=1)
    with faults.watched(first, second), pytest.raises(FileMovedError):
        files.replace(files.read(path), b"new", backups=backups)
    assert path.read_bytes() == b"first"
    assert sorted(p.read_bytes() for p in backups.iterdir()) == [b"first", b"second"]
    assert {p.name for p in tmp_path.iterdir()} == {"a.py", "backups"}


def test_a_file_that_is_deleted_between_swap_and_undoing_loses_nothing(tmp_path: Path) -> None:
    path, backups = tmp_path / "a.py", tmp_path / "backups"
    path.write_bytes(b"old")
    first = faults.before("exchange", lambda: saved_by_rename(path))
    second = faults.before("exchange", path.unlink, nth=1)
    with faults.watched(first, second), pytest.raises(FileMovedError):
        files.replace(files.read(path), b"new", backups=backups)
    files.sweep(path, backups=backups)
    assert b"saved" in {p.read_bytes() for p in backups.iterdir()}


def test_a_link_that_comes_in_a_file_s_place_stays(tmp_path: Path) -> None:
    path, other = tmp_path / "a.py", tmp_path / "other.py"
    path.write_bytes(b"old")
    other.write_bytes(b"old")

    def link() -> None:
        path.unlink()
        path.symlink_to(other)

    with faults.watched(faults.before("exchange", link)), pytest.raises(FileMovedError):
        files.replace(files.read(path), b"new")
    assert path.is_symlink()
    assert other.read_bytes() == b"old"


@pytest.mark.parametrize("missing", [(), ("rename_new",)])
def test_a_file_that_is_created_meanwhile_is_left_alone(tmp_path: Path, missing: tuple[str, ...]) -> None:
    path = tmp_path / "a.py"
    absent = files.read(path)
    create = faults.before("rename_new", lambda: path.write_bytes(b"somebody else's"))
    with faults.watched(create, faults.lacks(*missing)), pytest.raises(FileMovedError):
        files.replace(absent, b"new")
    assert path.read_bytes() == b"somebody else's"
    assert [p.name for p in tmp_path.iterdir()] == ["a.py"]


@pytest.mark.parametrize(("save", "left"), SAVES)
def test_a_file_that_is_saved_while_it_is_deleted_stays(tmp_path: Path, save: Save, left: bytes | None) -> None:
    path, backups = tmp_path / "a.py", tmp_path / "backups"
    path.write_bytes(b"old")
    with faults.watched(faults.before("replace", lambda: save(path))), pytest.raises(FileMovedError):
        files.remove(files.read(path), backups=backups)
    assert files.read(path).data == left
    assert {p.name for p in tmp_path.iterdir()} <= {"a.py", "backups"}


def test_a_file_that_is_saved_twice_while_it_is_deleted_is_kept_twice(tmp_path: Path) -> None:
    path, backups = tmp_path / "a.py", tmp_path / "backups"
    path.write_bytes(b"old")
    first = faults.before("replace", lambda: saved_by_rename(path))
    second = faults.before("rename_new", lambda: path.write_bytes(b"second"))
    with faults.watched(first, second), pytest.raises(FileMovedError):
        files.remove(files.read(path), backups=backups)
    assert path.read_bytes() == b"second"
    assert b"saved" in {p.read_bytes() for p in backups.iterdir()}


def test_without_an_exchange_a_file_is_replaced_by_a_rename(tmp_path: Path) -> None:
    path, backups = tmp_path / "a.py", tmp_path / "backups"
    path.write_bytes(b"old")
    late = faults.before("replace", lambda: path.write_bytes(b"late"), nth=1)  # the first gives the part its name
    with faults.watched(faults.lacks("exchange"), late):
        files.replace(files.read(path), b"new", backups=backups)
    assert path.read_bytes() == b"new"
    assert [p.read_bytes() for p in backups.iterdir()] == [b"late"]


def test_a_deleted_link_leaves_what_it_leads_to(tmp_path: Path) -> None:
    target, link = tmp_path / "target.py", tmp_path / "link.py"
    target.write_bytes(b"old")
    link.symlink_to(target)
    backup = files.remove(files.read(link), backups=tmp_path / "backups")
    assert backup is not None and backup.read_bytes() == b"old"
    assert not link.is_symlink()
    assert target.read_bytes() == b"old"


@pytest.mark.parametrize("save", [saved_in_place, saved_by_rename])
def test_a_save_that_was_out_of_its_place_for_a_moment_is_kept(tmp_path: Path, save: Save) -> None:
    """Who read the new text in that moment may write it, in place, over the save that has come back."""
    path, backups = tmp_path / "a.py", tmp_path / "backups"
    path.write_bytes(b"old")
    with faults.watched(faults.before("exchange", lambda: save(path))), pytest.raises(FileMovedError):
        files.replace(files.read(path), b"new", backups=backups)
    assert path.read_bytes() == b"saved"
    path.write_bytes(b"new, edited")
    assert b"saved" in {p.read_bytes() for p in backups.iterdir()}
