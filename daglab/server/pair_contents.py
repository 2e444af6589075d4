"""Jupyter's contents manager with an eye on pairs: halves that are saved, renamed, copied or restored."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from jupyter_server.utils import ensure_async
from tornado.web import HTTPError

from daglab import files
from daglab.errors import DaglabError, PairError
from daglab.pair import pair_of, unpair
from daglab.pair.backups import as_edit
from daglab.pair.locate import has_metadata, is_pair
from daglab.pair.places import is_there, metadata_in
from daglab.server.pair_size import is_large
from daglab.server.pair_sync import PairSync, same_cells

_log = logging.getLogger(__name__)
_CONTENTS_EVENTS = "https://events.jupyter.org/jupyter_server/contents_service/v1"
_MOST_ANSWERED = 500  # notebooks that are open at once, in all browsers


@dataclass(frozen=True)
class _Answered:
    """What a browser has sent for ``metadata.daglab``, and what the file has held since the sync after its save."""

    sent: Any
    digest: str | None
    now: Any


class PairContents:
    """The contents manager of a server, whose saves are answered when the pair is in sync.

    So the browser learns the hash of what stands on disk then, and asks nobody about a file that has changed.

    jupytext's manager is passed by for the .ipynb of a pair: it would show the .py's cells for the .ipynb's, and write
    a .py over what was edited in it meanwhile.

    Args:
        manager: the server's own; all else is left to it.
        root: the server's root folder.
    """

    def __init__(self, manager: Any, root: Path, pairs: PairSync) -> None:
        self._manager = manager
        self._root = root
        self._pairs = pairs
        self._plain = _below_jupytext(manager)
        self._answered: dict[Path, _Answered] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._manager, name)

    async def get(self, path: str, *args: Any, **options: Any) -> Any:
        """Read a file, or a folder."""
        if await self._is_ipynb_of_pair(path):
            return await ensure_async(self._plain.get(self._manager, path, *args, **options))
        return await ensure_async(self._manager.get(path, *args, **options))

    async def save(self, model: dict[str, Any], path: str = "") -> Any:
        """Save a file, then sync its pair."""
        file = self._half(path)
        if file is None or self._is_part(file, model):
            return await ensure_async(self._manager.save(model, path))
        sent = await asyncio.to_thread(self._continue, file, model)
        with self._pairs.saving(file):
            if await self._is_ipynb_of_pair(path):
                saved = await ensure_async(self._plain.save(self._manager, model, path))
            else:
                saved = await ensure_async(self._manager.save(model, path))
            return await self._synced(file, saved, path, sent)

    async def new(self, model: dict[str, Any] | None = None, path: str = "") -> Any:
        """Make a file, by an upload or "Save as", then sync its pair."""
        file = self._half(path)
        if file is None or not model or self._is_part(file, model):
            return await ensure_async(self._manager.new(model, path))
        with self._pairs.saving(file):
            made = await ensure_async(self._manager.new(model, path))
            return await self._synced(file, made, path, None)

    async def update(self, model: dict[str, Any], path: str) -> Any:
        """Rename a file, and the other half with it; 409, and neither, where that one can't have its new name."""
        other = await asyncio.to_thread(self._other, path, model.get("path", path))
        renamed = await ensure_async(self._manager.update(model, path))
        self._answered.pop(self._root / path.strip("/"), None)
        try:
            if other and await ensure_async(self._manager.file_exists(other[0])):  # jupytext may have done it
                await ensure_async(self._manager.update({"path": other[1]}, other[0]))
        except Exception as error:
            await ensure_async(self._manager.update({"path": path}, renamed["path"]))
            raise HTTPError(409, f"the other half of {path} can't be renamed along: {error}") from error
        return renamed

    async def delete(self, path: str) -> Any:
        """Delete a file or a folder."""
        self._answered.pop(self._root / path.strip("/"), None)
        return await ensure_async(self._manager.delete(path))

    async def copy(self, from_path: str, to_path: str | None = None) -> Any:
        """Copy a file; a copied half is a notebook of its own, and no half."""
        copied = await ensure_async(self._manager.copy(from_path, to_path))
        file = self._half(copied["path"])
        try:
            if file is None or not await asyncio.to_thread(_made_single, file):
                return copied
            return await self.get(copied["path"], content=False)
        except Exception:  # it is copied, whatever it says of itself
            _log.exception("daglab: %s is a copy that still says that it is half of a pair", file)
            return copied

    async def restore_checkpoint(self, checkpoint_id: str, path: str) -> Any:
        """Restore a checkpoint: an edit, which is brought to the other half."""
        file = self._half(path)
        before = await asyncio.to_thread(_content, file) if file else None
        if file is None or before is None:
            return await ensure_async(self._manager.restore_checkpoint(checkpoint_id, path))
        with self._pairs.saving(file):
            answer = await ensure_async(self._manager.restore_checkpoint(checkpoint_id, path))
            try:
                await asyncio.to_thread(_as_edit, before)
                await asyncio.to_thread(self._pairs.saved, file)
            except Exception:
                _log.exception("daglab: %s is restored, but its pair is not in sync", file)
        return answer

    async def _is_ipynb_of_pair(self, path: str) -> bool:
        """Whether a path names the .ipynb of a pair, where jupytext would have its own way with it."""
        if self._plain is None or not path.endswith(".ipynb") or not self._pairs.wanted:
            return False
        return await asyncio.to_thread(_is_half, self._root / path.strip("/"))

    def _half(self, path: str) -> Path | None:
        """The file at an API path, where it may be half of a pair; None where pairs aren't wanted."""
        return self._root / path.strip("/") if path.endswith((".py", ".ipynb")) and self._pairs.wanted else None

    def _is_part(self, file: Path, model: dict[str, Any]) -> bool:
        """Whether this is a part of a large upload, of which the last one has the number -1."""
        is_part: bool = model.get("chunk", -1) != -1
        if is_part:
            self._pairs.uploading(file)
        return is_part

    def _continue(self, file: Path, model: dict[str, Any]) -> Any:
        """Give a notebook the base that its sync after the last save has left on disk, which the browser doesn't have.

        Else an edit of a cell that was edited before would look like one that doesn't know of the first. Answers the
        base that was sent.
        """
        content = model.get("content")
        metadata = content.get("metadata") if isinstance(content, dict) else None
        if not isinstance(metadata, dict) or "daglab" not in metadata:
            return None
        sent, known = metadata["daglab"], self._answered.get(file)
        if known and known.sent == sent and known.digest == _digest(file):
            metadata["daglab"] = known.now
        return sent

    async def _synced(self, file: Path, saved: Any, path: str, sent: Any) -> Any:
        """The answer to a save, with the times and the size that the file has after the sync."""
        try:
            if not await asyncio.to_thread(self._sync, file, sent):
                return saved
            fresh = await self.get(path, content=False)
        except Exception:  # it is saved, whatever becomes of its pair
            _log.exception("daglab: %s is saved, but its pair is not in sync", file)
            return saved
        return {**saved, **{key: fresh[key] for key in ("last_modified", "size") if key in fresh}}

    def _sync(self, file: Path, sent: Any) -> bool:
        """Sync the pair of a saved file; answers whether that file was written."""
        before = _read(file)
        self._pairs.saved(file)
        after = _read(file)
        self._answered.pop(file, None)
        if before is None or after is None or file.suffix != ".ipynb" or is_large(file):
            return before != after
        if same_cells(before.decode("utf-8", "replace"), after.decode("utf-8", "replace")):
            now = metadata_in(after).get("daglab")
            self._answered[file] = _Answered(sent, hashlib.sha256(after).hexdigest(), now)
            for old in list(self._answered)[:-_MOST_ANSWERED]:
                self._answered.pop(old, None)
        return before != after

    def _other(self, old: str, new: str) -> tuple[str, str] | None:
        """The API paths, now and then, of the other half of a file that is to be renamed.

        One in another folder goes along while it keeps the stem and the notebook stays in its folder.
        """
        before, after = PurePosixPath(old.strip("/")), PurePosixPath(new.strip("/"))
        file = self._half(old)
        if file is None or before == after or before.suffix != after.suffix:
            return None
        try:
            pair = pair_of(file)
        except PairError:
            return None
        other = pair.ipynb if file.suffix == ".py" else pair.py
        if not is_there(other) or not is_pair(pair) or other.stem != file.stem:
            return None
        if other.parent == file.parent:
            target = self._root / after.with_suffix(other.suffix)
        elif before.parent == after.parent:
            target = other.with_name(after.stem + other.suffix)
        else:
            return None
        if not (other.is_relative_to(self._root) and target.is_relative_to(self._root)):
            return None
        names = other.relative_to(self._root).as_posix(), target.relative_to(self._root).as_posix()
        if is_there(target) and not target.samefile(other):  # the same: a rename by case alone
            raise HTTPError(409, f"{names[1]} is there already: the other half of {old} can't be renamed along")
        return names


