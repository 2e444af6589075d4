"""What a project's check has to say about pairs: halves that are not in sync, are missing, can't be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from daglab.errors import PairError
from daglab.notebook.check import Report, check_project
from daglab.notebook.findings import Finding
from daglab.notebook.secrets import jupyter_findings
from daglab.notebook.source_project import SourceProject
from daglab.pair.locate import pair_of
from daglab.pair.places import Places
from daglab.pair.sync import pair_status


def check_pairs(
    project: SourceProject,
    places: Places | None = None,
    *,
    jupyter: Iterable[Path] | None = None,
    paths: Iterable[Path] | None = None,
    is_carried: Callable[[Path], bool] = lambda _: True,
) -> Report:
    """:func:`daglab.notebook.check.check_project` with all that there is to say about its pairs."""
    places = places or Places()

    def half_of(path: Path) -> Path:
        try:
            return pair_of(path, places=places).ipynb
        except PairError:  # is among the findings
            return path.with_suffix(".ipynb")

    more = partial(pair_findings, places=places)
    return check_project(project, more, half_of=half_of, jupyter=jupyter, paths=paths, is_carried=is_carried)


def pair_findings(path: Path, project: SourceProject, places: Places | None = None) -> Iterator[Finding]:
    """Findings about the pair of a .py notebook, for :func:`daglab.notebook.check.check_project`.

    A notebook that was unpaired on purpose has none.
    """
    shown = project.shown(path)
    half = project.shown(path.with_suffix(".ipynb"))
    try:
        pair = pair_of(path, places=places)
        half = project.shown(pair.ipynb)
        status = pair_status(pair)
    except PairError as error:
        yield Finding(half, 1, "DL312", error.message, error.remedy or "make it readable")
        return
    if status.state == "half":
        if project.options.missing_ipynb == "error":
            yield Finding(shown, 1, "DL311", f"{half} is missing", f"daglab sync {shown}")
    elif status.state == "invalid":
        reason = status.reason.replace(str(status.ipynb), half)
        yield Finding(half, 1, "DL312", reason, "open it in Jupyter and save it, or delete it")
    elif status.state == "conflict":
        yield Finding(shown, 1, "DL310", f"{half} conflicts with it: {status.reason}", f"daglab sync {shown}")
    elif status.state not in ("in-sync", "unpaired"):
        yield Finding(shown, 1, "DL310", f"{half} is not in sync with it: {status.state}", f"daglab sync {shown}")
    keep, unpaired = project.options.outputs == "keep", status.state == "unpaired"
    try:
        text = pair.ipynb.read_text(encoding="utf-8", errors="replace")
    except OSError:  # is missing, or `invalid`, and told above
        return
    yield from jupyter_findings(text, half, sources=unpaired, outputs=keep)
