"""Jupyter killed in mid-work: no process stays, and the next server finds the runs."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from daglab.server.leftovers import MARK

BUSY = """import marimo

app = marimo.App()


@app.cell
def _():
    import pathlib
    import subprocess
    import sys

    worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    pathlib.Path("{started}").write_text(str(worker.pid) + "\\n")
    while True:
        pass
    return


if __name__ == "__main__":
    app.run()
"""


def carriers() -> dict[int, str]:
    """All processes that any marimo started, each with its mark."""
    found = {}
    for process in psutil.process_iter():
        try:
            if mark := process.environ().get(MARK):
                found[process.pid] = mark
        except psutil.Error:
            continue
    return found


async def compute(jupyter: Any, started: Path) -> int:
    """Have a notebook compute for ever in marimo; the id of the worker that its cell started."""
    (jupyter.root / "busy.py").write_text(BUSY.format(started=started))
    page = jupyter.request("POST", "marimo", json={"path": "busy.py"})
    assert page.status_code == 200, page.text
    url = jupyter.url("daglab/marimo/ws?session_id=s_busy01&file=busy.py").replace("http", "ws")
    socket = await websocket_connect(HTTPRequest(url, headers=jupyter.headers))
    assert "kernel-ready" in str(await socket.read_message())
    headers = {**jupyter.headers, "Marimo-Session-Id": "s_busy01"}
    body = {"objectIds": [], "values": [], "autoRun": True}
    url = jupyter.url("daglab/marimo/api/kernel/instantiate")
    assert httpx.post(url, headers=headers, json=body, timeout=30).status_code == 200
    deadline = time.monotonic() + 30
    while not (started.exists() and started.read_text().endswith("\n")):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    return int(started.read_text())


@pytest.mark.nightly
def test_jupyter_killed_while_a_run_and_a_kernel_work(dagster: Any, start: Callable[..., Any], tmp_path: Path) -> None:
    first = start(dagster.project, DAGLAB_DAGSTER__URL=dagster.url)
    worker = asyncio.run(compute(first, tmp_path / "started"))
    mark = psutil.Process(worker).environ()[MARK]
    working = {pid for pid, its in carriers().items() if its == mark}
    assert worker in working and len(working) >= 3  # marimo, its kernel, the worker
    launch = {"assets": ["raw/orders", "sales/orders"], "request_id": f"killed-{os.getpid()}-{time.time_ns()}"}
    run = first.request("POST", "runs", json=launch).json()
    first.child.process.kill()
    first.child.wait(10)

    second = start(dagster.project, DAGLAB_DAGSTER__URL=dagster.url)
    assert second.request("POST", "runs", json=launch).json()["id"] == run["id"]
    deadline = time.monotonic() + 120
    while not (found := second.request("GET", f"runs/{run['id']}").json())["final"]:
        assert time.monotonic() < deadline, found
        time.sleep(0.3)
    assert found["status"] == "SUCCESS"
    query = {"query": "{ runsOrError { ... on Runs { results { runId tags { key value } } } } }"}
    runs = httpx.post(f"{dagster.url}/graphql", json=query, timeout=30).json()["data"]["runsOrError"]["results"]
    ours = [one for one in runs if launch["request_id"] in [tag["value"] for tag in one["tags"]]]
    assert [one["runId"] for one in ours] == [run["id"]]
    assert mark not in carriers().values()
    assert not list(tmp_path.glob("runtime_dir/daglab-*"))


@pytest.mark.nightly
def test_a_stopped_jupyter_ends_a_busy_kernel_and_its_workers(
    dagster: Any, start: Callable[..., Any], tmp_path: Path
) -> None:
    running = start(dagster.project, DAGLAB_DAGSTER__URL=dagster.url)
    worker = asyncio.run(compute(running, tmp_path / "started"))
    mark = psutil.Process(worker).environ()[MARK]
    running.child.process.terminate()
    running.child.wait(30)
    assert mark not in carriers().values()
    assert not list(tmp_path.glob("runtime_dir/daglab-*"))
