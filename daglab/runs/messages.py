"""What a run's log says of cells, and of why a step failed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import dropwhile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from daglab.client.events import EventError, RunEvent

# The runtime's own words, see daglab.runtime.step; what a cell prints has " | " behind its label.
_CELL = re.compile(
    r"(?P<cell>cell (?:'\w+'(?: \(\d+\))?|\d+)): "
    r"(?:(?P<starts>starts)|(?P<state>run|stopped|failed) in (?P<seconds>[\d.]+) s(?:, peak memory (?P<mb>\d+) MB)?)"
)
_CHAINED = "\nThe above exception was the direct cause of the following exception:\n\n"
_DAGSTERS_FRAME = re.compile(r"""File "[^"]*[/\\]dagster[/\\]_""")
_DAGLABS_FRAME = re.compile(r"""File "[^"]*[/\\]daglab[/\\]runtime[/\\]""")


def cell_line(line: str) -> re.Match[str] | None:
    """A line of a step's log that tells of a cell; its groups: cell, starts, or state, seconds and mb."""
    return _CELL.fullmatch(line)


def failure_place(event: RunEvent) -> dict[str, Any]:
    """The ``cell`` in which a step failed, and the ``line``, such as ``orders.py:12``, where they are known."""
    return {entry.label: entry.value for entry in event.metadata if entry.label in ("cell", "line")}


def failure_text(event: RunEvent) -> str:
    """The user's own error with its traceback, without Dagster's words around it."""
    error = event.error
    if error is None:
        return event.message
    if _is_dagsters(error) and error.cause is not None:
        error = error.cause
    if error.class_name == "Failure" and error.stack and _DAGLABS_FRAME.search(error.stack[-1]):
        return error.message.partition(": ")[2].strip()  # it says all, a cell's traceback included
    return _CHAINED.join(_tracebacks(error)).strip()


def _is_dagsters(error: EventError) -> bool:
    return (error.class_name or "").startswith("Dagster")


def _tracebacks(error: EventError) -> Iterator[str]:
    """Of the causes first, as Python prints them."""
    if error.cause is not None:
        yield from _tracebacks(error.cause)
    frames = list(dropwhile(_DAGSTERS_FRAME.search, error.stack))
    head = "Traceback (most recent call last):\n" if frames else ""
    yield f"{head}{''.join(frames)}{error.message}\n"
