"""What a killed server leaves: each process it started carries a mark, by which the next server finds and ends it.

A *hold* is a folder of the user's runtime folder, for the secrets and the owner of one started program::

    daglab-marimo-k2j8x1/          0700
        token                      0600, what the program reads
        lock                       0600, locked for as long as the server lives that started it
        owner.json                 0600, that server's host, and its boot

The mark is an environment variable with the folder's random name, so that descendants carry it as well, whatever
their session or parent. Nothing is ever looked for by the name of a program.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

MARK = "DAGLAB_HOLD"
_OWNER, _LOCK = "owner.json", "lock"


class Hold:
    """The folder of one started program; whoever carries :attr:`mark` belongs to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # No time of creation and no process id tells as surely whether the owner lives: clocks are set, ids used again.
        self._lock = FileLock(folder / _LOCK, timeout=0, mode=0o600, thread_local=False)

    @classmethod
    def take(cls, runtime_dir: Path, program: str, **files: str) -> Hold:
        """A new one, owned by this process, with ``files`` that the user alone can read.

        Raises OSError where ``runtime_dir`` cannot be written.
        """
        runtime_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        hold = cls(Path(tempfile.mkdtemp(prefix=f"daglab-{program}-", dir=runtime_dir)))  # mode 0700
        try:
            with suppress(Timeout, NotImplementedError):  # a file system without locks: it is never swept
                hold._lock.acquire()
            for name, text in files.items():
                hold._write(name, text)
            hold._write(
                _OWNER, json.dumps({"host": platform.node(), "boot": _boot()})
            )  # last: what has none isn't looked at
        except OSError:
            hold.release()
            raise
        return hold

    @property
    def mark(self) -> dict[str, str]:
        """The environment variable of the program."""
        return {MARK: self.folder.name}

    def _write(self, name: str, text: str) -> None:
        descriptor = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)

    def release(self) -> list[int]:
        """Kill whatever carries the mark and remove the folder; answers the ids of what was killed."""
        killed = []
        for process in _marked(self.folder.name):
            try:
                process.kill()
                killed.append(process.pid)
            except psutil.Error:  # it ended by itself
                continue
        self._lock.release(force=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        return killed

    def is_abandoned(self) -> bool:
        """Whether its owner, a process of this machine, is dead; it is this process's then.

        Unsure is no: another machine may share the folder.
        """
        try:
            owner = json.loads((self.folder / _OWNER).read_text("utf-8"))
            here = owner["host"] == platform.node() or (_boot() is not None and owner.get("boot") == _boot())
            if not (here and (self.folder / _LOCK).exists()):
                return False
            self._lock.acquire()
        except (OSError, ValueError, KeyError, TypeError, NotImplementedError):  # OSError: Timeout is one
            return False
        return True


def sweep(runtime_dir: Path, program: str) -> list[int]:
    """Release the holds on ``program`` whose owners were killed; answers the ids of the processes that were ended."""
    abandoned = [hold for hold in map(Hold, runtime_dir.glob(f"daglab-{program}-*")) if hold.is_abandoned()]
    return [pid for hold in abandoned for pid in hold.release()]


def _boot() -> str | None:
    """What tells this machine, as long as it runs, from all others, whatever its name is by then; None but on Linux."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return None


def _marked(mark: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                yield process
        except (psutil.Error, OSError):  # another user's, or gone
            continue
