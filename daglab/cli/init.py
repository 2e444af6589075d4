"""``daglab init``: a new project, with two notebooks to start from."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from daglab.cli.output import JsonOption, Output, QuietOption
from daglab.errors import ConfigError, DaglabError, ExitCode

BootstrapOption = Annotated[Path, typer.Option("--bootstrap", metavar="DIR", help="Make the new project in DIR.")]
TitleOption = Annotated[str, typer.Option("--title", help="What the project is called in its texts.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Use a folder that has files; those that exist are kept.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Tell what would be made, and make nothing.")]
PackageOption = Annotated[
    str | None, typer.Option("--package", metavar="NAME", help="The project's package; else it is named after DIR.")
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
    bootstrap: BootstrapOption,
    title: TitleOption = "The shop",
    package: PackageOption = None,
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make a new project: a small shop, with a plain Python asset and two notebooks that make assets from it.

    With --json: {"folder": "...", "package": "...", "made": ["pyproject.toml", ...], "kept": [...], "dry_run": false}.
    """
    from daglab.scaffold.project import package_name

    package = package_name(bootstrap.resolve().name) if package is None else package
    made, kept = make_project(bootstrap, title, package, force=force, dry_run=dry_run)
    output = Output(as_json, quiet)
    document = {"folder": str(bootstrap), "package": package, "made": made, "kept": kept, "dry_run": dry_run}
    lines = [f"{'would make' if dry_run else 'made'} {bootstrap / path}" for path in made]
    output.result(document, [*lines, *(f"kept {bootstrap / path}, which was there" for path in kept)])
    if not dry_run:
        commands = [f"cd {_quoted(bootstrap)}", *(command.format(package=package) for command in _NEXT)]
        output.note("\n".join(("Next:", *(f"  {command}" for command in commands))))


def make_project(
    folder: Path, title: str, package: str, *, force: bool = False, dry_run: bool = False
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
    for path, text in {**render_project(title, package), **home}.items():
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
