"""Real kills: SIGKILL before each change of the disk, and at random moments of a sync's work."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daglab.notebook.cells import parse_notebook
from daglab.pair import create_pair, pair_of, pair_status, sync

CORPUS = Path(__file__).parents[2] / "corpus" / "jupyter"


class ForkServer:
    """Syncs in children that may be killed; see ``fork_server.py``."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None and process.stdout is not None
        self.process, self.orders, self.answers = process, process.stdin, process.stdout

    def sync(self, path: Path, **order: float) -> dict[str, Any]:
        """Sync in a child; answers how it ended."""
        print(json.dumps({"path": str(path), **order}), file=self.orders, flush=True)
        answer: dict[str, Any] = json.loads(self.answers.readline())
        return answer


@contextlib.contextmanager
def fork_server(path: Path) -> Iterator[ForkServer]:
    command = [sys.executable, "-m", "tests.integration.pair.fork_server", str(path)]
    with subprocess.Popen(
        command, cwd=Path(__file__).parents[3], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield ForkServer(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


class Rounds:
    """A pair, edited in both halves before each round."""

    def __init__(self, folder: Path) -> None:
        (folder / "pyproject.toml").write_text("")
        self.folder, self.py, self.ipynb = folder, folder / "magics.py", folder / "magics.ipynb"
        self.ipynb.write_bytes((CORPUS / "magics.ipynb").read_bytes())
        create_pair(self.ipynb)
        self.number = 0
        self.markers = ("x = 3", "total = sum(range(1000))")

    def edit(self) -> None:
        self.number += 1
        markers = f"x = {self.number}  # py", f"total = sum(range({self.number}000))"
        for path, old, new in zip((self.py, self.ipynb), self.markers, markers, strict=True):
            text = path.read_text("utf-8")
            assert old in text
            path.write_text(text.replace(old, new, 1), "utf-8")
        self.markers = markers
        self.edited = self.texts()

    def texts(self) -> tuple[str, str]:
        return self.py.read_text("utf-8"), self.ipynb.read_text("utf-8")

    def check(self) -> None:
        """After a kill each half is wholly old or new, each edit is in one of them, and the next sync finishes."""
        texts = self.texts()
        parse_notebook(texts[0])
        json.loads(texts[1])
        for marker in self.markers:
            assert any(marker in text for text in texts), marker
        sync(self.py)
        for old, left, new in zip(self.edited, texts, self.texts(), strict=True):
            assert left in (old, new)
            assert all(marker in new for marker in self.markers)
        assert sync(self.py).written == ()
        assert pair_status(self.py).state == "in-sync"
        assert sorted(p.name for p in self.folder.iterdir()) == [
            ".daglab",
            "magics.ipynb",
            "magics.py",
            "pyproject.toml",
        ]
        for path in pair_of(self.py).backups.iterdir():
            assert path.suffix in (".py", ".ipynb")
            assert path.read_bytes()


def test_a_sync_that_is_killed_at_any_change_of_the_disk_is_finished_by_the_next(tmp_path: Path) -> None:
    rounds = Rounds(tmp_path)
    killed = 0
    with fork_server(rounds.py) as server:
        while True:
            rounds.edit()
            status = server.sync(rounds.py, at=killed)["status"]
            rounds.check()
            if status == 0:
                break
            assert status == -signal.SIGKILL
            killed += 1
    assert killed > 20


def kill_at_random(folder: Path, number: int) -> None:
    """Kill ``number`` syncs, at moments spread over what a sync takes here and now."""
    rounds = Rounds(folder)
    rng = random.Random(number)
    with fork_server(rounds.py) as server:
        took = []
        for _ in range(5):
            rounds.edit()
            took.append(server.sync(rounds.py)["seconds"])
        killed = 0
        for _ in range(number):
            rounds.edit()
            status = server.sync(rounds.py, after=rng.uniform(0, sorted(took)[2]))["status"]
            assert status in (0, -signal.SIGKILL)
            killed += status != 0
            rounds.check()
    assert killed > number // 4, "most syncs ended before they were killed"


def test_syncs_that_are_killed_at_random_lose_nothing(tmp_path: Path) -> None:
    kill_at_random(tmp_path, 50)


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_many_syncs_that_are_killed_at_random_lose_nothing(tmp_path: Path) -> None:
    kill_at_random(tmp_path, 500)
