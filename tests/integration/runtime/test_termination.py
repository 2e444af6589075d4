"""Dagster's termination of runs, inside a cell and between cells, as its own page asks for it."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from daglab.processes import LOOPBACK, free_port, spawn

NOTEBOOK = """# /// script
# [tool.daglab.assets.{name}]
# ///

import marimo

app = marimo.App()

with app.setup:
    import asyncio
    import time
    from pathlib import Path


@app.cell
def first():
    print("before it")
    begun = True
    return (begun,)


{cells}

if __name__ == "__main__":
    app.run()
"""
CELL = """@app.cell
{kind}def wait(begun):
    Path("{name}.began").write_text("")
    try:
        {code}
    finally:
        Path("{name}.cleaned").write_text("")
    {name} = begun
    return

"""
CODES = {
    "sleeps": ("", "time.sleep(600)"),
    "computes": ("", "while True:\n            sum(range(1000))"),
    "awaits": ("async ", "await asyncio.sleep(600)"),
}
LAUNCH = """
mutation($params: ExecutionParams!) {
  launchRun(executionParams: $params) { __typename ... on LaunchRunSuccess { run { runId } } }
}"""
TERMINATE = "mutation($id: String!) { terminateRun(runId: $id) { __typename } }"
STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"


def notebooks() -> dict[str, str]:
    made = {
        name: NOTEBOOK.format(name=name, cells=CELL.format(name=name, kind=kind, code=code))
        for name, (kind, code) in CODES.items()
    }
    many = "".join(
        f"@app.cell\ndef _(n{i}):\n    n{i + 1} = n{i} + 1\n    return (n{i + 1},)\n\n\n" for i in range(3000)
    )
    start = "@app.cell\ndef wait(begun):\n    Path('between.began').write_text('')\n    n0 = 0\n    return (n0,)\n\n\n"
    end = "@app.cell\ndef _(n3000):\n    between = n3000\n    return\n\n"
    made["between"] = NOTEBOOK.format(name="between", cells=start + many + end)
    return made


@pytest.mark.nightly
def test_a_terminated_run_stops_cleans_up_and_keeps_its_notebook(tmp_path: Path) -> None:
    for name, text in notebooks().items():
        path = tmp_path / "waiting" / f"{name}_nb.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    definitions = "import daglab\ndefs = daglab.notebook_definitions('waiting')\n"
    (tmp_path / "definitions.py").write_text(definitions)
    home = tmp_path / "home"
    home.mkdir()
    port = free_port()
    argv = [sys.executable, "-m", "dagster", "dev", "-f", "definitions.py", "--host", LOOPBACK, "--port", str(port)]
    with spawn(argv, cwd=tmp_path, env={**os.environ, "DAGSTER_HOME": str(home)}) as child:
        url = f"http://{LOOPBACK}:{port}"
        child.wait_until_healthy(f"{url}/server_info", timeout=120)
        for name in notebooks():
            run = launch(url, name)
            until(lambda name=name: (tmp_path / f"{name}.began").exists())  # type: ignore[misc]
            assert ask(url, TERMINATE, id=run)["terminateRun"]["__typename"] == "TerminateRunSuccess"
            until(lambda run=run: status(url, run) not in ("STARTING", "STARTED", "CANCELING"))  # type: ignore[misc]
            assert status(url, run) == "CANCELED", name
            kept = json.loads((tmp_path / ".daglab" / "executed" / run / f"{name}.ipynb").read_text("utf-8"))
            states = {cell["metadata"]["daglab"]["executed"]["state"] for cell in kept["cells"]}
            assert "before it" in json.dumps(kept)
            if name == "between":
                assert "waiting" in states  # the rest has not run
            else:
                assert "failed" in states
                assert (tmp_path / f"{name}.cleaned").exists(), name


def ask(url: str, query: str, **variables: Any) -> dict[str, Any]:
    answer = httpx.post(f"{url}/graphql", json={"query": query, "variables": variables}, timeout=30).json()
    assert "errors" not in answer, answer
    return dict(answer["data"])


def status(url: str, run: str) -> str:
    return str(ask(url, STATUS, id=run)["runOrError"]["status"])


def launch(url: str, name: str) -> str:
    selector = {
        "repositoryLocationName": "definitions.py",
        "repositoryName": "__repository__",
        "jobName": "__ASSET_JOB",
        "assetSelection": [{"path": [name]}],
    }
    return str(ask(url, LAUNCH, params={"selector": selector, "runConfigData": {}})["launchRun"]["run"]["runId"])


def until(ready: Any, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.2)
