"""Executed notebooks: what they show, where they go, how Dagster leads to them."""

from __future__ import annotations

import base64
import json
import os
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest

from daglab.runs.messages import cell_line
from daglab.runtime import executed
from daglab.runtime.console import KEPT_CHARACTERS, Console
from daglab.runtime.step_log import StepLog

SHOWN = {
    "frame": "pl.DataFrame({'x': [1]})",
    "pandas": "import pandas as pd\npd.DataFrame({'x': [1]})",
    "plot": "import matplotlib.pyplot as plt\n_figure, _axes = plt.subplots()\n_axes.plot([1, 2])\n_axes",
    "left_open": "import matplotlib.pyplot as plt2\nplt2.plot([2, 1])\nNone",
    "svg": "class Drawn:\n    def _mime_(self):\n        return 'image/svg+xml', 'data:x,%3Csvg/%3E'\nDrawn()",
    "jpeg": "class Jpeg:\n    def _repr_jpeg_(self):\n        return b'jpeg'\nJpeg()",
    "json": "class Vega:\n    def _mime_(self):\n        return 'application/vnd.vega.v5+json', '[1]'\nVega()",
    "text": "'text'",
    "listed": "[1, 'two']",
    "plotly": "import plotly.graph_objects as go\ngo.Figure(go.Bar(y=[1, 2]))",
    "plotly_in_widget": "mo.ui.plotly(go.Figure(go.Bar(y=[1, 2])))",
    "altair": "import altair\naltair.Chart(pd.DataFrame({'x': [1]})).mark_bar().encode(x='x')",
    "pil": "from PIL import Image\nImage.new('RGB', (2, 2))",
    "markdown": "mo.md(f'**{1 + 1}**')",
    "widget": "mo.ui.slider(1, 5, label='**Least** amount', value=3)",
    "table": "mo.ui.table(pd.DataFrame({'x': [17]}))",
    "polars_table": "mo.ui.table(pl.DataFrame({'x': [17]}))",
    "dataframe": "mo.ui.dataframe(pd.DataFrame({'x': [17]}))",
    "several": "mo.output.append(mo.md('first'))\nmo.output.append('second')",
    "broken": "class Broken:\n    def _repr_html_(self):\n        raise ValueError('no picture')\nBroken()",
    "plain": "class Plain:\n    def __repr__(self):\n        return 'y' * 30_000\nPlain()",
}


@pytest.fixture
def outputs(runs: Any, write_notebook: Any) -> dict[str, list[dict[str, Any]]]:
    """Outputs by cell name, of a notebook in which each cell leads to the asset."""
    cells = []
    for name, code in SHOWN.items():
        *before, last = code.rsplit("\n", 1)
        cells.append((name, "\n".join([*before, f"n_{name} = 1", last])))
    total = " + ".join(f"n_{name}" for name in SHOWN)
    path = write_notebook("[tool.daglab.assets.a]", *cells, f"a = {total}")
    runs(path)
    document = runs.executed("a")
    nbformat.validate(nbformat.from_dict(document))
    return {
        cell["metadata"]["daglab"]["executed"].get("name", ""): cell.get("outputs", []) for cell in document["cells"]
    }


