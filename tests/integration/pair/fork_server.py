"""A process that has daglab imported and forks a child for each sync, so that killing one costs milliseconds.

Reads lines of JSON, ``{"path": ...}``, with ``"at": n`` for a child that kills itself before its n-th change of the
disk, or ``"after": seconds`` for one that is killed then. Answers ``{"status": ..., "seconds": ...}`` at its end.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

from daglab.pair import sync
from tests import faults


def child(path: Path, at: int | None) -> None:
    if at is None:
        sync(path)
        return
    with faults.watched(faults.sigkilled(at)):
        sync(path)


def main() -> None:
    sync(Path(sys.argv[1]), dry_run=True)  # what is imported late is imported now
    for line in sys.stdin:
        order = json.loads(line)
        began = time.perf_counter()
        pid = os.fork()
        if pid == 0:
            try:
                child(Path(order["path"]), order.get("at"))
            except BaseException:
                sys.excepthook(*sys.exc_info())
                os._exit(1)
            os._exit(0)
        if "after" in order:
            time.sleep(order["after"])
            os.kill(pid, signal.SIGKILL)  # nobody has waited for it, so the number is its own also if it has ended
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(json.dumps({"status": status, "seconds": time.perf_counter() - began}), flush=True)


if __name__ == "__main__":
    main()
