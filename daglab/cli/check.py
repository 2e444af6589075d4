"""``daglab check``: everything that the build hook would refuse, with the same codes, before a build."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daglab.cli.output import JsonOption, Output, QuietOption
from daglab.errors import ExitCode

if TYPE_CHECKING:
    from daglab.notebook.check import Report
    from daglab.notebook.findings import Finding
    from daglab.notebook.source_project import SourceProject

PathsArgument = Annotated[list[Path] | None, typer.Argument(help="Projects, folders or notebooks.", exists=True)]


LoadOption = Annotated[bool, typer.Option("--load", help="Also load the project's Definitions, in a subprocess.")]
TimeoutOption = Annotated[float, typer.Option("--timeout", min=1, help="Seconds that --load may take.")]
SkipOption = Annotated[
    bool, typer.Option("--skip-others", help="Pass over named files that are no daglab notebooks, as pre-commit does.")
]


def check(
    paths: PathsArgument = None,
    load: LoadOption = False,
    timeout: TimeoutOption = 120,
    skip_others: SkipOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check notebooks without running them; exit code 7 when there are findings.

    The whole project around each path is checked, because notebooks depend on each other; findings are shown for the
    paths alone. Where no pyproject.toml is around them, the paths are all that is looked at. With --json:
    {"notebooks": 2, "findings": [...], "ignored": [...]}, each finding with path, line, code, message, remedy. --load
    runs the project's code, in a subprocess, to see whether its Definitions have what the notebooks make and read, and
    all resources and IO managers.
    """
    findings: list[Finding] = []
    ignored: list[Finding] = []
    notebooks: set[Path] = set()
    named = paths or [_here()]
    for root, wanted in _by_project([*named, *_halves(named)]).items():
        project = _project(root, wanted)
        report = _checked(project, wanted)
        report = _loaded(report, project, timeout) if load else report
        findings += _below(report.findings, root, wanted)
        ignored += _below(report.ignored, root, wanted)
        notebooks.update(n.path for n in report.notebooks if _is_below(n.path, wanted))
    if not skip_others:
        from daglab.cli.check_named import no_notebooks

        told = {Path(finding.path).resolve() for finding in findings}  # of one that can't be read, too
        findings += no_notebooks(named, {*notebooks, *told})
    document = {
        "notebooks": len(notebooks),
        "findings": [finding.to_json() for finding in findings],
        "ignored": [finding.to_json() for finding in ignored],
    }
    output = Output(as_json, quiet)
    output.result(document, map(str, findings))
    if not notebooks and not findings:
        output.note(f"no notebook with a [tool.daglab] header in {', '.join(map(str, named))}", "yellow")
    output.note(_summary(len(notebooks), len(findings), len(ignored)), "red" if findings else "green")
    if findings:
        raise typer.Exit(ExitCode.VALIDATION)


def _here() -> Path:
    """The current folder, if it is in a project: nobody wants all that is below a home folder to be read.

    Raises:
        ConfigError: there is no project.
    """
    from daglab.errors import ConfigError
    from daglab.notebook.source_project import project_root

    if not (project_root(Path()) / "pyproject.toml").is_file():
        raise ConfigError(
            f"{Path.cwd()} is in no project: there is no pyproject.toml",
            remedy="name what to check, such as `daglab check .`, or make a project: `daglab init --bootstrap DIR`",
        )
    return Path()


def _halves(named: Iterable[Path]) -> Iterator[Path]:
    """The .py halves of the .ipynb files that are named."""
    from daglab.errors import PairError
    from daglab.pair import pair_of

    for path in named:
        with suppress(PairError):
            if path.is_file() and path.suffix == ".ipynb" and (py := pair_of(path).py).is_file():
                yield py


def _project(root: Path, wanted: list[Path]) -> SourceProject:
    """The project in ``root``; where it has no pyproject.toml, only ``wanted`` of it."""
    from daglab.notebook.source_project import read_source_project

    project = read_source_project(root)
    if (root / "pyproject.toml").is_file() or root in wanted:
        return project
    only = [os.path.relpath(path, root) for path in wanted]
    return replace(project, options=project.options.model_copy(update={"notebooks": only}))


def _checked(project: SourceProject, wanted: list[Path]) -> Report:
    from daglab.notebook.find import find_jupyter
    from daglab.pair.findings import check_pairs

    jupyter = [file for path in wanted for file in ([path] if path.is_file() else find_jupyter(path))]
    return check_pairs(project, jupyter=[path for path in jupyter if path.suffix.lower() == ".ipynb"])


def _loaded(report: Report, project: SourceProject, timeout: float) -> Report:
    """The report with what the real Definitions show; a project with findings is not loaded for more of them."""
    from daglab.cli.check_load import load_findings
    from daglab.notebook.ignore import sort_out

    if report.findings:
        return report
    texts = {checked.notebook.path: checked.notebook.text for checked in report.notebooks}
    counted, ignored = list(report.findings), list(report.ignored)
    for finding in load_findings(report, project.root, timeout):
        yes, no = sort_out([finding], texts.get(finding.path, ""), project.options.ignore)
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
