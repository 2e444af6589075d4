"""Executed notebooks as the server finds them: by run and asset, wherever a run of this project keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from daglab.config import Config
from daglab.errors import ConfigError, MissingFileError, RequestError, StorageError
from daglab.project import Project
from daglab.storage import ExecutedStore, file_name


def executed_notebook(config: Config, project: Project, run_id: str, asset_key: str) -> bytes:
    """The .ipynb of an asset in a run.

    Raises:
        RequestError: that is no asset key.
        MissingFileError: none of the stores has it.
        StorageError: a store can't be read.
        MissingExtraError: the file system of the configured store is not installed.
    """
    try:
        file_name(asset_key)
    except StorageError as error:
        raise RequestError(error.message, remedy=error.remedy) from None
    for store in _stores(config, project):
        if (content := store.find(run_id, asset_key)) is not None:
            return content
    raise MissingFileError(
        f"There is no executed notebook of {asset_key} in run {run_id}.",
        remedy="a run keeps one for assets that notebooks make, when it comes to them, and for some time; where code "
        "runs on another machine, set executed.storage to a store that both reach",
        details={"run": run_id, "asset": asset_key},
    )


def _stores(config: Config, project: Project) -> Iterator[ExecutedStore]:
    """The configured one alone, or where runs keep them without configuration; see :mod:`daglab.runtime.executed`."""
    if config.executed.storage:
        yield ExecutedStore(config.executed.storage)
        return
    yield ExecutedStore(str(project.root / ".daglab" / "executed"))
    with suppress(ConfigError):
        yield ExecutedStore(str(project.dagster_home / "storage" / "daglab-executed"))
