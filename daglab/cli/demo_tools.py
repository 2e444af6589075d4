"""The tools that the demo runs as anybody would at a terminal: builders, installers, Dagster."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import daglab
from daglab.errors import ProcessError
from daglab.processes import spawn

TIMEOUT = 900.0  # seconds for one tool; an installation over a slow line is the longest


@dataclass(frozen=True)
class Toolbox:
    """Runs tools in ``folder``, each with its output in a log there; ``environ`` is added to this process's."""

    folder: Path
    logs: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """What children see: neither this virtual environment nor its packages."""
        kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME")}
        return {**kept, **self.environ, **(more or {})}

    def run(self, name: str, argv: Sequence[str], more: Mapping[str, str] | None = None) -> str:
        """Run a tool to its end and answer what it printed.

        Raises:
            ProcessError: it failed, or took too long; the last lines of its output are in the message.
        """
        log = self.logs / f"{name}.log"
        log.unlink(missing_ok=True)
        with spawn(argv, cwd=self.folder, env=self.environment(more), log=log, die_with_parent=True) as child:
            try:
                status = child.wait(TIMEOUT)
            except subprocess.TimeoutExpired:
                status = None
            if status != 0:
                how = f"ended with status {status}" if status is not None else f"ran for more than {TIMEOUT:.0f} s"
                raise ProcessError(
                    f"{' '.join(argv)} {how}:\n{child.log_tail()}", remedy=f"the whole output is in {log}"
                )
        return log.read_text(encoding="utf-8", errors="replace")


def checkout() -> Path | None:
    """The folder of daglab's own source, when that is what runs; ``None`` for an installed release."""
    folder = Path(daglab.__file__).resolve().parents[1]
    return folder if (folder / "hatch_plugin").is_dir() and (folder / "pyproject.toml").is_file() else None


def own_wheel(tools: Toolbox, source: Path) -> dict[str, str]:
    """Build daglab's wheel, which no index has; answers the variables by which pip and uv find it."""
    links = tools.logs / "wheels"
    shutil.rmtree(links, ignore_errors=True)
    links.mkdir(parents=True)
    argv = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", str(links), str(source)]
    if _importable("build", "hatchling"):
        argv = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(links), str(source)]
    tools.run("daglab-wheel", argv)
    # hatch keeps its build environments, and with them the daglab of an earlier demo
    hatch = tools.logs / "hatch"
    shutil.rmtree(hatch, ignore_errors=True)
    found = {"HATCH_DATA_DIR": str(hatch)}
    for variable, separator in (("PIP_FIND_LINKS", " "), ("UV_FIND_LINKS", ",")):
        found[variable] = separator.join(filter(None, [str(links), os.environ.get(variable, "")]))
    return found


def build_command() -> list[str]:
    """The first builder there is; each of them calls the same hook."""
    if hatch := program("hatch"):
        return [hatch, "build", "-t", "wheel"]
    if uv := program("uv"):
        return [uv, "build", "--wheel", "--out-dir", "dist"]
    if _importable("build"):
        return [sys.executable, "-m", "build", "--wheel"]
    return [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", "dist", "."]


def create_environment(tools: Toolbox, folder: Path, wheel: Path) -> Path:
    """Install a wheel into a new, empty virtual environment; answers its folder of programs."""
    shutil.rmtree(folder, ignore_errors=True)
    programs = folder / ("Scripts" if sys.platform == "win32" else "bin")
    python = str(programs / "python")
    if uv := program("uv"):
        tools.run("venv", [uv, "venv", "--quiet", "--python", sys.executable, str(folder)])
        tools.run("install", [uv, "pip", "install", "--python", python, str(wheel)])
    else:
        tools.run("venv", [sys.executable, "-m", "venv", str(folder)])
        pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        tools.run("install", [*pip, str(wheel)])
    return programs


def program(name: str) -> str | None:
    """A program beside the running Python, else on PATH."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)


def _importable(*modules: str) -> bool:
    from importlib.util import find_spec

    return all(find_spec(module) is not None for module in modules)
