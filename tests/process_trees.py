"""Looks at processes that may end at any moment, or have ended and not been collected yet."""

from __future__ import annotations

import psutil


def argv_of(process: psutil.Process) -> list[str]:
    """Its command line; empty once it has ended."""
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def family(pid: int) -> list[psutil.Process]:
    """The process and its descendants, itself first."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def assert_ended(processes: list[psutil.Process], seconds: float = 30) -> None:
    """All have ended within ``seconds``; in a container without an init nobody may collect them then."""
    _, left = psutil.wait_procs(processes, timeout=seconds)
    assert [process for process in left if _works(process)] == []


def _works(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
