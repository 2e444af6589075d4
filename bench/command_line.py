"""How long a command line takes to answer, beside those of its neighbours."""

from __future__ import annotations

from bench.measure import Row, time_command

WHAT = "command line answers"


def run() -> list[Row]:
    """``daglab --help``, and the neighbours' lightest commands."""
    return [
        time_command(WHAT, ["daglab", "--help"], budget=0.2, rounds=9),
        time_command(WHAT, ["dg", "--help"], rounds=3),
        time_command(WHAT, ["dagster", "--version"], rounds=3),
        time_command(WHAT, ["jupytext", "--version"], rounds=3),
        time_command(WHAT, ["marimo", "--version"], rounds=3),
    ]
