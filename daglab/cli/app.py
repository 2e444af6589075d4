"""The ``daglab`` application: lazily loaded commands, and the one place where an error becomes an exit code."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from daglab import __version__
from daglab.cli.commands import COMMANDS
from daglab.cli.output import print_error, print_json
from daglab.errors import DaglabError, ExitCode, did_you_mean

# Typer carries click's exceptions, older ones import click; both through this public class.
ClickError: Any = typer.BadParameter.__mro__[2]
SETTINGS = {"help_option_names": ["-h", "--help"]}


class Terminated(BaseException):
    """SIGTERM arrived: unwind, so that children end and no file is left half-written."""


class LazyGroup(TyperGroup):
    """The table of commands as a Typer group: listing costs no import, running one imports that one."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All commands, in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """What help and completion show of a command; nothing is imported."""
        entry = COMMANDS.get(cmd_name)
        return TyperCommand(cmd_name, help=entry.help, short_help=entry.help) if entry else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command to run, imported."""
        name = args[0]
        if name in COMMANDS:
            return name, COMMANDS[name].load(name, SETTINGS), args[1:]
        if ctx.resilient_parsing:
            return None, None, args[1:]
        return ctx.fail(f"There is no command {name!r}: {did_you_mean(name, COMMANDS)}")


app = typer.Typer(
    cls=LazyGroup,
    context_settings=SETTINGS,
    rich_markup_mode=None,  # plain help: Rich alone would take half of the time that `daglab --help` may
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"daglab {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _daglab(
    ctx: typer.Context,
    version: Annotated[  # noqa: ARG001 (the callback answers)
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """The notebook is the asset: marimo and Jupyter notebook pairs as Dagster assets."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), err=True)
        raise typer.Exit(ExitCode.USAGE)


def run(args: Sequence[str]) -> int:
    """Run ``daglab`` with ``args``; answer its exit code, after the error was told."""
    as_json = "--json" in args[: args.index("--")] if "--" in args else "--json" in args
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        result = typer.main.get_command(app).main(list(args), prog_name="daglab", standalone_mode=False)
        sys.stdout.flush()
        return int(result or ExitCode.OK)
    except DaglabError as error:
        print_error(error, as_json=as_json)
        return error.exit_code
    except ClickError as error:
        if as_json:
            message = {"code": "usage", "message": error.format_message(), "remedy": "daglab --help", "details": {}}
            print_json({"error": message}, indent=None)
        else:
            error.show()
        return int(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("interrupted", err=True)
        return ExitCode.INTERRUPTED
    except Terminated:
        typer.echo("terminated", err=True)
        return ExitCode.TERMINATED
    except BrokenPipeError:
        _discard_stdout()
        return ExitCode.FAILURE
    except Exception as error:
        traceback.print_exc()
        if as_json:
            text = f"unexpected {type(error).__name__}: {error}"
            print_json({"error": {"code": "internal", "message": text, "remedy": "", "details": {}}}, indent=None)
        return ExitCode.FAILURE
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(_number: int, _frame: object) -> NoReturn:
    raise Terminated


def _discard_stdout() -> None:
    """Let the interpreter's last flush of a closed pipe (``daglab status | head``) go nowhere."""
    import os

    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
