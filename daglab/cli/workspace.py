"""``daglab workspace``: Dagster's workspace.yaml, of the code locations that are installed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from daglab.cli.output import JsonOption, Output, QuietOption
from daglab.errors import ConfigError, ExistingFileError, ExitCode

FILE_NAME = "workspace.yaml"
_HEAD = "# The code locations that are installed here: `daglab workspace --write`\n"

WriteOption = Annotated[bool, typer.Option("--write", help=f"Write {FILE_NAME} into the current folder.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace another one; a backup is kept.")]


@dataclass(frozen=True)
class InstalledLocation:
    """A code location of an installed distribution: its name and its module, such as ``shop.definitions``."""

    name: str
    module: str
    distribution: str


def workspace(
    write: WriteOption = False, force: ForceOption = False, as_json: JsonOption = False, quiet: QuietOption = False
) -> ExitCode:
    """Print, or write, a workspace.yaml with the code locations that are installed; exit code 3 without any.

    They are the entry points of the group daglab.code_locations, which the build hook gives to every wheel. Exit code
    8: another workspace.yaml is there. With --json: {"path", "written", "backup", "locations": [{"name", "module",
    "distribution"}]}, where path and backup are null for what was not written.
    """
    out = Output(as_json, quiet)
    locations = installed_locations()
    if not locations:
        out.result(_document(locations), [])
        out.note("no installed package is a code location: install a wheel that `hatch build` has made", "yellow")
        return ExitCode.ENVIRONMENT
    text = workspace_yaml(locations)
    if not write:
        out.result(_document(locations), text.splitlines())
        return ExitCode.OK
    path = Path(FILE_NAME).absolute()
    written, backup = _write(path, text.encode(), force=force)
    out.result(_document(locations, path, written=written, backup=backup), [str(path)])
    if backup is not None:
        out.note(f"what was replaced is in the backups: daglab backups show {backup.name[:24]}", "dim")
    out.note(f"{len(locations)} code location{'s' if len(locations) > 1 else ''}{'' if written else '; up to date'}")
    return ExitCode.OK


def installed_locations() -> list[InstalledLocation]:
    """All that are installed, sorted by name; nothing of them is imported.

    Raises:
        ConfigError: two distributions have different ones of one name, which Dagster could not tell apart.
    """
    from daglab.notebook.installed import GROUP

    found: dict[str, InstalledLocation] = {}
    for distribution in metadata.distributions():
        for entry in distribution.entry_points.select(group=GROUP):
            location = InstalledLocation(entry.name, entry.module, distribution.metadata["Name"])
            known = found.setdefault(entry.name, location)  # the first on the path is what Python imports
            if known.module != location.module:
                raise ConfigError(
                    f"{known.distribution} and {location.distribution} both have a code location {entry.name}",
                    remedy="uninstall one of them, or rename its package",
                )
    return [found[name] for name in sorted(found)]


def workspace_yaml(locations: list[InstalledLocation]) -> str:
    """The text of a workspace.yaml that loads them."""
    import yaml

    modules = [{"python_module": {"module_name": x.module, "location_name": x.name}} for x in locations]
    return _HEAD + yaml.safe_dump({"load_from": modules}, sort_keys=False)


def _write(path: Path, data: bytes, *, force: bool) -> tuple[bool, Path | None]:
    """Whether the file had to be written, and the backup of another one that was there."""
    from daglab import files
    from daglab.cli.pair import refuse_read_only
    from daglab.config_sources import find_root
    from daglab.pair.locate import backups_of

    refuse_read_only([path])
    before = files.read(path)
    if before.data == data:
        return False, None
    if before.data is not None and not before.data.startswith(_HEAD.encode()) and not force:
        raise ExistingFileError(f"another {path} is there", remedy="--force replaces it, and keeps a backup")
    root = find_root(path.parent)
    return True, files.replace(before, data, backups=backups_of(path, root)).backup


def _document(
    locations: list[InstalledLocation], path: Path | None = None, *, written: bool = False, backup: Path | None = None
) -> dict[str, object]:
    return {
        "path": path and str(path),
        "written": written,
        "backup": backup and str(backup),
        "locations": [asdict(location) for location in locations],
    }
