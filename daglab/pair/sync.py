"""Brings the halves of a pair together, and takes pairs apart: the one place that writes them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from daglab import files
from daglab.errors import NotebookError, PairError
from daglab.notebook.cells import parse_notebook
from daglab.notebook.findings import Finding
from daglab.notebook.graph import cell_graph
from daglab.notebook.jupyter import JupyterNotebook, NewJupyterCell, parse_jupyter, rewrite_jupyter
from daglab.notebook.lint import marimo_findings
from daglab.pair import local_state
from daglab.pair.conflicts import CellConflict
from daglab.pair.jupytext_pairs import refuse_other_format, with_formats, without_formats
from daglab.pair.locate import Pair, pair_of
from daglab.pair.merge import Side
from daglab.pair.plan import PairState, Plan, known_plan, plan, plan_for, state_of
from daglab.pair.wishes import Wishes


@dataclass(frozen=True)
class PairStatus:
    """A pair's state, with its reason where it isn't in sync; conflicts with both versions of each cell.

    ``refused`` is what marimo will not run of the notebook, and where; a pair is a pair all the same.
    """

    py: Path
    ipynb: Path
    state: PairState
    reason: str = ""
    conflicts: tuple[CellConflict, ...] = ()
    refused: tuple[Finding, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The status as JSON values."""
        return {**asdict(self), "py": str(self.py), "ipynb": str(self.ipynb)}


@dataclass(frozen=True)
class SyncResult:
    """What a sync did: the pair's state before it, the files it wrote and the backups it made.

    With ``dry_run`` nothing was written, and ``written`` are the files that would be; ``texts`` holds for each of
    them its text before and after.
    """

    before: PairStatus
    written: tuple[Path, ...] = ()
    backups: tuple[Path, ...] = ()
    dry_run: bool = False
    texts: tuple[tuple[Path, str, str], ...] = ()

    @property
    def synced(self) -> bool:
        """Whether the halves are equal now."""
        return not self.dry_run and self.before.state not in ("conflict", "invalid", "unpaired")

    @property
    def state(self) -> PairState:
        """The pair's state after it."""
        made = self.before.state != "half" or self.written
        return "in-sync" if self.synced and made else self.before.state

    def to_json(self) -> dict[str, Any]:
        """The result as JSON values, without the texts."""
        return {
            **self.before.to_json(),
            "synced": self.synced,
            "written": [str(path) for path in self.written],
            "backups": [str(path) for path in self.backups],
            "dry_run": self.dry_run,
        }


def pair_status(path: Path | Pair, *, refused: bool = False) -> PairStatus:
    """The state of the pair that ``path`` is half of; nothing is written.

    With ``refused``, what marimo will not run is looked for also where the state can be told without.

    Raises:
        PairError: ``path`` is no notebook's name, or a file can't be read.
    """
    planned = state_of(_pair(path))
    if refused and planned.refused is None and planned.py_file.data is not None:
        with contextlib.suppress(NotebookError):  # the state says so
            notebook = parse_notebook(planned.py_file.data.decode("utf-8", "replace"), planned.pair.py)
            planned = replace(planned, refused=tuple(marimo_findings(cell_graph(notebook))))
    return _status(planned)


def sync(
    path: Path | Pair,
    *,
    prefer: Side | None = None,
    resolve: Mapping[str, Side] | None = None,
    keep_outputs: bool = False,
    dry_run: bool = False,
    approve: Callable[[Plan], None] | None = None,
) -> SyncResult:
    """Bring each half's edits to the other; a conflict leaves both files as they are.

    ``resolve`` decides single conflicts by :attr:`CellConflict.cell`, ``prefer`` all others for one half; what that
    replaces is backed up. The missing half of a pair is made. ``keep_outputs`` leaves the outputs of cells whose source
    changes, with a mark that they are stale. ``approve`` sees what is to be done before anything is written; where it
    raises, nothing is.

    Raises:
        PairError: a file can't be read or written; ``resolve`` names something that is no conflict.
        FileMovedError: a file was edited meanwhile; run it again, nothing of that edit is lost.
    """
    wishes = Wishes(prefer, resolve or {}, keep_outputs=keep_outputs)
    return _run(_pair(path), wishes, dry_run=dry_run, approve=approve)


def create_pair(
    path: Path,
    *,
    prefer: Side | None = None,
    resolve: Mapping[str, Side] | None = None,
    jupytext: bool = False,
    dry_run: bool = False,
    approve: Callable[[Plan], None] | None = None,
) -> SyncResult:
    """Make a notebook a pair: write the half that is missing, or join two halves that are there.

    ``prefer``, ``resolve`` and ``approve`` are as in :func:`sync`. With ``jupytext`` it is one for jupytext too: its
    formats are written into the .ipynb.

    Raises:
        PairError: see :func:`sync`; or there is no such file; or jupytext has the .py in another format.
        NotebookError: it isn't a notebook that can be half of a pair.
    """
    pair = _pair(path)
    if not path.exists():
        raise PairError(f"{path} does not exist")
    refuse_other_format(pair)
    result = _run(pair, Wishes(prefer, resolve or {}, create=True), dry_run=dry_run, approve=approve)
    if result.before.state == "invalid":
        raise NotebookError(result.before.reason)
    return _for_jupytext(pair, result) if jupytext and result.synced else result


