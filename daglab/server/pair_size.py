"""How large the halves of a pair may be that the Jupyter server compares.

Parsers of JSON and Python let no other thread work, and marimo's analysis takes a time that is quadratic in the cells.
"""

from __future__ import annotations

from pathlib import Path

from daglab.errors import LargePairError
from daglab.pair import Pair

_MOST_BYTES = {".ipynb": 20_000_000, ".py": 200_000}


def is_large(file: Path) -> bool:
    """Whether a half is too large; one that isn't there is not."""
    try:
        return file.stat().st_size > _MOST_BYTES[file.suffix]
    except OSError:
        return False


def refuse_large(pair: Pair) -> None:
    """Raise LargePairError where a half is too large."""
    for half in filter(is_large, (pair.py, pair.ipynb)):
        size, most = half.stat().st_size / 1e6, _MOST_BYTES[half.suffix] / 1e6
        raise LargePairError(
            f"{half.name} is too large for Jupyter to compare: {size:.2f} MB, and the limit is {most:g} MB",
            remedy="make it smaller, as by clearing outputs, or sync in a terminal: daglab sync",
        )
