"""The reference page of the REST API is up to date."""

from __future__ import annotations

from pathlib import Path

from daglab.server.rest_page import rest_page

PAGE = Path(__file__).parents[3] / "docs" / "rest-reference.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == rest_page(), "python -m daglab.server.rest_page > docs/rest-reference.md"


def test_every_reference_leads_somewhere() -> None:
    page = rest_page()
    assert page.count("\n## `") > 20
    titles = {line[3:].lower() for line in page.splitlines() if line.startswith("## ")}
    links = {part.partition(")")[0] for part in page.split("](#")[1:]}
    assert links <= titles, links - titles
