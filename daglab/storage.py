"""The store of executed notebooks: an fsspec URL; its files are addressed by run id and asset key alone."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daglab.errors import ConfigError, DaglabError, MissingExtraError, StorageError
from daglab.executed_names import file_name, tries_of

if TYPE_CHECKING:
    from daglab.config import Config
    from daglab.project import Project

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
MOST_DELETED = 1000  # by one pruning: a run waits for it
MOST_BYTES = 200_000_000  # of one that is read; a run keeps no larger ones
_PRUNED = ".daglab-pruned"
_EXTRAS = {"s3": "s3", "gs": "gcs", "gcs": "gcs", "abfs": "azure", "az": "azure"}
_LINKABLE = ("http", "https", "s3", "gs", "gcs", "abfs", "az")


@dataclass(frozen=True)
class StoredNotebook:
    """An executed notebook in a store: its ``location``, its ``size`` in bytes, the ``age`` since it was written.

    ``path`` is what the store's file system calls it.
    """

    location: str
    run_id: str
    path: str
    size: int
    age: timedelta


Left = Callable[[StorageError], object]
"""Is told of an executed notebook that can't be read or deleted, and so is left where it is."""


@dataclass(frozen=True)
class ExecutedStore:
    """Executed notebooks below ``root``, an fsspec URL (``s3://bucket/executed``) or a folder of this machine."""

    root: str

    def location(self, run_id: str, asset_key: str, retry: int = 0) -> str:
        """Where the executed notebook of one asset (``sales/orders``) in one run is: ``<root>/<run_id>/<key>.ipynb``.

        Each further try of the step, from ``retry`` 1 on, has its own: ``<key>@retry-1.ipynb``.

        Raises:
            StorageError: ``run_id`` is no run's id, or the key is empty.
        """
        if not _RUN_ID.fullmatch(run_id):
            raise StorageError(f"{run_id!r} is not a run's id", remedy="letters, digits, '-' and '_'")
        return f"{self.root.rstrip('/')}/{run_id}/{file_name(asset_key, retry)}"

    def write(self, run_id: str, asset_key: str, content: bytes, *, retry: int = 0) -> str:
        """Store ``content`` and return its location. A reader sees the whole of it or what was there before.

        Raises:
            StorageError: the store can't be written.
            MissingExtraError: the URL's file system is not installed.
        """
        location = self.location(run_id, asset_key, retry)
        with _told(location, "cannot be written"):
            path = self.local_path(run_id, asset_key, retry)
            if path is not None:
                _replace(path, content)
            else:
                system, inside = self._file_system(location)
                if self._protocol not in _LINKABLE:  # object stores have no folders, and it would make a bucket
                    system.makedirs(inside.rsplit("/", 1)[0], exist_ok=True)
                system.pipe_file(inside, content)
        return location

    def read(self, run_id: str, asset_key: str) -> bytes:
        """The stored bytes.

        Raises:
            StorageError: there is no executed notebook of this asset in this run, or it can't be read.
        """
        content = self.find(run_id, asset_key)
        if content is None:
            raise StorageError(f"there is no executed notebook of {asset_key!r} in run {run_id}")
        return content

    def find(self, run_id: str, asset_key: str) -> bytes | None:
        """The stored bytes of the last try; ``None`` where there is no executed notebook of this asset in this run.

        Raises:
            StorageError: it can't be read, or is larger than ``MOST_BYTES``.
            MissingExtraError: the URL's file system is not installed.
        """
        location = self.location(run_id, asset_key)
        system, inside = self._file_system(location)
        folder, _, first = inside.rpartition("/")
        tries = tries_of(first)
        with _told(location, "cannot be read"):
            found = {0: first}
            with suppress(OSError):  # what can't be listed may be readable all the same
                system.invalidate_cache(folder)
                names = (path.rpartition("/")[2] for path in system.ls(folder, detail=False))
                found |= {int(match[1] or 0): match[0] for match in map(tries.fullmatch, names) if match}
            try:
                content: bytes = system.cat_file(f"{folder}/{found[max(found)]}", start=0, end=MOST_BYTES + 1)
            except FileNotFoundError:
                return None
        if len(content) > MOST_BYTES:
            raise StorageError(f"{location} is larger than {MOST_BYTES:,} bytes", remedy="read it where it is stored")
        return content

    def prune_daily(self, older: timedelta, left: Left) -> int:
        """``prune``, unless the store was pruned within a day; then 0."""
        marker = f"{self.root.rstrip('/')}/{_PRUNED}"
        with _told(self.root, "cannot be pruned"):
            system, inside = self._file_system(marker)
            system.invalidate_cache()
            if system.exists(inside) and _age(system, inside) < timedelta(days=1):
                return 0
            system.pipe_file(inside, b"daglab deleted old executed notebooks here, at this file's time\n")
        return self.prune(older, left)

    def prune(self, older: timedelta, left: Left) -> int:
        """Delete executed notebooks that were written longer ago than ``older``, and say how many, up to a limit.

        Raises:
            StorageError: the store can't be listed.
        """
        deleted = 0
        for stored in islice(self.stored(older, left), MOST_DELETED):
            try:
                deleted += self.delete(stored)
            except StorageError as error:
                left(error)
        return deleted

    def stored(self, older: timedelta, left: Left) -> Iterator[StoredNotebook]:
        """The executed notebooks that were written longer ago than ``older``; no other file, whatever its name.

        A file must lie where daglab puts it, and tell in its metadata that it is the executed notebook of that run.

        Raises:
            StorageError: the store can't be listed.
            MissingExtraError: the URL's file system is not installed.
        """
        with _told(self.root, "cannot be listed"):
            system, root = self._file_system(self.root)
            system.invalidate_cache()
            found = system.find(root, maxdepth=2, detail=True) if system.exists(root) else {}
        for path, info in found.items():
            *_, run_id, name = path.split("/")
            if not (_RUN_ID.fullmatch(run_id) and name.endswith(".ipynb")):
                continue
            location = f"{self.root.rstrip('/')}/{run_id}/{name}"
            is_ours = False
            try:
                with _told(location, "cannot be read"), suppress(FileNotFoundError):  # another process prunes as well
                    age = _age(system, path, info)
                    is_ours = age >= older and _run_of(system.cat_file(path)) == run_id
            except StorageError as error:
                left(error)
                continue
            if is_ours:
                yield StoredNotebook(location, run_id, path, info["size"], age)

    def delete(self, stored: StoredNotebook) -> bool:
        """Delete one of :meth:`stored`, and its run's folder where it was the last; whether it was still there.

        Raises:
            StorageError: the store doesn't let itself be deleted from.
        """
        with _told(stored.location, "cannot be deleted"):
            system, _ = self._file_system(self.root)
            try:
                system.rm_file(stored.path)
            except FileNotFoundError:
                return False
            if self._folder is not None:
                with suppress(OSError):  # not empty yet
                    (self._folder / stored.run_id).rmdir()
            return True

    def local_path(self, run_id: str, asset_key: str, retry: int = 0) -> Path | None:
        """The file itself, when the store is a folder of this machine."""
        folder = self._folder
        return None if folder is None else folder / run_id / file_name(asset_key, retry)

    def url(self, run_id: str, asset_key: str, retry: int = 0) -> str | None:
        """A link to the executed notebook, when the store has addresses that a browser or a tool can follow."""
        return self.location(run_id, asset_key, retry) if self._protocol in _LINKABLE else None

    @cached_property
    def _protocol(self) -> str:
        return self.root.split("://", 1)[0] if "://" in self.root else "file"

    @cached_property
    def _folder(self) -> Path | None:
        return Path(self.root.removeprefix("file://")).absolute() if self._protocol == "file" else None

    def _file_system(self, location: str) -> tuple[Any, str]:
        import fsspec

        try:
            system, inside = fsspec.core.url_to_fs(location)
        except ImportError as error:
            extra = _EXTRAS.get(self._protocol)
            if extra is None:
                raise StorageError(f"{self.root}: {error}") from error
            raise MissingExtraError(extra, needed_for=f"the store {self.root}") from error
        except ValueError as error:  # an unknown protocol
            raise StorageError(f"{self.root}: {error}", remedy="an fsspec URL, or a folder") from error
        return system, inside


