"""Launch, follow and recover runs from a notebook or a script, with the project's configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from daglab.client import (
    BlockingDagsterClient,
    ConfigFault,
    DagsterStatus,
    Discovery,
    Run,
    RunSubmitResult,
    Selection,
)
from daglab.errors import ConfigError, ReadOnlyError, ValidationError
from daglab.runs.display import display_here
from daglab.runs.run_config import parse_run_config, plain_run_config
from daglab.runs.tracked import TrackedRun
from daglab.runs.tracking import InProcessRun, track_here, track_there

if TYPE_CHECKING:
    from daglab.config import Config

RunConfig = str | Mapping[str, Any] | None
"""A run's configuration: as YAML, or as what YAML means; None and blanks are none."""


def status() -> DagsterStatus:
    """Dagster's address, version and code locations, and why launched runs would not start, if so.

    Raises:
        ConfigError: the configuration is wrong.
        DagsterConnectionError, AuthenticationError, DagsterError: see :class:`daglab.client.DagsterReader`; so do all
            functions here that ask Dagster.
    """
    with _client(_config()) as client:
        return client.status()


def discover(
    selection: str | None = None,
    *,
    pattern: str | None = None,
    tag: str | None = None,
    group: str | None = None,
    kind: str | None = None,
    owner: str | None = None,
    location: str | None = None,
) -> Discovery:
    """Code locations, jobs, assets, schedules and sensors; what lacks a property that is looked for is left out.

    Args:
        selection: of assets, in Dagster's selection syntax.
        pattern: of names and of keys of assets; ``*`` stands for any characters.
        tag: ``key``, or ``key=value``, of assets and jobs.
        group: of assets.
        kind: of assets.
        owner: of assets: a mail address, or ``team:name``.
        location: name of a code location.

    Raises:
        ValidationError: the selection is not valid.
    """
    with _client(_config()) as client:
        return client.discover(
            selection, pattern=pattern, tag=tag, group=group, kind=kind, owner=owner, location=location
        )


def validate_config(
    config: RunConfig,
    *,
    assets: Selection = (),
    job: str | None = None,
    partition: str | None = None,
    location: str | None = None,
) -> list[ConfigFault]:
    """All faults of a run's configuration by Dagster's schema, text that is no YAML among them; empty: it is valid.

    Args:
        config: as YAML, or as a mapping.
        assets: keys, or a text in Dagster's selection syntax; these or ``job``.
        job: a job's name.
        partition: the one partition, of partitioned assets or a partitioned job; where the configuration is empty,
            the one is judged that the job has for it. None: it is not judged.
        location: the job's code location, where several have one of its name.

    Raises:
        NotFoundError: an unknown job or asset.
        ValidationError: neither or both are named, no one run makes the assets, or the partition is wrong.
    """
    partitions = None if partition is None else [partition]
    try:
        parsed = _parsed(config)
    except ConfigError as error:
        return [ConfigFault((), error.message, "NOT_YAML")]
    with _client(_config()) as client:
        return client.validate_config(parsed, assets=assets, job=job, location=location, partitions=partitions)


def run_assets(
    assets: Selection,
    *,
    partition: str | None = None,
    config: RunConfig = None,
    tags: Mapping[str, str] | None = None,
    in_process: bool = False,
) -> RunSubmitResult | InProcessRun:
    """Launch one run that materializes assets; :func:`track` follows it.

    Args:
        assets: keys, or a text in Dagster's selection syntax.
        partition: the one partition, for partitioned assets.
        config: the run's configuration, as YAML or as a mapping.
        tags: of the run.
        in_process: load the project's code location in a process of its own, and run it there, in the project's
            Dagster instance, once it is tracked; no Dagster needs to run.

    Raises:
        ConfigError: ``config`` is no YAML, or no mapping.
        ReadOnlyError: daglab is set to read only.
        NotFoundError: an unknown asset; the remedy names the nearest.
        ValidationError: no one run makes the assets; a partition or the configuration is not valid.
    """
    settings, parsed, partitions = _config(), _parsed(config), [partition] if partition else []
    if in_process:
        request = {"job": None, "assets": assets if isinstance(assets, str) else list(assets)}
        return _in_process(settings, {**request, "partitions": partitions, "config": parsed, "tags": dict(tags or {})})
    with _client(settings) as client:
        return client.submit_assets(assets, partitions=partitions, config=parsed, tags=tags)


