"""Follow a run in a running Dagster up to its end, through a restart of Dagster."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import TypeVar

from daglab.client import FINAL_STATUSES, BlockingDagsterClient, Run, RunEvent, RunLogs
from daglab.errors import DagsterConnectionError, DagsterError, RunTimeoutError

T = TypeVar("T")
PATIENCE = 60.0  # seconds that Dagster may be gone, for a restart
# Seconds between questions; runs and logs are asked for, which any proxy lets through.
_FIRST, _GROWTH, _LONGEST = 0.3, 1.3, 2.0
_LAG = 10.0  # seconds that a run's status may lag behind its log


class Patient:
    """Asks, waits between, and bears with a Dagster that is gone for a while.

    Args:
        timeout: seconds after which :attr:`is_over`.
        lost: is told once each time that Dagster is gone.
    """

    def __init__(self, timeout: float | None, lost: Callable[[DagsterConnectionError], object]) -> None:
        self._lost = lost
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._pause = _FIRST

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        return self._deadline is not None and time.monotonic() >= self._deadline

    def ask(self, question: Callable[[], T]) -> T:
        """The answer; raises DagsterConnectionError where Dagster has been gone for a minute."""
        lost_at = time.monotonic()
        told = False
        while True:
            try:
                return question()
            except DagsterConnectionError as error:
                if time.monotonic() - lost_at > PATIENCE or self.is_over:
                    raise
                if not told:
                    self._lost(error)
                    told = True
            time.sleep(1)

    def soon(self) -> None:
        """Something happens: look again at once."""
        self._pause = _FIRST

    def pause(self) -> None:
        """Wait before the next question, longer each time."""
        left = self._pause if self._deadline is None else self._deadline - time.monotonic()
        time.sleep(max(0.0, min(self._pause, left)))
        self._pause = min(self._pause * _GROWTH, _LONGEST)


def watch_run(
    client: BlockingDagsterClient,
    run_id: str,
    timeout: float | None,
    lost: Callable[[DagsterConnectionError], object] = lambda _: None,
) -> Generator[tuple[RunEvent, ...], None, Run]:
    """What the run has logged at each look, which may be nothing; the generator's value is the run, ended.

    Args:
        client: of the run's Dagster.
        run_id: the run's.
        timeout: seconds.
        lost: is told when Dagster is gone, which is borne for a minute.

    Raises:
        RunTimeoutError: it has not ended after ``timeout`` seconds.
        DagsterConnectionError: Dagster has not answered for a minute; the run goes on.
        NotFoundError: it was deleted.
    """
    patient = Patient(timeout, lost)
    cursor: str | None = None
    was_final = False
    while True:
        page: RunLogs = patient.ask(lambda: client.run_logs(run_id, cursor))  # noqa: B023 (called at once)
        cursor = page.cursor
        yield page.events
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


def _ended(client: BlockingDagsterClient, run_id: str, patient: Patient) -> Run:
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