def test_each_kind_of_value_is_shown_as_jupyter_shows_it(outputs: dict[str, list[dict[str, Any]]]) -> None:
    shown = {name: [output.get("data", {}) for output in found] for name, found in outputs.items()}
    assert "<table" in shown["frame"][0]["text/html"]
    assert "shape: (1, 1)" in shown["frame"][0]["text/plain"]
    assert "<table" in shown["pandas"][0]["text/html"]
    for name in ("plot", "left_open"):
        (picture,) = shown[name]
        assert base64.b64decode(picture["image/png"]).startswith(b"\x89PNG"), name
    assert base64.b64decode(shown["jpeg"][0]["image/jpeg"]) == b"jpeg"
    assert shown["json"][0]["application/vnd.vega.v5+json"] == [1]
    assert shown["svg"][0]["image/svg+xml"] == "<svg/>"
    assert shown["text"] == [{"text/plain": "'text'"}]
    assert shown["listed"] == [{"text/plain": "[1, 'two']"}]
    assert "<strong>2</strong>" in shown["markdown"][0]["text/html"]
    for name in ("plotly", "plotly_in_widget"):
        assert shown[name][0]["application/vnd.plotly.v1+json"]["data"][0]["type"] == "bar", name
        assert "Plotly.newPlot" in shown[name][0]["text/html"], name
    (vega,) = [mime for mime in shown["altair"][0] if "vegalite" in mime]
    assert shown["altair"][0][vega]["mark"]
    assert "vegaEmbed" in shown["altair"][0]["text/html"]
    assert base64.b64decode(shown["pil"][0]["image/png"]).startswith(b"\x89PNG")
    assert shown["widget"][0]["text/html"] == "<span>Least amount: 3</span>"
    for name in ("table", "polars_table", "dataframe"):
        assert "<td>17</td>" in shown[name][0]["text/html"], name
        assert "_marimo_row_id" not in shown[name][0]["text/html"], name
    assert [said in str(data) for said, data in zip(("first", "second"), shown["several"], strict=True)] == [True, True]
    assert shown["plain"][0]["text/plain"].endswith("... (30000 characters)")
    assert outputs["broken"][0]["ename"] == "ValueError"


