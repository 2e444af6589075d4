"""A finding: one fault of a notebook or a project, with its place and its remedy."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from daglab.errors import HeaderError
from daglab.errors import did_you_mean as did_you_mean


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


def refused(findings: list[Finding]) -> HeaderError:
    """The error of a header with these findings: it says the first one and carries them all."""
    first, more = findings[0], len(findings) - 1
    message = f"{first.path}:{first.line}: {first.message}" + (f", and {more} more" if more else "")
    return HeaderError(message, remedy=first.remedy, details={"findings": [f.to_json() for f in findings]})
