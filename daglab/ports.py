"""Who listens at a TCP port."""

from __future__ import annotations

import asyncio

import psutil


async def is_taken(host: str, port: int, timeout: float = 1.0) -> bool:
    """Whether anybody accepts connections at any of the addresses of ``host``; ``timeout`` in seconds."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), timeout)
    except (OSError, asyncio.TimeoutError):
        return False
    writer.close()
    return True


def listener(port: int) -> str:
    """The process that listens at ``port`` of this machine: ``python3 (process 4711)``.

    Its name alone, because arguments may hold secrets. Another user's process stays unnamed.
    """
    try:
        for connection in psutil.net_connections("tcp"):
            here = connection.laddr and connection.laddr[1] == port
            if here and connection.status == psutil.CONN_LISTEN and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:  # macOS tells this to root alone; or the process is gone
        pass
    return "another process"
