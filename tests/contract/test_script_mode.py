"""A run makes of a notebook what marimo makes of it: values as in script mode, outputs as `marimo export` has them.

What differs on purpose:

- outputs come in Jupyter's own terms (``text/plain``, HTML without ``<marimo-...>``), because other programs show
  executed notebooks; so texts are compared without their tags;
- markdown is rendered already;
- a progress bar is said in words, where marimo's export says nothing;
- the cell of params shows the values that the run has given;
- a cell after ``mo.stop`` is marked as cancelled; marimo gives it an error that no code has raised;
- a warning names the line of the .py file; marimo's kernel names a file that it made up.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

import daglab

CORPUS = Path(__file__).parents[1] / "corpus" / "runtime"
NOTEBOOKS = ("arguments", "definitions", "progress", "shown", "stops", "tables", "widgets")
CONFIG = {"arguments": {"ops": {"arguments_notebook": {"config": {"limit": 7, "mode": "b"}}}}}
MORE = {"arguments": {"limit: int": "limit = 7\nmode = 'b"}, "progress": {"progress_bar": "counting: 3 of 3"}}
"""Cells that show nothing in marimo's export, by something in their source, and what daglab shows of them."""
Shown = dict[str, list[tuple[str, str]]]


@pytest.fixture(scope="module")
def by_marimo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What marimo makes of the corpus: <name>.json with values, <name>.ipynb with outputs."""
    out = tmp_path_factory.mktemp("marimo")
    folder = shutil.copytree(CORPUS, tmp_path_factory.mktemp("by_marimo") / "notebooks")
    script = Path(__file__).with_name("marimo_exports.py")
    command = [sys.executable, str(script), str(folder), str(out), *NOTEBOOKS]
    done = subprocess.run(command, cwd=out, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-4000:]
    return out


@pytest.fixture(scope="module")
def by_daglab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same by daglab, in runs of this process one after the other."""
    out = tmp_path_factory.mktemp("daglab")
    folder = shutil.copytree(CORPUS, tmp_path_factory.mktemp("by_daglab") / "notebooks")
    home = out / "home"
    home.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(out)
        patch.setattr(warnings, "showwarning", _printed)  # pytest collects them
        with dg.DagsterInstance.local_temp(str(home)) as instance:
            for name in NOTEBOOKS:
                assets = daglab.notebook_assets(folder / f"{name}.py")
                result = dg.materialize([assets], instance=instance, raise_on_error=False, run_config=CONFIG.get(name))
                assert result.success is (name != "stops")
                value = repr(dg.Definitions([assets]).load_asset_value(name, instance=instance))
                out.joinpath(f"{name}.json").write_text(json.dumps({"values": value}), "utf-8")
                executed = out / ".daglab" / "executed" / result.run_id / f"{name}.ipynb"
                shutil.copy(executed, out / f"{name}.ipynb")
    return out


def _printed(message: Any, category: type[Warning], filename: str, line: int, *_: Any) -> None:
    sys.stderr.write(warnings.formatwarning(message, category, filename, line))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_values_are_those_of_script_mode(by_marimo: Path, by_daglab: Path, name: str) -> None:
    expected, found = (json.loads((folder / f"{name}.json").read_text("utf-8")) for folder in (by_marimo, by_daglab))
    assert found == expected


def test_arguments_are_there(by_daglab: Path) -> None:
    assert json.loads((by_daglab / "arguments.json").read_text("utf-8"))["values"] == "[('limit', 7), ('mode', 'b')]"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_outputs_say_what_marimo_exports(by_marimo: Path, by_daglab: Path, name: str) -> None:
    expected, found = (shown(folder / f"{name}.ipynb") for folder in (by_marimo, by_daglab))
    for mark, more in MORE.get(name, {}).items():
        [source] = [source for source in expected if mark in source]
        assert (expected.pop(source), found.pop(source)) == ([], [("display", more)])
    assert found == expected


def shown(path: Path) -> Shown:
    """Source of each code cell -> its outputs as (stream or "display", text), of which only what is said counts."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return {
        "".join(cell["source"]): _joined([_said(output) for output in cell["outputs"] if _counts(output)])
        for cell in cells
        if cell["cell_type"] == "code"
    }


def _counts(output: dict[str, Any]) -> bool:
    return output.get("ename") != "ancestor-stopped"


def _said(output: dict[str, Any]) -> tuple[str, str]:
    if output["output_type"] == "stream":
        text = re.sub(r"^\S+:\d+: ", "", "".join(output["text"]))  # the place of a warning
        return output["name"], text
    data = output["data"]
    text = next(data[kind] for kind in ("application/json", "text/markdown", "text/html", "text/plain") if kind in data)
    if not isinstance(text, (str, list)) or "application/json" in data:
        return "display", repr(json.loads(text) if isinstance(text, str) else text)
    return "display", re.sub(r"[#*] ?", "", html.unescape(re.sub(r"<[^>]+>", "", "".join(text)))).strip("'")


def _joined(outputs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    displays = "".join(text for kind, text in outputs if kind == "display")
    return [*[output for output in outputs if output[0] != "display"], *([("display", displays)] if displays else [])]
