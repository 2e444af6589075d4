"""``daglab scaffold``: a pair of notebooks that explores an asset or a job."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daglab.cli.dagster_options import LocationOption, UrlOption, configuration
from daglab.cli.output import JsonOption, Output, QuietOption
from daglab.errors import (
    DaglabError,
    DagsterConnectionError,
    ExistingFileError,
    NotFoundError,
    ReadOnlyError,
    did_you_mean,
)

if TYPE_CHECKING:
    from daglab.config import Config
    from daglab.scaffold.notebook import ExploredAsset, ExploredJob

AssetOption = Annotated[str | None, typer.Option("--asset", "-a", metavar="KEY", help="An asset.", show_default=False)]
JobOption = Annotated[str | None, typer.Option("--job", "-j", metavar="NAME", help="A job.", show_default=False)]
TemplateOption = Annotated[
    str, typer.Option("--template", "-t", metavar="NAME", help="default, minimal, or one of the project's own.")
]
TitleOption = Annotated[
    str | None, typer.Option("--title", help="The notebook's; without it, what it explores.", show_default=False)
]
FilenameOption = Annotated[
    str | None,
    typer.Option(
        "--filename",
        metavar="FILE",
        help="A name in the folder for notebooks, or a path such as ./orders.py.",
        show_default=False,
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace what is there; a backup is kept.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", "-n", help="Show what would be written; write nothing.")]
_LOADING_SECONDS = 120.0


def scaffold(
    asset: AssetOption = None,
    job: JobOption = None,
    template: TemplateOption = "default",
    title: TitleOption = None,
    filename: FilenameOption = None,
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    location: LocationOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make a pair of notebooks, .py and .ipynb, that explores an asset or a job.

    What it explores is asked of the running Dagster; where none is, the project's code location is loaded in a process
    of its own. The pair goes into notebooks_dir of the configuration, else into the project's folder. The template
    default has cells for Dagster's health, the asset's value, launching a run with configuration, the same in-process,
    and recovery from a failure; minimal has the value, or the run of the job, alone. A project's own templates are
    .daglab/templates/NAME.py.j2. Exit code 8: a file is there already.

    With --json: {"py", "ipynb", "kind", "target", "template", "source", "backups", "dry_run"}, where kind is asset or
    job, and source is dagster or code-location.
    """
    if (asset is None) == (job is None):
        raise typer.BadParameter("name what to explore: --asset or --job, one of them")
    from daglab.new_pair import clear_place, is_taken, write_pair
    from daglab.pair import create_pair
    from daglab.scaffold.exploration import render_from
    from daglab.scaffold.notebook import variable_name

    out = Output(as_json, quiet)
    config = configuration(url)
    if config.read_only and not dry_run:
        raise ReadOnlyError("Nothing is written: daglab is set to read only.", remedy="set read_only to false")
    kind, name = ("asset", asset) if asset is not None else ("job", job or "")
    target, source = _target(kind, name, location, config, out)
    text = render_from(config.root, template, target, title)
    folder = config.root / (config.notebooks_dir or "")
    py = _place(filename, folder, f"explore_{variable_name(name.rpartition('/')[2])}.py")
    shown = os.path.relpath(py)
    backups: list[Path] = []
    remedy = "name another file: --filename, or replace it: --force"
    if dry_run and is_taken(py) and not force:
        raise ExistingFileError(f"{shown} or its .ipynb is there already.", remedy=remedy)
    if not dry_run:
        py.parent.mkdir(parents=True, exist_ok=True)
        if force and is_taken(py):
            backups = clear_place(py)
        write_pair(py, text, create_pair, shown=shown, remedy=remedy)
    document: dict[str, Any] = {"py": str(py), "ipynb": str(py.with_suffix(".ipynb")), "kind": kind, "target": name}
    document |= {"template": template, "source": source, "backups": list(map(str, backups)), "dry_run": dry_run}
    made = "would make" if dry_run else "made"
    out.result(document, [f"{made} {shown}", f"{made} {os.path.relpath(py.with_suffix('.ipynb'))}"])
    if backups:
        out.note("what was replaced is in the backups: daglab backups list", "dim")
    if not dry_run:
        out.note(f"open it: marimo edit {shlex.quote(shown)}")


def _place(filename: str | None, folder: Path, default: str) -> Path:
    """The .py; a bare name is one in the folder for notebooks."""
    if filename is None:
        return folder / default
    name = Path(filename)
    if name.name in ("", "..") or name.suffix not in ("", ".py", ".ipynb"):
        raise typer.BadParameter(f"{filename!r} is no name of a notebook: --filename orders.py")
    return ((Path.cwd() if os.sep in filename else folder) / name).with_suffix(".py")


def _target(
    kind: str, name: str, location: str | None, config: Config, out: Output
) -> tuple[ExploredAsset | ExploredJob, str]:
    """What is to be explored, and who told of it.

    Raises:
        NotFoundError: there is no such asset or job; the remedy names the nearest.
        ValidationError: several jobs have the name.
        DaglabError: Dagster answers with an error; or it is away, and the code location can't be loaded.
    """
    try:
        return _in_dagster(kind, name, location, config), "dagster"
    except DagsterConnectionError as error:
        out.note(f"{error.message} The code location is loaded in its place.", "dim")
        return _in_project(kind, name, config, error), "code-location"


def _in_dagster(kind: str, name: str, location: str | None, config: Config) -> ExploredAsset | ExploredJob:
    from daglab.client import BlockingDagsterClient
    from daglab.client.locations import find_job
    from daglab.scaffold.notebook import ExploredAsset, ExploredJob

    with BlockingDagsterClient(config.dagster) as client:
        if kind == "job":
            job = find_job(client.locations(), name, None, location)
            return ExploredJob(job.name, job.description or "", job.partitioned)
        found = client.definitions([name])
        if not found:
            known = [asset.key for asset in client.definitions()]
            raise NotFoundError(f"Dagster has no asset {name}.", remedy=did_you_mean(name, known))
        asset = found[0]
    return ExploredAsset(
        asset.key, asset.description or "", asset.dependencies, asset.partitioned, asset.materializable
    )


def _in_project(kind: str, name: str, config: Config, away: DagsterConnectionError) -> ExploredAsset | ExploredJob:
    from daglab.runs.code_location import loadable, probe
    from daglab.scaffold.notebook import ExploredAsset, ExploredJob

    target = loadable(config.root)
    outcome = probe(target, [], config.root, _LOADING_SECONDS)
    if "error" in outcome:
        raise DaglabError(
            f"{away.message} And the code location {target} cannot be loaded: {outcome['error']}",
            remedy="start Dagster (daglab dev), or correct the code location",
        )
    if kind == "job":
        jobs = {job["name"]: job for job in outcome["jobs"]}
        if name not in jobs:
            raise NotFoundError(f"The project has no job {name}.", remedy=did_you_mean(name, jobs))
        return ExploredJob(**{**jobs[name], "description": jobs[name]["description"] or ""})
    assets = {asset["key"]: asset for asset in outcome["assets"]}
    if name not in assets:
        raise NotFoundError(f"The project has no asset {name}.", remedy=did_you_mean(name, assets))
    return ExploredAsset(**{**assets[name], "description": assets[name]["description"] or ""})
