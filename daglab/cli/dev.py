"""``daglab dev``: Dagster and an editor of notebooks, started together and ended together."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from daglab.cli.output import JsonOption, Output, QuietOption
from daglab.errors import ConfigError, ValidationError

if TYPE_CHECKING:
    from types import FrameType

    from daglab.cli.dev_services import Services

_SPAN = 100
_JUPYTER_PORT = 8888
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Level = Literal["debug", "info", "warning", "error"]
NotebookOption = Annotated[
    Path | None, typer.Option("--notebook", metavar="FILE", help="Open this notebook.", show_default=False)
]
LabOption = Annotated[bool, typer.Option("--lab", help="JupyterLab in place of marimo.")]
DagsterPortOption = Annotated[
    int | None, typer.Option("--dagster-port", min=1, max=65535, help="Dagster's, and no other.", show_default=False)
]
EditorPortOption = Annotated[
    int | None,
    typer.Option("--marimo-port", min=1, max=65535, help="marimo's or JupyterLab's, and no other.", show_default=False),
]
RangeOption = Annotated[
    str | None,
    typer.Option("--port-range", metavar="FROM-TO", help="Take the first free ports of these.", show_default=False),
]
OpenOption = Annotated[bool, typer.Option("--open/--no-open", help="Open the browser, where there is a terminal.")]
EnvFileOption = Annotated[
    Path | None,
    typer.Option(
        "--env-file", metavar="FILE", help="Set its variables, except those that are set.", show_default=False
    ),
]
CiOption = Annotated[bool, typer.Option("--ci", help="End once all is ready; the exit code tells.")]
ReadOnlyOption = Annotated[bool, typer.Option("--read-only", help="daglab changes nothing in what is started.")]
LevelOption = Annotated[Level, typer.Option("--log-level", help="What the started programs tell.")]


def dev(
    notebook: NotebookOption = None,
    lab: LabOption = False,
    dagster_port: DagsterPortOption = None,
    editor_port: EditorPortOption = None,
    port_range: RangeOption = None,
    open_browser: OpenOption = True,
    env_file: EnvFileOption = None,
    ci: CiOption = False,
    read_only: ReadOnlyOption = False,
    level: LevelOption = "info",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Start Dagster with marimo, or with JupyterLab, until Ctrl-C; all of it ends with this command.

    Addresses are printed once everything answers and the code locations are loaded. What the programs write is told
    line by line on stderr, and kept in .daglab/logs. Exit code 1: one of them died; 3: one did not get ready; 7: a
    code location does not load (with --ci, else it is only said); 8: a port that was asked for is taken. With --json
    a line: {"event": "ready", "urls": {"dagster", "marimo" or "jupyter"}, "locations": [{"name", "error"}]}. The
    editor's address has its token in it, except with --ci.
    """
    out = Output(as_json, quiet)
    if env_file is not None:
        _load_variables(env_file)
    if read_only:
        os.environ["DAGLAB_READ_ONLY"] = "true"
    with _ended_once() as ending, ExitStack() as stack:
        try:
            services = _start(out, stack, notebook, lab, (dagster_port, editor_port), port_range, level)
            locations = services.locations()
            urls = services.urls if ci else services.urls | services.secret_urls
            document = [{"name": one.name, "error": one.error} for one in locations]
            names = {"jupyter": "JupyterLab", "dagster": "Dagster"}
            shown = [f"{names.get(name, name):<10}  {url}" for name, url in urls.items()]
            out.event({"event": "ready", "urls": urls, "locations": document}, shown)
            failed = [one for one in locations if one.error]
            for one in failed:
                out.error(f"The code location {one.name} does not load:\n{one.error}", "yellow")
            if ci:
                if failed:
                    raise ValidationError(
                        f"{', '.join(one.name for one in failed)}: the definitions do not load.",
                        remedy="the error above says where",
                    )
                return
            if open_browser and sys.stdout.isatty():
                _open(services)
            out.note("Ctrl-C ends both")
            services.follow()
        finally:
            ending()


