"""``daglab clean``: delete what daglab itself has made and nobody needs any more, after showing it."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daglab.cli.output import JsonOption, Output, QuietOption
from daglab.cli.pair import refuse_read_only
from daglab.errors import DaglabError, ExitCode

if TYPE_CHECKING:
    from daglab.config import Config
    from daglab.project import Project

_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw]?)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "": "days", "w": "weeks"}
_DEFAULT_DAYS = 30
_SHOWN = 20

Kept = list[tuple[str, str]]
"""What stays: its place, and the reason."""


def parse_age(text: str) -> timedelta:
    """``30d``, ``12h``, ``90m``, ``45s``, ``2w``, or a plain number of days."""
    match = _AGE.fullmatch(text.strip())
    if match is None:
        raise typer.BadParameter(f"{text!r} is no age; such as 30d, 12h or 90m")
    try:
        return timedelta(**{_UNITS[match[2]]: float(match[1])})
    except OverflowError:
        raise typer.BadParameter(f"{text!r} is older than anything") from None


OlderOption = Annotated[
    timedelta | None,
    typer.Option(
        "--older-than", metavar="AGE", parser=parse_age, show_default=False,
        help="Only what is older, such as 30d, 12h; 0d for all. Of executed notebooks and backups without it: 30d.",
    ),
]  # fmt: skip


@dataclass(frozen=True)
class Leftover:
    """One thing that can be deleted: its kind, where it is, its ``size`` in bytes, and how."""

    kind: str
    place: str
    size: int
    age: timedelta
    delete: Callable[[], object]

    def to_json(self) -> dict[str, Any]:
        """As JSON values; the age in seconds."""
        return {"kind": self.kind, "place": self.place, "bytes": self.size, "age": round(self.age.total_seconds())}


class NotConfirmedError(DaglabError):
    """Something would be deleted, and there is nobody to ask."""

    code = "not-confirmed"
    exit_code = ExitCode.USAGE


def clean(
    older_than: OlderOption = None,
    executed: Annotated[bool, typer.Option("--executed", help="Executed notebooks of runs.")] = False,
    cache: Annotated[
        bool, typer.Option("--cache", help="What is remembered of pairs; it comes back by itself.")
    ] = False,
    backups: Annotated[bool, typer.Option("--backups", help="Backups of what syncs replaced.")] = False,
    notebooks: Annotated[
        bool, typer.Option("--notebooks", help="Notebooks made from templates and never touched since.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show what would be deleted; delete nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> ExitCode:
    """Delete what daglab has made and nobody needs any more: nothing else, and not before it was shown.

    Without a kind: executed notebooks and backups older than 30 days. A user's file is never deleted, whatever its
    name: executed notebooks and remembered state say what they are, backups are named after what they hold, and of
    notebooks there is a manifest.

    What can't be read or deleted, or was changed meanwhile, stays, and the rest goes on: exit code 1.

    With --json: {"deleted": [{"kind", "place", "bytes", "age"}], "kept": [{"place", "reason"}], "bytes": 0, "dry_run":
    false}; ages in seconds.
    """
    from daglab.config import load_config
    from daglab.project import Project

    config = load_config()
    out = Output(as_json, quiet)
    asked = {"executed": executed, "cache": cache, "backups": backups, "notebooks": notebooks}
    kinds = [kind for kind, wanted in asked.items() if wanted] or ["executed", "backups"]
    kept: Kept = []
    project = Project.find(config=config)
    found = [left for kind in kinds for left in _FINDERS[kind](config, project, older_than, kept)]
    if found and not dry_run:
        refuse_read_only([config.root])
        _confirm(found, out, yes=yes)
    deleted = found if dry_run else []
    if not dry_run:
        for left in out.counted(found, "deleting"):
            try:
                left.delete()
                deleted.append(left)
            except (OSError, DaglabError) as error:
                kept.append((left.place, str(error)))
        if notebooks:
            from daglab.scaffold.made import forget_missing

            forget_missing(config.root)
    total = sum(left.size for left in deleted)
    document = {
        "deleted": [left.to_json() for left in deleted],
        "kept": [{"place": place, "reason": reason} for place, reason in kept],
        "bytes": total,
        "dry_run": dry_run,
    }
    out.result(document, (f"{'would delete' if dry_run else 'deleted'} {_line(left)}" for left in deleted))
    for place, reason in kept:
        out.error(f"kept {place}: {reason}")
    out.note(f"{len(deleted)} files, {_bytes(total)}" if found else "nothing to clean")
    return ExitCode.FAILURE if kept else ExitCode.OK


def _confirm(found: list[Leftover], out: Output, *, yes: bool) -> None:
    if yes:
        return
    if out.json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise NotConfirmedError(
            f"{len(found)} files would be deleted, and there is nobody to ask.",
            remedy="see them with --dry-run, then say --yes",
        )
    for left in found[:_SHOWN]:
        typer.echo(_line(left), err=True)
    if len(found) > _SHOWN:
        typer.echo(f"... and {len(found) - _SHOWN} more; --dry-run shows all", err=True)
    typer.confirm(f"Delete {len(found)} files, {_bytes(sum(left.size for left in found))}?", abort=True, err=True)


def _executed(config: Config, project: Project, older: timedelta | None, kept: Kept) -> Iterator[Leftover]:
    from daglab.storage import executed_stores

    def keep(error: DaglabError) -> None:
        kept.append((error.details["location"], str(error)))

    for store in executed_stores(config, project):
        for stored in store.stored(_default(older), keep):
            yield Leftover("executed", stored.location, stored.size, stored.age, partial(store.delete, stored))


def _backups(_config: Config, project: Project, older: timedelta | None, kept: Kept) -> Iterator[Leftover]:
    from daglab import files
    from daglab.errors import PairError
    from daglab.pair.backups import list_backups

    for backup in list_backups(project.root):
        age = datetime.now(timezone.utc) - backup.saved
        if age < _default(older):
            continue
        try:
            digest = files.read(backup.path).digest or ""
        except PairError as error:
            kept.append((str(backup.path), str(error)))
            continue
        # Its name has the digest's beginning: another file that happens to be named so is not deleted.
        if digest.startswith(backup.name[-8:]):
            yield Leftover("backup", str(backup.path), backup.size, age, partial(backup.path.unlink, missing_ok=True))


def _cache(_config: Config, project: Project, older: timedelta | None, _kept: Kept) -> Iterator[Leftover]:
    from daglab.pair.local_state import remembered_files

    for path in remembered_files(project.root):
        with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
            size, age = path.stat().st_size, _age_of(path)
            if age >= (older or timedelta(0)):
                yield Leftover("cache", str(path), size, age, partial(path.unlink, missing_ok=True))


def _notebooks(_config: Config, project: Project, older: timedelta | None, _kept: Kept) -> Iterator[Leftover]:
    from daglab import files
    from daglab.scaffold.made import untouched

    for notebook in untouched(project.root):
        age = min(_age_of(content.path) for content in notebook)  # both halves go, or none
        for content in notebook if age >= (older or timedelta(0)) else ():
            size = len(content.data or b"")
            yield Leftover("notebook", str(content.path), size, age, partial(files.remove, content))


_FINDERS = {"executed": _executed, "cache": _cache, "backups": _backups, "notebooks": _notebooks}


def _age_of(path: Path) -> timedelta:
    try:
        written = path.stat().st_mtime
    except FileNotFoundError:  # deleted meanwhile
        return timedelta.max
    return datetime.now(timezone.utc) - datetime.fromtimestamp(written, timezone.utc)


def _default(older: timedelta | None) -> timedelta:
    return timedelta(days=_DEFAULT_DAYS) if older is None else older


def _line(left: Leftover) -> str:
    place = left.place if "://" in left.place else os.path.relpath(left.place)
    return f"{left.kind:<8}  {_bytes(left.size):>8}  {_age(left.age):>6}  {place}"


def _age(age: timedelta) -> str:
    seconds = age.total_seconds()
    for unit, letter in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= unit:
            return f"{seconds // unit:.0f} {letter}"
    return f"{seconds:.0f} s"


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1_000:
            return f"{count:.0f} {unit}"
        count /= 1_000
    return f"{count:.1f} GB"
