"""The project on its disk: configuration, space, permissions, pairs, and what was left of crashed writes."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from daglab.cli.doctor_findings import Finding, Site
from daglab.errors import PairError

_CRITICAL_BYTES, _FEW_BYTES = 100_000_000, 1_000_000_000
_FRESH = 60.0  # seconds: what is younger may be a write that goes on
_SHOWN = 10  # pairs or files, by name
_OURS = re.compile(r"\.(.+)\.[0-9a-f]{8}(?:\.part)?\.daglab")
_JUPYTERS = re.compile(r"\.~(.+\.ipynb)")  # the text before, while jupyter_server writes


def check_configuration(site: Site) -> Iterator[Finding]:
    """The configuration can be read; each fault with its place."""
    if (error := site.fault) is None:
        said = sorted({str(origin) for origin in site.config.origins.values() if origin.kind != "default"})
        files = sorted({re.sub(r":\d+$", "", place) for place in said})
        yield Finding("ok", f"from {', '.join(files)}" if files else "the defaults")
        return
    for message in error.message.split("\n") if "faults" in error.details else [error.message]:
        yield Finding("critical", message, error.remedy or "correct it")


def check_disk(site: Site, *, critical: int = _CRITICAL_BYTES, few: int = _FEW_BYTES) -> Iterator[Finding]:
    """Space for the project, Dagster's instance and temporary files; ``critical`` and ``few`` in bytes."""
    seen = set()
    for folder in (site.root, site.project.dagster_home, Path(tempfile.gettempdir())):
        if not folder.is_dir() or (device := folder.stat().st_dev) in seen:
            continue
        seen.add(device)
        free = shutil.disk_usage(folder).free
        message = f"{free / 1e9:.1f} GB are free for {folder}"
        if free < few:
            remedy = "make room; `daglab clean` shows what daglab can do without"
            yield Finding("critical" if free < critical else "warning", message, remedy)
        else:
            yield Finding("ok", message)


def check_permissions(site: Site) -> Iterator[Finding]:
    """Files with secrets are their owner's alone, and nobody else changes the configuration."""
    from daglab.audit.permissions import find

    fine = True
    for found in find(site.config):
        fine = False
        path = site.root / found.path
        keep = 0o600 if found.code == "readable-secret" else 0o775
        yield Finding("warning", f"{found.path}: {found.message}", found.remedy, partial(_narrow, path, keep))
    if fine:
        yield Finding("ok", "files with secrets are their owner's alone")


def check_pairs(site: Site) -> Iterator[Finding]:
    """The states of the project's pairs."""
    from daglab.pair import find_pairs, pair_status

    if not site.is_project:
        yield Finding("skipped", f"{site.root} is no project")
        return
    states: Counter[str] = Counter()
    for pair in find_pairs(site.root):
        shown = os.path.relpath(pair.ipynb if pair.ipynb.exists() else pair.py, site.root)
        try:
            status = pair_status(pair)
        except PairError as error:
            state, reason = "invalid", error.message
        else:
            state, reason = status.state, status.reason
        states[state] += 1
        if state not in ("in-sync", "unpaired", "half") and states.total() - states["in-sync"] <= _SHOWN:
            remedy = f"daglab sync {shown}" if state != "invalid" else "open it, mend it and save it, or delete it"
            yield Finding("warning", f"{shown}: {state}{f': {reason}' if reason else ''}", remedy)
    summary = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    bad = states.keys() - {"in-sync", "unpaired", "half"}
    yield Finding("warning" if bad else "ok", summary or "no pairs", "`daglab status` shows all" if bad else "")


def check_leftovers(site: Site) -> Iterator[Finding]:
    """What a crashed write, daglab's or Jupyter's, has left beside a file."""
    if not site.is_project:
        yield Finding("skipped", f"{site.root} is no project")
        return
    fine = True
    for path, target in _leftovers(site.root):
        fine = False
        shown = os.path.relpath(path, site.root)
        writer, fix = "Jupyter", partial(_drop, path, site.root)
        if _OURS.fullmatch(path.name):
            writer, fix = "daglab", partial(_sweep, path, target, site.root)
        message = f"{shown} was left when {writer} was killed as it wrote {target.name}"
        if writer == "Jupyter" and not _is_whole(target):  # it may be the only whole copy
            yield Finding("warning", message, f"{target.name} is damaged or missing: copy {shown} over it")
        else:
            yield Finding("warning", message, "`daglab doctor --fix` clears it away, and keeps a backup", fix)
    if fine:
        yield Finding("ok", "nothing was left of crashed writes")


def _narrow(path: Path, keep: int) -> str:
    mode = path.stat().st_mode & 0o7777 & keep
    path.chmod(mode)
    return f"gave {path} the mode {mode:03o}"


def _leftovers(root: Path) -> Iterator[tuple[Path, Path]]:
    """Each leftover, and the file that it stands beside."""
    from daglab.pair.places import is_skipped

    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not is_skipped(name))
        for name in sorted(names):
            if match := _OURS.fullmatch(name) or _JUPYTERS.fullmatch(name):
                path = Path(folder, name)
                if time.time() - path.lstat().st_mtime > _FRESH:
                    yield path, path.with_name(match[1])


def _is_whole(notebook: Path) -> bool:
    try:
        return isinstance(json.loads(notebook.read_bytes()), dict)
    except (OSError, ValueError):
        return False


def _sweep(path: Path, target: Path, root: Path) -> str:
    from daglab import files
    from daglab.pair import pair_of
    from daglab.pair.locate import backups_of

    backups = backups_of(target, root)
    if target.suffix in (".py", ".ipynb"):
        with files.locked(pair_of(target, root=root).lock_file, seconds=5):
            files.sweep(target, backups=backups)
    else:
        files.sweep(target, backups=backups)
    if path.exists():
        raise PairError(f"{path} could not be cleared away")
    return f"cleared away {path}; what it alone held is in {backups}"


def _drop(path: Path, root: Path) -> str:
    from daglab import files
    from daglab.pair.locate import backups_of

    kept = files.remove(files.read(path), backups=backups_of(path, root))
    return f"cleared away {path}; it is kept as {kept}"
