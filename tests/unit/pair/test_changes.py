"""What a watch over folders sees, and what it costs the kernel."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daglab.errors import PairError
from daglab.pair import places, sync
from daglab.pair.changes import changes
from daglab.pair.watch import _Scope, watch
from daglab.pair.watched import WatchedPairs
from tests.unit.pair.conftest import Files, synced_pair


class Seen:
    """What a watch tells, in a thread."""

    def __init__(self, *trees: Path, single: tuple[Path, ...] = ()) -> None:
        self.stop = threading.Event()
        self.paths: set[Path] = set()
        self.ticks = 0
        self.thread = threading.Thread(target=self._look, args=(trees, single))
        self.thread.start()
        self.until(lambda: self.ticks > 0)

    def _look(self, trees: tuple[Path, ...], single: tuple[Path, ...]) -> None:
        for changed in changes(trees, single, self.stop):
            self.ticks += 1
            self.paths |= changed

    def until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + 20
        while not holds():
            assert time.monotonic() < end
            time.sleep(0.01)

    def sees(self, *paths: Path) -> None:
        self.until(lambda: self.paths.issuperset(paths))

    def sees_edits_of(self, file: Path) -> None:
        """Before long: an edit that comes before the folder's watch is found through the folder."""

        def holds() -> bool:
            file.write_text(str(time.monotonic()))
            return file in self.paths

        self.until(holds)

    def __enter__(self) -> Seen:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join()


def watches() -> int:
    """How many watches of the kernel's this process has."""
    return sum(info.read_text().count("inotify wd") for info in Path("/proc/self/fdinfo").iterdir() if info.exists())


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A project of two folders, with folders of tools in it."""
    (tmp_path / "etl").mkdir()
    (tmp_path / "pyproject.toml").write_text("")
    for name in (".venv", "node_modules", ".git"):
        for number in range(20):
            (tmp_path / name / f"package{number}").mkdir(parents=True)
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels have one watch for a tree")
def test_folders_of_tools_are_not_watched(tools: Path) -> None:
    before = watches()
    with Seen(tools) as seen:
        assert watches() - before == 2
        (tools / ".venv" / "package1" / "a.py").write_text("")
        (tools / "node_modules" / "new").mkdir()
        (tools / "etl" / "b.py").write_text("")
        seen.sees(tools / "etl" / "b.py")
        assert watches() - before == 2
    assert tools / ".venv" / "package1" / "a.py" not in seen.paths
    assert watches() == before


def test_new_folders_are_watched_and_nothing_is_missed_meanwhile(tools: Path) -> None:
    with Seen(tools) as seen:
        for number in range(5):
            folder = tools / f"a{number}" / "b" / "c"
            folder.mkdir(parents=True)
            (tools / "etl" / f"{number}.py").write_text("")
            seen.sees(tools / f"a{number}", tools / "etl" / f"{number}.py")
            seen.sees_edits_of(folder / "x.py")
        (tools / "etl").rename(tools / "load")
        seen.sees(tools / "load")
        seen.sees_edits_of(tools / "load" / "y.py")


def test_a_folder_that_is_watched_alone_is_watched_without_those_in_it(tools: Path) -> None:
    with Seen(single=(tools,)) as seen:
        (tools / "etl" / "a.py").write_text("")
        (tools / "b.py").write_text("")
        seen.sees(tools / "b.py")
    if sys.platform == "linux":
        assert tools / "etl" / "a.py" not in seen.paths


def test_a_pair_in_a_new_folder_is_synced(tools: Path) -> None:
    stop = threading.Event()
    pairs: list[Files] = []

    def look() -> Iterator[None]:
        for _ in watch([tools], WatchedPairs(sync), stop=stop):
            pass
        yield

    thread = threading.Thread(target=lambda: list(look()))
    thread.start()
    try:
        for number in range(3):
            folder = tools / f"new{number}" / "deep"
            folder.mkdir(parents=True)
            pairs.append(synced_pair(folder))
            pairs[-1].edit_py("sum(orders)", "max(orders)")  # mostly before the folder is watched
        end = time.monotonic() + 20
        while not all(pair.sources[2] == "total = max(orders)" for pair in pairs):
            assert time.monotonic() < end
            time.sleep(0.02)
    finally:
        stop.set()
        thread.join()


def test_a_project_is_read_once_for_all_that_changes_at_a_time(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a branch is switched, or packages are installed in a folder that is not looked at."""
    walked = []
    monkeypatch.setattr(places, "notebook_files", lambda root: walked.append(root) or iter(()))
    scope = _Scope([tools])
    modules = [tools / "etl" / f"{number}.py" for number in range(20)]
    assert len(list(scope.touched(modules))) == 20
    assert walked == [tools]
    assert list(scope.touched(tools / ".venv" / f"{number}.py" for number in range(20))) == []
    assert walked == [tools]


def test_what_cannot_be_watched_is_an_error_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*folders: Path, **options: object) -> Iterator[None]:
        raise FileNotFoundError("it went")
        yield

    monkeypatch.setattr("watchfiles.watch", fail)
    with pytest.raises(PairError, match="cannot watch the files: it went"):
        next(changes([tmp_path], [], threading.Event()))
