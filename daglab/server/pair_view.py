"""Pairs as the REST API shows them: where each stands, its conflicts, and what a sync of it would change."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Sequence
from pathlib import Path

from daglab.errors import PairError
from daglab.notebook.jupyter import readable
from daglab.pair import Pair, PairState, PairStatus, SyncResult, find_pairs, pair_status, sync
from daglab.pair.plan import Plan
from daglab.server.models import Model
from daglab.server.pair_size import refuse_large
from daglab.server.pair_sync import path_in, refuse_outside
from daglab.server.paths import lies_below

_log = logging.getLogger(__name__)


class PairModel(Model):
    """A pair; the halves' paths are relative to the Jupyter server's root, and either may be missing."""

    py: str
    ipynb: str
    state: PairState
    reason: str
    """Why it is not in sync."""
    conflicts: int

    @classmethod
    def of(cls, root: Path, status: PairStatus) -> PairModel:
        """From a status of halves that lie below the root."""
        return cls(
            py=path_in(root, status.py) or "",
            ipynb=path_in(root, status.ipynb) or "",
            state=status.state,
            reason=status.reason,
            conflicts=len(status.conflicts),
        )


class ConflictModel(Model):
    """A cell on which the halves disagree, with both versions; null where it isn't there.

    ``cell`` names it in a decision; ``line`` is its place in the .py. ``py_base`` and ``ipynb_base`` are what both
    versions were at the last sync; null where this machine doesn't remember it.
    """

    cell: str
    label: str
    reason: str
    line: int | None
    py: str | None
    ipynb: str | None
    py_base: str | None
    ipynb_base: str | None


class RefusedModel(Model):
    """What marimo will not run of the notebook, and where in the .py."""

    line: int
    code: str
    message: str
    remedy: str


class ChangeModel(Model):
    """A file that a sync changes, as a unified diff; an .ipynb cell by cell, and empty where metadata alone change."""

    path: str
    diff: str


class HashesModel(Model):
    """sha256 of both files as they were read; null where there is none."""

    py: str | None
    ipynb: str | None


class PairDetailModel(Model):
    """One pair: its conflicts with both versions of each cell, and what a sync would change."""

    py: str
    ipynb: str
    state: PairState
    reason: str
    hashes: HashesModel
    conflicts: list[ConflictModel]
    changes: list[ChangeModel]
    refused: list[RefusedModel]


def detail(root: Path, pair: Pair) -> PairDetailModel:
    """What a sync of the pair would do.

    Raises:
        PairError: a half lies outside of the root, or can't be read.
    """
    refuse_outside(root, pair)
    plans: list[Plan] = []
    result = sync(pair, dry_run=True, approve=plans.append)
    (plan,) = plans
    refused = pair_status(pair, refused=True).refused
    return PairDetailModel(
        py=path_in(root, pair.py) or "",
        ipynb=path_in(root, pair.ipynb) or "",
        state=result.before.state,
        reason=result.before.reason,
        hashes=HashesModel(py=plan.py_file.digest, ipynb=plan.ipynb_file.digest),
        conflicts=conflicts(result.before),
        changes=changes(root, result),
        refused=[RefusedModel(line=x.line, code=x.code, message=x.message, remedy=x.remedy) for x in refused],
    )


def conflicts(status: PairStatus) -> list[ConflictModel]:
    """The conflicts of a pair."""
    return [
        ConflictModel(
            cell=one.cell, label=one.label, reason=one.reason, line=one.line,
            py=one.py, ipynb=one.ipynb, py_base=one.py_base, ipynb_base=one.ipynb_base,
        )
        for one in status.conflicts
    ]  # fmt: skip


def changes(root: Path, result: SyncResult) -> list[ChangeModel]:
    """What a sync has changed or would change."""
    return [ChangeModel(path=path_in(root, path) or "", diff=_diff(path, old, new)) for path, old, new in result.texts]


def _diff(path: Path, old: str, new: str) -> str:
    now, then = (readable(text) if path.suffix == ".ipynb" else text.splitlines() for text in (old, new))
    return "\n".join(difflib.unified_diff(now, then, "now", "then", lineterm=""))


def all_pairs(root: Path, folder: Path) -> list[PairModel]:
    """The pairs in and below ``folder``, sorted by path; those with a half outside of the root are left out."""
    found = []
    for pair in find_pairs(folder):
        if lies_below(root, pair.py) and lies_below(root, pair.ipynb):
            found.append(PairModel.of(root, _status(pair)))
    return sorted(found, key=lambda one: one.ipynb)


def _status(pair: Pair) -> PairStatus:
    try:
        refuse_large(pair)
        return pair_status(pair)
    except PairError as error:
        return PairStatus(pair.py, pair.ipynb, "invalid", error.message)
    except Exception as error:  # one odd file must not hide all other pairs
        _log.warning("daglab: %s can't be told of", pair.ipynb, exc_info=error)
        return PairStatus(pair.py, pair.ipynb, "invalid", f"{type(error).__name__}: {error}")


def counted(pairs: Sequence[PairModel]) -> dict[str, int]:
    """How many pairs are in each state."""
    states = [pair.state for pair in pairs]
    return {state: states.count(state) for state in sorted(set(states))}
