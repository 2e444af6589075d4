from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from daglab import files
from daglab.errors import FileMovedError, PairError


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