def executed_stores(config: Config, project: Project) -> list[ExecutedStore]:
    """Where a project's executed notebooks are: in the configured store, or where runs keep them without one.

    See :mod:`daglab.runtime.executed`.
    """
    if config.executed.storage:
        return [ExecutedStore(config.executed.storage)]
    stores = [ExecutedStore(str(project.root / ".daglab" / "executed"))]
    with suppress(ConfigError):  # DAGSTER_HOME is none
        stores.append(ExecutedStore(str(project.dagster_home / "storage" / "daglab-executed")))
    return stores


@contextmanager
def _told(location: str, what: str) -> Iterator[None]:
    """Each file system of fsspec raises exceptions of its own library: they become ours."""
    try:
        yield
    except DaglabError:
        raise
    except Exception as error:
        raise StorageError(f"{location} {what}: {error}", details={"location": location}) from error


def _age(system: Any, path: str, info: Mapping[str, Any] | None = None) -> timedelta:
    """How long ago a file was written. Listings tell it under several names, and all of them not always."""
    info = info or {}
    written = info.get("LastModified") or info.get("last_modified") or info.get("mtime") or system.modified(path)
    if isinstance(written, (int, float)):
        written = datetime.fromtimestamp(written, timezone.utc)
    return datetime.now(timezone.utc) - datetime.fromisoformat(str(written).replace("Z", "+00:00"))


def _run_of(content: bytes) -> str | None:
    """The run whose executed notebook this is; ``None`` for any other file."""
    try:
        run_id: str = json.loads(content)["metadata"]["daglab"]["executed"]["run_id"]
    except (ValueError, KeyError, TypeError):
        return None
    return run_id


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink()
        raise
