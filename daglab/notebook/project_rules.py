"""Rules between the notebooks of a project, and between them and the project itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from daglab.notebook.cells import Notebook
from daglab.notebook.findings import Finding, did_you_mean
from daglab.notebook.header import Header
from daglab.notebook.hook_options import TABLE
from daglab.notebook.requirements import has_runtime, uncovered
from daglab.notebook.source_project import SourceProject


def project_findings(project: SourceProject) -> Iterator[Finding]:
    """What is wrong with the project itself: its dependencies, the folders that its options name."""
    yield from _option_findings(project)
    if project.dependencies is not None and not has_runtime(project.dependencies):
        message = "the project's dependencies lack daglab[dagster], so that its wheel could not run the notebooks"
        line = project.line_of("project", "dependencies")
        yield Finding("pyproject.toml", line, "DL303", message, 'add "daglab[dagster]"')


def _option_findings(project: SourceProject) -> Iterator[Finding]:
    """Folders of the option ``notebooks`` that hold no notebook: the build would check nothing, and say nothing."""
    if project.options.notebooks is None:
        return
    line = project.line_of(*TABLE.split("."), "notebooks")
    if not project.options.notebooks:
        remedy = "name a folder, or leave the option out: then every notebook of the project counts"
        yield Finding("pyproject.toml", line, "DL322", "`notebooks` names no folder", remedy)
    for given in project.options.notebooks:
        path = project.root / given
        if not project.holds(path):
            message = f"the folder {given!r} lies outside the project"
            yield Finding("pyproject.toml", line, "DL320", message, "move the notebooks into it")
        elif not path.exists():
            yield Finding(
                "pyproject.toml", line, "DL322", f"the folder {given!r} does not exist", "correct `notebooks`"
            )
        elif not project.notebooks_in(given):
            message = f"no notebook with a [tool.daglab] header is in {given!r}"
            yield Finding("pyproject.toml", line, "DL322", message, "correct `notebooks`")


def key_findings(headers: Iterable[Header]) -> Iterator[Finding]:
    """Assets that two notebooks make."""
    makers: dict[str, str] = {}
    for header in headers:
        for variable in header.assets:
            key = header.key(variable)
            if key in makers and makers[key] != header.path:
                message = f"the asset {key!r} is made by {makers[key]} too"
                yield Finding(header.path, header.line_of("assets", variable, "key"), "DL300", message, "rename one")
            makers.setdefault(key, header.path)


def input_findings(
    headers: Sequence[Header], project: SourceProject, left_out: Collection[str] = ()
) -> Iterator[Finding]:
    """Upstream assets that no notebook makes and that are not declared external.

    ``left_out`` are the paths of notebooks that a build doesn't carry: only each other are their assets there for.
    """
    makers = {header.key(variable): header.path for header in headers for variable in header.assets}
    carried = {header.key(variable) for header in headers if header.path not in left_out for variable in header.assets}
    for header in headers:
        made = makers.keys() if header.path in left_out else carried
        for place, dep in header.model.upstream():
            if dep.key in made or any(fnmatchcase(dep.key, pattern) for pattern in project.options.external):
                continue
            message = f"nothing makes the asset {dep.key!r}"
            if dep.key in makers:
                message = (
                    f"nothing in the wheel makes the asset {dep.key!r}: {makers[dep.key]} is in none of its packages"
                )
                hint = "move that into one. Or, "
            else:
                near = did_you_mean(dep.key, made - {header.key(variable) for variable in header.assets})
                hint = f"{near} Or, " if near.startswith("did") else ""
            remedy = f'{hint}if other code provides it: external = ["{dep.key}"]'
            yield Finding(header.path, header.line_of(*place), "DL301", message, remedy)


def dependency_findings(notebook: Notebook, header: Header, project: SourceProject) -> Iterator[Finding]:
    """Requirements of a notebook's header that the project doesn't have, if its dependencies are known."""
    if project.dependencies is None:
        return
    for requirement in uncovered(header.dependencies, project.dependencies):
        message = f"{requirement!r} is missing from the project's dependencies"
        line = _dependencies_line(notebook.text, requirement)
        yield Finding(notebook.path, line, "DL302", message, "add it to `dependencies` in pyproject.toml")


def _dependencies_line(text: str, requirement: str) -> int:
    """The line of the header that names the requirement."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.startswith("#") and (f'"{requirement}"' in line or f"'{requirement}'" in line):
            return number
    return 1
