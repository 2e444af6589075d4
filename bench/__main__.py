"""Run the benchmarks: ``python -m bench [NAME...]``; prints one table, writes one JSON file to bench/results/.

Exit code 1 when a budget was not kept.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import platform
import sys
import time
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.measure import Row
from daglab.errors import did_you_mean

FOLDER = Path(__file__).parent
PEERS = ("daglab", "dagster", "dagstermill", "hatch", "jupytext", "marimo", "jupyterlab")


def names() -> list[str]:
    """All benchmarks of this folder."""
    modules = (module.name for module in pkgutil.iter_modules([str(FOLDER)]) if not module.name.startswith("_"))
    return [name for name in modules if hasattr(importlib.import_module(f"bench.{name}"), "run")]


def table(rows: list[Row]) -> Table:
    """The rows as one table."""
    shown = Table("what", "who", "measured", "budget", "", box=None, pad_edge=False)
    for row in rows:
        value = row.note if row.value is None else f"{row.value:.3g} {row.unit}"
        limits = (("<=", row.budget), (">=", row.at_least))
        budget = " ".join(f"{sign} {limit:g} {row.unit}" for sign, limit in limits if limit is not None)
        verdict = {True: "kept", False: "MISSED", None: ""}[row.kept]
        shown.add_row(
            row.what, row.who, value, budget, verdict if row.value is None else f"{verdict} {row.note}".strip()
        )
    return shown


def surroundings() -> dict[str, object]:
    """What the numbers depend on."""
    versions = {}
    for name in PEERS:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "versions": versions,
    }


def main() -> int:
    """Run what was asked for; answer the exit code."""
    known = names()
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure daglab beside its peers.")
    parser.add_argument("name", nargs="*", help=f"default: all of {', '.join(known)}")
    wanted = parser.parse_args().name or known
    if unknown := [name for name in wanted if name not in known]:
        parser.error(f"no benchmark {unknown[0]!r}: {did_you_mean(unknown[0], known)}")
    rows: dict[str, list[Row]] = {}
    for name in wanted:
        print(f"{name} ...", file=sys.stderr, flush=True)
        rows[name] = importlib.import_module(f"bench.{name}").run()
    everything = [row for found in rows.values() for row in found]
    Console(width=None if sys.stdout.isatty() else 140).print(table(everything))
    results = FOLDER / "results"
    results.mkdir(exist_ok=True)
    document = {
        **surroundings(),
        "rows": [{"bench": name, **asdict(r), "kept": r.kept} for name in rows for r in rows[name]],
    }
    path = results / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    print(f"written: {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")
    return 1 if any(row.kept is False for row in everything) else 0


if __name__ == "__main__":
    sys.exit(main())
