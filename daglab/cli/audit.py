"""``daglab audit``: secrets, risky code, open doors and known vulnerabilities of a project."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from daglab.cli.output import JsonOption, Output, QuietOption
from daglab.errors import ExitCode, did_you_mean

Severity = Literal["high", "medium", "low"]  # daglab.audit's own would import all of it for --help


def audit(
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only", metavar="CHECK", show_default=False,
            help="secrets, code, permissions, settings or dependencies; may be repeated. Without it: all.",
        ),
    ] = None,
    severity: Annotated[Severity, typer.Option("--severity", help="Leave out what is less severe.")] = "medium",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> ExitCode:  # fmt: skip
    """Look for what is not safe: secrets, risky code in cells, files that others read, open servers, advisories.

    It reads notebooks, configuration (.env, YAML, Dockerfiles, pyproject.toml and the like) anywhere in the project but
    in tools' folders, the files of the Dagster instance and of Jupyter's configuration wherever they are, and what
    starts servers: scripts, Makefiles, YAML, calls in Python, and the processes of this user.

    The exit code is 7 when something is found, 3 when nothing is and a check could not look at everything: advisories
    offline, a file that is too large, a cell of a Jupyter notebook that is no Python and has no # nosec. Secrets that
    are found are not printed. Needs daglab[audit].

    With --json: {"findings": [{"check", "severity", "code", "path", "line", "message", "remedy"}], "checks": [those
    that looked at everything], "skipped": [{"check", "reason", "remedy", "path"}]}.
    """
    from daglab.audit import CHECKS, SecurityAudit
    from daglab.config import load_config

    for name in only or ():
        if name not in CHECKS:
            raise typer.BadParameter(f"There is no check {name!r}: {did_you_mean(name, CHECKS)}")
    out = Output(as_json, quiet)
    security = SecurityAudit(load_config())
    report = security.run(only or tuple(CHECKS), began=lambda name: out.note(f"looks at {name}"))
    findings = report.at_least(severity)
    document = {**report.to_json(), "findings": [finding.__dict__ for finding in findings]}
    out.result(document, map(str, findings))
    for skip in report.skipped:
        out.note(str(skip), "yellow")
    less = len(report.findings) - len(findings)
    out.note(f"{len(findings)} findings" + (f", and {less} less severe" if less else ""))
    if findings:
        return ExitCode.VALIDATION
    return ExitCode.ENVIRONMENT if report.skipped else ExitCode.OK
