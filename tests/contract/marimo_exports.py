"""Runs the notebooks of a folder by marimo itself: as scripts, for their values, and by `marimo export`, for outputs.

`python marimo_exports.py FOLDER OUT NAME...`: one process for all, because marimo takes a second to start; an export
starts a kernel of its own, so only notebooks named are exported.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

ARGUMENTS = {"arguments": ["--limit", "7", "--mode", "b"]}
"""What follows a notebook's name on the command line."""


def export_all(folder: Path, out: Path, exported: list[str]) -> None:
    from marimo._cli.cli import main

    sys.path[0] = str(folder)  # as `python notebook.py` has it
    for path in sorted(folder.glob("*.py")):
        if "marimo.App" in path.read_text("utf-8"):
            given = ARGUMENTS.get(path.stem, [])
            sys.argv = [str(path), *given]
            _, defined = runpy.run_path(str(path))["app"].run()
            values = {name: repr(value) for name, value in defined.items() if name == "values"}
            out.joinpath(f"{path.stem}.json").write_text(json.dumps(values), "utf-8")
            if path.stem not in exported:
                continue
            arguments = [
                "--include-outputs",
                "--sort",
                "top-down",
                str(path),
                "-o",
                str(out / f"{path.stem}.ipynb"),
                "--",
                *given,
            ]
            try:
                main(["export", "ipynb", *arguments], standalone_mode=False)
            except SystemExit as end:  # mo.stop and errors count as a failure, after the file was written
                print(f"{path.name}: {end.code}", file=sys.stderr)


if __name__ == "__main__":
    export_all(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
