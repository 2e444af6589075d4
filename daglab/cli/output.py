"""How commands speak: data on stdout, messages on stderr, JSON where asked, progress on what lasts over a second."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TextIO, TypeVar

import typer

from daglab.errors import DaglabError

Item = TypeVar("Item")
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document, errors included.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No messages, only data and errors.")]

_STYLES = {"red": "31", "green": "32", "yellow": "33", "bold": "1", "dim": "2"}
_STYLE = re.compile(rf"(\x1b\[(?:0|{'|'.join(_STYLES.values())})m)")  # what :func:`styled` writes
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, which UTF-8 doesn't have
_PATIENCE = 1.0  # seconds of silence before progress is told
_BAR = 24  # columns
_PLAIN_INTERVAL = 5.0  # seconds between progress lines where a line cannot be rewritten


@dataclass(frozen=True)
class Output:
    """Where a command's words go."""

    json: bool = False
    quiet: bool = False

    def result(self, value: Any, lines: Iterable[str]) -> None:
        """The command's data: ``value`` as one JSON document where ``--json`` was given, else ``lines``."""
        if self.json:
            print_json(value)
        else:
            for line in lines:
                parts = _STYLE.split(line) if colours(sys.stdout) else [line]
                typer.echo("".join(part if i % 2 else printable(part) for i, part in enumerate(parts)))

    def event(self, value: Any, lines: Iterable[str]) -> None:
        """One result of many to come: ``value`` as one line of JSON where ``--json`` was given, else ``lines``."""
        if self.json:
            print_json(value, indent=None)
        else:
            self.result(value, lines)

    def note(self, text: str, style: str | None = None) -> None:
        """A message for the person at the terminal."""
        if not self.quiet:
            self.error(text, style)

    def error(self, text: str, style: str | None = None) -> None:
        """What went wrong, also where no messages are wanted."""
        typer.echo(styled(printable(text), style, sys.stderr), err=True)

    def counted(self, items: Sequence[Item], label: str) -> Iterator[Item]:
        """Go through ``items``; once that lasts, tell on stderr how many are done: ``syncing ███░░ 12/200``."""
        started = told = time.monotonic()
        rewrites = sys.stderr.isatty() and not self.quiet
        shown = False
        for number, item in enumerate(items, start=1):
            yield item
            now = time.monotonic()
            if self.quiet or now - started < _PATIENCE:
                continue
            if rewrites:
                done = _BAR * number // len(items)
                bar = f"{'█' * done}{'░' * (_BAR - done)}"
                typer.echo(f"\r\x1b[K{label} {bar} {number}/{len(items)}", nl=False, err=True)
                shown = True
            elif now - told >= _PLAIN_INTERVAL:
                typer.echo(f"{label} {number}/{len(items)}", err=True)
                told = now
        if shown:
            typer.echo("\r\x1b[K", nl=False, err=True)


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The rows as lines, their cells aligned; each row has as many."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def print_error(error: DaglabError, *, as_json: bool) -> None:
    """Tell an error: message and remedy on stderr, or its JSON shape on stdout, a line as others may stand there."""
    if as_json:
        print_json(error.to_json(), indent=None)
        return
    typer.echo(f"{styled('error:', 'red', sys.stderr)} {printable(error.message)}", err=True)
    if error.remedy:
        typer.echo(f"{styled('remedy:', 'green', sys.stderr)} {printable(error.remedy)}", err=True)


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """Print one JSON document."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, default=str)
    typer.echo(_SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", text))


def styled(text: str, style: str | None, stream: TextIO) -> str:
    """``text`` in a colour or weight, where ``stream`` is a terminal that may have colours."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if style and colours(stream) else text


def colours(stream: TextIO) -> bool:
    """Whether ``stream`` is a terminal and nobody asked for plain text (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def printable(text: str) -> str:
    """``text`` without control characters: a file's name must not move the cursor or repaint the terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode("ascii") for c in text)
