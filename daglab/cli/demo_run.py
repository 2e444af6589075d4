"""The demo's Dagster: served from an installed wheel, asked over its API to materialize everything."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from daglab.cli.demo_tools import Toolbox
from daglab.client import FINAL_STATUSES, DagsterClient, Run
from daglab.config_model import Dagster
from daglab.errors import DagsterError, RunFailedError
from daglab.processes import LOOPBACK, free_port, spawn

START_TIMEOUT = 180.0  # seconds
RUN_TIMEOUT = 300.0
_POLL = 0.5


def materialize_all(tools: Toolbox, programs: Path, module: str, tell: Callable[[str], None]) -> Run:
    """Serve ``module`` with ``dagster dev``, materialize all assets in one run, and end Dagster again.

    Raises:
        ProcessError: Dagster did not start.
        RunFailedError: the run failed, or took too long.
    """
    port = free_port()
    argv = [str(programs / "dagster"), "dev", "-m", module, "--host", LOOPBACK, "--port", str(port)]
    log = tools.logs / "dagster-dev.log"
    log.unlink(missing_ok=True)
    with spawn(argv, cwd=tools.folder, env=tools.environment(), log=log, die_with_parent=True) as dagster:
        address = f"http://{LOOPBACK}:{port}"
        tell(f"waiting for Dagster at {address}")
        dagster.wait_until_healthy(f"{address}/server_info", START_TIMEOUT)
        return asyncio.run(_materialize(Dagster(host=LOOPBACK, port=port), tell))


async def _materialize(dagster: Dagster, tell: Callable[[str], None]) -> Run:
    async with DagsterClient(dagster) as client:
        await _until_runs_start(client)
        keys = [asset.key for asset in await client.assets()]
        run: Run = await client.submit_assets(keys)
        tell(f"run {run.run_id} of {', '.join(keys)}")
        deadline = time.monotonic() + RUN_TIMEOUT
        while run.status not in FINAL_STATUSES:
            if time.monotonic() > deadline:
                raise RunFailedError(f"run {run.run_id} is {run.status} after {RUN_TIMEOUT:.0f} s")
            await asyncio.sleep(_POLL)
            run = await client.run(run.run_id)
    if run.status != "SUCCESS":
        reasons = "; ".join(str(failure) for failure in run.failures)
        raise RunFailedError(f"run {run.run_id} ended as {run.status}: {reasons}")
    return run


async def _until_runs_start(client: DagsterClient) -> None:
    """The daemon that starts runs comes up after the web server."""
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        status = await client.status()
        for location in status.locations:
            if location.error:
                raise DagsterError(f"the code location {location.name} failed to load: {location.error}")
        if status.launch_problem is None and not any(location.loading for location in status.locations):
            return
        if time.monotonic() > deadline:
            raise DagsterError(status.launch_problem or "the code location is still loading")
        await asyncio.sleep(_POLL)
