"""Pairs: one notebook as a marimo .py and a Jupyter .ipynb, of which neither ever loses anything to the other."""

from daglab.pair.conflicts import CellConflict
from daglab.pair.locate import Pair, find_pairs, pair_of
from daglab.pair.plan import PairState
from daglab.pair.sync import PairStatus, SyncResult, create_pair, ipynb_for, pair_status, sync, unpair

__all__ = [
    "CellConflict",
    "Pair",
    "PairState",
    "PairStatus",
    "SyncResult",
    "create_pair",
    "find_pairs",
    "ipynb_for",
    "pair_of",
    "pair_status",
    "sync",
    "unpair",
]
