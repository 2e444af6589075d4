"""``daglab run`` in a Dagster that runs already: launch, follow, and leave or terminate when interrupted."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import typer

from daglab.cli.app import Terminated
from daglab.cli.output import Output
from daglab.cli.run import Request, tell_validated
from daglab.cli.run_follow import follow_backfill, follow_run
from daglab.cli.run_progress import Progress
from daglab.client import Backfill, BlockingDagsterClient, RunSubmitResult
from daglab.errors import DagsterConnectionError, DagsterError, ExitCode, RunTimeoutError, ValidationError

if TYPE_CHECKING:
    from daglab.config import Config

_CANCEL_SECONDS = 60.0


def run_there(request: Request, config: Config, out: Output) -> ExitCode:
    """Launch what is asked for in the Dagster of the configuration; the exit code tells how it ended.

    Raises what the client's methods raise, and RunTimeoutError.
    """
    with BlockingDagsterClient(config.dagster, read_only=config.read_only) as client:
        if request.validate_only:
            faults = client.validate_config(
                request.config,
                job=request.job,
                assets=_assets(client, request),
                location=request.location,
                partitions=request.partitions,
            )
            return tell_validated([{**vars(fault), "path": list(fault.path)} for fault in faults], out)
        launched = _launch(client, request, Progress(out, logs=request.logs))
        if request.wait:
            return _followed(launched, request, out)
        launched.announce()
        if not out.json:
            out.result(None, [f"{launched.id}  {launched.status}"])
        return ExitCode.OK


class _Launched(ABC):
    """A run or a backfill that Dagster has taken on."""

    id: str
    status: str
    url: str

    def __init__(self, client: BlockingDagsterClient, progress: Progress) -> None:
        self.client = client
        self.progress = progress

    @abstractmethod
    def announce(self) -> None:
        """Tell that it has begun, and where it is to be seen."""

    @abstractmethod
    def follow(self, timeout: float | None) -> ExitCode:
        """Tell of it until it has ended; raises what :func:`follow_run` raises."""

    @abstractmethod
    def terminate(self) -> None:
        """End it; raises DagsterError where that can't be done."""


class _LaunchedRun(_Launched):
    def __init__(self, client: BlockingDagsterClient, progress: Progress, run: RunSubmitResult) -> None:
        super().__init__(client, progress)
        self.run = run
        self.id, self.status, self.url = run.run_id, run.status, run.url

    def announce(self) -> None:
        run = self.run
        about: dict[str, Any] = {
            "run_id": run.run_id,
            "url": run.url,
            "job": run.job_name,
            "assets": sorted(run.assets),
        }
        about |= {"partition": run.partition, "status": run.status, "launch_problem": run.launch_problem}
        self.progress.launched(about, run.url, steps=run.steps_total, problem=run.launch_problem)

    def follow(self, timeout: float | None) -> ExitCode:
        run = follow_run(self.client, self.id, self.progress, timeout)
        seconds = None if run.ended_at is None or run.started_at is None else round(run.ended_at - run.started_at, 3)
        self.progress.ended({"run_id": self.id, "status": run.status, "seconds": seconds}, self.id)
        return ExitCode.OK if run.status == "SUCCESS" else ExitCode.RUN_FAILED

    def terminate(self) -> None:
        self.client.terminate(self.id)


class _LaunchedBackfill(_Launched):
    def __init__(self, client: BlockingDagsterClient, progress: Progress, backfill: Backfill) -> None:
        super().__init__(client, progress)
        self.backfill = backfill
        self.id, self.status = backfill.backfill_id, backfill.status
        self.url = f"{client.address}/runs/b/{backfill.backfill_id}"

    def announce(self) -> None:
        value: dict[str, Any] = {"event": "backfill", "backfill_id": self.id, "url": self.url}
        value |= {"partitions": self.backfill.partitions, "status": self.status}
        self.progress.note(value, f"backfill {self.id}  {self.url}", "bold")

    def follow(self, timeout: float | None) -> ExitCode:
        ended = follow_backfill(self.client, self.backfill, self.progress, timeout)
        self.progress.ended({"backfill_id": self.id, "status": ended.status, "runs": dict(ended.runs)}, self.id)
        succeeded = ended.status in ("COMPLETED", "COMPLETED_SUCCESS") and set(ended.runs.values()) <= {"SUCCESS"}
        return ExitCode.OK if succeeded else ExitCode.RUN_FAILED

    def terminate(self) -> None:
        self.client.cancel_backfill(self.id)


