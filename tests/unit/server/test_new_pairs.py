"""Names that the server chooses for new notebooks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from daglab.client import Asset
from daglab.server import new_pairs
from daglab.server.new_pairs import NewPairs
from tests.unit.server.test_pair_guards import NoRooms, syncing
from tests.unit.server.test_workspace import asset


def test_those_who_explore_an_asset_at_once_get_a_notebook_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = syncing(tmp_path, NoRooms(None, tmp_path))
    new = NewPairs(tmp_path, tmp_path, pairs)
    explored: Asset = asset("sales/orders")
    monkeypatch.setattr(new_pairs, "is_taken", lambda file: False)  # as it was when all of them looked
    with ThreadPoolExecutor(3) as threads:
        made = list(threads.map(lambda _: new.of_asset(explored, None, jupytext=False)[0].py.name, range(3)))
    assert sorted(made) == ["explore_orders.py", "explore_orders_2.py", "explore_orders_3.py"]
    assert len(list(tmp_path.glob("explore_orders*.ipynb"))) == 3
