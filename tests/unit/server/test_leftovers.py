"""The holds that a killed server leaves: whose they are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from daglab.server.leftovers import sweep

KILLED = """
import os, signal, sys
from pathlib import Path
from daglab.server.leftovers import Hold
hold = Hold.take(Path(sys.argv[1]), "test")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def left(tmp_path: Path) -> Path:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    (folder,) = tmp_path.glob("daglab-test-*")
    return folder


def claim(folder: Path, **owner: str | None) -> None:
    said = json.loads((folder / "owner.json").read_text())
    (folder / "owner.json").write_text(json.dumps({**said, **owner}))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing but its name tells a machine")
def test_a_machine_that_has_another_name_by_now_ends_what_it_left(left: Path) -> None:
    claim(left, host="its-name-before")
    sweep(left.parent, "test")
    assert not left.exists()


def test_what_another_machine_left_is_not_touched(left: Path) -> None:
    for boot in ("another-boot", None):
        claim(left, host="another", boot=boot)
        sweep(left.parent, "test")
        assert left.exists()
    claim(left, host=[], boot={})  # type: ignore[arg-type]
    sweep(left.parent, "test")
    assert left.exists()
