"""Failures of a run, as Dagster shows them: the cell, the line of the .py, the user's own traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg

from daglab.notebook.cells import Cell, Notebook
from daglab.runtime.text import cut, said, traceback_text


def place_of(error: BaseException, notebook: Notebook, cell: Cell) -> str:
    """``orders.py:31``, where ``cell`` failed; with the line of another cell's function if the error arose there."""
    name = Path(notebook.path).name
    here = range(cell.code_line, cell.code_line + cell.code.count("\n") + 1)
    own, inner = None, None
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == notebook.path:
            inner = traceback
            own = traceback.tb_lineno if traceback.tb_lineno in here else own
        traceback = traceback.tb_next
    place = f"{name}:{own or cell.code_line}"
    if inner is None or inner.tb_lineno in here:
        return place
    return f"{place} (in {inner.tb_frame.f_code.co_name}(), {name}:{inner.tb_lineno})"


def cell_failure(
    notebook: Notebook, cell: Cell, error: BaseException, links: dict[str, dg.MetadataValue[Any]]
) -> dg.Failure:
    """A cell raised an exception."""
    place = place_of(error, notebook, cell)
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
    return dg.Failure(description=cut(message), metadata=links, allow_retries=retry)
