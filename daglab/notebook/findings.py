"""A finding: one fault of a notebook or a project, with its place and its remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, order=True)
class Finding:
    """One fault: ``path`` as it was given to the reader, ``line`` 1-based, ``code`` stable (``DL101``, ``MB002``)."""

    path: str
    line: int
    code: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.code} {self.message}" + (f" ({self.remedy})" if self.remedy else "")

    def to_json(self) -> dict[str, Any]:
        """The finding as JSON values, as ``daglab check --json`` prints it."""
        return asdict(self)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean 'group'?``, or the list of what is known when nothing comes near ``word``."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}" if names else ""
