"""The front end's types are those of the REST API, and what `make front` has built is small."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import daglab
from daglab.server.openapi import openapi_json
from daglab.server.routes import ROUTES

BUILT = Path(daglab.__file__).parent / "labextension" / "static"
MOST_BYTES = 580_000  # of which 220,000, the validator of run configuration, are loaded when a form is opened
FRONT = Path(__file__).parents[2] / "labextension"
TOOL = FRONT / "node_modules" / "openapi-typescript" / "bin" / "cli.js"
NODE = shutil.which("node", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


def test_the_types_are_up_to_date() -> None:
    argv = [str(NODE), str(TOOL), "--immutable", "--default-non-nullable", "false"]
    done = subprocess.run(argv, input=openapi_json(ROUTES), capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    types = (FRONT / "src" / "data" / "api.types.ts").read_text("utf-8")
    assert types == done.stdout, "run `npm run types` in labextension, with the environment's bin on PATH"


def test_the_bundle_is_small() -> None:
    sizes = {file.name: file.stat().st_size for file in BUILT.glob("*.js")}
    print(f"{sum(sizes.values()) / 1000:.0f} kB of JavaScript")
    assert 0 < sum(sizes.values()) <= MOST_BYTES, sizes
