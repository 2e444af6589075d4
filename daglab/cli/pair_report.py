"""What the commands about pairs print: states, what was written, conflicts side by side, readable differences."""

from __future__ import annotations

import difflib
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from daglab.cli.output import styled

if TYPE_CHECKING:
    from daglab.pair import CellConflict, PairStatus, SyncResult

_STYLES = {"in-sync": "green", "conflict": "red", "invalid": "red", "unpaired": "dim"}
_WIDTH = 11  # of a state
_SHOWN = 8  # conflicts that a hint names


def state_lines(one: PairStatus) -> Iterator[str]:
    """A pair's state, and what marimo refuses of it."""
    named = one.py if one.py.exists() else one.ipynb
    reason = f"  {one.reason}" if one.reason else ""
    yield f"{styled(f'{one.state:<{_WIDTH}}', _STYLES.get(one.state, 'yellow'), sys.stdout)} {named}{reason}"
    yield from refused_lines(one)


def refused_lines(one: PairStatus) -> Iterator[str]:
    """What marimo will not run of a pair, with file and line."""
    for finding in one.refused:
        yield f"{'':<{_WIDTH}}   {finding.path}:{finding.line}: marimo refuses it: {finding.code} {finding.message}"


def sync_lines(results: Iterable[SyncResult], command: str = "sync", given: Sequence[str] = ()) -> Iterator[str]:
    """What syncs did; pairs that were in sync are not spoken of. ``given`` are the decisions made by cell."""
    for result in results:
        if result.written:
            yield f"{result.before.state:<{_WIDTH}} {result.before.py}  wrote {_names(result)}"
        elif result.before.state != "in-sync":
            yield from state_lines(result.before)
        yield from conflict_lines(result.before, command, given)


def diff_lines(results: Iterable[SyncResult], given: Sequence[str] = ()) -> Iterator[str]:
    """What syncs would change: the .py line by line, the .ipynb cell by cell."""
    for result in results:
        for path, before, after in result.texts:
            lines = list(difference(path, before, after, "now", "after the sync"))
            yield from lines or [f"{path}: only daglab's own metadata changes"]
        if not result.texts and result.before.state != "in-sync":
            yield from state_lines(result.before)
        yield from conflict_lines(result.before, "sync", given)


def difference(path: Path, before: str, after: str, name_before: str, name_after: str) -> Iterator[str]:
    """What differs between two texts of a file, for people."""
    old, new = text_lines(path, before), text_lines(path, after)
    names = f"{path} ({name_before})", f"{path} ({name_after})"
    for line in difflib.unified_diff(old, new, *names, lineterm=""):
        yield styled(line, _colour(line), sys.stdout)


def text_lines(path: Path, text: str) -> list[str]:
    """A file's text, for people: an .ipynb cell by cell."""
    from daglab.notebook.jupyter import readable

    return readable(text) if path.suffix == ".ipynb" else text.splitlines()


def conflict_lines(one: PairStatus, command: str, given: Sequence[str]) -> Iterator[str]:
    """Each conflict with both versions, and how to decide; what is decided already is ``given``."""
    from daglab.pair.conflicts import REASONS

    for conflict in one.conflicts:
        place = f"{one.py}:{conflict.line}" if conflict.line else str(one.ipynb)
        yield f"  {place}: {conflict.label}: {REASONS[conflict.reason]}"
        yield from (f"    {styled(line, _colour(line), sys.stdout)}" for line in _both(conflict))
    if one.conflicts:
        named = shlex.quote(str(one.py if one.py.exists() else one.ipynb))
        left = [f"{conflict.cell}=py" for conflict in one.conflicts]
        more = f" (and {len(left) - _SHOWN} more)" if len(left) > _SHOWN else ""
        decisions = " ".join(f"--resolve {shlex.quote(choice)}" for choice in [*given, *left[:_SHOWN]])
        yield "  nothing was written; decide cell by cell, or for one half; what is replaced is backed up:"
        yield f"    daglab {command} {named} {decisions}{more}    (each py or ipynb)"
        yield f"    daglab {command} {named} --prefer py    (or ipynb)"


def _both(conflict: CellConflict) -> list[str]:
    py, ipynb = (conflict.py or "").splitlines(), (conflict.ipynb or "").splitlines()
    old, new = ("py" if conflict.py is not None else "no py", "ipynb" if conflict.ipynb is not None else "no ipynb")
    return list(difflib.unified_diff(py, ipynb, old, new, lineterm=""))


def _names(result: SyncResult) -> str:
    """The files that were written, with their folders where the halves don't stand side by side."""
    beside = result.before.py.parent == result.before.ipynb.parent
    return ", ".join(path.name if beside else str(path) for path in result.written)


def _colour(line: str) -> str | None:
    return {"+": "green", "-": "red", "@": "dim"}.get(line[:1])
