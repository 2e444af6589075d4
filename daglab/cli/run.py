"""``daglab run``: materialize assets or run a job, and follow it to its end."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daglab.cli.dagster_options import LocationOption, UrlOption, configuration
from daglab.cli.output import JsonOption, Output, QuietOption
from daglab.errors import ConfigError, DaglabError, ExitCode, NotebookError, ReadOnlyError

if TYPE_CHECKING:
    from daglab.config import Config

AssetsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--assets",
        "-a",
        metavar="SELECTION",
        help="Assets: a key, or Dagster's selection syntax; may be given again.",
        show_default=False,
    ),
]
JobOption = Annotated[str | None, typer.Option("--job", "-j", metavar="NAME", help="A job.", show_default=False)]
NotebookOption = Annotated[
    Path | None, typer.Option("--notebook", metavar="FILE", help="All assets of this notebook.", show_default=False)
]
PartitionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--partition",
        "--partitions",
        "-p",
        metavar="KEY",
        help="A partition; given again, they are launched as a backfill.",
        show_default=False,
    ),
]
RunConfigOption = Annotated[
    Path | None,
    typer.Option("--run-config", "-c", metavar="FILE", help="Run configuration, YAML or JSON.", show_default=False),
]
ConfigYamlOption = Annotated[
    str | None, typer.Option("--config-yaml", metavar="TEXT", help="Run configuration itself.", show_default=False)
]
TagOption = Annotated[
    list[str] | None,
    typer.Option("--tag", "--tags", metavar="KEY=VALUE", help="Of the run; may be given again.", show_default=False),
]
ValidateOption = Annotated[
    bool, typer.Option("--validate-only", help="Judge what would be run and its configuration; launch nothing.")
]
WaitOption = Annotated[bool, typer.Option("--wait/--no-wait", help="Follow it to its end, or only launch it.")]
TimeoutOption = Annotated[
    float | None, typer.Option("--timeout", min=0, help="Seconds that it may take; exit code 4.", show_default=False)
]
CancelOption = Annotated[bool, typer.Option("--cancel-on-timeout", help="Terminate it then; without this it goes on.")]
InProcessOption = Annotated[
    bool, typer.Option("--in-process", help="Run it here, in a process of its own, without a running Dagster.")
]
LogsOption = Annotated[bool, typer.Option("--logs", help="Print the whole log in place of the progress.")]

_PLAIN_KEY = re.compile(r"""[^\s"'()+:=*<>]+""")


@dataclass(frozen=True)
class Request:
    """What is to be run: a ``job``, or ``assets``, as keys or as a text in Dagster's selection syntax; and how.

    ``timeout`` is in seconds.
    """

    job: str | None
    assets: str | list[str]
    partitions: Sequence[str]
    config: Mapping[str, Any]
    tags: Mapping[str, str]
    location: str | None
    validate_only: bool
    wait: bool
    timeout: float | None
    cancel_on_timeout: bool
    logs: bool


