"""``daglab demo``: the whole way on real input, from two notebook pairs to assets materialized from a wheel."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from daglab.cli.output import JsonOption, Output, QuietOption

FolderArgument = Annotated[Path, typer.Argument(help="Where the shop is made; kept afterwards.", metavar="[DIR]")]


def demo(folder: FolderArgument = Path("demo"), as_json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Make a small shop, build its wheel, install it into an empty environment, materialize its assets with Dagster.

    Takes some minutes, most of them for the installation. With --json: {"folder", "seconds", "steps": [{"title",
    "seconds", "look"}], "run", "executed": [paths], "values": {"daily_revenue", "segments", "rows"}}.
    """
    from daglab.cli import demo_steps as steps
    from daglab.cli.demo_tools import Toolbox, build_command, checkout
    from daglab.cli.pair import refuse_read_only

    started = time.monotonic()
    folder = folder.absolute()
    refuse_read_only([folder])
    tools = Toolbox(folder, folder / ".daglab" / "demo", {"DAGSTER_HOME": str(folder / ".dagster_home")})
    running = steps.Demo(folder, Output(as_json, quiet), tools)
    running.step("Make a shop: a plain Python asset and two notebook pairs", steps.make)
    running.step("Check its notebooks: daglab check", steps.check)
    if checkout() is not None:
        running.step("Build daglab's own wheel from this checkout", steps.build_own_wheel)
    builder, *arguments = build_command()
    running.step(f"Build the shop's wheel: {' '.join([Path(builder).name, *arguments])}", steps.build)
    running.step("Install the wheel into an empty virtual environment", steps.install)
    running.step(f"Load it: dagster definitions validate -m {steps.MODULE}", steps.validate)
    running.step(f"Serve it and materialize all assets: dagster dev -m {steps.MODULE}", steps.materialize)
    running.step("Compare the stored values with plain polars", steps.compare)
    seconds = time.monotonic() - started
    document = {"folder": str(folder), "seconds": round(seconds, 1), "steps": running.steps, **running.found}
    running.output.result(document, _report(running.found))
    running.output.note(_farewell(folder, running.programs, seconds))


def _report(found: dict[str, Any]) -> Iterator[str]:
    values = found["values"]
    yield ""
    yield "sales/daily_revenue, the last days:"
    yield from _table(values["daily_revenue"])
    yield "sales/customer_segments, summed up:"
    yield from _table(values["segments"])
    yield "rows: " + ", ".join(f"{key} {count:,}" for key, count in values["rows"].items())
    yield "executed notebooks:"
    yield from (f"  {path}" for path in found["executed"])


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    texts = [
        list(rows[0]),
        *([f"{v:,}" if isinstance(v, (int, float)) else str(v) for v in row.values()] for row in rows),
    ]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        yield "  " + "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))


def _farewell(folder: Path, programs: Path, seconds: float) -> str:
    from daglab.cli.demo_tools import checkout

    here, dagster = shlex.quote(str(folder)), shlex.quote(str(programs / "dagster"))
    environment = f"DAGSTER_HOME={shlex.quote(str(folder / '.dagster_home'))}"
    jupyter = "make lab" if checkout() else f"cd {here} && jupyter lab    # needs daglab[jupyter]"
    return (
        f"\nAll of it took {seconds:.0f} s. Go on in Dagster's own UI:\n"
        f"  cd {here} && {environment} {dagster} dev -m shop.definitions\n"
        f"or in JupyterLab:\n  {jupyter}"
    )
