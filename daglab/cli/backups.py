"""``daglab backups``: what syncs replaced or deleted, listed, shown and put back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daglab.cli.output import JsonOption, Output
from daglab.cli.pair_report import difference, text_lines

if TYPE_CHECKING:
    from daglab.pair.backups import Backup

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)
Name = Annotated[str, typer.Argument(help="The backup's name, or a part of it that no other has.")]


@app.callback()
def _backups() -> None:
    """List, show and restore what syncs replaced or deleted."""


@app.command("list")
def list_(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Only those of these files and folders.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the project's backups, the newest first.

    With --json: {"backups": [{"name", "file", "saved", "bytes", "path"}]}.
    """
    from daglab.pair.backups import list_backups

    out = Output(as_json)
    found = list_backups(_root(), paths or [])
    lines = (f"{b.name}  {b.saved.astimezone():%Y-%m-%d %H:%M:%S}  {b.size:>9,} B  {_short(b.file)}" for b in found)
    out.result({"backups": [backup.to_json() for backup in found]}, lines)
    if not found:
        out.note("no backups here")


@app.command()
def show(name: Name, as_json: JsonOption = False) -> None:
    """Show a backup: the text of a .py, the cells of an .ipynb.

    With --json: {"name", "file", "saved", "bytes", "path", "text"}.
    """
    backup = _backup(name)
    text = backup.text()
    Output(as_json).result({**backup.to_json(), "text": text}, text_lines(backup.file, text))


@app.command()
def restore(
    name: Name,
    to: Annotated[Path | None, typer.Option(help="Write it here instead of into its own file.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show what would change; write nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Put a backup back into its file.

    What is there now is backed up first. A sync brings what is put back to the other half.

    With --json: {"name", "file", "saved", "bytes", "path", "written", "backup"}.
    """
    from daglab import files
    from daglab.cli.pair import refuse_read_only
    from daglab.pair.backups import restore as put_back

    out, backup = Output(as_json), _backup(name)
    target = _short(to or backup.file)
    if dry_run:
        now = (files.read(target).data or b"").decode("utf-8", "replace")
        lines = difference(target, now, backup.text(), "now", f"backup {backup.name}")
        out.result({**backup.to_json(), "written": None, "backup": None}, lines)
        return
    refuse_read_only([target])
    kept = put_back(backup, _root(), to=to)
    document = {**backup.to_json(), "written": str(target), "backup": str(kept) if kept else None}
    out.result(document, [f"restored {target} to its text of {backup.saved.astimezone():%Y-%m-%d %H:%M:%S}"])
    out.note(f"daglab sync {target} brings it to the other half")


def _backup(name: str) -> Backup:
    from daglab.pair.backups import find_backup

    return find_backup(_root(), name)


def _root() -> Path:
    from daglab.config_sources import find_root

    return find_root(Path.cwd())


def _short(path: Path) -> Path:
    return Path(os.path.relpath(path))
