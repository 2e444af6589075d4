"""The executed notebook of a run: an .ipynb with outputs, built from the cells, stored by run and asset."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import dagster as dg

from daglab.errors import DaglabError
from daglab.notebook.cells import Cell, Notebook
from daglab.notebook.convert import to_ipynb
from daglab.runtime.outputs import NOTEBOOK_LIMIT, Output, output_size, text_output
from daglab.storage import ExecutedStore

STORAGE_VARIABLE = "DAGLAB_EXECUTED__STORAGE"
RETENTION_VARIABLE = "DAGLAB_EXECUTED__RETENTION_DAYS"
RETENTION_DAYS = 30
_SURROGATE = re.compile("[\ud800-\udfff]")

CellState = Literal["run", "stopped", "failed", "given", "pruned", "cancelled", "waiting", "text"]


@dataclass(frozen=True)
class CellRecord:
    """What a run did with a cell: ``seconds`` is its wall time, ``position`` its place in the order, from 1.

    ``peak_mb`` is the process's peak resident memory while it ran, ``None`` where the platform tells none.

    A ``given`` cell stood for values that the run brought; a ``text`` cell is markdown; a ``pruned`` one wasn't needed.
    """

    state: CellState
    outputs: list[Output] = field(default_factory=list)
    seconds: float | None = None
    position: int | None = None
    peak_mb: float | None = None


def executed_notebook(notebook: Notebook, records: Mapping[int, CellRecord], about: Mapping[str, Any]) -> bytes:
    """The .ipynb (nbformat 4.5) of a run; ``records`` by cell index, ``about`` goes into ``metadata.daglab``.

    Outputs beyond ``NOTEBOOK_LIMIT`` characters are left out, with a note in their cells; an error never is.
    """
    room = NOTEBOOK_LIMIT
    cells = []
    for cell in notebook.cells:
        outputs: list[Output] = []
        for output in records[cell.index].outputs:
            room -= (size := output_size(output))
            if room < 0 and output["output_type"] != "error":
                output = text_output(f"an output of {size:,} characters is not kept: the notebook is full")
            outputs.append(output)
        cells.append(_cell(cell, records[cell.index], outputs))
    document = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "daglab": {"executed": dict(about)},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    text = json.dumps(document, ensure_ascii=False, indent=1)
    try:
        return text.encode()
    except UnicodeEncodeError:  # undecodable bytes of a file's name, say
        return _SURROGATE.sub(lambda found: f"\\\\u{ord(found[0]):04x}", text).encode()


def _cell(cell: Cell, record: CellRecord, outputs: list[Output]) -> dict[str, Any]:
    converted = to_ipynb(cell.code)
    about: dict[str, Any] = {"state": record.state}
    if cell.name not in ("", "_"):
        about["name"] = cell.name
    if record.seconds is not None:
        about["seconds"] = round(record.seconds, 6)
    if record.peak_mb is not None:
        about["peak_mb"] = round(record.peak_mb, 1)
    jupyter: dict[str, Any] = {
        "cell_type": converted.cell_type,
        "id": f"cell-{cell.index + 1}",
        "metadata": {"daglab": {"executed": about}},
        "source": converted.source,
    }
    if converted.cell_type == "code":
        jupyter |= {"execution_count": record.position, "outputs": outputs}
    return jupyter


def executed_store(instance: dg.DagsterInstance) -> ExecutedStore:
    """Where executed notebooks go: DAGLAB_EXECUTED__STORAGE, else ``.daglab/executed`` in the current folder.

    Where that folder can't be written, as in many images, they go into the instance's own storage.
    """
    if url := os.environ.get(STORAGE_VARIABLE, "").strip():
        return ExecutedStore(url)
    try:
        folder = Path.cwd() / ".daglab" / "executed"
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return ExecutedStore(str(folder))
    except OSError:  # also where the current folder is deleted
        pass
    return ExecutedStore(str(Path(instance.storage_directory()) / "daglab-executed"))


def links(store: ExecutedStore, run_id: str, asset_key: str, retry: int = 0) -> dict[str, dg.MetadataValue[Any]]:
    """Metadata that lead to an executed notebook, of the step's ``retry`` where it isn't its first try.

    Dagster shows a notebook only where its file lies under the code server's current folder; a ``url`` is
    clickable everywhere.
    """
    found: dict[str, dg.MetadataValue[Any]] = {}
    path = store.local_path(run_id, asset_key, retry)
    if path is not None and _is_here(path):
        found["notebook"] = dg.MetadataValue.notebook(str(path))
    elif path is not None:
        found["executed_notebook"] = dg.MetadataValue.path(str(path))
    if url := store.url(run_id, asset_key, retry):
        found["url"] = dg.MetadataValue.url(url)
    return found


def _is_here(path: Path) -> bool:
    """Whether a file lies under the current folder; under one that is deleted none does."""
    try:
        return path.is_relative_to(Path.cwd())
    except FileNotFoundError:
        return False


def keep(
    context: dg.AssetExecutionContext, store: ExecutedStore, asset_key: str, content: bytes
) -> dict[str, dg.MetadataValue[Any]]:
    """Store one executed notebook and answer the metadata that lead to it.

    An asset is not lost because its executed notebook can't be stored: that is a warning in the log.
    """
    run_id, retry = context.run.run_id, context.op_execution_context.retry_number
    try:
        store.write(run_id, asset_key, content, retry=retry)
    except DaglabError as error:
        context.log.warning(f"the executed notebook of {asset_key!r} is not kept: {error}")
        return {}
    _prune(context, store)
    return links(store, run_id, asset_key, retry)


def _prune(context: dg.AssetExecutionContext, store: ExecutedStore) -> None:
    """Delete what is older than the days of RETENTION_VARIABLE; ``null`` or a number below 1 keeps everything."""
    said = os.environ.get(RETENTION_VARIABLE, "").strip() or str(RETENTION_DAYS)
    if said.lower() == "null":
        return

    def left(error: DaglabError) -> None:
        context.log.warning(f"an old executed notebook is kept: {error}")

    try:
        if (days := int(said)) >= 1 and (deleted := store.prune_daily(timedelta(days=days), left)):
            context.log.info(f"deleted {deleted} executed notebooks that are older than {days} days")
    except (ValueError, OverflowError):
        context.log.warning(f"{RETENTION_VARIABLE} is {said!r}, no number of days: old executed notebooks are kept")
    except DaglabError as error:
        context.log.warning(f"old executed notebooks are kept: {error}")


def summary(notebook: Notebook, records: Mapping[int, CellRecord]) -> dict[str, dg.MetadataValue[Any]]:
    """What a run did with the cells: a short markdown table, how many ran and were left out, seconds by cell."""
    run = [cell for cell in notebook.cells if records[cell.index].position is not None]
    run.sort(key=lambda cell: records[cell.index].position or 0)
    seconds = {cell.label: round(records[cell.index].seconds or 0.0, 6) for cell in run}
    pruned = sum(record.state in ("pruned", "given") for record in records.values())
    code = sum(record.state != "text" for record in records.values())
    total = sum(seconds.values())
    rows = [
        f"| {cell.label.replace('|', '')} | {seconds[cell.label]:.3f} | {_megabytes(records[cell.index])} |"
        for cell in run
    ]
    table = "\n".join(["| cell | seconds | peak MB |", "|---|---:|---:|", *rows]) if rows else ""
    text = f"{len(run)} of {code} cells run in {total:.3f} s\n\n{table}"
    return {
        "summary": dg.MetadataValue.md(text.strip()),
        "cells_run": dg.MetadataValue.int(len(run)),
        "cells_pruned": dg.MetadataValue.int(pruned),
        "seconds_by_cell": dg.MetadataValue.json(seconds),
    }


def _megabytes(record: CellRecord) -> str:
    return "" if record.peak_mb is None else f"{record.peak_mb:.0f}"
