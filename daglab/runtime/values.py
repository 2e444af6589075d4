"""Stored values of assets, for a notebook that is used interactively as for one in a run."""

from __future__ import annotations

import importlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg

from daglab.errors import AssetValueError
from daglab.notebook.findings import did_you_mean
from daglab.project import Project
from daglab.runtime import current
from daglab.runtime.definitions import definitions_in
from daglab.runtime.inputs import load_named, without_partitions
from daglab.runtime.partitions import known_key


def load_asset(
    key: str | dg.AssetKey,
    partition: str | Mapping[str, str] | None = None,
    *,
    partition_key: str | Mapping[str, str] | None = None,
    refresh: bool = False,
) -> Any:
    """The stored value of an asset.

    Interactively it is read through the project's own definitions and its Dagster instance, both opened once a
    session; ``refresh`` opens them again, after the definitions were edited. In a run it is the run's own instance
    and IO manager (the cells of declared inputs are replaced there, and don't call this).

    Args:
        key: the asset's key, such as ``"sales/orders"``, or Dagster's own.
        partition: which partition; needed where the asset has several. Of two dimensions ``"2026-01-01|eu"``, the
            keys in the order of their dimensions' names, or ``{"day": "2026-01-01", "region": "eu"}``.
        partition_key: Dagster's word for ``partition``; name one of them.
        refresh: import the project's definitions again.

    Raises:
        AssetValueError: that is no key, or it is unknown; nothing is materialized; the partition is missing or unknown,
            or named for an asset that has none.
        ConfigError: the project names no code location.
    """
    asset_key = _asset_key(key)
    if partition is not None and partition_key is not None:
        raise AssetValueError("both partition and partition_key are named", remedy="they mean the same: name one")
    partition = partition_key if partition is None else partition
    if (run := current.context()) is not None:
        return load_named(run, asset_key, partition)
    with _undisturbed():
        project = Project.find()
        if refresh:
            _session.cache_clear()
            package = project.code_location().module_name.partition(".")[0]
            for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
                del sys.modules[name]
        session = _session(project.root, project.location_name, project.ensure_dagster_home())
        return session.load(asset_key, partition)


def _asset_key(key: Any) -> dg.AssetKey:
    try:
        return dg.AssetKey(key.split("/")) if isinstance(key, str) else dg.AssetKey.from_coercible(key)
    except Exception:  # of Dagster's own checks of arguments
        raise AssetValueError(f"{key!r} is no asset key", remedy='name one, such as "sales/orders"') from None


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep what Dagster does to a process of its own from the kernel that someone works in.

    It tells each load on stderr, and leaves TERM with INT's handler: marimo's kernel, which lives on through INT, would
    outlive its server.
    """
    disabled = logging.root.manager.disable
    here = threading.current_thread() is threading.main_thread()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)} if here else {}
    logging.disable(max(disabled, logging.DEBUG))
    try:
        yield
    finally:
        logging.disable(disabled)
        for number, handler in handlers.items():
            if handler is not None:  # one that isn't Python's
                signal.signal(number, handler)


@dataclass(frozen=True)
class _Session:
    definitions: dg.Definitions
    instance: dg.DagsterInstance
    location: str

    def load(self, key: dg.AssetKey, partition: str | Mapping[str, str] | None) -> Any:
        name = key.to_user_string()
        graph = self.definitions.resolve_asset_graph()
        known = sorted(k.to_user_string() for k in graph.get_all_asset_keys())
        if name not in known:
            raise AssetValueError(f"there is no asset {name!r} in {self.location}", remedy=did_you_mean(name, known))
        partitions = graph.get(key).partitions_def
        if partitions is None and partition is not None:
            raise without_partitions(key, partition)
        one = None
        if partitions is not None:
            if partition is None:
                raise AssetValueError(
                    f"the asset {name!r} is partitioned", remedy=f'name one: load_asset("{name}", partition="...")'
                )
            one = known_key(name, partitions, partition, self.instance)
        # Nothing is chained: IPython keeps the last traceback, whose frames would keep Dagster's loader open.
        with suppress(FileNotFoundError):
            try:
                return self.definitions.load_asset_value(key, partition_key=one, instance=self.instance)
            except KeyError:  # of an IO manager that has no value, or of a fault in it
                if self.instance.get_latest_materialization_event(key) is not None:
                    raise
        of = f" (partition {one})" if one else ""
        raise AssetValueError(
            f"the asset {name!r}{of} has no stored value in {self.instance.root_directory}",
            remedy=f"materialize {name!r} first{self._there()}",
        )

    def _there(self) -> str:
        """Without DAGSTER_HOME, what Dagster's own commands make is in an instance that ends with them."""
        return "" if os.environ.get("DAGSTER_HOME") else f", with DAGSTER_HOME={self.instance.root_directory}"


@cache
def _session(root: Path, location_name: str | None, home: Path) -> _Session:
    """The project's definitions and instance, opened once; the code location's module is imported here."""
    location = Project(root, location_name).code_location()
    module = _import(location.module_name, root)
    found = definitions_in(module)
    if len(found) != 1:
        raise AssetValueError(
            f"{location.module_name} has {len(found)} Definitions", remedy="it should have exactly one, such as `defs`"
        )
    return _Session(found[0], dg.DagsterInstance.from_config(str(home)), location.module_name)


def _import(name: str, root: Path) -> Any:
    """The code location's module: installed, or found as ``dagster dev`` in the project's folder finds it."""
    before = list(sys.path)
    sys.path += [str(folder) for folder in (root / "src", root) if folder.is_dir()]
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # the module is there, but something that it imports isn't
        raise AssetValueError(f"the code location {name} cannot be imported: {error}", remedy="install it") from error
    finally:
        sys.path[:] = before
