"""Executed notebooks as the server finds them: by run and asset, wherever a run of this project keeps them."""

from __future__ import annotations

from daglab.config import Config
from daglab.errors import MissingFileError, RequestError, StorageError
from daglab.executed_names import file_name
from daglab.project import Project
from daglab.storage import executed_stores


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
    for store in executed_stores(config, project):
        if (content := store.find(run_id, asset_key)) is not None:
            return content
    raise MissingFileError(
        f"There is no executed notebook of {asset_key} in run {run_id}.",
        remedy="a run keeps one for assets that notebooks make, when it comes to them, and for some time; where code "
        "runs on another machine, set executed.storage to a store that both reach",
        details={"run": run_id, "asset": asset_key},
    )
