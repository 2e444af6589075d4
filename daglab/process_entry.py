"""First code of a child process: put its signals right, tie its life to its parent's, then become or guard the command.

Run as a file by :mod:`daglab.processes` and by the marimo launcher, never imported, standard library only. A wrapper
and not ``preexec_fn``: that one may deadlock when the parent has threads.

    python process_entry.py [--guard] PARENT_PID COMMAND [ARGUMENT ...]

``PARENT_PID`` 0 leaves the child's life alone. With another one, the kernel (Linux only) sends TERM to the child when
the thread that started it ends, so that a SIGKILL of the parent leaves no orphan. With ``--guard`` this process stays,
and when the parent has died it ends whatever the command has started.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from types import FrameType

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
END_SECONDS = 10.0


def die_with_parent(parent: int) -> None:
    """Ask the kernel for TERM at the parent's death; exit at once where the parent is dead already."""
    if prctl(PR_SET_PDEATHSIG, signal.SIGTERM) and os.getppid() != parent:  # it died before the request was in force
        sys.exit(143)


def prctl(option: int, value: int) -> bool:
    """Ask something of the kernel; false where that is not Linux."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
    return True


class OrphanedError(Exception):
    """The parent has died."""


def guard(parent: int, command: list[str]) -> None:
    """Run the command and end as it does; when the parent dies, end the whole process group first.

    A TERM to the group while the parent lives is the parent's own doing: the command will end by it.
    """

    def on_term(_number: int, _frame: FrameType | None) -> None:
        if parent and os.getppid() != parent:
            raise OrphanedError

    prctl(PR_SET_CHILD_SUBREAPER, 1)  # what the command leaves behind becomes a child of this process
    signal.signal(signal.SIGTERM, on_term)
    try:
        status = subprocess.Popen(command).wait()
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")
    except OrphanedError:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(os.getpid(), signal.SIGTERM)
        deadline = time.monotonic() + END_SECONDS
        while has_children():
            if time.monotonic() > deadline:
                os.killpg(os.getpid(), signal.SIGKILL)
            time.sleep(0.05)
        status = 128 + signal.SIGTERM
    sys.exit(status if status >= 0 else 128 - status)


def has_children() -> bool:
    """Whether any child lives; those that have ended are collected."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def main() -> None:
    """Replace this process by the command of the arguments, or guard it."""
    # A shell starts background jobs with SIGINT ignored, and Dagster then ignores TERM as well: so may the parent.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    arguments = sys.argv[1:]
    guarded = arguments[0] == "--guard"
    parent, command = int(arguments[guarded]), arguments[guarded + 1 :]
    if parent:
        die_with_parent(parent)
    if guarded:
        guard(parent, command)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
