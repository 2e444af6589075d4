"""Goes through the checks of an audit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from daglab.audit import advisories, code, doors, permissions, secrets
from daglab.audit.report import SEVERITIES, AuditFinding, AuditReport, Skipped
from daglab.config import Config
from daglab.errors import MissingExtraError

CHECKS: dict[str, Callable[[Config], Iterable[AuditFinding | Skipped]]] = {
    "secrets": secrets.find,
    "code": code.find,
    "permissions": permissions.find,
    "settings": doors.find,
    "dependencies": advisories.find,
}
"""Each looks at the project that has the configuration."""


@dataclass(frozen=True)
class SecurityAudit:
    """An audit of the project that has the configuration ``config``."""

    config: Config

    def run(self, checks: Sequence[str] = tuple(CHECKS), *, began: Callable[[str], None] | None = None) -> AuditReport:
        """Look, by the named checks; ``began`` is told the name of each before it.

        Raises:
            KeyError: one of ``checks`` is not in CHECKS.
        """
        findings: list[AuditFinding] = []
        skipped: list[Skipped] = []
        for name in checks:
            if began is not None:
                began(name)
            try:
                for found in CHECKS[name](self.config):
                    if isinstance(found, Skipped):
                        skipped.append(found)
                    else:
                        findings.append(found)
            except MissingExtraError as error:
                skipped.append(Skipped(name, error.message, error.remedy))
        incomplete = {skip.check for skip in skipped}
        findings.sort(key=lambda f: (SEVERITIES.index(f.severity), f.check, f.path, f.line or 0, f.code))
        return AuditReport(tuple(findings), tuple(n for n in checks if n not in incomplete), tuple(skipped))
