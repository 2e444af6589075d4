"""What an audit tells."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")


@dataclass(frozen=True)
class AuditFinding:
    """One thing that is not safe.

    ``check`` is the one that found it; ``code`` is stable (``secret``, ``bandit-B602``, ``advisory-PYSEC-2026-1``);
    ``path`` is relative to the project, or what else is meant, such as a package or a process; ``line`` is 1-based.
    """

    check: str
    severity: Severity
    code: str
    path: str
    line: int | None
    message: str
    remedy: str

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.severity} {self.code}: {self.message} ({self.remedy})"


@dataclass(frozen=True)
class Skipped:
    """What a check could not look at, and why: the file ``path``, or where that is ``None``, anything."""

    check: str
    reason: str
    remedy: str
    path: str | None = None

    def __str__(self) -> str:
        place = "" if self.path is None else f"{self.path}: "
        return f"{self.check}: could not look: {place}{self.reason} ({self.remedy})"


@dataclass(frozen=True)
class AuditReport:
    """What was found, the worst first; the checks that have looked at everything; and what was left out by others."""

    findings: tuple[AuditFinding, ...]
    checks: tuple[str, ...]
    skipped: tuple[Skipped, ...]

    def at_least(self, severity: Severity) -> list[AuditFinding]:
        """The findings that are as bad as ``severity``, or worse."""
        rank = SEVERITIES.index(severity)
        return [finding for finding in self.findings if SEVERITIES.index(finding.severity) <= rank]

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return asdict(self)
