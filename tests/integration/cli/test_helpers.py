"""daglab.helpers in plain Python: runs that succeed, fail, are interrupted, recovered, and done in-process."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from daglab import helpers
from daglab.client import BlockingDagsterClient
from daglab.config_model import Dagster
from daglab.errors import ConfigError, DaglabError, NotFoundError, ReadOnlyError, RunTimeoutError, ValidationError
from tests.integration.conftest import RunningDagster

GREET = "ops: {greet: {config: {name: Ann}}}"


@pytest.fixture(autouse=True)
def here(cells: RunningDagster, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The notebook's folder: that of the project."""
    monkeypatch.chdir(cells.project)
    monkeypatch.setenv("DAGLAB_DAGSTER__URL", cells.url)
    monkeypatch.setenv("DAGSTER_HOME", str(cells.home))
    return cells.project


def status_in_dagster(cells: RunningDagster, run_id: str) -> str:
    with BlockingDagsterClient(Dagster(url=cells.url)) as client:
        return client.run_status(run_id)


def once(condition: Callable[[helpers.TrackedRun], bool], act: Callable[[], None]) -> Callable[..., None]:
    """Act, from another thread, the first time that a run is so."""
    done = threading.Event()

    def look(run: helpers.TrackedRun) -> None:
        if condition(run) and not done.is_set():
            done.set()
            threading.Timer(0.5, act).start()

    return look


def test_asking(cells: RunningDagster) -> None:
    assert helpers.status().address == cells.url
    assert [asset.key for asset in helpers.discover(pattern="raw/*").assets] == ["raw/orders"]
    assert helpers.validate_config(GREET, job="hello") == []
    assert helpers.validate_config(GREET.replace("Ann", "2026-01-31"), job="hello") == []
    assert helpers.validate_config({"ops": {"greet": {"config": {"name": date(2026, 1, 31)}}}}, job="hello") == []
    assert "Missing required" in helpers.validate_config("", job="hello")[0].message
    assert "not YAML" in helpers.validate_config("a: [", job="hello")[0].message
    assert "a mapping, not list" in helpers.validate_config("[1]", job="hello")[0].message
    assert helpers.validate_config("", job="letters", partition="a") == []
    with pytest.raises(ValidationError, match="no partition z"):
        helpers.validate_config("", job="letters", partition="z")
    with pytest.raises(ConfigError, match="the run's configuration:1: not YAML"):
        helpers.run_job("hello", config="a: ]")
    with pytest.raises(NotFoundError, match="did you mean 'hello'"):
        helpers.run_job("helo")


def test_a_run_that_succeeds(cells: RunningDagster, capsys: pytest.CaptureFixture[str]) -> None:
    states = list(helpers.track(helpers.run_job("hello", config=GREET)))
    last = states[-1]
    assert (last.status, last.succeeded, last.is_final) == ("SUCCESS", True, True)
    assert (last.steps_done, last.steps_total) == (1, 1)
    assert last.url == f"{cells.url}/runs/{last.run_id}"
    assert 0 < last.seconds < 60
    assert not states[0].is_final
    assert status_in_dagster(cells, last.run_id) == "SUCCESS"
    assert f"run {last.run_id}: SUCCESS" in capsys.readouterr().out
    *_, last = helpers.track(helpers.run_job("letters", partition="a"))
    assert last.succeeded


def test_a_run_that_fails_and_its_recovery(cells: RunningDagster) -> None:
    *_, failed = helpers.track(helpers.run_assets(["ratio"]))
    assert failed.status == "FAILURE"
    assert (failed.failing_step, failed.failing_cell) == ("ratio_notebook", "cell 'divide'")
    assert failed.failing_line is not None and failed.failing_line.startswith("ratio.py:")
    assert failed.error is not None and "ZeroDivisionError" in failed.error
    again = helpers.reexecute(failed)
    assert again.parent_run_id == failed.run_id
    *_, result = helpers.track(again)
    assert result.status == "FAILURE"
    with pytest.raises(ValidationError):
        helpers.cancel(failed)


def test_an_interrupt_terminates_the_run(cells: RunningDagster) -> None:
    launched = helpers.run_assets(["slow"])
    look = once(lambda run: run.step == "slow", lambda: os.kill(os.getpid(), signal.SIGINT))
    last = None
    for last in helpers.track(launched):
        look(last)
    assert last is not None and last.status == "CANCELED"
    assert status_in_dagster(cells, launched.run_id) == "CANCELED"  # type: ignore[union-attr]


def test_a_timeout_leaves_the_run_and_it_is_canceled(cells: RunningDagster) -> None:
    launched = helpers.run_assets(["slow"])
    assert not isinstance(launched, helpers.InProcessRun)
    with pytest.raises(RunTimeoutError):
        list(helpers.track(launched, timeout=1))
    helpers.cancel(launched)
    *_, last = helpers.track(launched)
    assert last.status == "CANCELED"


def test_in_process(cells: RunningDagster) -> None:
    *_, last = helpers.track(helpers.run_assets(["raw/orders"], in_process=True))
    assert (last.status, last.url, last.steps_done, last.steps_total) == ("SUCCESS", None, 1, 1)
    assert status_in_dagster(cells, last.run_id) == "SUCCESS"  # they share the instance
    *_, last = helpers.track(helpers.run_job("hello", config=GREET, in_process=True))
    assert last.succeeded
    *_, last = helpers.track(helpers.run_assets(["ratio"], in_process=True))
    assert (last.status, last.failing_cell) == ("FAILURE", "cell 'divide'")
    *_, last = helpers.track(helpers.run_assets(["by_region"], partition="a", in_process=True))
    assert last.succeeded
    *_, last = helpers.track(helpers.run_job("letters", partition="c", in_process=True))
    assert last.status == "FAILURE" and last.error is not None and "no letter c" in last.error
    with pytest.raises(DaglabError, match="needs a partition"):
        list(helpers.track(helpers.run_assets(["by_region"], in_process=True)))
    with pytest.raises(ValidationError):
        helpers.run_job("hello", location="cells", in_process=True)


def test_an_interrupt_ends_an_in_process_run(cells: RunningDagster) -> None:
    look = once(lambda run: run.step == "slow", lambda: os.kill(os.getpid(), signal.SIGINT))
    last = None
    for last in helpers.track(helpers.run_assets(["slow"], in_process=True)):
        look(last)
    assert last is not None and (last.status, last.error) == ("FAILURE", "It was interrupted.")
    assert status_in_dagster(cells, last.run_id) == "FAILURE"


def test_in_jupyter_one_output_changes(cells: RunningDagster) -> None:
    code = f"from daglab import helpers\n*_, last = helpers.track(helpers.run_job('hello', config={GREET!r}))"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute(cwd=str(cells.project))
    (output,) = notebook.cells[0].outputs
    assert "<b>SUCCESS, " in output.data["text/html"]
    assert f'href="{cells.url}/runs/' in output.data["text/html"]


def test_read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGLAB_READ_ONLY", "true")
    for in_process in (False, True):
        with pytest.raises(ReadOnlyError):
            helpers.run_assets(["raw/orders"], in_process=in_process)
        with pytest.raises(ReadOnlyError):
            helpers.run_job("hello", config=GREET, in_process=in_process)
