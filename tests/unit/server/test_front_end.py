"""The front end's types are those of the REST API."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from daglab.server.openapi import openapi_json
from daglab.server.routes import ROUTES

FRONT = Path(__file__).parents[3] / "labextension"
TOOL = FRONT / "node_modules" / "openapi-typescript" / "bin" / "cli.js"
NODE = shutil.which("node", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


@pytest.mark.skipif(NODE is None or not TOOL.is_file(), reason="needs Node and `make front`")
def test_the_types_are_up_to_date() -> None:
    argv = [str(NODE), str(TOOL), "--immutable", "--default-non-nullable", "false"]
    done = subprocess.run(argv, input=openapi_json(ROUTES), capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    types = (FRONT / "src" / "data" / "api.types.ts").read_text("utf-8")
    assert types == done.stdout, "run `npm run types` in labextension, with the environment's bin on PATH"
