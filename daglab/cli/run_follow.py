"""Follow what ``daglab run`` has launched in a running Dagster, up to its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from daglab.cli.run_progress import Progress
from daglab.client import FINAL_STATUSES, Backfill, BlockingDagsterClient, Run, RunLogs
from daglab.errors import DagsterConnectionError, DagsterError, RunTimeoutError

T = TypeVar("T")
PATIENCE = 60.0  # seconds that Dagster may be gone, for a restart
_FIRST, _GROWTH, _LONGEST = (
    0.3,
    1.3,
    2.0,
)  # seconds between questions; runs and logs are asked for, which any proxy lets through
_LAG = 10.0  # seconds that a run's status may lag behind its log


def follow_run(client: BlockingDagsterClient, run_id: str, progress: Progress, timeout: float | None) -> Run:
    """Tell of a run until it has ended.

    Raises:
        RunTimeoutError: it has not after ``timeout`` seconds.
        DagsterConnectionError: Dagster has not answered for a minute; the run goes on.
        NotFoundError: it was deleted.
    """
    patient = _Patient(progress, timeout)
    cursor: str | None = None
    was_final = False
    while True:
        page: RunLogs = patient.ask(lambda: client.run_logs(run_id, cursor))  # noqa: B023 (called at once)
        cursor = page.cursor
        progress.events(run_id, page.events)
        if any(event.ends_run for event in page.events):
            return _ended(client, run_id, patient)
        if page.events:
            patient.soon()
        elif was_final:  # nothing was logged behind its end
            return patient.ask(lambda: client.run(run_id))
        else:
            was_final = patient.ask(lambda: client.run_status(run_id)) in FINAL_STATUSES
        if page.has_more or was_final:
            continue
        if patient.is_over:
            raise _too_long(client, run_id, timeout or 0)
        patient.pause()


def follow_backfill(
    client: BlockingDagsterClient, backfill: Backfill, progress: Progress, timeout: float | None
) -> Backfill:
    """Tell of a backfill's runs until it has ended; raises as :func:`follow_run` does."""
    patient = _Patient(progress, timeout)
    told: dict[str, str] = {}
    while True:
        found: Backfill = patient.ask(lambda: client.backfill_status(backfill.backfill_id))
        changed = [run_id for run_id, status in found.runs.items() if told.get(run_id) != status]
        if changed:
            for run in patient.ask(lambda: client.progress(changed)):  # noqa: B023 (called at once)
                _tell(client, run, progress)
            told |= found.runs
            done = sum(status in FINAL_STATUSES for status in told.values())
            progress.reached(done, max(len(told), found.partitions or 0))
            patient.soon()
        if found.is_final:
            return found
        if patient.is_over:
            raise RunTimeoutError(
                f"Backfill {found.backfill_id} is {found.status} after {timeout:g} s.",
                remedy="wait longer, or cancel it",
                details={"backfill_id": found.backfill_id, "status": found.status},
            )
        patient.pause()


class _Patient:
    """Asks, waits between, and bears with a Dagster that is gone for a while."""

    def __init__(self, progress: Progress, timeout: float | None) -> None:
        self._progress = progress
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._pause = _FIRST

    @property
    def is_over(self) -> bool:
        return self._deadline is not None and time.monotonic() >= self._deadline

    def ask(self, question: Callable[[], T]) -> T:
        lost_at = time.monotonic()
        told = False
        while True:
            try:
                return question()
            except DagsterConnectionError as error:
                if time.monotonic() - lost_at > PATIENCE or self.is_over:
                    raise
                if not told:
                    self._progress.note({"event": "lost", "message": error.message}, f"{error.message} ...", "yellow")
                    told = True
            time.sleep(1)

    def soon(self) -> None:
        """Something happens: look again at once."""
        self._pause = _FIRST

    def pause(self) -> None:
        left = self._pause if self._deadline is None else self._deadline - time.monotonic()
        time.sleep(max(0.0, min(self._pause, left)))
        self._pause = min(self._pause * _GROWTH, _LONGEST)
        self._progress.tick()


def _ended(client: BlockingDagsterClient, run_id: str, patient: _Patient) -> Run:
    deadline = time.monotonic() + _LAG
    while True:
        run: Run = patient.ask(lambda: client.run(run_id))
        if run.is_final or time.monotonic() > deadline:
            return run
        time.sleep(_FIRST)


def _too_long(client: BlockingDagsterClient, run_id: str, timeout: float) -> RunTimeoutError:
    status = client.run_status(run_id)
    problem = None
    if status == "QUEUED":
        try:
            problem = client.daemon_health().launch_problem
        except DagsterError:
            pass  # only explains the timeout
    return RunTimeoutError(
        f"Run {run_id} is {status} after {timeout:g} s.",
        remedy=problem or "wait longer, or terminate it",
        details={"run_id": run_id, "status": status},
    )


def _tell(client: BlockingDagsterClient, run: Run, progress: Progress) -> None:
    """Where a run of a backfill stands, and what failed in it."""
    value = {"event": "run", "run_id": run.run_id, "partition": run.partition, "status": run.status}
    style = {"SUCCESS": "green", "FAILURE": "red"}.get(run.status)
    progress.note(value, f"{run.partition or run.run_id}: {run.status}", style)
    if run.status != "FAILURE":
        return
    cursor: str | None = None
    while True:
        page = client.run_logs(run.run_id, cursor, level="ERROR")
        for event in page.events:
            if event.kind == "STEP_FAILURE":
                progress.failure(run.run_id, event)
        cursor = page.cursor
        if not page.has_more:
            return
