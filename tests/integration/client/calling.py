"""Call a DagsterClient from a test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from daglab.client import DagsterClient
from daglab.client.credentials import Refresh
from daglab.config_model import Dagster

T = TypeVar("T")


def with_client(
    url: str,
    work: Callable[[DagsterClient], Awaitable[T]],
    *,
    read_only: bool = False,
    refresh: Refresh | None = None,
    **options: Any,
) -> T:
    """What ``work`` answers with a client of the Dagster at ``url``, with options of daglab.yaml's ``dagster``."""

    async def run() -> T:
        async with DagsterClient(Dagster(url=url, **options), read_only=read_only, refresh=refresh) as client:
            return await work(client)

    return asyncio.run(run())
