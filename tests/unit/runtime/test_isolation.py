"""What cells change of their process is theirs alone, and is gone when the step ends."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import re
import signal
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest

from daglab.memory import peak_mb, reset_peak

CHANGES = """
import logging, os, sys, warnings
logging.disable(logging.CRITICAL)
os.makedirs("elsewhere", exist_ok=True)
os.chdir("elsewhere")
os.environ["LEFT_BEHIND"] = "1"
os.environ.pop("TAKEN", None)
sys.path.append("/nowhere")
sys.argv.append("--more")
warnings.simplefilter("error")
a = 1
"""
READS = """
import os as _os, sys as _sys, warnings as _warnings
import logging as _logging
b = [a, _logging.root.manager.disable,
     _os.path.basename(_os.getcwd()), _os.environ.get("LEFT_BEHIND"), "TAKEN" in _os.environ,
     _sys.path[-1], _sys.argv[-1], _warnings.filters[0][0]]
"""


def state() -> list[Any]:
    return [
        str(Path.cwd()),
        dict(os.environ),
        sys.path[:],
        sys.argv[:],
        list(warnings.filters),
        logging.root.manager.disable,
    ]


def test_changes_last_for_the_notebook_and_no_longer(
    runs: Any, write_notebook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAKEN", "1")
    path = write_notebook("[tool.daglab.assets.a]\n[tool.daglab.assets.b]", CHANGES, READS)
    before = state()
    result = runs(path)
    assert state() == before
    assert result.asset_value("b") == [1, logging.CRITICAL, "elsewhere", "1", False, "/nowhere", "--more", "error"]
    assert runs.materialized() == ["a", "b"]  # an event is a line of the log
    assert "cell 3: starts" in runs.lines()  # after it was silenced
    assert runs.metadata("b")["notebook"].startswith(before[0])  # links are made for the process's own folder


def test_changes_of_a_cell_that_fails_are_put_back(runs: Any, write_notebook: Any) -> None:
    path = write_notebook("[tool.daglab.assets.a]", CHANGES + "raise ValueError")
    before = state()
    runs(path, ok=False)
    assert state() == before


@pytest.mark.parametrize("code", ["os.environ.pop('MPLBACKEND', None)", "os.environ.clear()"])
def test_a_cell_may_drop_what_daglab_has_set(
    runs: Any, write_notebook: Any, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.delenv("MPLBACKEND", raising=False)
    before = state()
    assert runs(write_notebook("[tool.daglab.assets.a]", f"import os\n{code}\na = 1")).asset_value("a") == 1
    assert state() == before


def test_streams_are_like_the_real_ones(runs: Any, write_notebook: Any) -> None:
    code = "import sys\na = ['x'.encode(s.encoding, s.errors) for s in (sys.stdout, sys.stderr)]"
    assert runs(write_notebook("[tool.daglab.assets.a]", code)).asset_value("a") == [b"x", b"x"]


def test_a_handler_that_a_cell_leaves_writes_no_more_into_the_finished_run(runs: Any, write_notebook: Any) -> None:
    root = logging.getLogger()
    before = root.handlers[:]
    code = "import logging, sys\nlogging.getLogger().addHandler(logging.StreamHandler(sys.stderr))\na = 1"
    try:
        runs(write_notebook("[tool.daglab.assets.a]", code))
        logging.getLogger("other").warning("said by somebody else")
    finally:
        root.handlers[:] = before
    assert not any("somebody else" in line for line in runs.lines())


def test_a_forked_child_repeats_nothing(runs: Any, write_notebook: Any) -> None:
    code = """
import os
print('told before')
print('waits to be told')
child = os.fork()
if child == 0:
    print('of the child', flush=True)
    os._exit(0)
