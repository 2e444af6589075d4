"""Run `daglab` as a user's shell does: a process of its own, with pipes or at a terminal."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.shapes import assert_shape

TIMEOUT = 120.0
COMMAND = [sys.executable, "-m", "daglab"]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "COLUMNS": "200", **more}


def daglab(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end, with pipes; what it prints as JSON has the shape that is documented."""
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=cwd, env=environment(**more), capture_output=True, text=True, timeout=TIMEOUT
    )
    if "--json" in arguments:
        assert_shape(arguments, done.stdout)
    return done


def events(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """The lines of JSON that it printed."""
    return [json.loads(line) for line in done.stdout.splitlines()]


class Started:
    """It, while it runs, with pipes; ended when the block is left."""

    def __init__(self, *arguments: str, cwd: Path, **more: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=cwd,
            env=environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Started:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def wait_for(self, text: str) -> str:
        """The line of stderr that holds ``text``."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if text in line:
                return line
        raise AssertionError(f"it ended without saying {text!r}")

    def end(self, number: int) -> tuple[int, str, str]:
        """Send it a signal; answers its exit code, and the rest of its output and messages."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> tuple[int, str, str]:
        """Its exit code, and the rest of its output and messages, once it has ended."""
        out, err = self.process.communicate(timeout=TIMEOUT)
        return self.process.returncode, out, err


class Terminal:
    """It, at a terminal of its own; ended when the block is left."""

    def __init__(self, *arguments: str, cwd: Path, **more: str) -> None:
        self.seen = ""
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:  # the terminal is this child's controlling one: Ctrl-C reaches it
            os.chdir(cwd)
            shown = {k: v for k, v in environment(**more).items() if k != "NO_COLOR"}
            os.execvpe(COMMAND[0], [*COMMAND, *arguments], {**shown, "TERM": "xterm"})
        self.status: int | None = None

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        os.close(self.descriptor)

    def wait_for(self, text: str) -> None:
        """Read until the terminal shows ``text``."""
        deadline = time.monotonic() + TIMEOUT
        while text not in self.seen:
            assert self._read(deadline), f"it ended without showing {text!r}: {self.seen}"

    def type(self, keys: str) -> None:
        """Press keys; ``\\x03`` is Ctrl-C."""
        os.write(self.descriptor, keys.encode())

    def end(self) -> int:
        """Its exit code, once it has ended by itself."""
        deadline = time.monotonic() + TIMEOUT
        while self._read(deadline):
            pass
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status

    def _read(self, deadline: float) -> bool:
        assert time.monotonic() < deadline, self.seen
        if not select.select([self.descriptor], [], [], 1)[0]:
            return True
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:  # Linux: the other end is closed
            return False
        self.seen += data.decode(errors="replace")
        return bool(data)
