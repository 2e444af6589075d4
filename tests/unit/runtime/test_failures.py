"""Runs that fail, and what they leave to look at."""

from __future__ import annotations

from typing import Any

import dagster as dg
import nbformat
import pytest

HEADER = "[tool.daglab.assets.a]\n[tool.daglab.assets.b]"


def test_a_failing_cell_is_named_with_its_line_and_only_the_users_frames(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(
        HEADER,
        ("half", "def half(x):\n    return x / 0"),
        "a = 1",
        ("breaks", "# a comment\nprint('before')\nb = [\n    half(a)\n    for _ in range(1)\n]"),
    )
    runs(path, ok=False)
    lines = path.read_text().split("\n")
    own = next(number for number, text in enumerate(lines, 1) if "half(a)" in text)
    place = f"nb.py:{own} (in half(), nb.py:{lines.index('    return x / 0') + 1})"
    data = runs.failure()
    description, metadata = data.user_failure_data.description, data.user_failure_data.metadata
    assert description.startswith(f"cell 'breaks' failed at {place}: ZeroDivisionError: division by zero")
    frames = [text for text in description.splitlines() if text.startswith("  File ")]
    assert len(frames) >= 2
    assert all(str(path) in frame for frame in frames)
    assert "half(a)" in description
    assert metadata["cell"].value == "cell 'breaks'"
    assert metadata["line"].value == place
    assert metadata["notebook"].value.endswith("b.ipynb")
    assert data.error.cause.message.startswith("ZeroDivisionError")
    assert "daglab" not in "".join(data.error.cause.stack).replace(str(path), "")


@pytest.mark.parametrize("key", ["outside", "nowhere"])
def test_what_daglab_refuses_has_no_frames_of_its_own(runs: Any, write_notebook: Any, key: str) -> None:
    path = write_notebook(
        '[tool.daglab.assets.a]\ndeps = ["outside"]', "import daglab", f"a = daglab.load_asset({key!r})"
    )
    runs(path, dg.AssetSpec("outside"), ok=False)
    failure = runs.failure()
    text = failure.user_failure_data.metadata["traceback"].value
    assert text.count('File "') == 1
    assert f"a = daglab.load_asset({key!r})" in text
    assert "AssetValueError: the asset" in text
    cause = failure.error.cause
    assert (len(cause.stack), cause.cause, cause.context) == (1, None, None)


def test_the_failed_notebook_is_kept_up_to_there(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(HEADER, "a = 1", ("breaks", "print('before')\nb = a / 0"), ("after", "c = b"))
    runs(path, ok=False)
    document = runs.executed("b")
    nbformat.validate(nbformat.from_dict(document))
    assert runs.states("b") == {"setup": "run", "cell-2": "run", "breaks": "failed", "after": "pruned"}
    stream, error = document["cells"][2]["outputs"]
    assert (stream["name"], stream["text"]) == ("stdout", "before\n")
    assert (error["ename"], error["evalue"]) == ("ZeroDivisionError", "division by zero")


def test_a_stop_that_leaves_an_asset_without_a_value(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(
        HEADER, "a = 1", ("guard", "mo.stop(a > 0, mo.md('**no orders**'))\nready = True"), ("make", "b = ready")
    )
    runs(path, ok=False)
    place = next(
        cell for cell in runs.executed("b")["cells"] if cell["metadata"]["daglab"]["executed"].get("name") == "guard"
    )
    assert "no orders" in place["outputs"][0]["data"]["text/html"]
    description = runs.failure().user_failure_data.description
    assert description.startswith("mo.stop in cell 'guard' (nb.py:")
    assert description.endswith("left 'b' without a value")
    assert runs.states("b")["make"] == "cancelled"
    assert runs.materialized() == ["a"]


def test_a_stop_after_the_assignment_is_no_value_either(runs: Any, write_notebook: Any) -> None:
    path = write_notebook("[tool.daglab.assets.a]", ("make", "a = 1\nmo.stop(True)"), "other = 1")
    runs(path, ok=False)
    assert "mo.stop in cell 'make'" in runs.failure().user_failure_data.description


def test_a_stop_elsewhere_does_not_matter(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(HEADER, "a = 1", "mo.stop(True)\nunused = a", "b = a + 1")
    runs(path)
    assert runs.value(path, key="b") == 2


def test_a_cell_that_never_assigns_its_asset(runs: Any, write_notebook: Any) -> None:
    path = write_notebook("[tool.daglab.assets.a]", "for a in []:\n    pass")
    runs(path, ok=False)
    assert "ended without a value for 'a'" in runs.failure().user_failure_data.description


def test_leaving_the_interpreter_is_a_failure(runs: Any, write_notebook: Any) -> None:
    path = write_notebook("[tool.daglab.assets.a]", ("leave", "import sys\na = 1\nsys.exit(3)"))
    runs(path, ok=False)
    assert "cell 'leave' failed at nb.py" in runs.failure().user_failure_data.description


def test_an_interruption_is_dagsters_to_handle(runs: Any, write_notebook: Any) -> None:
    path = write_notebook("[tool.daglab.assets.a]", ("wait", "a = 1\nraise KeyboardInterrupt"))
    runs(path, ok=False)
    assert runs.failure().user_failure_data is None
    assert "KeyboardInterrupt" in runs.failure().error.to_string()
    (kept,) = (path.parent / ".daglab" / "executed").glob("*/a.ipynb")
    assert "KeyboardInterrupt" in kept.read_text()


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (("a = 1", "a = 2"), "multiple definitions"),
        (("a = b", "b = a"), "cycles"),
        (("a = 1", "x = ("), "does not parse"),
    ],
)
def test_a_broken_notebook_fails_before_any_cell(
    runs: Any, write_notebook: Any, cells: tuple[str, ...], message: str
) -> None:
    path = write_notebook("[tool.daglab.assets.a]", "print('never')", *cells)
    runs(path, ok=False)
    assert message in runs.failure().user_failure_data.description
    assert not any("never" in line for line in runs.log())


def test_what_is_printed_reaches_the_log_as_it_happens(runs: Any, write_notebook: Any, capsys: Any) -> None:
    code = """
import sys
print('one\\ntwo')
print('10%', end='\\r')
print('20%')
print('warned', file=sys.stderr)
print('open', end='')
a = 1
"""
    path = write_notebook("[tool.daglab.assets.a]", ("talk", code))
    runs(path)
    said = [line for line in runs.lines() if line.startswith("cell 'talk'")]
    assert said[:6] == [
        f"cell 'talk'{text}" for text in (": starts", " | one", " | two", " | 20%", " | warned", " | open")
    ]
    assert said[6].startswith("cell 'talk': run in ")
    (outputs,) = [cell["outputs"] for cell in runs.executed("a")["cells"] if "talk" in str(cell["metadata"])]
    assert [(output["name"], output["text"]) for output in outputs] == [
        ("stdout", "one\ntwo\n20%\n"),
        ("stderr", "warned\n"),
        ("stdout", "open"),
    ]
    assert "one\ntwo\n" in capsys.readouterr().out


def test_what_is_printed_before_a_long_silence_is_told_during_it(runs: Any, write_notebook: Any) -> None:
    code = """
import time, daglab
print('at once')
print('a little later')
run = daglab.context()
until = time.monotonic() + 20
told = ''
while 'later' not in told and time.monotonic() < until:
    time.sleep(0.1)
    told = str([entry.user_message for entry in run.instance.all_logs(run.run.run_id)])
a = 'later' in told
"""
    path = write_notebook("[tool.daglab.assets.a]", code)
    runs(path)
    assert runs.value(path, key="a") is True


def test_quick_cells_share_a_row_of_dagsters_log(runs: Any, write_notebook: Any) -> None:
    cells = [f"a{number} = {number}" for number in range(100)]
    runs(write_notebook("[tool.daglab.assets.a]", *cells, f"a = {' + '.join(f'a{n}' for n in range(100))}"))
    assert sum(": run in" in line for line in runs.lines()) == 102  # and the one that imports
    assert sum("starts" in message for message in runs.log()) < 20


@pytest.mark.parametrize(
    "code",
    [
        "import asyncio\n_task = asyncio.ensure_future(asyncio.sleep(9))\n_task.cancel()\na = await _task",
        "class Own(BaseException): pass\n\na = 1\nraise Own('boom')",
        "from polars.exceptions import PanicException\na = 1\nraise PanicException('boom')",
        "class Mute(Exception):\n    def __str__(self):\n        raise ValueError\n\na = 1\nraise Mute",
    ],
)
def test_whatever_a_cell_raises_is_its_failure(runs: Any, write_notebook: Any, code: str) -> None:
    runs(write_notebook("[tool.daglab.assets.a]", ("breaks", code)), ok=False)
    failure = runs.failure().user_failure_data
    assert failure.description.startswith("cell 'breaks' failed at nb.py:")
    assert "notebook" in failure.metadata
    assert runs.states("a")["breaks"] == "failed"


def test_an_error_of_any_text_is_a_failure_that_everything_can_show(runs: Any, write_notebook: Any) -> None:
    long = "raise ValueError('no file caf\\udce9.csv ' + 'x' * 3_000_000)"
    runs(write_notebook("[tool.daglab.assets.a]", ("fails", f"a = 1\n{long}")), ok=False)
    failure = runs.failure()
    said = failure.user_failure_data.description
    assert said.startswith("cell 'fails' failed at nb.py:20: ValueError: no file caf\\udce9.csv xxx")
    assert len(said) < 50_000
    assert len(failure.user_failure_data.metadata["traceback"].value) < 25_000
    (error,) = [o for cell in runs.executed("a")["cells"] for o in cell["outputs"] if o["output_type"] == "error"]
    assert error["evalue"].startswith("no file caf\\udce9.csv")
    records = runs.instance.get_records_for_run(runs.last.run_id).records
    events = [str(record.event_log_entry) for record in records]
    assert sum(len(event.encode()) for event in events) < 500_000


def test_thousands_of_lines_are_few_events(runs: Any, write_notebook: Any) -> None:
    path = write_notebook("[tool.daglab.assets.a]", ("talk", "a = 1\nfor _i in range(6000): print('line', _i)"))
    runs(path)
    assert len([entry for entry in runs.log() if "cell 'talk' |" in entry]) < 150
    lines = [line for line in runs.lines() if line.startswith("cell 'talk' |")]
    assert lines[0] == "cell 'talk' | line 0"
    assert lines[-1].startswith("cell 'talk' | ... 1000 more lines")
    assert "line 5999" in str(runs.executed("a")["cells"][1]["outputs"])


def test_a_value_from_the_environment_is_not_shown(
    runs: Any, write_notebook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_KEY", "CANARY-123")
    header = '[tool.daglab]\nparams = ["key", "n"]\n[tool.daglab.assets.a]'
    path = write_notebook(header, "key: str = ''", "n: int = 1", "a = (len(key), n)")
    config = {"key": {"env": "API_KEY"}, "n": 3}
    result = runs(path, run_config={"ops": {"nb_notebook": {"config": config}}})
    assert runs.value(path, key="a") == (10, 3)
    document = str(runs.executed("a"))
    assert "key = <from the environment variable API_KEY>" in document
    assert "n = 3" in document
    everything = document + str(runs.log()) + str(runs.metadata("a")) + str(result.all_events)
    assert "CANARY-123" not in everything


def test_the_partition_key_stands_alone(write_notebook: Any) -> None:
    from daglab.errors import NotebookError
    from daglab.runtime.definitions import notebook_assets

    header = '[tool.daglab.partitions]\nstatic = ["x"]\n[tool.daglab.assets.a]'
    path = write_notebook(header, "partition_key = 'q'\nother = 5", "a = (partition_key, other)")
    with pytest.raises(NotebookError, match="'partition_key' defines other as well"):
        notebook_assets(path)


def test_a_fault_of_the_io_manager_is_not_taken_for_a_missing_value(runs: Any, write_notebook: Any) -> None:
    class Broken(dg.IOManager):
        def handle_output(self, context: Any, obj: Any) -> None:
            return None

        def load_input(self, context: Any) -> None:
            raise KeyError("column 'x'")

    @dg.asset
    def up() -> int:
        return 1

    path = write_notebook('[tool.daglab.inputs]\nu = "up"\n[tool.daglab.assets.a]', "u = 0", ("use", "a = u"))
    runs(up, path, resources={"io_manager": Broken()}, ok=False)
    failure = runs.failure().user_failure_data
    assert failure.description.startswith("cell 'use' reads 'u': the stored value of 'up' can't be loaded: KeyError")
    assert "notebook" in failure.metadata
    assert runs.states("a")["use"] == "failed"


def test_many_missing_partitions_are_counted(runs: Any, write_notebook: Any) -> None:
    keys = [f"p{number}" for number in range(40)]

    class Empty(dg.InMemoryIOManager):
        def load_input(self, context: Any) -> None:
            raise FileNotFoundError("nothing")

    up = dg.AssetSpec("up", partitions_def=dg.StaticPartitionsDefinition(keys))
    path = write_notebook('[tool.daglab.inputs]\nu = "up"\n[tool.daglab.assets.a]', "u = 0", "a = u")
    runs(up, path, resources={"io_manager": Empty()}, ok=False)
    description = runs.failure().user_failure_data.description
    assert "(40 partitions: p0, p1, p2, ...) has no stored value" in description
    assert "p39" not in description
