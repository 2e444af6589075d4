"""dagstermill's side of the runtime benchmark; run by its own environment's Python, prints JSON."""

from __future__ import annotations

import json
import tempfile
from importlib.metadata import version
from pathlib import Path

import dagster as dg
import dagstermill

CELLS = ["numbers = list(range(1000))", "noted = sum(numbers)"]
NOTEBOOK = Path(tempfile.gettempdir()) / "daglab-bench-dagstermill.ipynb"


@dg.asset
def plain() -> int:
    return sum(range(1000))


def make_job(name: str) -> dg.JobDefinition:
    """Built anew in each run: dagstermill's kernel wants a job that can be reconstructed."""
    noted = dagstermill.define_dagstermill_asset(
        name="noted", notebook_path=str(NOTEBOOK), io_manager_key="output_notebook_io_manager"
    )
    definitions = dg.Definitions(
        [plain, noted],
        jobs=[dg.define_asset_job("plain_job", ["plain"]), dg.define_asset_job("noted_job", ["noted"])],
        resources={"output_notebook_io_manager": dagstermill.ConfigurableLocalOutputNotebookIOManager()},
        executor=dg.in_process_executor,
    )
    return definitions.resolve_job_def(name)


def plain_job() -> dg.JobDefinition:
    return make_job("plain_job")


def noted_job() -> dg.JobDefinition:
    return make_job("noted_job")


def main() -> None:
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": code, "outputs": [], "execution_count": None}
        for i, code in enumerate(CELLS)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    document = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    NOTEBOOK.write_text(json.dumps(document))
    times: dict[str, list[float]] = {"plain": [], "notebook": []}
    with tempfile.TemporaryDirectory() as folder, dg.DagsterInstance.local_temp(folder) as instance:
        for _ in range(4):
            for name, job in (("plain", plain_job), ("notebook", noted_job)):
                result = dg.execute_job(dg.reconstructable(job), instance=instance)
                (event,) = [event for event in result.all_events if event.is_step_success]
                times[name].append(event.step_success_data.duration_ms / 1000)
    fastest = {name: min(values) for name, values in times.items()}
    print(json.dumps({**fastest, "version": version("dagstermill")}))


if __name__ == "__main__":
    main()
