"""The reference of the client stands in the docs as its docstrings are."""

from __future__ import annotations

from pathlib import Path

import daglab.client
from daglab.client import DagsterClient
from daglab.client.reference import reference_page

PAGE = Path(__file__).resolve().parents[3] / "docs" / "client-reference.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == reference_page()


def test_everything_public_is_in_it() -> None:
    page = reference_page()
    for name in dir(DagsterClient):
        if not name.startswith("_") and name != "address":
            assert f"### {name}\n" in page, name
    aliases = {"FINAL_STATUSES", "LEVELS", "Selection", "DagsterReader", "DagsterClient", "BlockingDagsterClient"}
    for name in set(daglab.client.__all__) - aliases:
        assert f"### {name}\n" in page, name
