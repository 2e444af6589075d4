"""Shows how a run goes on, in the place where it is waited for: marimo's cell, Jupyter's cell, or stdout."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from daglab.runs.tracked import TrackedRun

Show = Callable[[TrackedRun], None]
"""Shows a run's state, in the place of the one before."""


def display_here() -> Show:
    """The one for where this code runs; neither marimo nor IPython is imported where nobody else has."""
    marimo, ipython = sys.modules.get("marimo"), sys.modules.get("IPython")
    if marimo is not None and marimo.running_in_notebook():
        return _in_marimo
    shell = ipython.get_ipython() if ipython is not None else None
    return _in_jupyter() if shell is not None and hasattr(shell, "kernel") else _plain()


def _in_marimo(run: TrackedRun) -> None:
    """The output of the cell that is running; what the cell itself shows at its end takes its place."""
    import marimo

    marimo.output.replace(marimo.Html(run._repr_html_()))


def _in_jupyter() -> Show:
    """One output of the cell, which changes."""
    from IPython import display

    make: Any = display.display
    handle: Any = None

    def show(run: TrackedRun) -> None:
        nonlocal handle
        if handle is None:
            handle = make(run, display_id=True)
        else:
            handle.update(run)

    return show


def _plain() -> Show:
    """Lines whenever something but the time has changed."""
    told: object = None

    def show(run: TrackedRun) -> None:
        nonlocal told
        state = (run.status, run.steps_done, run.step, run.cell)
        if state != told:
            sys.stdout.write(f"{run}\n")
            sys.stdout.flush()
            told = state

    return show
