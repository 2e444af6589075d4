"""Known vulnerabilities of what is installed, as pip-audit tells them."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from daglab.audit.report import AuditFinding, Skipped
from daglab.config import Config
from daglab.errors import MissingExtraError

_SECONDS = 300


def find(_config: Config) -> Iterator[AuditFinding | Skipped]:
    """The advisories for the packages of this environment; offline, none is known, and that is told.

    Raises:
        MissingExtraError: daglab[audit] is not installed.
    """
    if importlib.util.find_spec("pip_audit") is None:
        raise MissingExtraError("audit", needed_for="the audit of dependencies")
    command = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off", "--skip-editable"]
    try:
        # in an empty folder: Python imports modules from the current one, and those of the project must not run
        with tempfile.TemporaryDirectory(prefix="daglab-audit-") as folder:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, cwd=folder, check=False)
        dependencies = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        yield Skipped(
            "dependencies", f"pip-audit did not end in {_SECONDS} s", "try again, or run pip-audit on its own"
        )
        return
    except (ValueError, LookupError):
        lines = done.stderr.strip().splitlines() or ["nothing"]
        reason = "the service with the advisories can't be reached: " if "onnect" in done.stderr else "pip-audit said: "
        yield Skipped("dependencies", f"{reason}{lines[-1][:300]}", "go online, or set HTTPS_PROXY, and try again")
        return
    for package in dependencies:
        for advisory in package.get("vulns", ()):
            fixed = ", ".join(advisory["fix_versions"])
            yield AuditFinding(
                "dependencies",
                "high",
                f"advisory-{advisory['id']}",
                f"{package['name']} {package['version']}",
                None,
                advisory["description"].strip().split("\n")[0][:300],
                f"upgrade to {fixed}" if fixed else "no fixed version is known",
            )
