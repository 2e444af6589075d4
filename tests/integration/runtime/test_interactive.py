"""Stored values for someone who explores: in marimo and in a Jupyter kernel, beside the project's Dagster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from daglab.notebook.edit import NewCell, new_notebook

CELLS = [
    "import daglab, signal, time",
    'daglab.load_asset("sales/daily")',
    'began = time.perf_counter(); again = daglab.load_asset("sales/daily"); seconds = time.perf_counter() - began',
    'again == {1: 2.5, 2: 4.0}, seconds < 0.5, daglab.context(), daglab.partition_key("eu")',
    'daglab.load_asset("sales/dayly")',
    'daglab.load_asset("regions")',
    'daglab.load_asset("regions", "eu")',
    'daglab.load_asset("regions", "es")',
    "daglab.load_asset(5)",
]


def errors(home: Path, there: str = "") -> list[str]:
    missing = f"AssetValueError: the asset 'regions' (partition eu) has no stored value in {home}"
    return [
        "AssetValueError: there is no asset 'sales/dayly' in shoplet.definitions (did you mean 'sales/daily'?)",
        'AssetValueError: the asset \'regions\' is partitioned (name one: load_asset("regions", partition="..."))',
        f"{missing} (materialize 'regions' first{there})",
        "AssetValueError: the asset 'regions' has no partition 'es' (known: eu, us)",
        'AssetValueError: 5 is no asset key (name one, such as "sales/orders")',
    ]


def test_in_a_jupyter_kernel(materialized: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in CELLS])
    monkeypatch.setenv("PYTHONPATH", str(materialized.root / "src"))
    NotebookClient(notebook, allow_errors=True, resources={"metadata": {"path": str(materialized.root)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell["outputs"]]
    results = [output["data"]["text/plain"] for output in outputs if output["output_type"] == "execute_result"]
    assert results == ["{1: 2.5, 2: 4.0}", "(True, True, None, 'eu')"]
    told = [line for output in outputs if output["output_type"] == "error" for line in output["traceback"]]
    assert told == errors(materialized.home, there=f", with DAGSTER_HOME={materialized.home}")
    assert not [output for output in outputs if output["output_type"] == "stream"]


def test_in_marimo_whose_kernel_ends_with_its_server(materialized: Any, tmp_path: Path) -> None:
    path, out = materialized.root / "explore.py", tmp_path / "explore.ipynb"
    path.write_text(new_notebook([NewCell(code) for code in CELLS]), "utf-8")
    export = ("-m", "marimo", "export", "ipynb", "--include-outputs", str(path), "--output", str(out))
    done = materialized.python(*export, ok=False, timeout=60)
    assert "DEBUG" not in done.stderr
    outputs = [output for cell in json.loads(out.read_text("utf-8"))["cells"] for output in cell["outputs"]]
    results = [json.loads(output["data"]["application/json"]) for output in outputs if "data" in output]
    assert results == [
        {"text/plain+int:1": "text/plain+float:2.5", "text/plain+int:2": "text/plain+float:4.0"},
        [True, True, None, "eu"],
    ]
    told = ["\n".join(output["traceback"]) for output in outputs if output["output_type"] == "error"]
    lines = [text.strip().rpartition("\n")[2].removeprefix("daglab.errors.") for text in told]
    assert lines == errors(materialized.home)
    assert not any("site-packages" in text for text in told)
