"""Which TCP ports of this machine are free, and who listens at those that are not."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterable

import psutil

from daglab.errors import DaglabError, ExitCode
from daglab.processes import LOOPBACK


class PortTakenError(DaglabError):
    """Another process listens at a port that a child was to have."""

    code = "port-taken"
    exit_code = ExitCode.CONFLICT
    http_status = 409


def first_free_port(ports: Iterable[int]) -> int:
    """The first of ``ports`` that can be bound on the loopback address at this moment.

    Raises:
        PortTakenError: none can; with the process that listens at the last of them.
    """
    port = 0
    for port in ports:
        with socket.socket() as probe:
            if os.name == "posix":  # a port that was given up a moment ago can be had; Windows would share a taken one
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise PortTakenError(
        f"Port {port} is taken by {listener(port)}.", remedy="end it, or give another port", details={"port": port}
    )


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
