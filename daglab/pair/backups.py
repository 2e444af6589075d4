"""The backups of pairs: what syncs replaced and deleted, found again and put back."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from daglab import backups, files
from daglab.errors import NotebookError, PairError, did_you_mean
from daglab.notebook.jupyter import parse_jupyter, rewrite_jupyter
from daglab.pair.compose import unchanged_cell
from daglab.pair.locate import BACKUPS, backups_of


@dataclass(frozen=True)
class Backup:
    """What ``file`` held until ``saved``, when it was replaced or deleted; ``path`` is where that is kept.

    ``name`` is the time and the digest's beginning, as in ``20260123T101500-1a2b3c4d``.
    """

    name: str
    file: Path
    saved: datetime
    size: int
    path: Path

    def text(self) -> str:
        """What the file held.

        Raises:
            PairError: the backup can't be read.
        """
        return (files.read(self.path).data or b"").decode("utf-8", "replace")

    def to_json(self) -> dict[str, Any]:
        """The backup as JSON values."""
        about = {"name": self.name, "file": str(self.file), "saved": self.saved.isoformat()}
        return {**about, "bytes": self.size, "path": str(self.path)}


def list_backups(root: Path, wanted: Sequence[Path] = ()) -> list[Backup]:
    """The backups of a project, the newest first; with ``wanted`` those of these files and folders."""
    chosen = [path.absolute() for path in wanted]
    found = []
    for folder, _, names in os.walk(root / BACKUPS):
        place = root / Path(folder).relative_to(root / BACKUPS)
        for entry in names:
            kept = backups.read_name(entry)
            file = place / kept.file if kept else place
            if kept and (not chosen or any(file.absolute().is_relative_to(path) for path in chosen)):
                path = Path(folder, entry)
                with contextlib.suppress(OSError):  # it is gone by now, or a link to nowhere
                    found.append(Backup(kept.name, file, kept.saved, path.stat().st_size, path))
    return sorted(found, key=lambda backup: (backup.name, str(backup.file)), reverse=True)


def find_backup(root: Path, name: str) -> Backup:
    """The backup called ``name``, of which a part will do where it is the only one with it.

    Raises:
        PairError: there is none, or there are several.
    """
    known = list_backups(root)
    found = [backup for backup in known if backup.name == name] or [b for b in known if name in b.path.name]
    if len(found) == 1:
        return found[0]
    if found:
        some = ", ".join(f"{backup.name} ({backup.file.name})" for backup in found[:5])
        raise PairError(f"{len(found)} backups are called {name!r}", remedy=f"name one of them: {some}")
    remedy = did_you_mean(name, {backup.name for backup in known[:20]}) or "there are none in this project"
    raise PairError(f"there is no backup {name!r}", remedy=remedy)


def restore(backup: Backup, root: Path, *, to: Path | None = None) -> Path | None:
    """Put a backup back into its file, or into ``to``; answers where what was there is backed up.

    Of a pair's .ipynb, what the halves were when last equal is not put back: the cells are an edit made now.

    Raises:
        PairError: the file can't be written.
        FileMovedError: it changed meanwhile; it was left as it is.
    """
    target = to or backup.file
    now, data = files.read(target), files.read(backup.path).data or b""
    if target.suffix == ".ipynb" and now.data is not None:
        data = as_edit(data, now.data)
    return files.replace(now, data, backups=backups_of(target, root)).backup


def as_edit(then: bytes, now: bytes) -> bytes:
    """An earlier text of an .ipynb as an edit of what it holds ``now``: with the base that it has now.

    Its own base would make what came into the other half since then look like the newer edit.
    """
    try:
        jupyter = parse_jupyter(then.decode("utf-8"))
        said = parse_jupyter(now.decode("utf-8")).metadata.get("daglab")
    except (NotebookError, UnicodeDecodeError):  # no notebook then, or none now
        return then
    return rewrite_jupyter(jupyter, [unchanged_cell(cell) for cell in jupyter.cells], said).encode()
