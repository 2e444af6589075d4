"""Findings about a project's safety: secrets, risky code, open doors, known vulnerabilities.

:class:`SecurityAudit` looks, and its :class:`AuditReport` tells; nothing of the project is run or changed, and no
secret that is found is repeated. What could not be looked at is in the report, too.
"""

from daglab.audit.audit import CHECKS as CHECKS
from daglab.audit.audit import SecurityAudit as SecurityAudit
from daglab.audit.report import AuditFinding as AuditFinding
from daglab.audit.report import AuditReport as AuditReport
from daglab.audit.report import Severity as Severity
from daglab.audit.report import Skipped as Skipped