def test_the_store_is_the_environments(
    runs: Any, write_notebook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    monkeypatch.setenv("DAGLAB_EXECUTED__STORAGE", str(outside))
    path = write_notebook('[tool.daglab.assets.a]\nkey = "x/a"', "a = 1")
    result = runs(path)
    kept = outside / result.run_id / "x__a.ipynb"
    assert kept.is_file()
    metadata = runs.metadata("x/a")
    assert metadata["executed_notebook"] == str(kept)
    assert "notebook" not in metadata  # Dagster would refuse to show a file outside of its folder


def test_the_metadata_lead_to_the_notebook(runs: Any, write_notebook: Any, tmp_path: Path) -> None:
    path = write_notebook("[tool.daglab.assets.a]", ("one", "a = 1"))
    result = runs(path)
    metadata = runs.metadata("a")
    assert metadata["notebook"] == str(tmp_path / ".daglab" / "executed" / result.run_id / "a.ipynb")
    assert metadata["summary"].startswith("2 of 2 cells run in ")
    assert set(metadata["seconds_by_cell"]) == {"cell 'setup'", "cell 'one'"}
    assert (metadata["cells_run"], metadata["cells_pruned"]) == (2, 0)


def test_each_try_of_a_step_keeps_its_own(runs: Any, write_notebook: Any, tmp_path: Path) -> None:
    fails = "import daglab\nfirst = daglab.context().retry_number == 0\nassert not first, 'not yet'"
    path = write_notebook("[tool.daglab.assets.a]\nretry = { max_retries = 1 }", fails, "a = first")
    result = runs(path)
    folder = tmp_path / ".daglab" / "executed" / result.run_id
    assert "AssertionError: not yet" in (folder / "a.ipynb").read_text()
    assert "AssertionError: not yet" not in (folder / "a@retry-1.ipynb").read_text()
    assert runs.metadata("a")["notebook"] == str(folder / "a@retry-1.ipynb")


def test_cells_of_one_name_are_told_apart(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(
        "[tool.daglab.assets.a]", ("clean", "x = 1"), ("clean", "a = x\nprint('said')"), ("b", "c = a")
    )
    runs(path)
    labels = ["cell 'setup'", "cell 'clean' (2)", "cell 'clean' (3)"]
    assert list(runs.metadata("a")["seconds_by_cell"]) == labels
    assert [line for line in runs.lines() if "cell 'clean'" in line and line.endswith("starts")] == [
        f"{label}: starts" for label in labels[1:]
    ]
    assert "cell 'clean' (3) | said" in runs.lines()
    assert all(cell_line(line) for line in runs.lines() if line.endswith("starts"))


def test_a_current_folder_that_is_deleted_keeps_no_asset_back(runs: Any, write_notebook: Any, tmp_path: Path) -> None:
    path = write_notebook("[tool.daglab.assets.a]", "a = 1")
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    result = runs(path)
    kept = Path(runs.instance.storage_directory()) / "daglab-executed" / result.run_id / "a.ipynb"
    assert runs.metadata("a")["executed_notebook"] == str(kept)
    assert kept.is_file()


def test_an_asset_outlives_a_store_that_fails(runs: Any, write_notebook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGLAB_EXECUTED__STORAGE", "/proc/daglab")
    path = write_notebook("[tool.daglab.assets.a]", "a = 1")
    runs(path)
    assert runs.value(path, key="a") == 1
    assert any("the executed notebook of 'a' is not kept" in line for line in runs.log())


def test_a_folder_that_cannot_be_written_falls_back_to_the_instance(
    runs: Any, write_notebook: Any, tmp_path: Path
) -> None:
    (tmp_path / ".daglab").write_text("a file where the folder would be")
    result = runs(write_notebook("[tool.daglab.assets.a]", "a = 1"))
    kept = Path(runs.instance.storage_directory()) / "daglab-executed" / result.run_id / "a.ipynb"
    assert kept.is_file()


def test_the_console_keeps_so_much_and_no_more() -> None:
    console = Console(StepLog(lambda text: None))
    console.write("stdout", "x" * (KEPT_CHARACTERS + 5))
    (kept, note) = console.take()
    assert len(kept[1]) == KEPT_CHARACTERS
    assert note == ("stderr", "\n... 5 more characters\n")
    assert console.take() == []


def test_a_long_line_of_many_pieces_takes_time_by_its_length() -> None:
    told: list[str] = []
    console = Console(StepLog(told.append))
    begin = time.perf_counter()
    for _ in range(200_000):
        console.write("stdout", ".")
    for percent in range(20_000):
        console.write("stderr", f"\r{percent} of 20000")
    assert console.take() == [("stdout", "." * 200_000), ("stderr", "19999 of 20000")]
    assert time.perf_counter() - begin < 5  # it took a minute
    console.close()


def test_a_log_that_prints_does_not_feed_itself() -> None:
    def loud(text: str) -> None:
        console.write("stdout", f"log: {text}\n")

    console = Console(StepLog(loud))
    console.write("stdout", "once\n")
    assert console.take() == [("stdout", "once\n")]


def test_what_is_too_long_is_left_out_and_named(runs: Any, write_notebook: Any) -> None:
    picture = "class Picture:\n    def _repr_png_(self):\n        return b'x' * 3_300_000\nPicture()"
    chart = "return 'application/vnd.vega.v5+json', '[' + '1,' * 2**21 + '1]'"
    vega = f"class Vega:\n    def _mime_(self):\n        {chart}\nVega()"
    cells = [("html", "a = 1\nmo.Html('x' * 4_000_001)"), ("picture", f"b = a\n{picture}"), ("vega", f"c = b\n{vega}")]
    runs(write_notebook("[tool.daglab.assets.d]", *cells, "d = c"))
    document = str(runs.executed("d"))
    assert len(document) < 10_000
    assert "4,000,001 characters of text/html are not kept; the limit is 4,000,000" in document
    assert "4,400,000 characters of image/png are not kept" in document
    assert "characters of application/vnd.vega.v5+json are not kept" in document


ODD = {
    "undecodable": "import sys\nprint('caf\\udce9.csv', file=sys.stderr)",
    "logged": "import logging\nlogging.warning('log caf\\udce9')",
    "page": "mo.Html('<b>caf\\udce9</b>')",
    "dated": "import datetime\nclass Dated:\n    def _mime_(self):\n"
    "        return 'application/json', {'on': datetime.date(2026, 1, 1)}\nDated()",
    "bundle": "class Bundle:\n    def _repr_mimebundle_(self, **_):\n"
    "        return {'application/x+json': {(1, 2): object()}}\nBundle()",
    "nan": "class Nan:\n    def _repr_json_(self):\n        return {'a': float('nan'), 'b': 1}\nNan()",
    "number": "class Number:\n    def _mime_(self):\n        return 'text/html', 5\nNumber()",
}


def test_what_no_notebook_can_hold_is_told_and_loses_nothing(runs: Any, write_notebook: Any) -> None:
    cells = []
    for name, code in ODD.items():
        *before, last = code.rsplit("\n", 1)
        cells.append((name, "\n".join([*before, f"n_{name} = 1", last])))
    path = write_notebook(
        "[tool.daglab.assets.a]", *cells, "mo.md(f'caf\\udce9{1}')", f"a = {' + '.join(f'n_{name}' for name in ODD)}"
    )
    runs(path)
    assert runs.value(path, key="a") == len(ODD)
    document = runs.executed("a")
    nbformat.validate(nbformat.from_dict(document))
    json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    shown = {
        cell["metadata"]["daglab"]["executed"].get("name", ""): cell.get("outputs", []) for cell in document["cells"]
    }
    assert shown["undecodable"][0]["text"] == "caf\\udce9.csv\n"
    assert shown["page"][0]["data"]["text/html"] == "<b>caf\\udce9</b>"
    assert "application/json is not kept: Object of type date" in shown["dated"][0]["data"]["text/plain"]
    assert "application/x+json is not kept: keys must be" in shown["bundle"][0]["data"]["text/plain"]
    assert shown["nan"][0]["data"]["application/json"] == {"a": None, "b": 1}
    assert "text/html is not kept: it is of type int, no text" in shown["number"][0]["data"]["text/plain"]
    assert "cell 'undecodable' | caf\\udce9.csv" in runs.lines()


def test_a_full_notebook_keeps_its_error(runs: Any, write_notebook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executed, "NOTEBOOK_LIMIT", 5_000)
    show = "mo.output.append(mo.Html('x' * 3_000))"
    failing = f"{show}\n{show}\na = 1\nraise ValueError('y' * 30_000)"
    runs(write_notebook("[tool.daglab.assets.a]", ("fails", failing)), ok=False)
    (cell,) = [cell for cell in runs.executed("a")["cells"] if "y" in cell["source"]]
    first, second, error = cell["outputs"]
    assert len(first["data"]["text/html"]) == 3_000
    assert "is not kept: the notebook is full" in second["data"]["text/plain"]
    assert error["ename"] == "ValueError"
    assert error["evalue"].endswith("... (30000 characters)")


@pytest.mark.parametrize(("days", "left"), [("", False), ("7", False), ("90", True), ("null", True), ("x", True)])
def test_a_run_deletes_the_executed_notebooks_of_long_ago(
    runs: Any, write_notebook: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, days: str, left: bool
) -> None:
    monkeypatch.setenv("DAGLAB_EXECUTED__RETENTION_DAYS", days)
    path = write_notebook("[tool.daglab.assets.a]", "a = 1")
    old = tmp_path / ".daglab" / "executed" / runs(path).run_id / "a.ipynb"
    long_ago = time.time() - 40 * 24 * 3600
    for file in (old, *(tmp_path / ".daglab" / "executed").glob(".daglab-pruned")):
        os.utime(file, (long_ago, long_ago))
    runs(path)
    assert old.is_file() is left
    assert runs.executed("a")
    told = [line for line in runs.log() if "old" in line and "executed notebooks" in line]
    assert len(told) == (days == "x" or not left)