def _assets(client: BlockingDagsterClient, request: Request) -> str | list[str]:
    """The assets that are asked for; of the code location alone, where one is named."""
    if request.job is not None or request.location is None:
        return request.assets
    if isinstance(request.assets, str):
        if found := client.discover(request.assets, location=request.location).assets:
            return [asset.key for asset in found]
        message = f"No selected asset is in the code location {request.location}."
        raise ValidationError(message, remedy="see them: daglab discover assets")
    for asset in client.definitions(request.assets):
        if asset.location != request.location:
            message = f"{asset.key} is in the code location {asset.location}, not in {request.location}."
            raise ValidationError(message, remedy=f"--location {asset.location}, or none")
    return request.assets


def _launch(client: BlockingDagsterClient, request: Request, progress: Progress) -> _Launched:
    job, partitions, location = request.job, request.partitions, request.location
    how: dict[str, Any] = {"tags": request.tags}
    if len(partitions) > 1:
        how["config"] = request.config
        if job is None:
            backfill = client.backfill(_assets(client, request), partitions, **how)
        else:
            backfill = client.backfill_job(job, partitions, location=location, **how)
        return _LaunchedBackfill(client, progress, backfill)
    how["partitions"] = partitions
    if job is None:
        run = client.submit_assets(_assets(client, request), config=request.config, **how)
    else:
        run = client.submit_job(job, location=location, run_config=request.config, **how)
    return _LaunchedRun(client, progress, run)


def _followed(launched: _Launched, request: Request, out: Output) -> ExitCode:
    try:
        launched.announce()
        return launched.follow(request.timeout)
    except RunTimeoutError as error:
        launched.progress.clear()
        if request.cancel_on_timeout:
            try:
                launched.terminate()
                error.message += " It was terminated."
                error.remedy = "give it more time: --timeout"
            except DagsterError as refused:
                error.message += f" It could not be terminated: {refused}"
        else:
            error.message += f" It goes on: {launched.url}"
        raise
    except DagsterConnectionError as error:
        launched.progress.clear()
        error.message += f" What was launched goes on: {launched.url}"
        raise
    except KeyboardInterrupt:
        return _interrupted(launched, out)
    except Terminated:
        _left(launched)
        raise


def _interrupted(launched: _Launched, out: Output) -> ExitCode:
    """Ask whether to end it, where somebody is there to be asked."""
    launched.progress.clear()
    if not (sys.stdin.isatty() and sys.stderr.isatty()) or not _says_yes():
        _left(launched)
        return ExitCode.INTERRUPTED
    launched.progress.note({"event": "interrupted", "terminated": True}, f"terminating {launched.id} ...")
    try:
        launched.terminate()
        launched.follow(_CANCEL_SECONDS)
    except (DagsterError, KeyboardInterrupt) as error:
        launched.progress.clear()
        out.error(f"it may go on: {error if isinstance(error, DagsterError) else launched.url}", "yellow")
    return ExitCode.INTERRUPTED


def _says_yes() -> bool:
    try:
        return typer.confirm("\nTerminate it?", default=False, err=True)
    except (typer.Abort, KeyboardInterrupt):
        return False


def _left(launched: _Launched) -> None:
    launched.progress.note(
        {"event": "interrupted", "terminated": False}, f"it goes on; follow or terminate it at {launched.url}", "yellow"
    )