def sync_on_save(server: Any, root: Path, pairs: PairSync) -> None:
    """Have the handlers of a ``ServerApp`` work through :class:`PairContents`, and ``pairs`` see what is opened."""
    settings = server.web_app.settings
    settings["contents_manager"] = PairContents(settings["contents_manager"], root, pairs)

    async def notice(logger: Any, schema_id: str, data: dict[str, Any]) -> None:  # noqa: ARG001 # the protocol's
        if data.get("action") in ("get", "save"):
            pairs.notice(data["path"])

    server.event_logger.add_listener(schema_id=_CONTENTS_EVENTS, listener=notice)


def _below_jupytext(manager: Any) -> Any:
    """The class that jupytext has made the manager's class from; None where it has not."""
    if not type(manager).__module__.startswith("jupytext"):
        return None
    return next(one for one in type(manager).__mro__ if not one.__module__.startswith("jupytext"))


def _is_half(file: Path) -> bool:
    try:
        pair = pair_of(file)
        return pair.py.is_file() and is_pair(pair)
    except PairError:
        return False


def _made_single(file: Path) -> bool:
    """Take a copy's claim to be half of a pair; not where jupytext has made it a .py of its own."""
    data = _read(file) or b""
    if file.suffix != ".ipynb" or not (has_metadata(data) or b'"jupytext"' in data):
        return False
    pair = pair_of(file)
    if pair.py.exists() and pair_of(pair.py).ipynb == file:
        return False
    return bool(unpair(file))


def _as_edit(before: files.FileContent) -> None:
    """Make an edit of what Jupyter has restored over ``before``."""
    restored = files.read(before.path)
    if before.data and restored.data and has_metadata(before.data):
        files.replace(restored, as_edit(restored.data, before.data))


def _content(file: Path) -> files.FileContent | None:
    try:
        return files.read(file)
    except DaglabError:
        return None


def _read(file: Path) -> bytes | None:
    content = _content(file)
    return content.data if content else None


def _digest(file: Path) -> str | None:
    data = _read(file)
    return None if data is None else hashlib.sha256(data).hexdigest()
