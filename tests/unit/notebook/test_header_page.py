"""The reference of the header is current, and names every key."""

from __future__ import annotations

from pathlib import Path

from daglab.notebook.header import header_schema
from daglab.notebook.header_page import header_page

PAGE = Path(__file__).resolve().parents[3] / "docs" / "header.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == header_page(), "python -m daglab.notebook.header_page > docs/header.md"


def test_it_names_every_key_with_a_meaning() -> None:
    page = header_page()
    schema = header_schema()
    for table in (schema, *(table.get("anyOf", [table])[-1] for table in schema["$defs"].values())):
        assert table["description"].replace("``", "`") in page
        for name, field in table["properties"].items():
            assert any(f"| `{name}` |" in row and field["description"] in row for row in page.splitlines()), name
    assert "| `owners` | list of string |" in page
    assert "| `delay` | number |" in page
    assert '| `backoff` | `"linear"` or `"exponential"` |' in page
    assert "| `deps` | list of string or table |" in page
