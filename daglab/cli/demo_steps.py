"""The steps of ``daglab demo``; each does one thing as a user would, and answers where to look at it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from daglab.cli.demo_tools import Toolbox, build_command, checkout, create_environment, own_wheel
from daglab.cli.output import Output
from daglab.errors import DaglabError, ExitCode

MODULE = "shop.definitions"


class DemoError(DaglabError):
    """The demo's outcome is not what it should be."""

    code = "demo"
    exit_code = ExitCode.VALIDATION


@dataclass
class Demo:
    """A demo under way: where it works, what each step was and what it found."""

    folder: Path
    output: Output
    tools: Toolbox
    steps: list[dict[str, Any]] = field(default_factory=list)
    programs: Path = Path()  # of the shop's virtual environment
    found: dict[str, Any] = field(default_factory=dict)

    def step(self, title: str, action: Callable[[Demo], str]) -> None:
        """Do one step; ``action`` answers where to look. Title, time and that are told."""
        self.output.note(f"\n{len(self.steps) + 1}. {title}", "bold")
        started = time.monotonic()
        look = action(self)
        seconds = time.monotonic() - started
        self.steps.append({"title": title, "seconds": round(seconds, 1), "look": look})
        self.output.note(f"   {look}\n   {seconds:.1f} s", "dim")

    def tell(self, text: str) -> None:
        """A line within a step."""
        self.output.note(f"   {text}")


def make(demo: Demo) -> str:
    """Write the project, or keep what an earlier demo left there."""
    from daglab.cli.init import make_project

    again = (demo.folder / ".daglab" / "demo").is_dir()  # an earlier demo: what was edited there is kept
    made, kept = make_project(demo.folder, "The shop", "shop", "standard", force=again)
    return f"{demo.folder} ({len(made)} files made, {len(kept)} kept)"


def check(demo: Demo) -> str:
    """All that the build would refuse, told before it."""
    from daglab.notebook.source_project import read_source_project
    from daglab.pair.findings import check_pairs

    report = check_pairs(read_source_project(demo.folder))
    if report.findings:
        raise DemoError("\n".join(map(str, report.findings)), remedy=f"mend them in {demo.folder}")
    return ", ".join(f"{n.notebook.path} + .ipynb" for n in report.notebooks)


def build_own_wheel(demo: Demo) -> str:
    """No index has an unreleased daglab: builds and installations find it in a folder."""
    source = checkout()
    assert source is not None  # the step is for checkouts
    environ = own_wheel(demo.tools, source)
    demo.tools = replace(demo.tools, environ={**demo.tools.environ, **environ})
    return str(demo.tools.logs / "wheels")


def build(demo: Demo) -> str:
    """The wheel of the project; the hook checks and bundles the pairs."""
    for old in (demo.folder / "dist").glob("*.whl"):
        old.unlink()
    demo.tools.run("build", build_command())
    return str(_wheel(demo))


def install(demo: Demo) -> str:
    """Only what a production machine would have: the wheel and what it requires."""
    demo.programs = create_environment(demo.tools, demo.folder / ".venv", _wheel(demo))
    return str(demo.programs.parent)


def validate(demo: Demo) -> str:
    """Dagster's own check of the definitions, in that environment."""
    dagster = demo.programs / "dagster"
    demo.tools.run("validate", [str(dagster), "definitions", "validate", "-m", MODULE])
    return f"the code location is {MODULE}, from {demo.folder / '.venv'}"


def materialize(demo: Demo) -> str:
    """One run of all assets, launched over Dagster's API."""
    from daglab.cli.demo_run import materialize_all

    run = materialize_all(demo.tools, demo.programs, MODULE, demo.tell)
    executed = sorted((demo.folder / ".daglab" / "executed").rglob("*.ipynb"))
    demo.found |= {"run": run.run_id, "executed": [str(path) for path in executed if run.run_id in str(path)]}
    if not demo.found["executed"]:
        raise DemoError(f"run {run.run_id} kept no executed notebook in {demo.folder / '.daglab' / 'executed'}")
    return f"run {run.run_id}: {run.status}; executed notebooks in {demo.folder / '.daglab' / 'executed'}"


def compare(demo: Demo) -> str:
    """The values that the run has stored, against plain code."""
    python = str(demo.programs / "python")
    printed = demo.tools.run("values", [python, "-m", "daglab.cli.demo_values"])
    values = json.loads(printed.splitlines()[-1])
    if differences := values.pop("differences"):
        raise DemoError(f"{', '.join(differences)} is not what plain polars makes of the same orders")
    demo.found["values"] = values
    return f"equal; instance: {demo.folder / '.dagster_home'}"


def _wheel(demo: Demo) -> Path:
    wheels = list((demo.folder / "dist").glob("shop-*.whl"))
    if len(wheels) != 1:
        raise DemoError(f"{demo.folder / 'dist'} has {len(wheels)} wheels of the shop")
    return wheels[0]