os.waitpid(child, 0)
a = 1
"""
    runs(write_notebook("[tool.daglab.assets.a]", code))
    assert sum("waits to be told" in line for line in runs.lines()) == 1


def test_an_interruption_while_a_value_is_shown_ends_the_run(runs: Any, write_notebook: Any) -> None:
    code = "class Slow:\n    def _repr_html_(self):\n        raise KeyboardInterrupt\na = 1\nSlow()"
    runs(write_notebook("[tool.daglab.assets.a]", code), ok=False)
    assert runs.failure().error.cls_name == "KeyboardInterrupt"


def test_modules_beside_a_notebook_are_its_own(runs: Any, write_notebook: Any, tmp_path: Path) -> None:
    paths = []
    for folder in ("one", "two"):
        code = "import beside\nfrom pack.inner import LABEL\n" + f"{folder} = [beside.Kind('{folder}'), LABEL]"
        paths.append(write_notebook(f"[tool.daglab.assets.{folder}]", code, name=f"{folder}/nb_{folder}.py"))
        text = f"class Kind:\n    def __init__(self, said):\n        self.said = said + ' of {folder}'\n"
        tmp_path.joinpath(folder, "beside.py").write_text(text)
        tmp_path.joinpath(folder, "pack").mkdir()
        tmp_path.joinpath(folder, "pack", "inner.py").write_text(f"LABEL = '{folder}'\n")
    before = sys.path[:]
    runs(*paths)  # each value is pickled while its module is there
    assert sorted(runs.materialized()) == ["one", "two"]
    assert sys.path == before
    assert not {"beside", "pack", "pack.inner"} & sys.modules.keys()
    sys.path.insert(0, str(tmp_path / "two"))
    try:
        made, label = runs.value(paths[1], key="two")
    finally:
        sys.path[:] = before
        for name in ("beside", "pack", "pack.inner"):
            sys.modules.pop(name, None)
    assert (made.said, label) == ("two of two", "two")


def test_params_are_the_arguments_of_the_command_line(runs: Any, write_notebook: Any) -> None:
    header = '[tool.daglab]\nparams = ["least"]\n[tool.daglab.assets.a]'
    path = write_notebook(header, "least: int = 2", "a = [least, mo.cli_args().to_dict()]")
    result = runs(path, run_config={"ops": {"nb_notebook": {"config": {"least": 5}}}})
    assert result.asset_value("a") == [5, {"least": 5}]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak memory of a stretch of time")
def test_the_log_tells_each_cells_peak_memory(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(
        "[tool.daglab.assets.a]", ("big", "n = len(bytearray(b'x') * 100_000_000)"), ("small", "a = n")
    )
    runs(path)
    cells = {cell["metadata"]["daglab"]["executed"].get("name"): cell for cell in runs.executed("a")["cells"]}
    peaks = {name: cell["metadata"]["daglab"]["executed"].get("peak_mb") for name, cell in cells.items()}
    assert peaks["big"] - peaks["small"] > 80
    (said,) = re.findall(r"cell 'big': run in .*peak memory (\d+) MB", "\n".join(runs.lines()))
    assert abs(int(said) - peaks["big"]) < 1  # each is rounded by itself


BUSY = """
import asyncio, logging, matplotlib.pyplot as plt, threading, warnings
plt.figure()
await asyncio.sleep(0)
print("said")
t = mo.sql("SELECT 1 AS one")
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
blob = b"x" * 20_000_000  # one that is kept shows
a = 1
"""


def leavings() -> dict[str, Any]:
    """What a process would keep of a run that leaks: counts, and things that must be the same."""
    import matplotlib.pyplot as plt

    gc.collect()
    return {
        "files": len(list(Path("/dev/fd").iterdir())),
        "figures": len(plt.get_fignums()),
        "loops": sum(isinstance(thing, asyncio.AbstractEventLoop) for thing in gc.get_objects()),
        "main": sys.modules["__main__"],
        "modules": len(sys.modules),
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        "streams": (sys.stdout, sys.stderr),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "state": state(),
    }


@pytest.mark.parametrize("rounds", [20, pytest.param(200, marks=[pytest.mark.nightly, pytest.mark.timeout(1200)])])
def test_runs_leave_nothing_behind(runs: Any, write_notebook: Any, rounds: int) -> None:
    path = write_notebook("[tool.daglab.assets.a]", BUSY)
    failing = write_notebook("[tool.daglab.assets.a]", BUSY + "raise ValueError", name="bad.py")

    def run(times: int) -> None:
        for number in range(times):
            good = number % 10 != 5
            runs(path if good else failing, ok=good)

    run(26)  # imports, caches, and the arenas of the allocator, which grow up to run 20
    before, memory = leavings(), _resident()
    run(rounds)
    assert leavings() == before
    growth = None if memory is None else (_resident() or 0.0) - memory
    print(f"{rounds} runs: {growth} MB more")
    assert growth is None or growth < 5 + 0.1 * rounds  # Dagster's own events and caches grow by 0.0x MB a run


def _resident() -> float | None:
    """Resident memory, MB."""
    gc.collect()
    return peak_mb() if reset_peak() else None
