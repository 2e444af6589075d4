"""Executed notebooks over REST, of real runs; and notebooks that explore real assets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nbformat
import pytest

from daglab.storage import ExecutedStore
from tests.integration.server.test_rest import followed

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def run_id(jupyter: Any, dagster: Any) -> str:
    """A run of a notebook."""
    response = jupyter.request("POST", "runs", json={"assets": ["visits"], "partition": "mon"})
    run = followed(jupyter, response.json()["id"])
    assert run["status"] == "SUCCESS"
    return str(run["id"])


@pytest.mark.parametrize("key", ["visits", "%76isits"])
def test_a_run_s_notebook_is_found_by_run_and_asset(jupyter: Any, run_id: str, key: str) -> None:
    response = jupyter.request("GET", f"executed/{run_id}/{key}")
    assert response.status_code == 200, response.text
    notebook = nbformat.reads(response.text, as_version=4)
    assert notebook.metadata["daglab"]["executed"]["run_id"] == run_id
    assert response.headers["Content-Type"] == "application/x-ipynb+json"
    assert response.headers["Content-Disposition"] == "attachment; filename*=UTF-8''visits.ipynb"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def page(jupyter: Any, run_id: str, key: str) -> str:
    response = jupyter.request("GET", f"executed/{run_id}/{key}", params={"format": "html"})
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = {part.strip().partition(" ")[0] for part in response.headers["Content-Security-Policy"].split(";")}
    assert {"sandbox", "default-src"} <= policy and "script-src" not in policy
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    text: str = response.text
    return text


def test_it_is_a_page_on_which_nothing_runs(jupyter: Any, run_id: str) -> None:
    assert "partition_key" in page(jupyter, run_id, "visits")


def test_a_page_of_any_notebook_is_the_server_s(jupyter: Any, dagster: Any) -> None:
    """Also of an asset whose key is markup; what is left out of pages is in tests/unit/server."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(f"# Title\n\n{SCRIPT}")])
    key = f"evil/{SCRIPT}"
    store = ExecutedStore(str(dagster.project / ".daglab" / "executed"))
    store.write("a-run", key, nbformat.writes(notebook).encode())
    shown = page(jupyter, "a-run", quote(key, safe=""))
    assert SCRIPT not in shown and ">Title" in shown
    store.write("a-run", "broken", b"{")
    response = jupyter.request("GET", "executed/a-run/broken", params={"format": "html"})
    assert (response.status_code, response.json()["error"]["code"]) == (500, "storage")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("{run}/sales/none", 404), ("no-such-run/sales/orders", 404), ("{run}/../../dagster.yaml", 404),
        ("{run}/%2e%2e%2f%2e%2e%2fpyproject.toml", 404), ("%2e%2e/sales/orders", 404), ("{run}/sales//orders", 400),
        ("{run}/%00", 404), ("{run}/sales/orders?format=pdf", 400), ("{run}/sales/orders?path=/etc/passwd", 400),
    ],
)  # fmt: skip
def test_nothing_else_is_found(jupyter: Any, run_id: str, path: str, status: int) -> None:
    response = jupyter.request("GET", f"executed/{path.format(run=run_id)}")
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert error["code"] in ("missing-file", "http-404", "request")
    if error["code"] == "missing-file":
        assert "executed.storage" in error["remedy"]


def test_a_notebook_that_explores_an_asset_runs(jupyter: Any, dagster: Any, tmp_path: Path) -> None:
    response = jupyter.request("POST", "runs", json={"assets": ["raw/orders", "sales/orders"]})
    assert followed(jupyter, response.json()["id"])["status"] == "SUCCESS"
    made = jupyter.request("POST", "pairs", json={"asset": "sales/orders"})
    assert made.status_code == 201, made.text
    py, ipynb = dagster.project / made.json()["py"], dagster.project / made.json()["ipynb"]
    again = jupyter.request("POST", "pairs", json={"asset": "sales/orders"})
    try:
        assert (made.json()["py"], again.json()["py"]) == ("explore_orders.py", "explore_orders_2.py")
        text = py.read_text("utf-8")
        assert 'orders = daglab.load_asset("sales/orders")' in text and "- raw/orders" in text
        cells = json.loads(ipynb.read_bytes())["cells"]
        assert [cell["cell_type"] for cell in cells] == ["code", "markdown", "code", "code"]
        environ = {**os.environ, "DAGSTER_HOME": str(dagster.home)}
        for command in (
            ["marimo", "export", "ipynb", "--include-outputs", py.name, "-o", str(tmp_path / "run.ipynb")],
            ["marimo", "check", "--strict", py.name],
        ):
            argv = [sys.executable, "-m", *command]
            done = subprocess.run(argv, cwd=dagster.project, env=environ, capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, done.stdout + done.stderr
        outputs = nbformat.read(tmp_path / "run.ipynb", as_version=4).cells[-1].outputs
        assert outputs and outputs[0]["output_type"] != "error", outputs
    finally:
        for path in (py, ipynb, *(dagster.project / again.json()[half] for half in ("py", "ipynb"))):
            path.unlink(missing_ok=True)


def test_an_unknown_asset_is_told_with_the_nearest(jupyter: Any) -> None:
    response = jupyter.request("POST", "pairs", json={"asset": "sales/order", "path": "new.py"})
    assert response.status_code == 404
    assert "sales/orders" in response.json()["error"]["remedy"]
    assert not (jupyter.root / "new.py").exists()
