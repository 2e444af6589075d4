"""What a process is like while a value is stored, and after that has failed."""

from __future__ import annotations

import sys
import threading
from typing import Any

import dagster as dg
import duckdb

import daglab
from daglab.runtime.definitions import notebook_assets

UNPICKLABLE = ("[tool.daglab.assets.a]", ("make", "a = lambda: 1"))


def test_a_value_that_cannot_be_stored_holds_nothing_of_the_process(runs: Any, write_notebook: Any) -> None:
    before = sys.modules["__main__"], duckdb.default_connection()
    bad = write_notebook(*UNPICKLABLE, name="bad.py")
    good = write_notebook("[tool.daglab.assets.b]", "b = 1", name="good.py")
    failed = runs(bad, good, ok=False)
    assert "PicklingError" in runs.failure().error.to_string()  # one step failed; the other one has run
    assert runs.materialized() == ["b"]
    assert (sys.modules["__main__"], duckdb.default_connection()) == before
    assert daglab.context() is None
    runs.last = failed
    assert runs.states("a")["make"] == "run"


def test_another_thread_runs_a_notebook_after_a_failed_write(runs: Any, write_notebook: Any) -> None:
    bad = write_notebook(*UNPICKLABLE, name="bad.py")
    good = write_notebook("[tool.daglab.assets.b]", "b = 1", name="good.py")
    failed = runs(bad, ok=False)
    results: list[bool] = []

    def other() -> None:
        results.append(dg.materialize([notebook_assets(good)], instance=runs.instance).success)

    thread = threading.Thread(target=other, daemon=True)
    thread.start()
    thread.join(60)
    assert results == [True]
    assert not failed.success


def test_a_retry_after_a_failed_write(runs: Any, write_notebook: Any) -> None:
    class Flaky(dg.InMemoryIOManager):
        def handle_output(self, context: Any, obj: Any) -> None:
            if context.step_context.previous_attempt_count == 0:
                raise ConnectionError("the store is away")
            super().handle_output(context, obj)

    path = write_notebook("[tool.daglab.assets.a]\nretry = { max_retries = 1 }", "a = 1")
    runs(path, resources={"io_manager": Flaky()})
    assert runs.materialized() == ["a"]


def test_the_notebook_goes_on_where_it_was_after_each_value(runs: Any, write_notebook: Any) -> None:
    path = write_notebook(
        "[tool.daglab.assets.a]\n[tool.daglab.assets.b]",
        "import asyncio\nimport sys",
        "await asyncio.sleep(0)\nmo.sql('create table t as select 42 as x')\na = 1",
        "await asyncio.sleep(0)\nb = (a, mo.sql('select x from t')['x'][0], sys.modules['__main__'].a)",
    )
    runs(path)
    assert runs.value(path, key="b") == (1, 42, 1)


def test_a_class_of_the_notebook_is_told_of_before_it_cannot_be_stored(runs: Any, write_notebook: Any) -> None:
    path = write_notebook("[tool.daglab.assets.a]", ("make", "class Point: pass\n\na = Point()"))
    runs(path, ok=False)
    assert any("'a' is a Point, a class of the notebook" in line for line in runs.log())
