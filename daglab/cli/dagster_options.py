"""What the commands that talk to a running Dagster share: the flags that say which one, and the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from daglab.config import Config

UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url", metavar="URL", help="Address of Dagster, in place of the configuration's.", show_default=False
    ),
]
LocationOption = Annotated[
    str | None, typer.Option("--location", metavar="NAME", help="Only this code location.", show_default=False)
]


def configuration(url: str | None, start: Path | None = None) -> Config:
    """The configuration that holds in ``start`` (default: the current folder), with the flags' values.

    Raises:
        ConfigError: it is wrong, or the URL is none.
    """
    from daglab.config import load_config

    return load_config(start, flags={"dagster.url": url})
