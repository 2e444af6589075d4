"""Checks all notebooks of a project: each by itself, and all against each other and against the project."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from daglab.errors import HeaderError, NotebookError
from daglab.notebook.cells import Notebook, read_notebook
from daglab.notebook.cycles import cycle_findings
from daglab.notebook.find import find_jupyter
from daglab.notebook.findings import Finding
from daglab.notebook.header import Header, read_header
from daglab.notebook.ignore import sort_out
from daglab.notebook.jupyter import jupyter_document
from daglab.notebook.lint import all_findings, run_to_end
from daglab.notebook.project_rules import dependency_findings, input_findings, key_findings, project_findings
from daglab.notebook.secrets import jupyter_findings, source_findings
from daglab.notebook.source_project import SourceProject

MoreChecks = Callable[[Path, SourceProject], Iterable[Finding]]
"""Findings about one notebook's path that the core can't see, such as those about its other half."""

LINK_REMEDY = "copy it instead of linking it"
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


def check_project(
    project: SourceProject,
    more: MoreChecks | None = None,
    *,
    half_of: Callable[[Path], Path] = lambda path: path.with_suffix(".ipynb"),
    jupyter: Iterable[Path] | None = None,
    paths: Iterable[Path] | None = None,
    is_carried: Callable[[Path], bool] = lambda _: True,
) -> Report:
    """Check a project; nothing of it is run or imported. Findings are sorted by file and line.

    Secrets are looked for in Jupyter notebooks of no pair as well: in ``jupyter``, by default all of the project.
    ``half_of`` tells the .ipynb half of a .py. ``paths`` are checked, by default the project's notebooks; what a build
    leaves out (``is_carried``) makes no input of what it doesn't.
    """
    texts = {"pyproject.toml": _text(project.root / "pyproject.toml")}
    notebooks: list[CheckedNotebook] = []
    findings = list(project_findings(project))
    for path in project.notebooks() if paths is None else paths:
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
    halves = {half_of(checked.path).resolve() for checked in notebooks}
    lone = [
        path for path in (find_jupyter(project.root) if jupyter is None else jupyter) if path.resolve() not in halves
    ]
    findings += (finding for path in lone for finding in _lone_findings(path, project))
    read = [(checked.notebook, checked.header) for checked in notebooks if checked.header is not None]
    headers = [header for _, header in read]
    findings += key_findings(headers)
    left_out = {checked.notebook.path for checked in notebooks if not is_carried(checked.path)}
    findings += input_findings(headers, project, left_out)
    findings += cycle_findings(read)
    counted: list[Finding] = []
    ignored: list[Finding] = []
    for finding in sorted(set(findings)):
        yes, no = sort_out([finding], texts.get(finding.path, ""), project.options.ignore)
        counted += yes
        ignored += no
    return Report(tuple(notebooks), tuple(counted), tuple(ignored))


def _lone_findings(path: Path, project: SourceProject) -> Iterable[Finding]:
    """What a Jupyter notebook of no pair would carry out of the project; that it can't be read, if so."""
    shown = project.shown(path)
    if not project.holds(path):
        return [Finding(shown, 1, "DL320", f"{shown} leads outside the project", LINK_REMEDY)]
    try:
        text = path.read_bytes().decode("utf-8")
        jupyter_document(text, shown)
    except OSError as error:
        message = f"{shown} cannot be read: {error.strerror or error}"
        return [Finding(shown, 1, "DL312", message, "make it readable, or remove it")]
    except UnicodeDecodeError:
        return [Finding(shown, 1, "DL312", f"{shown} is not UTF-8", "mend or remove it")]
    except NotebookError as error:
        return [Finding(shown, 1, "DL312", error.message, error.remedy)]
    return jupyter_findings(text, shown, sources=True, outputs=project.options.outputs == "keep")


def _unfit(path: Path, shown: str, project: SourceProject) -> Finding | None:
    if _UNFIT_NAME.search(shown) or ".." in Path(shown).parts:
        message = f"the name {shown!r} cannot be carried by a wheel"
        return Finding(shown.encode("unicode_escape").decode(), 1, "DL320", message, "rename the file")
    if not project.holds(path):
        return Finding(shown, 1, "DL320", f"{shown} leads outside the project", LINK_REMEDY)
    return None


def _header(notebook: Notebook) -> Header | None:
    try:
        return read_header(notebook.text.removeprefix("\ufeff"), notebook.path)
    except HeaderError:  # lint reports it
        return None


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
