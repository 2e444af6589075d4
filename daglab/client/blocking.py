"""DagsterClient for scripts: the same methods, which return when they are done."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from functools import wraps
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from daglab.client.client import DagsterClient
from daglab.client.credentials import Refresh

if TYPE_CHECKING:
    from typing_extensions import Self

    from daglab.config_model import Dagster

P = ParamSpec("P")
T = TypeVar("T")


def _blocking(
    method: Callable[Concatenate[DagsterClient, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[BlockingDagsterClient, P], T]:
    @wraps(method)
    def call(self: BlockingDagsterClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._run(method(self._client, *args, **kwargs))

    return call


def _iterating(
    method: Callable[Concatenate[DagsterClient, P], AsyncGenerator[T, None]],
) -> Callable[Concatenate[BlockingDagsterClient, P], Iterator[T]]:
    @wraps(method)
    def iterate(self: BlockingDagsterClient, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        generator = method(self._client, *args, **kwargs)
        try:
            while True:
                try:
                    yield self._run(generator.__anext__())
                except StopAsyncIteration:
                    return
        finally:
            self._run(generator.aclose())

    return iterate


class BlockingDagsterClient:
    """:class:`DagsterClient` without ``await``, used as ``with BlockingDagsterClient(config.dagster) as client``.

    Its requests run in a thread of its own, so that it works where an event loop runs already, as in a notebook. It
    may be used from several threads.

    Args:
        dagster: address, credentials and timeout.
        read_only: refuse whatever changes Dagster.
        refresh: gives a new token when the present one is refused.
    """

    def __init__(self, dagster: Dagster, *, read_only: bool = False, refresh: Refresh | None = None) -> None:
        self._client = DagsterClient(dagster, read_only=read_only, refresh=refresh)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="daglab-dagster-client", daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        return f"BlockingDagsterClient({self.address!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections and end the thread."""
        if self._loop.is_closed():
            return
        self._run(self._client.close())
        self._run(self._loop.shutdown_asyncgens())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def address(self) -> str:
        """Where Dagster answers."""
        return self._client.address

    def run_url(self, run_id: str) -> str:
        """The page of a run in Dagster's own UI."""
        return self._client.run_url(run_id)

    status = _blocking(DagsterClient.status)
    version = _blocking(DagsterClient.version)
    daemon_health = _blocking(DagsterClient.daemon_health)
    locations = _blocking(DagsterClient.locations)
    reload_location = _blocking(DagsterClient.reload_location)
    jobs = _blocking(DagsterClient.jobs)
    discover = _blocking(DagsterClient.discover)
    definitions = _blocking(DagsterClient.definitions)
    statuses = _blocking(DagsterClient.statuses)
    assets = _blocking(DagsterClient.assets)
    asset = _blocking(DagsterClient.asset)
    submit_assets = _blocking(DagsterClient.submit_assets)
    submit_job = _blocking(DagsterClient.submit_job)
    backfill = _blocking(DagsterClient.backfill)
    backfill_job = _blocking(DagsterClient.backfill_job)
    backfill_status = _blocking(DagsterClient.backfill_status)
    cancel_backfill = _blocking(DagsterClient.cancel_backfill)
    runs = _blocking(DagsterClient.runs)
    run = _blocking(DagsterClient.run)
    run_status = _blocking(DagsterClient.run_status)
    run_logs = _blocking(DagsterClient.run_logs)
    pulse = _blocking(DagsterClient.pulse)
    progress = _blocking(DagsterClient.progress)
    wait = _blocking(DagsterClient.wait)
    terminate = _blocking(DagsterClient.terminate)
    reexecute = _blocking(DagsterClient.reexecute)
    validate_config = _blocking(DagsterClient.validate_config)
    run_config_schema = _blocking(DagsterClient.run_config_schema)
    report_materialization = _blocking(DagsterClient.report_materialization)
    report_observation = _blocking(DagsterClient.report_observation)
    watch_locations = _iterating(DagsterClient.watch_locations)
    watch_run = _iterating(DagsterClient.watch_run)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop.is_closed():
            work.close()
            raise RuntimeError("the client is closed")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:  # KeyboardInterrupt in the waiting thread must not leave the request running
            future.cancel()
            raise
