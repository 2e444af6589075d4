"""The interpreter's garbage collection is as before when the last of several threads ends."""

from __future__ import annotations

import gc

from daglab.pair.garbage import seldom_collecting


def test_the_thresholds_come_back_whichever_ends_first() -> None:
    before = gc.get_threshold()
    one, other = seldom_collecting(), seldom_collecting()
    one.__enter__()
    assert gc.get_threshold()[0] > before[0]
    other.__enter__()
    one.__exit__(None, None, None)
    assert gc.get_threshold()[0] > before[0]
    other.__exit__(None, None, None)
    assert gc.get_threshold() == before
