"""``daglab init``: daglab in a Dagster project that is there, or in a new one."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from daglab.cli.output import JsonOption, Output, QuietOption
from daglab.errors import ConfigError, DaglabError, ExitCode
from daglab.scaffold.project import ProjectTemplate

_TITLES: dict[ProjectTemplate, str] = {"standard": "The shop", "minimal": "Notebooks as assets"}

BootstrapOption = Annotated[
    Path | None, typer.Option("--bootstrap", metavar="DIR", help="Make a new project in DIR.", show_default=False)
]
TemplateOption = Annotated[
    ProjectTemplate | None,
    typer.Option("--template", help="Of a new project: a small shop, or one notebook alone.", show_default="standard"),
]
TitleOption = Annotated[
    str | None, typer.Option("--title", help="What a new project is called in its texts.", show_default=False)
]
ForceOption = Annotated[
    bool,
    typer.Option("--force", help="Replace settings that differ; make a new project in a folder that has files."),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", "-n", help="Tell what would be made and changed, and do nothing.")
]
PackageOption = Annotated[
    str | None,
    typer.Option("--package", metavar="NAME", help="The project's package; else it is found.", show_default=False),
]
# Installed first: the package lies in src/, where Dagster would not find it.
_NEXT = (
    "pip install -e . hatch",
    'export DAGSTER_HOME="$PWD/.dagster_home"',
    "daglab check",
    "hatch build",
    "dagster dev -m {package}.definitions",
)


class FolderNotEmptyError(DaglabError):
    """The folder for a new project has files already."""

    code = "folder-not-empty"
    exit_code = ExitCode.CONFLICT


def init(
    folder: Annotated[Path, typer.Argument(help="The folder of a Dagster project.")] = Path(),
    bootstrap: BootstrapOption = None,
    template: TemplateOption = None,
    title: TitleOption = None,
    package: PackageOption = None,
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Take daglab into a Dagster project, or make a new one with --bootstrap.

    A project is known by [tool.dg.project] or dg.toml, by [tool.dagster], by its workspace.yaml, or by a package with a
    definitions.py. It gets configuration, a folder for notebooks, the build hook, the requirement and lines in
    .gitignore; what is there stays, and what is changed is backed up. Again, it changes nothing.

    With --json: {"folder", "kind", "origin", "package", "module", "changed": [{"path", "changes": [...]}],
    "notes": [...], "dry_run"}; with --bootstrap {"folder", "package", "made": ["pyproject.toml", ...], "kept": [...],
    "dry_run"}.
    """
    output = Output(as_json, quiet)
    if bootstrap is None:
        if template or title:
            raise typer.BadParameter("--template and --title are for a new project: add --bootstrap DIR")
        _take_in(folder, package, output, force=force, dry_run=dry_run)
        return
    from daglab.cli.pair import refuse_read_only
    from daglab.scaffold.project import package_name

    if not dry_run:
        refuse_read_only([bootstrap])
    package = package_name(bootstrap.resolve().name) if package is None else package
    made, kept = make_project(
        bootstrap,
        title or _TITLES[template or "standard"],
        package,
        template or "standard",
        force=force,
        dry_run=dry_run,
    )
    document = {"folder": str(bootstrap), "package": package, "made": made, "kept": kept, "dry_run": dry_run}
    lines = [f"{'would make' if dry_run else 'made'} {bootstrap / path}" for path in made]
    output.result(document, [*lines, *(f"kept {bootstrap / path}, which was there" for path in kept)])
    if not dry_run:
        commands = [f"cd {_quoted(bootstrap)}", *(command.format(package=package) for command in _NEXT)]
        output.note("\n".join(("Next:", *(f"  {command}" for command in commands))))


def _take_in(folder: Path, package: str | None, output: Output, *, force: bool, dry_run: bool) -> None:
    from daglab import files
    from daglab.cli.pair import refuse_read_only
    from daglab.cli.pair_report import difference
    from daglab.pair.locate import backups_of
    from daglab.scaffold.existing import plan, recognise

    if not folder.is_dir():
        raise ConfigError(f"{folder} is no folder", remedy="name that of a project, or make one with --bootstrap")
    root = folder.absolute()
    project = recognise(root, package)
    wanted = plan(project, force=force)
    origin = os.path.relpath(project.origin, root) if project.origin.startswith("/") else project.origin
    output.note(f"{folder.resolve().name}: a project of Dagster's, by {origin.replace(str(root) + '/', '')}")
    if wanted.edits and not dry_run:
        refuse_read_only([root])
    lines = []
    for edit in wanted.edits:
        assert edit.after is not None
        name = os.path.relpath(edit.path, root)
        lines.append(f"{'would change' if dry_run else 'changed'} {name}: {'; '.join(edit.changes)}")
        if dry_run:
            before, after = ((data or b"").decode("utf-8", "replace") for data in (edit.before.data, edit.after))
            lines.extend(difference(Path(name), before, after, "now", "then"))
            continue
        edit.path.parent.mkdir(parents=True, exist_ok=True)
        files.replace(edit.before, edit.after, backups=backups_of(edit.path, root) if edit.before.data else None)
    document = {
        "folder": str(root),
        "kind": project.kind,
        "origin": project.origin,
        "package": str(project.package),
        "module": project.module,
        "changed": [{"path": os.path.relpath(e.path, root), "changes": e.changes} for e in wanted.edits],
        "notes": list(wanted.notes),
        "dry_run": dry_run,
    }
    output.result(document, lines)
    first = (
        f"Next: make a notebook in {project.notebooks}, with a header that says which assets it makes "
        "(docs/header.md). Until then a build has nothing of daglab's in it."
    )
    for note in (*wanted.notes, first if wanted.edits else "Nothing to change."):
        output.note(note)


def make_project(
    folder: Path, title: str, package: str, template: ProjectTemplate, *, force: bool = False, dry_run: bool = False
) -> tuple[list[str], list[str]]:
    """Write a new project; answers the paths that were made and those that were there and stay as they are.

    Raises:
        FolderNotEmptyError: the folder has files, and ``force`` is not given.
        ConfigError: ``package`` can't be the name of its package.
    """
    from daglab.pair import create_pair
    from daglab.project import HOME_FILES, HOME_NAME
    from daglab.scaffold.project import is_package_name, render_project

    if not is_package_name(package):
        raise ConfigError(
            f"{package!r} can't be the name of the project's package",
            remedy="small letters, digits and '_', and no module of Python's or of what the project needs",
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())) and not force:
        raise FolderNotEmptyError(f"{folder} is not empty", remedy="name a new folder, or add --force")
    made: list[str] = []
    kept: list[str] = []
    home = {PurePosixPath(HOME_NAME, name): text for name, text in HOME_FILES.items()}
    for path, text in {**render_project(title, package, template), **home}.items():
        (kept if (folder / path).exists() else made).append(path.as_posix())
        if not dry_run and not (folder / path).exists():
            _write(folder / path, text)
    for notebook in [path for path in made if path.endswith(".py") and "/notebooks/" in path]:
        half = notebook.removesuffix(".py") + ".ipynb"
        if not (folder / half).exists():
            made.append(half)
            if not dry_run:
                create_pair(folder / notebook)
    return made, kept


def _write(path: Path, text: str) -> None:
    from daglab import files

    path.parent.mkdir(parents=True, exist_ok=True)
    files.replace(files.read(path), text.encode("utf-8"))


def _quoted(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))
