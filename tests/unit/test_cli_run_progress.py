"""What `daglab run` tells of the events of a run; the whole command is tested in tests/integration."""

from __future__ import annotations

import json
from typing import Any

import pytest

from daglab.cli.output import Output
from daglab.cli.run_progress import Progress
from daglab.client import EventError, Metadata, RunEvent
from daglab.runs.messages import failure_text
from tests.shapes import assert_shape

FRAME = '  File "/home/ann/shop.py", line 3, in orders\n    raise ValueError\n'
DAGSTERS = '  File "/x/site-packages/dagster/_core/execution/plan/utils.py", line 57, in boundary\n    yield\n'
DAGLABS = '  File "/x/site-packages/daglab/runtime/step.py", line 198, in _record\n    raise failure\n'


def event(kind: str, message: str = "", step: str | None = "orders", **more: Any) -> RunEvent:
    return RunEvent(timestamp=0.0, level="INFO", kind=kind, step=step, message=message, **more)


def told(capsys: pytest.CaptureFixture[str], *events: RunEvent) -> list[dict[str, Any]]:
    Progress(Output(json=True)).events("r1", events)
    lines = capsys.readouterr().out
    assert_shape(["run"], lines)
    return [json.loads(line) for line in lines.splitlines()]


def test_a_cells_start_is_told_only_where_its_end_is_not_there_yet(capsys: pytest.CaptureFixture[str]) -> None:
    text = "cell 'a': starts\ncell 'a': run in 0.125 s\ncell 2: starts\ncell 2 | cell 'x': failed in 1.0 s"
    assert [(x["cell"], x["state"]) for x in told(capsys, event("LOG", text))] == [
        ("cell 'a'", "run"),
        ("cell 2", "started"),
    ]
    (ended,) = told(capsys, event("LOG", "cell 2: stopped in 3.000 s, peak memory 120 MB"))
    assert (ended["state"], ended["seconds"], ended["peak_mb"]) == ("stopped", 3.0, 120)


def test_steps(capsys: pytest.CaptureFixture[str]) -> None:
    kinds = ("STEP_START", "STEP_UP_FOR_RETRY", "STEP_RESTARTED", "STEP_SKIPPED", "STEP_SUCCESS", "ENGINE_EVENT")
    states = [x["state"] for x in told(capsys, *map(event, kinds))]
    assert states == ["started", "up_for_retry", "restarted", "skipped", "succeeded"]


def test_the_failure_of_a_run_is_told_where_no_steps_was(capsys: pytest.CaptureFixture[str]) -> None:
    run = event("RUN_FAILURE", "The run's process died.", step=None)
    (failure,) = told(capsys, run)
    assert (failure["step"], failure["message"]) == (None, "The run's process died.")
    error = EventError("ValueError", "ValueError: no", (FRAME,), None)
    assert len(told(capsys, event("STEP_FAILURE", error=error), run)) == 1


def test_a_run_that_will_not_start(capsys: pytest.CaptureFixture[str]) -> None:
    Progress(Output()).launched({"run_id": "r1"}, "http://x/runs/r1", problem="No Dagster daemon is running.")
    assert "it will not start: No Dagster daemon is running." in capsys.readouterr().err


def test_quiet_tells_failures_and_how_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(Output(quiet=True))
    error = EventError("ValueError", "ValueError: no", (FRAME,), None)
    progress.launched({"run_id": "r1"}, "http://x/runs/r1")
    progress.events("r1", [event("STEP_START"), event("STEP_FAILURE", error=error)])
    progress.ended({"status": "FAILURE", "seconds": 1.25}, "r1")
    said = capsys.readouterr()
    assert said.out == "r1  FAILURE  1.2 s\n"
    assert said.err.startswith("failed: orders\n  Traceback (most recent call last):\n")


def test_of_dagsters_own_frames_nothing_is_shown() -> None:
    cause = EventError("KeyError", "KeyError: 'amount'", (FRAME,), None)
    user = EventError("ValueError", "ValueError: no", (DAGSTERS, FRAME), cause)
    wrapped = EventError("DagsterExecutionStepExecutionError", "Error occurred", (DAGSTERS,), user)
    assert failure_text(event("STEP_FAILURE", error=wrapped)) == (
        f"Traceback (most recent call last):\n{FRAME}KeyError: 'amount'\n\n"
        "The above exception was the direct cause of the following exception:\n\n"
        f"Traceback (most recent call last):\n{FRAME}ValueError: no"
    )


def test_a_failure_that_daglab_raises_says_all_in_its_message() -> None:
    cause = EventError("ValueError", "ValueError: no", (DAGLABS,), None)
    said = "dagster._core.definitions.events.Failure: cell 'a' failed at x.py:3: ValueError: no\n\nTraceback"
    error = EventError("Failure", said, (DAGSTERS, DAGLABS), cause)
    found = event("STEP_FAILURE", error=error, metadata=(Metadata("cell", "text", "cell 'a'"),))
    assert failure_text(found) == "cell 'a' failed at x.py:3: ValueError: no\n\nTraceback"
    own = EventError("Failure", "dagster.Failure: no luck", (FRAME,), None)  # of a user's asset: where is news
    assert failure_text(event("STEP_FAILURE", error=own)).startswith("Traceback")
