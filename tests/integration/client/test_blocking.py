"""The client for scripts: the same methods, without await."""

from __future__ import annotations

import asyncio
import inspect
import threading

import pytest

from daglab.client import BlockingDagsterClient, DagsterClient
from daglab.config_model import Dagster
from daglab.errors import DagsterConnectionError, NotFoundError, ReadOnlyError
from daglab.processes import free_port
from tests.integration.conftest import RunningDagster


def public(cls: type) -> set[str]:
    return {name for name in dir(cls) if not name.startswith("_")}


def test_it_has_every_method() -> None:
    assert public(BlockingDagsterClient) == public(DagsterClient)
    for name in public(DagsterClient) - {"address", "close", "run_url"}:
        ours, theirs = getattr(BlockingDagsterClient, name), getattr(DagsterClient, name)
        assert inspect.signature(ours) == inspect.signature(theirs)
        assert ours.__doc__ == theirs.__doc__


def test_a_script(shop: RunningDagster) -> None:
    with BlockingDagsterClient(Dagster(url=shop.url)) as client:
        assert client.version().startswith("1.")
        run = client.submit_job("hello", run_config={"ops": {"greet": {"config": {"name": "ann"}}}})
        kinds = [event.kind for page in client.watch_run(run.run_id) for event in page.events]
        assert kinds.count("RUN_SUCCESS") == 1
        assert client.wait(run.run_id).status == "SUCCESS"
        assert client.run_url(run.run_id) == run.url
        with pytest.raises(NotFoundError, match="did you mean raw/orders"):
            client.asset("raw/order")
        for _ in client.watch_run(run.run_id):
            break  # the rest is not fetched
    assert not [thread for thread in threading.enumerate() if thread.name == "daglab-dagster-client"]
    with pytest.raises(RuntimeError, match="closed"):
        client.version()
    client.close()


def test_it_works_where_an_event_loop_runs(shop: RunningDagster) -> None:
    async def notebook_cell() -> str:
        with BlockingDagsterClient(Dagster(url=shop.url)) as client:
            return client.version()

    assert asyncio.run(notebook_cell()).startswith("1.")


def test_several_threads_share_it(shop: RunningDagster) -> None:
    found: list[int] = []
    with BlockingDagsterClient(Dagster(url=shop.url)) as client:
        alone = len(client.definitions())
        threads = [threading.Thread(target=lambda: found.append(len(client.definitions()))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
    assert found == [alone] * 8
    assert alone > 5


def test_errors_and_read_only() -> None:
    with BlockingDagsterClient(Dagster(port=free_port()), read_only=True) as client:
        assert "localhost" in repr(client)
        with pytest.raises(DagsterConnectionError):
            client.status()
        with pytest.raises(ReadOnlyError):
            client.submit_assets(["a"])
