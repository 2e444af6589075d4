"""The process's peak resident memory over a stretch of time, by the kernel's own counter."""

from __future__ import annotations

from pathlib import Path


def reset_peak() -> bool:
    """Let the peak begin anew (Linux: ``/proc/self/clear_refs``); ``False`` where that is not to be had.

    ``getrusage``'s ``ru_maxrss`` begins anew as well.
    """
    try:
        with Path("/proc/self/clear_refs").open("wb", buffering=0) as file:
            file.write(b"5")
    except OSError:
        return False
    return True


def peak_mb() -> float | None:
    """Peak resident memory of the whole process since :func:`reset_peak`, in MB of 10^6 bytes; ``None`` if unknown.

    It counts everything in the process, what was there before and other threads included, but no child processes.
    """
    try:
        with Path("/proc/self/status").open("rb") as file:
            line = next((line for line in file if line.startswith(b"VmHWM:")), None)
    except OSError:
        return None
    return None if line is None else int(line.split()[1]) * 1024 / 1e6
