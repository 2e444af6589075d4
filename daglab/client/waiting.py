"""Wait for the end of a run: told by Dagster at once, asked for in growing intervals, across its restarts."""

from __future__ import annotations

import asyncio

from daglab.client.instance import fetch_daemons
from daglab.client.runs import FINAL_STATUSES, Run, fetch_run, fetch_status
from daglab.client.subscriptions import watch_end
from daglab.client.transport import Transport
from daglab.errors import DagsterConnectionError, DagsterError, RunTimeoutError

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
_GROWTH = 1.5
_STATUS_LAG = 0.1


async def wait_for_run(transport: Transport, run_id: str, timeout: float) -> Run:
    """The run once it has ended.

    Raises:
        RunTimeoutError: it has not after ``timeout`` seconds.
        NotFoundError: an unknown run.
        DagsterConnectionError: Dagster has not answered since, or did not at the time's end.
    """
    deadline = asyncio.get_running_loop().time() + timeout
    ended = asyncio.create_task(_end(transport, run_id))
    pause = _FIRST_PAUSE
    status = "unknown"
    try:
        while True:
            try:
                status = await fetch_status(transport, run_id)
                if status in FINAL_STATUSES:
                    return await fetch_run(transport, run_id)
            except DagsterConnectionError:
                if asyncio.get_running_loop().time() >= deadline:
                    raise
            remaining = deadline - asyncio.get_running_loop().time()
            if remaining <= 0:
                raise await _timeout(transport, run_id, status, timeout)
            if not ended.done():
                await asyncio.wait({ended}, timeout=min(pause, remaining))
            elif ended.result():  # the status lags a little behind the events
                await asyncio.sleep(_STATUS_LAG)
                continue
            else:
                await asyncio.sleep(min(pause, remaining))
                ended = asyncio.create_task(_end(transport, run_id))
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)
    finally:
        ended.cancel()
        await asyncio.wait({ended})


async def _end(transport: Transport, run_id: str) -> bool:
    """Whether Dagster told of the run's end; if not, it tells no more."""
    try:
        await watch_end(transport, run_id)
    except DagsterError:
        return False  # whether the run has ended is asked for as well; that call says what is wrong
    return True


async def _timeout(transport: Transport, run_id: str, status: str, timeout: float) -> DagsterError:
    problem = None
    if status == "QUEUED":
        try:
            problem = (await fetch_daemons(transport)).launch_problem
        except DagsterError:
            pass  # only explains the timeout
    return RunTimeoutError(
        f"Run {run_id} is {status} after {timeout:g} s.",
        remedy=problem or "wait longer, or terminate it",
        details={"run_id": run_id, "status": status},
    )
