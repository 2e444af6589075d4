"""Threads of their own for slow work: it keeps nothing else waiting, and more than so much of it is refused."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from daglab.errors import DaglabError

T = TypeVar("T")


class BusyServerError(DaglabError):
    """The Jupyter server does as much of this as it can at once; nothing was done."""

    code = "busy"
    http_status = 503


class Lane:
    """Work of one kind.

    Args:
        name: what it is, in the plural, for messages.
        threads: how much of it is done at once.
        waiting: how much more may wait for a thread.
    """

    def __init__(self, name: str, threads: int, waiting: int) -> None:
        self._name = name
        self._threads = ThreadPoolExecutor(threads, f"daglab-{name.replace(' ', '-')}")
        self._places = threading.Semaphore(threads + waiting)

    async def run(self, work: Callable[[], T]) -> T:
        """What ``work`` answers. Who waits no longer leaves it to its end.

        Raises:
            BusyServerError: too much is waiting already.
        """
        if not self._places.acquire(blocking=False):
            raise BusyServerError(f"The server is busy with other {self._name}.", remedy="try again in some seconds")
        doing = self._threads.submit(work)
        doing.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(doing)
