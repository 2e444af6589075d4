"""``daglab pair``, ``unpair``, ``sync``, ``status``: notebook pairs from the command line."""

from __future__ import annotations

import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from daglab.cli.output import JsonOption, Output, QuietOption, print_error
from daglab.cli.pair_report import diff_lines, refused_lines, state_lines, sync_lines
from daglab.errors import ConfigError, DaglabError, ExitCode, PairError

if TYPE_CHECKING:
    from daglab.pair import Pair, SyncResult
    from daglab.pair.merge import Side
    from daglab.pair.watched import WatchEvent

Files = Annotated[list[Path], typer.Argument(help="Notebooks, .py or .ipynb.")]
Places = Annotated[
    list[Path] | None, typer.Argument(help="Notebooks or folders; without any, the current folder.", show_default=False)
]


Prefer = Annotated[
    Literal["py", "ipynb"] | None, typer.Option(help="Decide all other conflicts for this half; backups are kept.")
]
Resolve = Annotated[
    list[str] | None,
    typer.Option(metavar="CELL=py|ipynb", help="Decide the conflict of one cell; may be given again."),
]


def pair(
    paths: Files,
    prefer: Prefer = None,
    resolve: Resolve = None,
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

    refuse_read_only(paths)
    out = Output(as_json, quiet)
    work = partial(create_pair, prefer=prefer, resolve=_decisions(resolve or [], paths), jupytext=jupytext)
    results, failed = _each(paths, work, out, "pairing")
    lines = [*sync_lines(results, "pair", resolve or [])]
    lines += [line for result in results for line in refused_lines(result.before)]
    out.result({"pairs": [*(result.to_json() for result in results), *map(_failure, failed)]}, lines)
    return _end(results, failed)


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

    refuse_read_only(paths)
    if delete_half and not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter("--delete-half deletes files: say --yes")
        typer.confirm(f"Delete the other half of {', '.join(map(str, paths))}?", abort=True, err=True)
    out = Output(as_json, quiet)
    pairs = [pair_of(path) for path in paths]
    changed = [file for path in paths for file in take_apart(path, delete_half=delete_half)]
    lines = (f"{file} is no longer paired" if file.exists() else f"deleted {file}" for file in changed)
    out.result({"changed": [str(file) for file in changed]}, lines)
    if not changed:
        out.note("nothing to take apart: they are unpaired")
    for one in pairs:
        if config := pairing_config(one):
            out.note(f"jupytext still pairs {one.py} with {one.ipynb}: {config} says so", "yellow")


def sync(
    paths: Places = None,
    prefer: Prefer = None,
    resolve: Resolve = None,
    keep_outputs: Annotated[
        bool, typer.Option("--keep-outputs", help="Keep outputs of cells whose source changes, marked stale.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show what would change; write nothing.")] = False,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on syncing as files change, until Ctrl-C.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> ExitCode:
    """Bring the edits of each half of a pair to the other; exit 8 when both edited one cell differently.

    With --json: {"pairs": [{"py", "ipynb", "state", "reason", "conflicts", "synced", "written", "backups",
    "dry_run"}]}, where state is the one before; what fails has {"py", "ipynb", "error"}. With --watch one such pair
    a line, as it happens, with "event": synced, conflict, invalid, error, or resolved when one of these is over.
    """
    from daglab.pair import sync as bring_together

    if watch and (dry_run or resolve):
        raise typer.BadParameter("--watch goes on writing: give neither --dry-run nor --resolve with it")
    if not dry_run:
        refuse_read_only(paths or [Path()])
    out = Output(as_json, quiet)
    if watch:
        _watch(paths or [Path()], prefer, out, keep_outputs=keep_outputs)
    pairs, lost = _pairs(paths)
    decided = _decisions(resolve or [], pairs)
    work = partial(bring_together, prefer=prefer, resolve=decided, keep_outputs=keep_outputs, dry_run=dry_run)
    results, failed = _each(pairs, work, out, "syncing")
    failed = lost + failed
    document = {"pairs": [*(result.to_json() for result in results), *map(_failure, failed)]}
    pairs_only = [result for result in results if result.before.state != "unpaired"]
    given = resolve or []
    out.result(document, diff_lines(pairs_only, given) if dry_run else sync_lines(pairs_only, "sync", given))
    for result in results:
        if result.before.state == "unpaired":
            out.note("\n".join(state_lines(result.before)))
    if not results and not failed:
        out.note("no pairs here (daglab pair NOTEBOOK makes one)")
    if backups := sum(len(result.backups) for result in results):
        out.note(f"what was replaced is in the backups ({backups} new): daglab backups list", "dim")
    elif pairs_only and all(result.before.state == "in-sync" and not result.written for result in pairs_only):
        out.note(f"{len(pairs_only)} pair{'s' if len(pairs_only) > 1 else ''} in sync", "dim")
    return _end(results, failed)


def _watch(paths: Sequence[Path], prefer: Side | None, out: Output, *, keep_outputs: bool) -> NoReturn:
    """Sync and tell until a signal ends it: SIGINT at once, SIGTERM after the sync that is being done."""
    from daglab.pair import sync as bring_together
    from daglab.pair.watch import watch
    from daglab.pair.watched import WatchedPairs

    stop = threading.Event()
    # Raised within watchfiles, the exception of daglab's own handler would become a KeyboardInterrupt.
    before = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    out.note(f"watching {', '.join(map(str, paths))}; Ctrl-C ends it")
    pairs = WatchedPairs(partial(bring_together, prefer=prefer, keep_outputs=keep_outputs))
    try:
        for event in watch(paths, pairs, stop=stop):
            out.event(event.to_json(), _told(event))
    finally:
        signal.signal(signal.SIGTERM, before)
    signal.raise_signal(signal.SIGTERM)
    raise AssertionError("SIGTERM is handled by raising")


def _told(event: WatchEvent) -> Iterator[str]:
    if event.result is None:
        yield f"error       {event.pair.py}  {event.error}"
        return
    if event.resolved:
        yield f"resolved    {event.pair.py}"
    yield from sync_lines([event.result])


def status(
    paths: Places = None,
    check: Annotated[bool, typer.Option("--check", help="Exit 7 when a pair is not in sync.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> ExitCode:
    """Show the state of pairs, and what marimo will refuse to run of them; nothing is written.

    States: in-sync, py-ahead, ipynb-ahead, both-ahead, conflict, half, unpaired, invalid. With --json: {"pairs":
    [{"py", "ipynb", "state", "reason", "conflicts", "refused"}], "summary": {state: number}}.
    """
    from daglab.pair import pair_status

    out = Output(as_json, quiet)
    pairs, lost = _pairs(paths)
    found, failed = _each(pairs, partial(pair_status, refused=True), out, "reading")
    failed = lost + failed
    summary = dict(Counter(one.state for one in found))
    out.result(
        {"pairs": [*(one.to_json() for one in found), *map(_failure, failed)], "summary": summary},
        [line for one in found for line in state_lines(one)],
    )
    if not found and not failed:
        out.note("no pairs here (daglab pair NOTEBOOK makes one)")
    elif len(found) > 1:
        out.note(", ".join(f"{count} {state}" for state, count in summary.items()), "dim")
    code = _end([], failed)
    if code == ExitCode.OK and check and set(summary) - {"in-sync", "unpaired"}:
        return ExitCode.VALIDATION
    return code


def _pairs(paths: Sequence[Path] | None) -> tuple[list[Pair], list[Failed]]:
    """The pairs that are meant, each once, and what is none."""
    from daglab.pair import find_pairs, pair_of

    pairs: dict[Path, Pair] = {}
    failed: list[Failed] = []
    for path in paths or [Path()]:
        try:
            if path.is_dir():
                pairs |= {found.ipynb: found for found in find_pairs(path)}
            else:
                named = pair_of(path)
                if not named.py.exists() and not named.ipynb.exists():
                    raise PairError(f"{path} does not exist")
                pairs[named.ipynb] = named
        except PairError as error:
            failed.append((path, error))
    return list(pairs.values()), failed


def _decisions(given: Sequence[str], pairs: Sequence[Pair | Path]) -> dict[str, Side]:
    """``CELL=py`` or ``CELL=ipynb``, for the one pair that is named."""
    if given and len(pairs) != 1:
        raise typer.BadParameter("--resolve decides for one pair: name its notebook")
    decided: dict[str, Side] = {}
    for choice in given:
        cell, _, side = choice.rpartition("=")
        if not cell or side not in ("py", "ipynb"):
            raise typer.BadParameter(f"{choice!r} is no decision: --resolve CELL=py or --resolve CELL=ipynb")
        decided[cell] = "py" if side == "py" else "ipynb"
    return decided


Failed = tuple[Any, DaglabError]  # what was worked on, a path or a pair, and why it failed


def _each(items: Sequence[Any], work: Callable[[Any], Any], out: Output, label: str) -> tuple[list[Any], list[Failed]]:
    """Do ``work`` on each item; one that fails doesn't keep the others from it."""
    results, failed = [], []
    for one in out.counted(items, label):
        try:
            results.append(work(one))
        except DaglabError as error:
            failed.append((one, error))
    return results, failed


def _failure(failed: Failed) -> dict[str, Any]:
    item, error = failed
    about = {"path": str(item)} if isinstance(item, Path) else {"py": str(item.py), "ipynb": str(item.ipynb)}
    return about | error.to_json()


def _end(results: Sequence[SyncResult], failed: Sequence[Failed]) -> ExitCode:
    """Tell what failed, and decide the exit code."""
    for _, error in failed:
        print_error(error, as_json=False)
    states = {result.before.state for result in results}
    codes = [error.exit_code for _, error in failed]
    if "conflict" in states or ExitCode.CONFLICT in codes:
        return ExitCode.CONFLICT
    if codes:
        return codes[0]
    return ExitCode.VALIDATION if "invalid" in states else ExitCode.OK


def refuse_read_only(paths: Sequence[Path]) -> None:
    """Refuse to go on where the configuration says that nothing may be written.

    Raises:
        ConfigError: it does.
    """
    from daglab.config import load_config

    first = paths[0]
    if load_config(first if first.is_dir() else first.absolute().parent).read_only:
        raise ConfigError("the configuration says read_only", remedy="set read_only: false to let daglab write files")
