"""The reference of the header is current, and names every key."""

from __future__ import annotations

from pathlib import Path

from daglab.notebook.header_model import AssetHeader, CheckHeader, HeaderModel, InputHeader, PartitionsHeader
from daglab.notebook.header_page import header_page

PAGE = Path(__file__).resolve().parents[3] / "docs" / "header.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == header_page(), "python -m daglab.notebook.header_page > docs/header.md"


def test_it_names_every_key_with_a_meaning() -> None:
    rows = {line.split(" | ")[0]: line for line in header_page().splitlines() if line.startswith("| `")}
    for table in (HeaderModel, InputHeader, AssetHeader, CheckHeader, PartitionsHeader):
        for name in table.model_fields:
            assert f"| `{name}`" in rows
    assert "| list of string |" in rows["| `owners`"]
    assert "| number |" in rows["| `delay`"]
