"""Checks all notebooks of a project: each by itself, and all against each other and against the project."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from daglab.errors import HeaderError, NotebookError
from daglab.notebook.cells import Notebook, read_notebook
from daglab.notebook.cycles import cycle_findings
from daglab.notebook.findings import Finding
from daglab.notebook.header import Header, read_header
from daglab.notebook.ignore import sort_out
from daglab.notebook.lint import all_findings, run_to_end
from daglab.notebook.project_rules import dependency_findings, input_findings, key_findings, project_findings
from daglab.notebook.secrets import source_findings
from daglab.notebook.source_project import SourceProject

MoreChecks = Callable[[Path, SourceProject], Iterable[Finding]]
"""Findings about one notebook's path that the core can't see, such as those about its other half."""

_UNFIT_NAME = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]')


@dataclass(frozen=True)
class CheckedNotebook:
    """A notebook of the project; ``header`` is ``None`` where it can't be read, which is among the findings."""

    path: Path
    notebook: Notebook
    header: Header | None


@dataclass(frozen=True)
class Report:
    """What a check saw: the notebooks that could be read, the findings that count, and those that are ignored."""

    notebooks: tuple[CheckedNotebook, ...]
    findings: tuple[Finding, ...]
    ignored: tuple[Finding, ...]


def check_project(project: SourceProject, more: MoreChecks | None = None) -> Report:
    """Check a project; nothing of it is run or imported. Findings are sorted by file and line."""
    texts = {"pyproject.toml": _text(project.root / "pyproject.toml")}
    notebooks: list[CheckedNotebook] = []
    findings = list(project_findings(project))
    for path in project.notebooks():
        shown = project.shown(path)
        if (unfit := _unfit(path, shown, project)) is not None:
            findings.append(unfit)
            continue
        try:
            notebook = replace(read_notebook(path), path=shown)
        except NotebookError as error:
            message = error.message.replace(str(path), shown)
            findings.append(Finding(shown, 1, "DL200", message, error.remedy))
            continue
        texts[shown] = notebook.text
        notebooks.append(CheckedNotebook(path, notebook, _header(notebook)))
        findings += run_to_end(all_findings(notebook))
        findings += source_findings(notebook.text, shown)
        findings += more(path, project) if more else ()
        if (header := notebooks[-1].header) is not None:
            findings += dependency_findings(notebook, header, project)
    read = [(checked.notebook, checked.header) for checked in notebooks if checked.header is not None]
    headers = [header for _, header in read]
    findings += key_findings(headers)
    findings += input_findings(headers, project)
    findings += cycle_findings(read)
    counted: list[Finding] = []
    ignored: list[Finding] = []
    for finding in sorted(set(findings)):
        yes, no = sort_out([finding], texts.get(finding.path, ""), project.options.ignore)
        counted += yes
        ignored += no
    return Report(tuple(notebooks), tuple(counted), tuple(ignored))


def _unfit(path: Path, shown: str, project: SourceProject) -> Finding | None:
    if _UNFIT_NAME.search(shown) or ".." in Path(shown).parts:
        message = f"the name {shown!r} cannot be carried by a wheel"
        return Finding(shown.encode("unicode_escape").decode(), 1, "DL320", message, "rename the file")
    if not project.holds(path):
        return Finding(shown, 1, "DL320", f"{shown} leads outside the project", "copy the file instead of linking it")
    return None


def _header(notebook: Notebook) -> Header | None:
    try:
        return read_header(notebook.text.removeprefix("\ufeff"), notebook.path)
    except HeaderError:  # lint reports it
        return None


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
