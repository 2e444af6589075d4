"""``daglab config``: the configuration in force, where each value comes from, and the schema."""

from __future__ import annotations

from typing import Annotated

import typer

from daglab.cli.output import JsonOption, Output, print_json

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@app.callback()
def _config() -> None:
    """Show the configuration in force, and its schema."""


@app.command()
def show(
    origin: Annotated[bool, typer.Option("--origin", help="Also say where each value comes from.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the configuration that holds in this folder.

    With --json: {"config": {...}}, and with --origin also {"origins": {"dagster.port": {"kind", "name", "line"}}}.
    """
    from dataclasses import asdict

    from daglab.config import flatten, load_config

    config = load_config()
    values = flatten(config.to_json())
    document = {"config": config.to_json()}
    if origin:
        document["origins"] = {key: asdict(place) for key, place in config.origins.items()}
    width = max(len(f"{key} = {_shown(value)}") for key, value in values.items())
    lines = [f"{key} = {_shown(value)}" for key, value in values.items()]
    if origin:
        lines = [f"{line:<{width}}  # {place}" for line, place in zip(lines, config.origins.values(), strict=True)]
    Output(as_json).result(document, lines)


@app.command()
def schema(
    header: Annotated[bool, typer.Option("--header", help="Of [tool.daglab] in a notebook's header instead.")] = False,
) -> None:
    """Print the JSON Schema of daglab.yaml, which is also that of [tool.daglab] in pyproject.toml."""
    from daglab.config import config_schema
    from daglab.notebook.header import header_schema

    print_json(header_schema() if header else config_schema())


def _shown(value: object) -> str:
    import json

    return json.dumps(value)