def _start(
    out: Output,
    stack: ExitStack,
    notebook: Path | None,
    lab: bool,
    given: tuple[int | None, int | None],
    port_range: str | None,
    level: str,
) -> Services:
    from daglab.cli.dev_services import Services
    from daglab.config import load_config
    from daglab.pair import pair_of
    from daglab.project import Project

    config = load_config()
    project = Project.find(config=config)
    if notebook is not None:
        notebook = notebook.absolute()
        if not notebook.is_file() or not notebook.is_relative_to(project.root):
            raise ConfigError(f"There is no notebook {notebook} in {project.root}.", remedy="see --notebook")
        if not lab and notebook.suffix == ".ipynb":
            notebook = pair_of(notebook).py  # which marimo opens
            if not notebook.is_file():
                raise ConfigError(f"There is no {notebook} for marimo to open.", remedy="make it: daglab pair")

    def tell(name: str, line: str) -> None:
        out.note(f"{name:<7} | {line}", "dim")

    span = _range(port_range) if port_range else None
    if given[0] is not None and given[0] == given[1]:
        raise ConfigError("Both ports are the same.", remedy="give another --marimo-port")
    dagster_ports = (
        [given[0]] if given[0] else [port for port in span or _from(config.dagster.port) if port != given[1]]
    )
    wanted = _JUPYTER_PORT if lab else config.marimo.port
    editor_ports = [given[1]] if given[1] else span or _from(wanted)
    services = Services.of(project, level, stack, tell)
    out.note(f"Starting Dagster and {'JupyterLab' if lab else 'marimo'}")
    if lab:
        services.start_lab(notebook, editor_ports, dagster_ports)
        return services
    services.start_dagster(dagster_ports)
    taken = int(services.urls["dagster"].rpartition(":")[2])  # it may not listen yet
    folder = project.root / (config.notebooks_dir or "")
    services.start_marimo(
        notebook or (folder if folder.is_dir() else project.root),
        [port for port in editor_ports if port != taken],
    )
    out.note("marimo is ready; Dagster loads the code locations")
    return services


def _from(port: int) -> Sequence[int]:
    return range(port, min(port + _SPAN, 65536))


def _range(text: str) -> Sequence[int]:
    first, _, last = text.partition("-")
    if first.isdecimal() and last.isdecimal() and 0 < int(first) < int(last) < 65536:
        return range(int(first), int(last) + 1)
    raise ConfigError(f"--port-range {text} is no range of two ports or more.", remedy="such as --port-range 3000-3099")


def _load_variables(path: Path) -> None:
    from dotenv import load_dotenv

    if not path.is_file():
        raise ConfigError(f"There is no file {path}.", remedy="see --env-file")
    try:
        load_dotenv(path)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}", remedy="--env-file is text in UTF-8: NAME=value"
        ) from error


def _open(services: Services) -> None:
    """Open the editor by way of a page, because the arguments of a browser's process can be read by every user."""
    import html
    import webbrowser

    (url,) = services.secret_urls.values()
    page = services.private_folder() / "open.html"
    page.write_text(f'<meta http-equiv="refresh" content="0; url={html.escape(url)}">', "utf-8")
    webbrowser.open(page.as_uri())


@contextmanager
def _ended_once() -> Iterator[Callable[[], None]]:
    """Let a closed terminal end this process as SIGTERM does; after the yielded call, let no signal disturb the end."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def ending() -> None:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    if before[signal.SIGHUP] != signal.SIG_IGN:  # as nohup leaves it
        signal.signal(signal.SIGHUP, _hung_up)
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _hung_up(_number: int, _frame: FrameType | None) -> None:
    from daglab.cli.app import Terminated

    if sys.stderr.isatty():  # the terminal is gone: what would be written to it now would be an error
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
    raise Terminated
