"""``daglab pair``, ``unpair``, ``sync``, ``status``: notebook pairs from the command line."""

from __future__ import annotations

import difflib
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from daglab.cli.output import JsonOption, Output, QuietOption
from daglab.errors import ConfigError, DaglabError, ExitCode, PairError

if TYPE_CHECKING:
    from daglab.pair import Pair, PairStatus, SyncResult

Files = Annotated[list[Path], typer.Argument(help="Notebooks, .py or .ipynb.")]
Places = Annotated[
    list[Path] | None, typer.Argument(help="Notebooks or folders; without any, the current folder.", show_default=False)
]
_STYLES = {"in-sync": "green", "conflict": "red", "invalid": "red", "unpaired": "dim"}


def pair(
    paths: Files,
    jupytext: Annotated[
        bool, typer.Option("--jupytext", help="Pair them for jupytext as well: its formats go into the .ipynb.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> ExitCode:
    """Make notebooks pairs: write the half that each lacks, or join two halves that are there.

    With --json: {"pairs": [{"py", "ipynb", "state", "reason", "conflicts", "synced", "written", "backups"}]}, where
    state is the one before.
    """
    from daglab.pair import create_pair

    _refuse_read_only(paths)
    out = Output(as_json, quiet)
    results = [create_pair(path, jupytext=jupytext) for path in out.counted(paths, "pairing")]
    out.result({"pairs": [result.to_json() for result in results]}, _synced(results))
    return _sync_code(results, [])


def unpair(
    paths: Files,
    delete_half: Annotated[
        bool, typer.Option("--delete-half", help="Delete the other half of each named notebook; a backup is kept.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask before deleting.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Take pairs apart: the .ipynb forgets its .py, and both stay as they are.

    With --json: {"changed": [paths]}.
    """
    from daglab.pair import pair_of
    from daglab.pair import unpair as take_apart
    from daglab.pair.jupytext_pairs import pairing_config

    _refuse_read_only(paths)
    if delete_half and not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter("--delete-half deletes files: say --yes")
        typer.confirm(f"Delete the other half of {', '.join(map(str, paths))}?", abort=True, err=True)
    out = Output(as_json, quiet)
    pairs = [pair_of(path) for path in paths]
    changed = [str(file) for path in paths for file in take_apart(path, delete_half=delete_half)]
    out.result({"changed": changed}, changed)
    for one in pairs:
        if config := pairing_config(one):
            out.note(f"jupytext still pairs {one.py} with {one.ipynb}: {config} says so", "yellow")


def sync(
    paths: Places = None,
    prefer: Annotated[
        Literal["py", "ipynb"] | None, typer.Option(help="Decide all conflicts for this half; backups are kept.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show what would change; write nothing.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> ExitCode:
    """Bring the edits of each half of a pair to the other; exit 8 when both edited one cell differently.

    With --json: {"pairs": [{"py", "ipynb", "state", "reason", "conflicts", "synced", "written", "backups",
    "dry_run"}]}, where state is the one before; what fails has {"py", "ipynb", "error"}.
    """
    from daglab.pair import sync as bring_together

    if not dry_run:
        _refuse_read_only(paths or [Path()])
    out = Output(as_json, quiet)
    pairs = _pairs(paths)
    results, failed = _each(pairs, lambda p: bring_together(p, prefer=prefer, dry_run=dry_run), out, "syncing")
    document = {"pairs": [result.to_json() for result in results] + [_failure(p, error) for p, error in failed]}
    out.result(document, _diffs(results) if dry_run else _synced(results))
    for _, error in failed:
        out.note(f"error: {error}", "red")
    if not results and not failed:
        out.note("no pairs here (daglab pair NOTEBOOK makes one)")
    return _sync_code(results, [error for _, error in failed])


def status(
    paths: Places = None,
    check: Annotated[bool, typer.Option("--check", help="Exit 7 when a pair is not in sync.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> ExitCode:
    """Show the state of pairs; nothing is written.

    States: in-sync, py-ahead, ipynb-ahead, both-ahead, conflict, half, unpaired, invalid. With --json: {"pairs":
    [{"py", "ipynb", "state", "reason", "conflicts"}], "summary": {state: number}}.
    """
    from daglab.pair import pair_status

    out = Output(as_json, quiet)
    found, failed = _each(_pairs(paths), pair_status, out, "reading")
    if failed:
        raise failed[0][1]
    summary = dict(Counter(one.state for one in found))
    out.result({"pairs": [one.to_json() for one in found], "summary": summary}, map(_line, found))
    if not found:
        out.note("no pairs here (daglab pair NOTEBOOK makes one)")
    return ExitCode.VALIDATION if check and set(summary) - {"in-sync", "unpaired"} else ExitCode.OK


def _pairs(paths: Sequence[Path] | None) -> list[Pair]:
    """The pairs that are meant, each once."""
    from daglab.pair import find_pairs, pair_of

    pairs: dict[Path, Pair] = {}
    for path in paths or [Path()]:
        if path.is_dir():
            pairs |= {found.ipynb: found for found in find_pairs(path)}
        else:
            named = pair_of(path)
            if not named.py.exists() and not named.ipynb.exists():
                raise PairError(f"{path} does not exist")
            pairs[named.ipynb] = named
    return list(pairs.values())


def _each(
    pairs: Sequence[Pair], work: Callable[[Pair], Any], out: Output, label: str
) -> tuple[list[Any], list[tuple[Pair, DaglabError]]]:
    """Do ``work`` on each pair; one that fails doesn't keep the others from it."""
    results, failed = [], []
    for one in out.counted(pairs, label):
        try:
            results.append(work(one))
        except DaglabError as error:
            failed.append((one, error))
    return results, failed


def _failure(pair: Pair, error: DaglabError) -> dict[str, Any]:
    return {"py": str(pair.py), "ipynb": str(pair.ipynb), **error.to_json()}


def _sync_code(results: Sequence[SyncResult], errors: Sequence[DaglabError]) -> ExitCode:
    states = {result.before.state for result in results}
    codes = {error.exit_code for error in errors}
    if "conflict" in states or ExitCode.CONFLICT in codes:
        return ExitCode.CONFLICT
    if errors:
        return errors[0].exit_code
    return ExitCode.VALIDATION if "invalid" in states else ExitCode.OK


def _line(one: PairStatus) -> str:
    from daglab.cli.output import styled

    named = one.py if one.py.exists() else one.ipynb
    reason = f"  {one.reason}" if one.reason else ""
    return f"{styled(f'{one.state:<11}', _STYLES.get(one.state, 'yellow'), sys.stdout)} {named}{reason}"


def _synced(results: Sequence[SyncResult]) -> Iterator[str]:
    for result in results:
        if result.written:
            yield f"{result.before.state:<11} {result.before.py}  wrote {', '.join(p.name for p in result.written)}"
        elif result.before.state != "in-sync":
            yield _line(result.before)
        for backup in result.backups:
            yield f"            backup: {backup}"
        yield from _conflicts(result)


def _conflicts(result: SyncResult) -> Iterator[str]:
    for conflict in result.before.conflicts:
        place = f"{result.before.py}:{conflict.line}" if conflict.line else str(result.before.ipynb)
        yield f"  {place}: {conflict.label}: {conflict.reason}"
        before = (conflict.py or "").splitlines()
        yield from (
            f"    {line}"
            for line in difflib.unified_diff(before, (conflict.ipynb or "").splitlines(), "py", "ipynb", lineterm="")
        )
    if result.before.state == "conflict":
        yield "  nothing was written; daglab sync --prefer py (or ipynb) decides for one half"


def _diffs(results: Sequence[SyncResult]) -> Iterator[str]:
    for result in results:
        for path, before, after in result.texts:
            lines = difflib.unified_diff(before.splitlines(), after.splitlines(), str(path), str(path), lineterm="")
            yield from lines
        if not result.texts and result.before.state != "in-sync":
            yield _line(result.before)
        yield from _conflicts(result)


def _refuse_read_only(paths: Sequence[Path]) -> None:
    from daglab.config import load_config

    first = paths[0]
    if load_config(first if first.is_dir() else first.absolute().parent).read_only:
        raise ConfigError("the configuration says read_only", remedy="set read_only: false to let daglab write files")
