"""Runs assets or a job of a project in a process of its own, without a running Dagster, for `daglab run --in-process`.

``python -m daglab.runtime.in_process REQUEST EVENTS``: ``REQUEST`` is a JSON file, ``{"target": module, or folder with
notebooks, "job", "assets": keys or a selection, "partitions", "config", "tags", "validate_only"}``; ``EVENTS`` the file
that gets a line of JSON for all that happens:

- ``{"run": {"run_id", "job", "assets", "partition", "steps", "status"}}``: a run begins, or has ended;
- ``{"log": {"timestamp", "level", "kind", "step", "message", "error", "asset", "partition", "failure"}}``, one of its
  events; ``failure`` has the texts of a failed step's metadata;
- ``{"faults": [{"path", "message", "reason"}]}``: the configuration's, where it is only validated;
- ``{"error": {"code", "message", "exit_code"}}``, and ``remedy``, ``details`` where there are: it could run nothing.

TERM ends the run as Dagster ends one: what it does is undone, and it is recorded as failed. User code may print.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO
from uuid import uuid4

import dagster as dg
from dagster._core.definitions.job_definition import default_job_io_manager
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.events.log import EventLogEntry

from daglab.errors import DaglabError, NotFoundError, ValidationError, did_you_mean
from daglab.runtime.declare import to_key
from daglab.runtime.definitions import load_definitions

_LOOK_SECONDS = 0.2  # between looks at a run's event log
_AT_ONCE = 500


class Runner:
    """Runs what a request asks for, of a project's definitions, in the instance of DAGSTER_HOME."""

    def __init__(self, definitions: dg.Definitions, instance: dg.DagsterInstance, events: TextIO) -> None:
        self._repository = definitions.get_repository_def()
        self._instance = instance
        self._events = events
        self._ending = threading.Event()

    def run(self, request: Mapping[str, Any]) -> None:
        """Do what is asked for.

        Raises:
            NotFoundError: an unknown job or asset; the remedy names the nearest.
            ValidationError: a selection, partition or configuration that is not valid.
        """
        keys = [] if request["job"] else self._keys(request["assets"])
        job = self._job(request["job"]) if request["job"] else self._repository.get_implicit_global_asset_job_def()
        graph = self._repository.asset_graph
        if keys:
            definitions = {key.to_user_string(): graph.get(key).partitions_def for key in keys}
        else:
            definitions = {job.name: job.partitions_def}
        self._require_partitions(definitions, request["partitions"])
        subset = job.get_subset(asset_selection=frozenset(keys)) if keys else job
        configs = [request["config"] or _own_config(job, partition) for partition in request["partitions"] or [None]]
        faults = _unknown_ops(job, request["config"]) if keys else []
        faults = faults or next(filter(None, (_faults(subset, config) for config in configs)), [])
        if request["validate_only"]:
            self.tell({"faults": faults})
            return
        if faults:
            told = "; ".join(f"{'.'.join(fault['path']) or 'config'}: {fault['message']}" for fault in faults)
            raise ValidationError(f"The run's configuration is not valid: {told}", details={"errors": faults})
        for partition in request["partitions"] or [None]:
            if self._ending.is_set():  # Dagster takes the signal during a run, and returns as after any failure
                return
            self._one(job, keys, partition, request, steps=len(subset.nodes))

    def tell(self, line: Mapping[str, Any]) -> None:
        """Write a line."""
        self._events.write(f"{json.dumps(line, default=str)}\n")
        self._events.flush()

    def _one(
        self,
        job: dg.JobDefinition,
        keys: Sequence[dg.AssetKey],
        partition: str | None,
        request: Mapping[str, Any],
        *,
        steps: int,
    ) -> None:
        run_id = str(uuid4())
        assets = [key.to_user_string() for key in keys]
        about = {"run_id": run_id, "job": job.name, "assets": assets, "partition": partition, "steps": steps}
        self.tell({"run": {**about, "status": "STARTED"}})
        # execute_in_process would keep the values in memory, in place of the default IO manager's files
        is_default = job.resource_defs.get("io_manager") is default_job_io_manager
        with self._watched(run_id):
            try:
                job.execute_in_process(
                    run_config=request["config"],
                    instance=self._instance,
                    partition_key=partition,
                    raise_on_error=False,
                    asset_selection=keys or None,
                    run_id=run_id,
                    tags=request["tags"],
                    resources={"io_manager": _stored} if is_default else None,
                )
            except (KeyboardInterrupt, DagsterExecutionInterruptedError):
                self._ending.set()  # the run's events and its status tell
        found = self._instance.get_run_by_id(run_id)
        self.tell({"run": {**about, "status": found.status.value if found else "FAILURE"}})

    @contextmanager
    def _watched(self, run_id: str) -> Iterator[None]:
        """Tell the run's events while it goes on."""
        over = threading.Event()

        def watch() -> None:
            cursor = None
            while True:
                is_over = over.wait(_LOOK_SECONDS)
                page = self._instance.get_records_for_run(run_id, cursor=cursor, limit=_AT_ONCE)
                cursor = page.cursor
                for record in page.records:
                    event = _event(record.event_log_entry)
                    if _interrupted(event["error"]):
                        self._ending.set()
                    self.tell({"log": event})
                if is_over and not page.has_more:
                    return

        watcher = threading.Thread(target=watch, name="daglab-run-events", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()

    def _job(self, name: str) -> dg.JobDefinition:
        if not self._repository.has_job(name):
            known = [job for job in self._repository.job_names if not job.startswith("__")]
            raise NotFoundError(f"The project has no job {name}.", remedy=did_you_mean(name, known))
        return self._repository.get_job(name)

    def _keys(self, assets: str | Sequence[str]) -> list[dg.AssetKey]:
        graph = self._repository.asset_graph
        if isinstance(assets, str):
            try:
                found = dg.AssetSelection.from_string(assets).resolve(graph) & graph.materializable_asset_keys
            except dg.DagsterError as error:
                raise ValidationError(f"{error}".strip(), remedy="write it in Dagster's selection syntax") from error
            if not found:
                raise ValidationError("No asset is selected.", remedy="select at least one asset")
            return sorted(found)
        keys = [to_key(key) for key in dict.fromkeys(assets)]
        known = {key.to_user_string() for key in graph.materializable_asset_keys}
        if missing := [key.to_user_string() for key in keys if key.to_user_string() not in known]:
            remedy = did_you_mean(missing[0], known)
            raise NotFoundError(f"The project makes no asset {', '.join(missing)}.", remedy=remedy)
        return keys

    def _require_partitions(
        self, named: Mapping[str, dg.PartitionsDefinition | None], partitions: Sequence[str]
    ) -> None:
        """Dagster itself says nothing that helps; ``named`` are the assets of a run, or its job."""
        definitions = {name: definition for name, definition in named.items() if definition is not None}
        if partitions and not definitions:
            raise ValidationError(f"{', '.join(named)}: not partitioned.", remedy="run it without partitions")
        if definitions and not partitions:
            names = ", ".join(definitions)
            raise ValidationError(f"{names}: partitioned: a run needs a partition.", remedy="name one: --partition KEY")
        for name, definition in definitions.items():
            known = definition.get_partition_keys(dynamic_partitions_store=self._instance)
            if unknown := [partition for partition in partitions if partition not in set(known)]:
                remedy = did_you_mean(unknown[0], known[:_AT_ONCE]) or "it has none yet"
                raise ValidationError(f"{name}: no partition {', '.join(unknown)}.", remedy=remedy)


@dg.io_manager
def _stored(context: Any) -> Any:
    """The default IO manager under another name, which Dagster doesn't replace."""
    make: Any = default_job_io_manager.resource_fn
    return make(context)


def _own_config(job: dg.JobDefinition, partition: str | None) -> Mapping[str, Any]:
    """The configuration that a job has for a partition."""
    if partition is None or job.partitioned_config is None:
        return {}
    return job.partitioned_config.get_run_config_for_partition_key(partition)


def _unknown_ops(job: dg.JobDefinition, config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of a run of assets, Dagster takes any name of an op, and ignores what isn't there."""
    ops, known = config.get("ops"), {node.name for node in job.nodes}
    unknown = [name for name in ops if name not in known] if isinstance(ops, Mapping) else []
    return [
        {"path": ["ops", name], "message": f"no such op; {did_you_mean(name, known)}", "reason": "FIELD_NOT_DEFINED"}
        for name in unknown
    ]


def _faults(job: dg.JobDefinition, config: Mapping[str, Any]) -> list[dict[str, Any]]:
    try:
        dg.validate_run_config(job, config)
    except dg.DagsterInvalidConfigError as error:
        return [
            {"path": list(fault.stack.levels), "message": fault.message, "reason": fault.reason.value}
            for fault in error.errors
        ]
    return []


def _event(entry: EventLogEntry) -> dict[str, Any]:
    """One event, as Dagster's API has it."""
    event = entry.dagster_event
    failure = event.step_failure_data if event is not None and event.is_step_failure else None
    error = failure.error if failure is not None else entry.error_info
    metadata = failure.user_failure_data.metadata if failure and failure.user_failure_data else {}
    key = event.asset_key if event is not None else None
    return {
        "timestamp": entry.timestamp,
        "level": logging.getLevelName(entry.level),
        "kind": "LOG" if event is None else event.event_type_value,
        "step": entry.step_key,
        "message": entry.message,
        "error": _error(error),
        "asset": key.to_user_string() if key is not None else None,
        "partition": event.partition if event is not None and key is not None else None,
        "failure": {name: value.value for name, value in metadata.items() if isinstance(value.value, str)},
    }


def _interrupted(error: Mapping[str, Any] | None) -> bool:
    return error is not None and (
        error["class_name"] == DagsterExecutionInterruptedError.__name__ or _interrupted(error["cause"])
    )


def _error(error: Any) -> dict[str, Any] | None:
    if error is None:
        return None
    about = {"class_name": error.cls_name, "message": error.message.strip(), "stack": list(error.stack)}
    return {**about, "cause": _error(error.cause)}


def _main(request: str, events: str) -> None:
    asked = json.loads(Path(request).read_text(encoding="utf-8"))
    # Dagster's own way to end a run is an interrupt; and whoever has started this process sends TERM
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    with Path(events).open("a", encoding="utf-8") as file:
        runner = None
        try:
            definitions = load_definitions(asked["target"])
            with dg.DagsterInstance.get() as instance:
                runner = Runner(definitions, instance, file)
                runner.run(asked)
        except KeyboardInterrupt:
            sys.exit(130)
        except BaseException as error:  # user code may even exit
            told = {"code": "code-location", "message": f"{type(error).__name__}: {error}".strip(), "exit_code": 1}
            if isinstance(error, DaglabError):
                told = {**error.to_json()["error"], "exit_code": error.exit_code}
            elif runner is None:
                told["message"] = f"the code location cannot be loaded: {told['message']}"
                told["remedy"] = f"`dagster definitions validate -m {asked['target']}` shows all of it"
            file.write(f"{json.dumps({'error': told}, default=str)}\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])
