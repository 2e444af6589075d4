"""Programs that write a pair at the same time, each in a process of its own: ``writers.py ROLE FOLDER ROUNDS``.

``jupyter`` saves the .ipynb through JupyterLab's contents manager; ``marimo`` writes the .py in place as marimo does,
and every other time by a rename as editors do; ``git`` checks out committed versions of either half; ``daglab`` syncs
until the file ``stop`` appears; ``hasty`` does so without exchange and second names, and looks away before it replaces
a file. Each edit has a marker of its own.

They print a line of JSON for each write: ``saved``, the marker, if the write succeeded, and ``over``, the markers in
the text that it wrote over, read just before, that aren't in what it wrote. Writers of one half take turns, so that
``over`` is true; daglab waits for nobody. So a marker that is neither in the pair nor in the backups, and that no
writer wrote over, was lost by daglab.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock

from tests import faults

MARKER = re.compile(r"[JM]-\d{5}")


def written_over(path: Path, text: str = "") -> list[str]:
    """The markers that are in the file and not in the text that replaces it."""
    with contextlib.suppress(FileNotFoundError):
        return sorted({*MARKER.findall(path.read_text("utf-8", "replace"))} - {*MARKER.findall(text)})
    return []


def think(rng: random.Random, longest: float = 0.004) -> None:
    time.sleep(rng.uniform(0, longest))


def wait_for_all(folder: Path) -> None:
    """Say that this one is ready, and begin when all are."""
    (folder / ".git" / f"ready-{os.getpid()}").touch()
    while not (folder / ".git" / "go").exists():
        time.sleep(0.005)


def tell(**said: object) -> None:
    print(json.dumps(said), flush=True)


@contextlib.contextmanager
def turn(path: Path) -> Iterator[None]:
    with FileLock(path.parent / ".git" / f"turn-{path.suffix}"):
        yield


def jupyter(folder: Path, rounds: int, rng: random.Random) -> None:
    from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
    from tornado.web import HTTPError

    contents = AsyncLargeFileManager(root_dir=str(folder))
    path = folder / "orders.ipynb"

    async def save(marker: str) -> None:
        model: Any = await contents.get(path.name, type="notebook")
        cell = next(c for c in model["content"]["cells"] if c["source"].startswith("j = "))
        cell["source"] = f"j = '{marker}'"
        think(rng)
        over = written_over(path, json.dumps(model["content"]))
        try:
            await contents.save({"type": "notebook", "format": "json", "content": model["content"]}, path.name)
        except HTTPError:
            tell(over=over)
        else:
            tell(saved=marker, over=over)

    wait_for_all(folder)
    for number in range(rounds):
        with turn(path), contextlib.suppress(HTTPError, StopIteration, RuntimeError):  # it can't be read just now
            asyncio.run(save(f"J-{number:05}"))
        think(rng)


def marimo(folder: Path, rounds: int, rng: random.Random) -> None:
    path = folder / "orders.py"
    wait_for_all(folder)
    for number in range(rounds):
        with turn(path), contextlib.suppress(FileNotFoundError):
            marker = f"M-{number:05}"
            text, edits = re.subn("m = 'M-[0-9]+'", f"m = '{marker}'", path.read_text("utf-8"))
            think(rng)
            if edits == 1:
                aside = folder / ".git" / path.name
                aside.write_text(text, "utf-8")
                over = written_over(path, text)
                if number % 2:
                    aside.replace(path)
                else:
                    path.write_text(text, "utf-8")
                tell(saved=marker, over=over)
        think(rng, 0.04)


def git(folder: Path, rounds: int, rng: random.Random) -> None:
    tags = subprocess.check_output(["git", "tag"], cwd=folder, text=True).split()
    wait_for_all(folder)
    for _ in range(rounds // 4):
        path = folder / rng.choice(["orders.py", "orders.ipynb"])
        with turn(path):
            over = written_over(path)
            command = ["git", "checkout", "--quiet", rng.choice(tags), "--", path.name]
            done = subprocess.run(command, cwd=folder, capture_output=True)  # fails where daglab made the file first
            tell(over=over, checked_out=done.returncode == 0)
        think(rng, 0.1)


def daglab(folder: Path, rounds: int, rng: random.Random, *more: faults.Fault) -> None:
    """Sync, in every other round with pauses, most between last look and swap, and decide conflicts for either half."""
    from daglab.errors import FileMovedError
    from daglab.pair import sync

    def pause(number: int, name: str, args: tuple[Any, ...]) -> None:
        nonlocal swapped
        if not swapped and (name == "exchange" or rng.random() < 0.2):
            think(rng, 0.01)
        # Not between a swap and its undoing: who saves twice in there reads the new text, writes over the old one,
        # which is back then, and would not say so in `over`.
        swapped = name == "exchange" or (swapped and name != "replace")

    swapped = False
    path = folder / "orders.py"
    wait_for_all(folder)
    written = moved = conflicts = 0
    while not (folder / "stop").exists():
        try:
            with faults.watched(pause, *more) if more or rng.random() < 0.5 else contextlib.nullcontext():
                result = sync(path)
                if result.before.state == "conflict":
                    conflicts += 1
                    result = sync(path, prefer=rng.choice(["py", "ipynb"]))
                written += len(result.written)
        except FileMovedError:
            moved += 1
    tell(written=written, moved=moved, conflicts=conflicts)


def hasty(folder: Path, rounds: int, rng: random.Random) -> None:
    def look_away(number: int, name: str, args: tuple[Any, ...]) -> None:
        if name == "replace":
            time.sleep(0.01)

    daglab(folder, rounds, rng, faults.lacks("exchange", "link"), look_away)


ROLES: dict[str, Callable[[Path, int, random.Random], None]] = {
    "jupyter": jupyter,
    "marimo": marimo,
    "git": git,
    "daglab": daglab,
    "hasty": hasty,
}

if __name__ == "__main__":
    ROLES[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]), random.Random(sys.argv[1]))
