"""``daglab check``: everything that the build hook would refuse, with the same codes, before a build."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daglab.cli.output import JsonOption, Output, QuietOption
from daglab.errors import ExitCode

if TYPE_CHECKING:
    from daglab.notebook.check import Report
    from daglab.notebook.findings import Finding

PathsArgument = Annotated[list[Path] | None, typer.Argument(help="Projects, folders or notebooks.", exists=True)]


LoadOption = Annotated[bool, typer.Option("--load", help="Also load the project's Definitions, in a subprocess.")]
TimeoutOption = Annotated[float, typer.Option("--timeout", min=1, help="Seconds that --load may take.")]


def check(
    paths: PathsArgument = None,
    load: LoadOption = False,
    timeout: TimeoutOption = 120,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check notebooks without running them; exit code 7 when there are findings.

    The whole project around each path is checked, because notebooks depend on each other; findings are shown for the
    paths alone. With --json: {"notebooks": 2, "findings": [...], "ignored": [...]}, each finding with path, line, code,
    message, remedy. --load runs the project's code, in a subprocess, to see whether its Definitions have what the
    notebooks make and read, and all resources and IO managers.
    """
    findings: list[Finding] = []
    ignored: list[Finding] = []
    notebooks: set[Path] = set()
    named = paths or [Path()]
    halves = [
        path.with_suffix(".py") for path in named if path.suffix == ".ipynb" and path.with_suffix(".py").is_file()
    ]
    for root, wanted in _by_project([*named, *halves]).items():
        report = _loaded(_checked(root), root, timeout) if load else _checked(root)
        findings += _below(report.findings, root, wanted)
        ignored += _below(report.ignored, root, wanted)
        notebooks.update(n.path for n in report.notebooks if _is_below(n.path, wanted))
    document = {
        "notebooks": len(notebooks),
        "findings": [finding.to_json() for finding in findings],
        "ignored": [finding.to_json() for finding in ignored],
    }
    output = Output(as_json, quiet)
    output.result(document, map(str, findings))
    output.note(_summary(len(notebooks), len(findings), len(ignored)), "red" if findings else "green")
    if findings:
        raise typer.Exit(ExitCode.VALIDATION)


def _checked(root: Path) -> Report:
    from daglab.notebook.source_project import read_source_project
    from daglab.pair.findings import check_pairs

    return check_pairs(read_source_project(root))


def _loaded(report: Report, root: Path, timeout: float) -> Report:
    """The report with what the real Definitions show; a project with findings is not loaded for more of them."""
    from daglab.cli.check_load import load_findings
    from daglab.notebook.ignore import sort_out
    from daglab.notebook.source_project import read_source_project

    if report.findings:
        return report
    texts = {checked.notebook.path: checked.notebook.text for checked in report.notebooks}
    codes = read_source_project(root).options.ignore
    counted, ignored = list(report.findings), list(report.ignored)
    for finding in load_findings(report, root, timeout):
        yes, no = sort_out([finding], texts.get(finding.path, ""), codes)
        counted += yes
        ignored += no
    return replace(report, findings=tuple(sorted(counted)), ignored=tuple(sorted(ignored)))


def _by_project(paths: Iterable[Path]) -> dict[Path, list[Path]]:
    from daglab.notebook.source_project import project_root

    found: dict[Path, list[Path]] = {}
    for path in paths:
        found.setdefault(project_root(path), []).append(path.resolve())
    return found


def _below(findings: Iterable[Finding], root: Path, wanted: list[Path]) -> Iterator[Finding]:
    """The findings in ``wanted``, each with its path relative to the current folder."""
    for finding in findings:
        path = root / finding.path
        if _is_below(path, wanted):
            yield replace(finding, path=os.path.relpath(path))


def _is_below(path: Path, wanted: list[Path]) -> bool:
    return any(path.is_relative_to(place) for place in wanted)


def _summary(notebooks: int, findings: int, ignored: int) -> str:
    parts = [_count(notebooks, "notebook"), _count(findings, "finding")]
    if ignored:
        parts.append(f"{ignored} ignored")
    return ", ".join(parts)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
