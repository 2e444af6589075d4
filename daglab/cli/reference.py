"""docs/cli.md, made from the commands' own help."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import typer
from typer.models import ArgumentInfo, OptionInfo

from daglab.cli.commands import COMMANDS
from daglab.errors import ExitCode

_HEAD = """\
# The command line

Every command of `daglab`, as `daglab COMMAND --help` shows it. This page is generated:
`python -m daglab.cli.reference > docs/cli.md`.

Data goes to stdout, messages go to stderr; `--json` prints data and errors as JSON, an error as a line
`{"error": {"code", "message", "remedy", "details"}}`, and `--quiet` leaves the messages out. The shapes of all that is
printed as JSON are JSON Schemas in [cli.schema.json](cli.schema.json). `NO_COLOR` and whatever is no terminal get plain
lines. Nothing is asked where stdin is no terminal. `daglab --install-completion` completes commands and options in your
shell. Where Dagster is, and what else is set once: [configuration](configuration.md).
"""
_MEANINGS = {
    ExitCode.OK: "done",
    ExitCode.FAILURE: "failed, for what the message says",
    ExitCode.USAGE: "wrong arguments or configuration",
    ExitCode.ENVIRONMENT: "something that it needs is missing or didn't start",
    ExitCode.RUN_FAILED: "a run failed, was canceled or took too long",
    ExitCode.UNREACHABLE: "Dagster can't be reached",
    ExitCode.AUTHENTICATION: "Dagster, or a proxy before it, refuses the credentials",
    ExitCode.VALIDATION: "something is not valid: findings, a configuration, `status --check` out of sync",
    ExitCode.CONFLICT: "a conflict: both halves of a pair, a port, a file that is there",
    ExitCode.INTERRUPTED: "interrupted, by Ctrl-C",
    ExitCode.TERMINATED: "terminated, by SIGTERM",
}


def cli_page() -> str:
    """docs/cli.md, as it must be."""
    rows = [f"| {int(code)} | {_MEANINGS[code]} |" for code in ExitCode]
    parts = [_HEAD, "## Exit codes", "\n".join(["| code | meaning |", "|---|---|", *rows])]
    for name, entry in COMMANDS.items():
        module, _, attribute = entry.target.partition(":")
        loaded = getattr(importlib.import_module(module), attribute)
        if not isinstance(loaded, typer.Typer):
            parts += _command(f"daglab {name}", loaded, "##")
            continue
        assert loaded.registered_callback is not None
        parts += [f"## daglab {name}", _prose(loaded.registered_callback.callback)]
        for info in loaded.registered_commands:
            assert info.callback is not None
            parts += _command(f"daglab {name} {info.name or info.callback.__name__}", info.callback, "###")
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _command(path: str, function: Callable[..., Any], level: str) -> Iterator[str]:
    """Of the function's own signature: each version of Typer shows types and defaults in another way."""
    yield f"{level} {path}"
    yield _prose(function)
    rows, arguments = [], []
    hints = get_type_hints(function, include_extras=True)
    for parameter in inspect.signature(function).parameters.values():
        hint = hints[parameter.name]
        if get_origin(hint) is not Annotated:  # of a parameter that is None by default, Python 3.10 makes an Optional
            hint = _plain(hint)
        kind, info = get_args(hint)
        needed = parameter.default is parameter.empty
        if isinstance(info, ArgumentInfo):
            names = (info.metavar or parameter.name.upper()).strip("[]") + (
                "..." if get_origin(_plain(kind)) is list else ""
            )
            names = names if needed else f"[{names}]"
            arguments.append(names)
        else:
            names = _option(parameter.name, kind, info)
        default = parameter.default
        text = (info.help or "") + (" Required." if needed else "")
        if default not in (None, parameter.empty) and not isinstance(default, bool):
            text += f" Default: `{default}`."
        rows.append(f"| `{_cell(names)}` | {_cell(text)} |")
    yield f"```console\n$ {' '.join([path, *arguments, '[OPTIONS]'])}\n```"
    if rows:
        yield "\n".join(["| | |", "|---|---|", *rows])


def _option(name: str, kind: Any, info: OptionInfo) -> str:
    # within Annotated, the first of the names stands where a default would
    names = [*([info.default] if isinstance(info.default, str) else []), *(info.param_decls or ())]
    spelled = ", ".join(names or [f"--{name.replace('_', '-')}"])
    if kind is bool:
        return spelled.replace("/", " / ")
    plain = _plain(kind)
    if info.metavar:
        return f"{spelled} {info.metavar}"
    if get_origin(plain) is Literal:
        return f"{spelled} {'|'.join(get_args(plain))}"
    return f"{spelled} {'NUMBER' if plain in (int, float) else 'TEXT'}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").strip()


def _plain(kind: Any) -> Any:
    """The type without ``None``."""
    if get_origin(kind) in (Union, UnionType):
        (kind,) = (one for one in get_args(kind) if one is not NoneType)
    return kind


def _prose(function: Any) -> str:
    """Its docstring, without the source's line breaks."""
    text = inspect.getdoc(function) or ""
    return "\n\n".join(re.sub(r"\s+", " ", paragraph) for paragraph in text.split("\n\n"))


if __name__ == "__main__":
    sys.stdout.write(cli_page())
