"""Follow what ``daglab run`` has launched in a running Dagster, up to its end."""

from __future__ import annotations

from functools import partial

from daglab.cli.run_progress import Progress
from daglab.client import FINAL_STATUSES, Backfill, BlockingDagsterClient, Run
from daglab.errors import DagsterConnectionError, RunTimeoutError
from daglab.runs.follow import Patient, watch_run


def follow_run(client: BlockingDagsterClient, run_id: str, progress: Progress, timeout: float | None) -> Run:
    """Tell of a run until it has ended.

    Raises:
        RunTimeoutError: it has not after ``timeout`` seconds.
        DagsterConnectionError: Dagster has not answered for a minute; the run goes on.
        NotFoundError: it was deleted.
    """
    watched = watch_run(client, run_id, timeout, partial(_lost, progress))
    while True:
        try:
            events = next(watched)
        except StopIteration as end:
            run: Run = end.value
            return run
        progress.events(run_id, events)


def follow_backfill(
    client: BlockingDagsterClient, backfill: Backfill, progress: Progress, timeout: float | None
) -> Backfill:
    """Tell of a backfill's runs until it has ended; raises as :func:`follow_run` does."""
    patient = Patient(timeout, partial(_lost, progress))
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
        progress.tick()


def _lost(progress: Progress, error: DagsterConnectionError) -> None:
    progress.note({"event": "lost", "message": error.message}, f"{error.message} ...", "yellow")


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