def _for_jupytext(pair: Pair, result: SyncResult) -> SyncResult:
    with files.locked(pair.lock_file):
        ipynb = files.read(pair.ipynb)
        data = with_formats(_parsed(ipynb), pair).encode("utf-8", "surrogateescape")
        files.replace(ipynb, data, backups=pair.backups(pair.ipynb))
    written = data != ipynb.data and pair.ipynb not in result.written
    return replace(result, written=(*result.written, pair.ipynb)) if written else result


def ipynb_for(py: Path) -> bytes:
    """The .ipynb that a pair would have beside this .py: the same bytes for the same .py, on every machine.

    Raises:
        NotebookError: it isn't a marimo notebook.
        PairError: it can't be read.
    """
    content = files.read(py)
    if content.data is None:
        raise PairError(f"{py} does not exist")
    alone = Pair(py, py.with_suffix(".ipynb"), py.parent)
    planned = plan_for(alone, content, files.FileContent(alone.ipynb, None), Wishes(create=True))
    if planned.ipynb_text is None:
        raise NotebookError(planned.reason)
    return planned.ipynb_text.encode()


def unpair(path: Path, *, delete_half: bool = False) -> tuple[Path, ...]:
    """Take a pair apart; answers the files that were changed or deleted.

    The .ipynb loses the base and says that it is unpaired, since two files of one stem would be a pair otherwise. It
    loses jupytext's formats for a marimo notebook, too, or jupytext would go on.
    With ``delete_half`` the other half than ``path`` is backed up and deleted.

    Raises:
        PairError: a file can't be read or written; there is no such file.
        NotebookError: the .ipynb can't be read as one.
    """
    pair = _pair(path)
    if not path.exists():
        raise PairError(f"{path} does not exist")
    changed: list[Path] = []
    with files.locked(pair.lock_file):
        _sweep(pair)
        py, ipynb = files.read(pair.py), files.read(pair.ipynb)
        if delete_half and path.suffix == ".py" and ipynb.data is not None:
            files.remove(ipynb, backups=pair.backups(pair.ipynb))
            changed.append(ipynb.path)
        elif ipynb.data is not None:
            said = None if delete_half or py.data is None else {"paired": False}
            text = without_formats(parse_jupyter(_without_base(_parsed(ipynb), said), str(ipynb.path)))
            data = text.encode("utf-8", "surrogateescape")
            if data != ipynb.data:
                files.replace(ipynb, data, backups=pair.backups(pair.ipynb))
                changed.append(ipynb.path)
            if delete_half and py.data is not None:
                files.remove(py, backups=pair.backups(pair.py))
                changed.append(py.path)
        local_state.forget(pair)
    return tuple(changed)


def _parsed(ipynb: files.FileContent) -> JupyterNotebook:
    assert ipynb.data is not None
    return parse_jupyter(ipynb.data.decode("utf-8", "surrogateescape"), str(ipynb.path))


def _without_base(jupyter: JupyterNotebook, said: dict[str, Any] | None) -> str:
    cells = [NewJupyterCell(cell.content, cell.index) for cell in jupyter.cells]
    return rewrite_jupyter(jupyter, cells, said)


def _pair(path: Path | Pair) -> Pair:
    return path if isinstance(path, Pair) else pair_of(path)


def _status(planned: Plan) -> PairStatus:
    pair = planned.pair
    return PairStatus(pair.py, pair.ipynb, planned.state, planned.reason, planned.conflicts, planned.refused or ())


def _run(pair: Pair, wishes: Wishes, *, dry_run: bool, approve: Callable[[Plan], None] | None = None) -> SyncResult:
    approve = approve or (lambda _: None)
    if dry_run:
        planned = plan(pair, wishes)
        approve(planned)
        return _result(planned, dry_run=True)
    if not wishes.resolve and (known := known_plan(pair)) is not None:  # costs no lock, of thousands of pairs
        approve(known)
        return _result(known)
    with files.locked(pair.lock_file):
        planned = plan(pair, wishes)
        approve(planned)
        backups = _write(planned)
    return _result(planned, backups=backups)


def _write(planned: Plan) -> tuple[Path, ...]:
    """Write the .py, then the .ipynb with the base: a crash in between leaves edits that are equal in both."""
    pair, py, ipynb = planned.pair, planned.py_file, planned.ipynb_file
    if planned.py_text is None or planned.ipynb_text is None:
        return ()
    for file in (py, ipynb):
        _ensure_folder(file.path.parent)
    py = files.replace(py, planned.py_text.encode(), backups=pair.backups(pair.py))
    ipynb = files.replace(ipynb, planned.ipynb_text.encode(), backups=pair.backups(pair.ipynb))
    _sweep(pair)
    refused = planned.refused or ()
    local_state.save(pair, py_digest=py.digest, ipynb_digest=ipynb.digest, refused=refused, **planned.memory)
    return tuple(file.backup for file in (py, ipynb) if file.backup is not None)


def _sweep(pair: Pair) -> None:
    for half in (pair.py, pair.ipynb):
        files.sweep(half, backups=pair.backups(half))


def _ensure_folder(folder: Path) -> None:
    """The folder of a half that doesn't stand beside the other one may have to be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PairError(f"cannot create {folder}: {error.strerror or error}", remedy="check its folder") from error


def _result(planned: Plan, *, backups: tuple[Path, ...] = (), dry_run: bool = False) -> SyncResult:
    texts = planned.texts()
    return SyncResult(_status(planned), tuple(path for path, _, _ in texts), backups, dry_run, texts)
