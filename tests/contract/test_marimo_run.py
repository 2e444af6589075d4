"""Running cells by marimo's private names: the suite that the oldest and the newest supported marimo must pass.

It needs neither Dagster nor the rest of daglab's extras, so that it runs in an environment with marimo alone.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

from daglab import marimo_api, marimo_graph
from daglab.errors import NotebookError
from daglab.marimo_run import CellEnd, CellRunner, CellSource, format_value


def source(
    code: str, *, name: str = "_", kind: Any = "cell", line: int = 1, indent: int = 0, **options: Any
) -> CellSource:
    return CellSource(code, name, kind, options, line, indent)


def run(*cells: CellSource, path: str = "/nowhere/nb.py", given: dict[str, Any] | None = None) -> dict[int, CellEnd]:
    runner = CellRunner(path, cells, {})
    main = sys.modules["__main__"]
    try:
        with runner:
            module = runner.main_module(given or {})
            sys.modules["__main__"] = module
            ends = {index: runner.run(index, module.__dict__) for index in runner.order}
    finally:
        sys.modules["__main__"] = main
        runner.close()
    return ends


def test_cells_run_in_the_order_of_the_graph_and_see_what_is_given() -> None:
    ends = run(source("c = b + 1\nc"), source("b = a * 2\nb"), given={"a": 20})
    assert list(ends) == [1, 0]
    assert (ends[1].value, ends[0].value) == (40, 41)


def test_the_setup_cell_functions_and_classes() -> None:
    cells = (
        source("x = double(n)\ny = Box(x).get()\n(x, y)"),
        source("import math\nn = math.floor(2.5)", name="setup", kind="setup"),
        source("def double(v):\n    return 2 * v", name="double", kind="function"),
        source(
            "class Box:\n    def __init__(self, v):\n        self.v = v\n    get = lambda self: self.v + n",
            kind="class",
        ),
    )
    runner = CellRunner("/nowhere/nb.py", cells, {})
    assert runner.order[0] == 1
    assert runner.order[-1] == 0
    assert runner.parents[0] == {1, 2, 3}
    assert run(*cells)[0].value == (4, 6)


def test_async_cells_share_a_loop() -> None:
    ends = run(
        source("import asyncio"),
        source("event = asyncio.Event()\ntask = asyncio.ensure_future(event.wait())\nawait asyncio.sleep(0)"),
        source("event.set()\ndone = await task\ndone"),
    )
    assert [end.status for end in ends.values()] == ["ok"] * 3
    assert ends[2].value is True


def test_a_task_that_was_left_does_not_hold_up_the_end() -> None:
    ends = run(source("import asyncio\nleft = asyncio.ensure_future(asyncio.sleep(60))\nawait asyncio.sleep(0)"))
    assert ends[0].status == "ok"


def test_stop_is_no_error_and_gives_its_output() -> None:
    ends = run(source("import marimo as mo"), source("mo.stop(True, 'why')\nx = 1"))
    assert (ends[1].status, ends[1].value) == ("stopped", "why")


def test_an_error_points_at_the_real_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "nb.py"
    path.write_text("# one\n\ndef cell():\n    x = [\n        1 / 0 for _ in 'a'\n    ]\n")
    ends = run(source("x = [\n    1 / 0 for _ in 'a'\n]", line=4, indent=4), path=str(path))
    error = ends[0].error
    assert isinstance(error, ZeroDivisionError)
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    assert "marimo" not in text
    assert "daglab" not in text.replace(str(tmp_path), "")
    lines = {frame.lineno: frame.line for frame in traceback.extract_tb(error.__traceback__)}
    assert lines[5] == "1 / 0 for _ in 'a'"
    assert {frame.filename for frame in traceback.extract_tb(error.__traceback__)} == {str(path)}


def test_names_with_an_underscore_stay_in_their_cell() -> None:
    ends = run(source("_x = 1\na = _x"), source("_x = 2\nb = _x"), source("(a, b)"))
    assert ends[2].value == (1, 2)


def test_a_disabled_cell_does_not_run() -> None:
    assert list(run(source("a = 1", disabled=True), source("b = 2"))) == [1]


def test_marimos_own_functions_find_a_context(tmp_path: Path) -> None:
    path = tmp_path / "nb.py"
    path.touch()
    ends = run(
        source("import marimo as mo"),
        source("mo.output.append(mo.md('one'))\nslider = mo.ui.slider(1, 9, value=4)"),
        source("slider.value"),
        source("(mo.running_in_notebook(), mo.notebook_dir())"),
        path=str(path),
    )
    assert ends[2].value == 4
    assert len(ends[1].shown) == 1
    assert "one" in str(format_value(ends[1].shown[0]))
    assert ends[3].value == (False, tmp_path)


def test_an_outer_context_is_left_as_it_was() -> None:
    from marimo._runtime.context.types import ContextNotInitializedError, get_context

    inner = CellRunner("/nowhere/inner.py", [source("1")], {})
    with CellRunner("/nowhere/outer.py", [source("1")], {}):
        before = get_context()
        with inner:
            assert get_context() is not before
        assert get_context() is before
    with pytest.raises(ContextNotInitializedError):
        get_context()


def test_values_are_formatted_without_marimos_widgets() -> None:
    import pandas

    formatted = format_value(pandas.DataFrame({"x": [1]}))
    assert formatted is not None
    assert formatted[0] == "text/html"
    assert "<table" in formatted[1]
    assert format_value(object()) is None


def test_a_figure_becomes_a_picture() -> None:
    import matplotlib as mpl

    mpl.use("agg")
    (end,) = run(source("import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nfig")).values()
    formatted = format_value(end.value)
    assert formatted is not None
    assert "image/png" in f"{formatted[0]} {formatted[1][:100]}"


@pytest.mark.parametrize(
    ("codes", "message"),
    [(("a = 1", "a = 2"), "multiple definitions"), (("a = b", "b = a"), "cycles"), (("a = (",), r"nb.py:1: .* parse")],
)
def test_a_notebook_that_cannot_run_is_refused(codes: tuple[str, ...], message: str) -> None:
    with pytest.raises(NotebookError, match=message):
        CellRunner("/nowhere/nb.py", [source(code) for code in codes], {})


def test_the_graph_that_is_read_is_the_graph_that_is_run() -> None:
    codes = ["import os", "a = os.sep", "def f():\n    return a", "b = f()", "_c = a"]
    read = marimo_graph.compile_graph([marimo_api.ParsedCell(code) for code in codes])
    runner = CellRunner("/nowhere/nb.py", [source(code) for code in codes], {})
    assert [cell.parents for cell in read] == [runner.parents[index] for index in range(len(codes))]
