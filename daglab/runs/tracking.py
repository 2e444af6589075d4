"""Runs followed to their end, one state after the other: launched ones, and those of a process of their own."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from daglab.client import BlockingDagsterClient, Run, RunSubmitResult
from daglab.errors import DagsterError
from daglab.runs.display import Show
from daglab.runs.follow import watch_run
from daglab.runs.tracked import TrackedRun, after

if TYPE_CHECKING:
    from daglab.config import Config

_CANCEL_SECONDS = 60.0


@dataclass(frozen=True)
class InProcessRun:
    """What is to be run by a process of its own: :func:`track_here` starts it, and it ends with that."""

    request: Mapping[str, Any] = field(repr=False)
    config: Config = field(repr=False)


def track_there(
    client: BlockingDagsterClient, run: RunSubmitResult, timeout: float | None, show: Show
) -> Iterator[TrackedRun]:
    """Follow a run that Dagster has launched; an interrupt terminates it."""
    first = TrackedRun(run.run_id, run.status, run.url, steps_total=run.steps_total)
    try:
        yield from _watched(client, first, timeout, show)
        return
    except KeyboardInterrupt:
        with suppress(DagsterError):  # it has just ended; how, is told next
            client.terminate(run.run_id)
    yield from _watched(client, first, _CANCEL_SECONDS, show)


def track_here(run: InProcessRun, timeout: float | None, show: Show) -> Iterator[TrackedRun]:
    """Run it, and tell how it stands; an interrupt ends it."""
    from daglab.runs.here import event_of, run_in_process

    state, since = TrackedRun(), time.monotonic()
    try:
        for lines in run_in_process(run.request, run.config, timeout, needed_for="an in-process run"):
            for said in lines:
                if "log" in said:
                    state = after(state, [event_of(said["log"])], since)
                elif not state.run_id:
                    since = time.monotonic()
                    told = said["run"]
                    state = replace(state, run_id=told["run_id"], status=told["status"], steps_total=told["steps"])
                else:
                    state = replace(state, status=said["run"]["status"], step=None, cell=None)
            if not state.is_final:
                state = after(state, (), since)
            show(state)
            yield state
        return
    except KeyboardInterrupt:  # the process has been ended, which Dagster records as a failure
        state = replace(state, status="FAILURE", error=state.error or "It was interrupted.", step=None, cell=None)
    show(state)
    yield state


def _watched(
    client: BlockingDagsterClient, state: TrackedRun, timeout: float | None, show: Show
) -> Iterator[TrackedRun]:
    since = time.monotonic()
    watched = watch_run(client, state.run_id, timeout)
    while True:
        try:
            events = next(watched)
        except StopIteration as end:
            ended: Run = end.value
            break
        state = after(state, events, since)
        show(state)
        yield state
    seconds = state.seconds
    if ended.started_at is not None and ended.ended_at is not None:
        seconds = ended.ended_at - ended.started_at
    state = replace(state, status=ended.status, seconds=seconds, step=None, cell=None)
    show(state)
    yield state