def run_job(
    job: str,
    *,
    partition: str | None = None,
    location: str | None = None,
    config: RunConfig = None,
    tags: Mapping[str, str] | None = None,
    in_process: bool = False,
) -> RunSubmitResult | InProcessRun:
    """Launch a run of a job; :func:`track` follows it. Arguments and errors are those of :func:`run_assets`.

    Args:
        job: its name.
        partition: the one partition, for a partitioned job.
        location: its code location, where several have a job of its name; none with ``in_process``.
        config: the run's configuration, as YAML or as a mapping; without it, the one that a partitioned job has for
            the partition.
        tags: of the run.
        in_process: see :func:`run_assets`.

    Raises:
        ValidationError: several jobs have the name; a location for an in-process run, which has the project's.
    """
    settings, parsed, partitions = _config(), _parsed(config), [partition] if partition else []
    if in_process:
        if location is not None:
            raise ValidationError("An in-process run is one of the project's own code.", remedy="leave location out")
        request = {"job": job, "assets": [], "partitions": partitions}
        return _in_process(settings, {**request, "config": parsed, "tags": dict(tags or {})})
    with _client(settings) as client:
        return client.submit_job(job, location=location, partitions=partitions, run_config=parsed, tags=tags)


def track(run: RunSubmitResult | InProcessRun, *, timeout: float | None = None) -> Iterator[TrackedRun]:
    """Follow a run to its end: yields how it stands, and shows it in marimo, in Jupyter, or on stdout.

    The last one is the result: ``*_, result = track(run_assets(["orders"]))``. A run that fails raises nothing; its
    status tells. To interrupt the cell, or Ctrl-C, terminates the run.

    Args:
        run: what :func:`run_assets`, :func:`run_job` or :func:`reexecute` answers.
        timeout: seconds after which no longer to wait.

    Raises:
        RunTimeoutError: the run has not ended in time; a launched one goes on, one in-process is ended.
        DagsterConnectionError: Dagster has not answered for a minute; the run goes on.
        DaglabError: an in-process run could not be begun, for what it says.
    """
    show = display_here()
    if isinstance(run, InProcessRun):
        yield from track_here(run, timeout, show)
        return
    with _client(_config()) as client:
        yield from track_there(client, run, timeout, show)


def cancel(run: RunSubmitResult | TrackedRun | str) -> Run:
    """Terminate a run, or take it from the queue; its code gets the chance to clean up.

    Args:
        run: it, or its id.

    Raises:
        ReadOnlyError: daglab is set to read only.
        NotFoundError: an unknown run.
        ValidationError: Dagster cannot end it; mostly because it has ended.
    """
    with _client(_config()) as client:
        return client.terminate(run if isinstance(run, str) else run.run_id)


def reexecute(run: RunSubmitResult | TrackedRun | str, strategy: str = "from_failure") -> RunSubmitResult:
    """Launch again what a run ran; :func:`track` follows it.

    Args:
        run: it, or its id.
        strategy: ``from_failure`` (its failed steps and those after them), ``from_asset_failure`` (its assets that were
            not made), or ``all``.

    Raises:
        ReadOnlyError: daglab is set to read only.
        NotFoundError: an unknown run.
        ValidationError: it has not ended, or nothing failed in it.
    """
    with _client(_config()) as client:
        return client.reexecute(run if isinstance(run, str) else run.run_id, strategy)


def _in_process(config: Config, request: Mapping[str, Any]) -> InProcessRun:
    if config.read_only:
        raise ReadOnlyError("Nothing is run: daglab is set to read only.", remedy="set read_only to false")
    return InProcessRun({**request, "validate_only": False}, config)


def _config() -> Config:
    from daglab.config import load_config

    return load_config()


def _client(config: Config) -> BlockingDagsterClient:
    return BlockingDagsterClient(config.dagster, read_only=config.read_only)


def _parsed(config: RunConfig) -> Mapping[str, Any]:
    if isinstance(config, str):
        return parse_run_config(config, "the run's configuration")
    return plain_run_config(config or {})
