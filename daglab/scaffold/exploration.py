"""Renders explorations of an asset or a job, from daglab's templates or the project's own."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

from daglab.errors import DaglabError, did_you_mean
from daglab.notebook.cells import parse_notebook
from daglab.scaffold.notebook import ExploredAsset, ExploredJob, exploration_values
from daglab.scaffold.rendering import SUFFIX, TEMPLATES, TemplateError, environment

FOLDER = Path(".daglab") / "templates"
"""Where a project's own templates are, ``NAME.py.j2``."""
_ENDING = f".py{SUFFIX}"
_OWN = {
    ("default", "asset"): "default",
    ("default", "job"): "default",
    ("minimal", "asset"): "explore",
    ("minimal", "job"): "explore_job",
}


def render_from(root: Path, template: str, target: ExploredAsset | ExploredJob, title: str | None) -> str:
    """The .py of a notebook that explores ``target``.

    Args:
        root: the project's folder; a template of its own takes the place of daglab's of the same name.
        template: ``default``, ``minimal``, or the name of one of the project's own.
        target: what it explores.
        title: the notebook's; None: called after the target.

    Raises:
        TemplateError: there is no such template, it can't be rendered, or what it gives is no marimo notebook.
    """
    values = exploration_values(target, title)
    names = sorted(path.name.removesuffix(_ENDING) for path in (root / FOLDER).glob(f"*{_ENDING}"))
    if template in names:
        path = root / FOLDER / f"{template}{_ENDING}"
    elif own := _OWN.get((template, values["kind"])):
        path = TEMPLATES / "notebooks" / f"{own}{_ENDING}"
    else:
        known = {*names, *(name for name, _ in _OWN)}
        raise TemplateError(
            f"There is no template {template!r} in {root / FOLDER}, nor one of daglab's own.",
            remedy=did_you_mean(template, known),
        )
    return _rendered(path, values)


def _rendered(path: Path, values: dict[str, Any]) -> str:
    from jinja2 import TemplateSyntaxError

    sandbox = environment()
    sandbox.trim_blocks = sandbox.lstrip_blocks = True
    try:
        code = sandbox.compile(path.read_text("utf-8"), filename=str(path))
        text = sandbox.template_class.from_code(sandbox, code, sandbox.make_globals(None)).render(values)
    except TemplateSyntaxError as error:
        raise TemplateError(f"{path}:{error.lineno}: {error.message}", remedy="correct the template") from error
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise TemplateError(f"{path} cannot be read: {why}") from error
    except Exception as error:  # whatever its expressions raise
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        place = f"{path}:{lines[-1]}" if lines else f"{path}"
        known = ", ".join(sorted(values))
        raise TemplateError(
            f"{place}: {type(error).__name__}: {error}", remedy=f"correct the template; it may insert {known}"
        ) from error
    try:
        parse_notebook(text, path)
    except DaglabError as error:
        raise TemplateError(
            f"{path} gives no marimo notebook: {error.message}", remedy="correct the template"
        ) from error
    return text
