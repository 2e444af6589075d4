"""dagstermill's side of the runtime benchmark; run by its own environment's Python, prints JSON."""

from __future__ import annotations

import json
import statistics
import tempfile
from importlib.metadata import version
from pathlib import Path

import dagster as dg
import dagstermill

CELLS = ["numbers = list(range(1000))", "noted = sum(numbers)"]


def main() -> None:
    folder = Path(tempfile.mkdtemp(dir=Path.cwd()))
    notebook = {
        "cells": [
            {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": code, "outputs": [], "execution_count": None}
            for i, code in enumerate(CELLS)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path = folder / "noted.ipynb"
    path.write_text(json.dumps(notebook))

    @dg.asset
    def plain() -> int:
        return sum(range(1000))

    noted = dagstermill.define_dagstermill_asset(
        name="noted", notebook_path=str(path), io_manager_key="output_notebook_io_manager"
    )
    resources = {"output_notebook_io_manager": dagstermill.ConfigurableLocalOutputNotebookIOManager()}
    times: dict[str, list[float]] = {"plain": [], "notebook": []}
    with dg.DagsterInstance.local_temp(str(folder)) as instance:
        for _ in range(4):
            for name, asset in (("plain", plain), ("notebook", noted)):
                result = dg.materialize([asset], instance=instance, resources=resources)
                (event,) = [event for event in result.all_events if event.is_step_success]
                times[name].append(event.step_success_data.duration_ms / 1000)
    medians = {name: statistics.median(values[1:]) for name, values in times.items()}
    print(json.dumps({**medians, "version": version("dagstermill")}))


main()