def run(
    job: JobOption = None,
    assets: AssetsOption = None,
    notebook: NotebookOption = None,
    partition: PartitionOption = None,
    run_config: RunConfigOption = None,
    config_yaml: ConfigYamlOption = None,
    tag: TagOption = None,
    location: LocationOption = None,
    validate_only: ValidateOption = False,
    wait: WaitOption = True,
    timeout: TimeoutOption = None,
    cancel_on_timeout: CancelOption = False,
    in_process: InProcessOption = False,
    logs: LogsOption = False,
    url: UrlOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Materialize assets, or run a job, and follow it: its page in Dagster first, then steps and cells as they end.

    A running Dagster launches it. With --in-process the project's code location is loaded in a process of its own,
    which runs everything in the project's Dagster instance (DAGSTER_HOME, else .dagster_home): values, runs and
    events are where a Dagster that is started later finds them.

    At the end stdout has a line for each run: its id and status. Exit code 0: it succeeded; 4: it failed, was canceled
    or took too long; 5, 6: no Dagster, wrong credentials; 7: what is asked for is not valid. Ctrl-C at a terminal asks
    whether to terminate the run (130); SIGTERM (143), and Ctrl-C elsewhere, leave it and tell where it goes on. What
    runs --in-process ends with the command.

    With --json each line is an event: {"event": "launched", "run_id", "url", "job", "assets", "partition", "status",
    "launch_problem"}, {"event": "step", "run_id", "step", "state"}, {"event": "cell", "run_id", "step", "cell",
    "state", "seconds", "peak_mb"}, {"event": "materialized", "run_id", "step", "asset", "partition"}, {"event":
    "failure", "run_id", "step", "cell", "line", "message"}, {"event": "ended", "run_id", "status", "seconds"}; for
    several partitions {"event": "backfill", "backfill_id", "url", "partitions", "status"}, {"event": "run", "run_id",
    "partition", "status"} and {"event": "ended", "backfill_id", "status", "runs"}; with --logs {"event": "log",
    "run_id", "timestamp", "level", "kind", "step", "message"}; with --validate-only {"event": "validated", "faults":
    [{"path", "message", "reason"}]}; {"event": "lost", "message"} while Dagster is gone; {"event": "interrupted",
    "terminated"}; {"event": "error", "error": {"code", "message", "remedy", "details"}}.
    """
    if in_process and (not wait or url or location):
        raise typer.BadParameter("--in-process runs here: give neither --no-wait nor --url nor --location with it")
    if not wait and (timeout is not None or cancel_on_timeout or logs):
        raise typer.BadParameter("--no-wait does not follow it: give neither --timeout, --cancel-on-timeout nor --logs")
    if cancel_on_timeout and timeout is None:
        raise typer.BadParameter("--cancel-on-timeout needs a --timeout")
    if sum(bool(given) for given in (job, assets, notebook)) != 1:
        raise typer.BadParameter("name what to run: --job, --assets or --notebook, one of them")
    if run_config and config_yaml is not None:
        raise typer.BadParameter("--run-config and --config-yaml are two ways to say the same: give one of them")
    out = Output(as_json, quiet)
    try:
        request = Request(
            job=job,
            assets=_keys_of(notebook) if notebook else _selection(assets or []),
            partitions=list(dict.fromkeys(partition or [])),
            config=_config(run_config, config_yaml),
            tags=_tags(tag or []),
            location=location,
            validate_only=validate_only,
            wait=wait,
            timeout=timeout,
            cancel_on_timeout=cancel_on_timeout,
            logs=logs,
        )
        config = configuration(url, notebook.absolute().parent if notebook else None)
        if config.read_only and not validate_only:
            raise ReadOnlyError("Nothing is run: daglab is set to read only.", remedy="set read_only to false")
        return _start(request, config, out, in_process=in_process)
    except DaglabError as error:
        if not as_json:
            raise
        out.event({"event": "error", **error.to_json()}, ())  # a line, as all that came before it
        return error.exit_code


def _start(request: Request, config: Config, out: Output, *, in_process: bool) -> ExitCode:
    if in_process:
        from daglab.cli.run_here import run_here

        return run_here(request, config, out)
    from daglab.cli.run_there import run_there

    return run_there(request, config, out)


def tell_validated(faults: Sequence[Mapping[str, Any]], out: Output) -> ExitCode:
    """Tell what is wrong with a run's configuration: path, message and reason of each fault."""
    lines = [f"{'.'.join(fault['path']) or 'config'}: {fault['message']}" for fault in faults]
    out.event({"event": "validated", "faults": list(faults)}, lines)
    if faults:
        return ExitCode.VALIDATION
    out.note("valid", "green")
    return ExitCode.OK


def _selection(given: Sequence[str]) -> str | list[str]:
    """Keys where all are keys, so that an unknown one is told with the nearest; else one text."""
    if not all(text.strip() for text in given):
        raise typer.BadParameter("an empty --assets selects nothing: name a key, or a selection")
    if all(_PLAIN_KEY.fullmatch(text) for text in given):
        return list(given)
    if len(given) == 1:
        return given[0]
    return " or ".join(f'key:"{text}"' if _PLAIN_KEY.fullmatch(text) else f"({text})" for text in given)


def _keys_of(notebook: Path) -> list[str]:
    """The assets that the header of a notebook, or of its other half, names."""
    from daglab.notebook.header import read_header
    from daglab.pair import pair_of

    path = pair_of(notebook).py if notebook.suffix == ".ipynb" else notebook
    try:
        header = read_header(path.read_text(encoding="utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise NotebookError(f"{path} cannot be read: {why}", remedy="name a notebook, .py or .ipynb") from error
    if header is None or not header.assets:
        raise NotebookError(f"{path} makes no assets", remedy="add a [tool.daglab] header that names them")
    return [header.key(variable) for variable in header.assets]


def _config(file: Path | None, text: str | None) -> Mapping[str, Any]:
    """The run's configuration; JSON is YAML, too."""
    if file is None and text is None:
        return {}
    from daglab.runs.run_config import parse_run_config

    try:
        if file is not None:
            text = sys.stdin.read() if file == Path("-") else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {getattr(error, 'strerror', 'it is not UTF-8')}") from error
    return parse_run_config(text or "", str(file or "--config-yaml"))


def _tags(given: Sequence[str]) -> dict[str, str]:
    tags = {}
    for tag in given:
        key, equals, value = tag.partition("=")
        if not key or not equals:
            raise typer.BadParameter(f"{tag!r} is no tag: --tag KEY=VALUE")
        tags[key] = value
    return tags
