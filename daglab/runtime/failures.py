"""Failures of a run, as Dagster shows them: the cell, the line of the .py, the user's own traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg

from daglab.notebook.cells import Cell, Notebook
from daglab.runtime.outputs import said, traceback_text


def line_of(error: BaseException, path: str) -> int | None:
    """The 1-based line of the notebook's file where the error arose: of the innermost frame in it."""
    line = None
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == path:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def cell_failure(
    notebook: Notebook, cell: Cell, error: BaseException, links: dict[str, dg.MetadataValue[Any]]
) -> dg.Failure:
    """A cell raised an exception."""
    line = line_of(error, notebook.path) or cell.code_line
    place = f"{Path(notebook.path).name}:{line}"
    text = traceback_text(error)
    return dg.Failure(
        description=f"{cell.label} failed at {place}: {type(error).__name__}: {said(error)}\n\n{text}",
        metadata={
            "cell": cell.label,
            "line": dg.MetadataValue.text(place),
            "traceback": dg.MetadataValue.md(f"```\n{text.replace('```', '` ` `')}\n```"),
            **links,
        },
    )


def stop_failure(
    notebook: Notebook, cell: Cell, left: list[str], links: dict[str, dg.MetadataValue[Any]]
) -> dg.Failure:
    """``mo.stop`` in ``cell`` left selected assets or checks without a value."""
    place = f"{Path(notebook.path).name}:{cell.code_line}"
    names = ", ".join(repr(name) for name in left)
    return dg.Failure(
        description=f"mo.stop in {cell.label} ({place}) left {names} without a value",
        metadata={"cell": cell.label, "line": dg.MetadataValue.text(place), **links},
        allow_retries=False,
    )


def refusal(message: str, links: dict[str, dg.MetadataValue[Any]], *, retry: bool = False) -> dg.Failure:
    """Anything else that ends the run, said in one message."""
    return dg.Failure(description=message, metadata=links, allow_retries=retry)
