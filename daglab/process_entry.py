"""First code of a child process: put its signals right, tie its life to its parent's, then become the command.

Run as a file by :mod:`daglab.processes` and by the marimo launcher, never imported, standard library only. A wrapper
and not ``preexec_fn``: that one may deadlock when the parent has threads.

    python process_entry.py PARENT_PID COMMAND [ARGUMENT ...]

``PARENT_PID`` 0 leaves the child's life alone. With another one, the kernel (Linux only) sends TERM to the child when
the thread that started it ends, so that a SIGKILL of the parent leaves no orphan.
"""

from __future__ import annotations

import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent(parent: int) -> None:
    """Ask the kernel for TERM at the parent's death; exit at once where the parent is dead already."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it died before the request was in force
        sys.exit(143)


def main() -> None:
    """Replace this process by the command of the arguments."""
    # A shell starts background jobs with SIGINT ignored, and Dagster then ignores TERM as well: so may the parent.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if parent:
        die_with_parent(parent)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
