"""What is shown of a run is text, whatever it holds."""

from __future__ import annotations

from daglab.client import EventError, Metadata, RunEvent
from daglab.runs.tracked import TrackedRun, after


def event(kind: str, message: str = "", **more: object) -> RunEvent:
    return RunEvent(timestamp=0.0, level="INFO", kind=kind, step="orders", message=message, **more)  # type: ignore[arg-type]


def test_steps_and_cells() -> None:
    run = after(TrackedRun("r", steps_total=2), [event("STEP_START"), event("LOG", "cell 'a': starts")], 0.0)
    assert (run.status, run.step, run.cell) == ("STARTED", "orders", "cell 'a'")
    run = after(run, [event("LOG", "cell 'a': run in 1.0 s"), event("STEP_SUCCESS")], 0.0)
    assert (run.steps_done, run.step, run.cell, run.error) == (1, None, None, None)


def test_the_first_failure_counts_and_everything_is_escaped() -> None:
    evil = "<script>alert('1')</script>"
    failure = EventError("ValueError", f"ValueError: {evil}", (), None)
    place = (Metadata("cell", "text", f"cell {evil}"), Metadata("line", "text", "x.py:3"))
    run = TrackedRun(evil, url=f'http://127.0.0.1:3000/"{evil}')
    run = after(run, [event("STEP_FAILURE", error=failure, metadata=place), event("RUN_FAILURE", "later")], 0.0)
    assert run.failing_line == "x.py:3"
    assert run.error is not None and run.error.startswith("ValueError")
    shown = run._repr_html_()
    assert "<script" not in shown
    assert '"<' not in shown
    assert f"failed: orders, cell {evil}, x.py:3" in str(run)
