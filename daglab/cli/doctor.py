"""``daglab doctor``: what is wrong with this machine and project, and how to mend it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daglab.cli.output import JsonOption, Output, QuietOption, styled
from daglab.cli.pair import refuse_read_only
from daglab.errors import DaglabError, ExitCode

if TYPE_CHECKING:
    from daglab.cli.doctor_findings import Finding, Site

    Check = Callable[[Site], Iterator[Finding]]

FixOption = Annotated[
    bool,
    typer.Option(
        "--fix",
        help="Do what is safe: make Dagster's folder, keep others from secrets, clear leftovers, enable the extension.",
    ),
]
DependenciesOption = Annotated[
    bool, typer.Option("--check-deps", help="Look at the requirements of every installed package too.")
]
_MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "critical": ("✗", "red"), "skipped": ("-", "dim")}


def doctor(
    fix: FixOption = False,
    check_deps: DependenciesOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> ExitCode:
    """Look at all that daglab needs: Python, packages, configuration, Dagster, marimo, Jupyter, disk, pairs.

    The exit code is 3 when something critical is left. A Dagster that doesn't run is a warning.

    With --json: {"findings": [{"check", "state", "message", "remedy", "fixable"}], "fixed": ["..."], "ok": true};
    states: ok, warning, critical, skipped. "ok" is false when one is critical.
    """
    from daglab.cli.doctor_findings import Site

    out = Output(as_json, quiet)
    site = Site()
    if fix and site.fault is None:
        refuse_read_only([site.root])
    fixed: list[str] = []
    findings: list[tuple[str, Finding]] = []
    for name, check in _checks(every_package=check_deps).items():
        out.note(f"looks at {name}", "dim")
        found = _look(check, site)
        if fix and site.fault is None and any(one.fix for one in found):
            fixed += _mend(found, out)
            found = _look(check, site)
        findings += [(name, one) for one in found]
    left = sum(one.state == "critical" for _, one in findings)
    document = {"findings": [_to_json(name, one) for name, one in findings], "fixed": fixed, "ok": left == 0}
    out.result(document, _lines(findings))
    if fix and site.fault is not None:
        out.note("nothing is mended while the configuration is wrong: it may say read_only", "yellow")
    elif not fix and any(one.fix for _, one in findings):
        out.note("`daglab doctor --fix` mends some of this")
    warnings = sum(one.state == "warning" for _, one in findings)
    out.note(f"{left} critical, {warnings} warning{'' if warnings == 1 else 's'}")
    return ExitCode.ENVIRONMENT if left else ExitCode.OK


def _checks(*, every_package: bool) -> dict[str, Check]:
    from daglab.cli import doctor_dagster, doctor_editors, doctor_packages, doctor_project

    checks: dict[str, Check] = {
        "python": doctor_packages.check_python,
        "packages": doctor_packages.check_packages,
        "versions": doctor_packages.check_versions,
        "configuration": doctor_project.check_configuration,
        "disk": doctor_project.check_disk,
        "permissions": doctor_project.check_permissions,
        "instance": doctor_dagster.check_instance,
        "graphql": doctor_dagster.check_graphql,
        "daemon": doctor_dagster.check_daemon,
        "locations": doctor_dagster.check_locations,
        "code-location": doctor_dagster.check_code_location,
        "notebook-view": doctor_dagster.check_notebook_view,
        "marimo": doctor_editors.check_marimo,
        "jupyter": doctor_editors.check_jupyter,
        "jupytext": doctor_editors.check_jupytext,
        "ports": doctor_editors.check_ports,
        "pairs": doctor_project.check_pairs,
        "leftovers": doctor_project.check_leftovers,
    }
    return {**checks, "dependencies": doctor_packages.check_dependencies} if every_package else checks


def _look(check: Check, site: Site) -> list[Finding]:
    """What a check finds; that it fails is one more finding, and hides none."""
    from daglab.cli.doctor_findings import Finding

    found: list[Finding] = []
    try:
        for one in check(site):
            found.append(one)
    except DaglabError as error:
        found.append(Finding("critical", error.message, error.remedy))
    except Exception as error:
        message = f"the check itself failed: {type(error).__name__}: {error}"
        found.append(Finding("critical", message, "please report it, with what `daglab --version` says"))
    return found


def _mend(found: list[Finding], out: Output) -> Iterator[str]:
    for one in found:
        if one.fix is None:
            continue
        try:
            done = one.fix()
        except (OSError, DaglabError) as error:
            out.error(f"could not mend it: {one.message}: {error}", "red")
        else:
            out.note(done, "green")
            yield done


def _to_json(name: str, one: Finding) -> dict[str, Any]:
    return {
        "check": name,
        "state": one.state,
        "message": one.message,
        "remedy": one.remedy,
        "fixable": one.fix is not None,
    }


def _lines(findings: list[tuple[str, Finding]]) -> Iterator[str]:
    width = max(len(name) for name, _ in findings)
    margin = " " * (width + 14)
    for name, one in findings:
        mark, style = _MARKS[one.state]
        first, *more = one.message.split("\n")
        yield f"{styled(f'{mark} {one.state:<8}', style, sys.stdout)}  {name:<{width}}  {first}"
        yield from (f"{margin}{line}" for line in more)
        if one.remedy and one.state != "ok":
            yield f"{margin}→ {one.remedy}"
