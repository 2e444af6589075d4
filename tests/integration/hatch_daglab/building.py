"""Real builds in subprocesses, and what came out of them."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from daglab.marimo_api import ParsedCell, render

PYPROJECT = """\
[build-system]
requires = ["hatchling", "daglab"]
build-backend = "hatchling.build"

[project]
name = "tiny"
version = "1"
dependencies = ["daglab[dagster]"]

[tool.hatch.build.targets.wheel]
packages = ["src/tiny"]

[tool.hatch.build.hooks.daglab]
external = ["raw/*"]
"""


@dataclass(frozen=True)
class Built:
    """The outcome of a build: its status, everything it said, the artifacts."""

    status: int
    said: str
    artifacts: list[Path]

    @property
    def wheel(self) -> zipfile.ZipFile:
        assert self.status == 0, self.said
        [path] = [path for path in self.artifacts if path.suffix == ".whl"]
        return zipfile.ZipFile(path)

    @property
    def members(self) -> list[str]:
        """The wheel's members but for its metadata, sorted."""
        return sorted(name for name in self.wheel.namelist() if ".dist-info/" not in name)


def build(root: Path, out: Path, target: str = "wheel", **environment: str) -> Built:
    """Build in the test's own environment: what isolation would install is there already."""
    argv = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)]
    ended = subprocess.run(
        argv, cwd=root, capture_output=True, text=True, env={**os.environ, **environment}, timeout=120
    )
    return Built(ended.returncode, ended.stdout + ended.stderr, sorted(out.iterdir()) if out.is_dir() else [])


def notebook(*cells: str, head: str = "", assets: str = "tiny/numbers", inputs: str = "") -> str:
    """A notebook's text: the first cell makes ``numbers``, which is the asset; ``head`` goes into the header."""
    header = ["# /// script", *head.splitlines(), "# [tool.daglab]"]
    header += ["# [tool.daglab.inputs]", f'# raw = "{inputs}"'] if inputs else []
    header += ["# [tool.daglab.assets.numbers]", f'# key = "{assets}"', "# ///", ""]
    codes = ["raw = 3"] * bool(inputs) + (list(cells) or ["numbers = [1, 2]"])
    return render([ParsedCell(code) for code in codes], header="\n".join(header))


def tiny_project(root: Path) -> Path:
    """A project with one notebook, as small as can be."""
    package = root / "src/tiny"
    (package / "notebooks").mkdir(parents=True)
    (root / "pyproject.toml").write_text(PYPROJECT)
    (package / "__init__.py").write_text("")
    (package / "notebooks/numbers.py").write_text(notebook())
    return root


def configure(root: Path, old: str, new: str) -> None:
    """Replace a piece of pyproject.toml."""
    text = (root / "pyproject.toml").read_text()
    assert old in text
    (root / "pyproject.toml").write_text(text.replace(old, new))
