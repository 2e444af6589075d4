"""The reference of the configuration is up to date, and leaves no key out."""

from __future__ import annotations

from pathlib import Path

from daglab.cli.config_page import config_page
from daglab.config import Config, flatten

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == config_page(), "python -m daglab.cli.config_page > docs/configuration.md"


def test_the_page_tells_every_key_its_variable_and_its_meaning() -> None:
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text("utf-8").splitlines() if "`DAGLAB_" in line]
    told = {row[-2].strip("`"): row[-1] for row in rows if len(row) == 5}
    assert told.keys() == {f"DAGLAB_{key.replace('.', '__').upper()}" for key in flatten(Config().to_json())}
    assert all(len(meaning) > 5 for meaning in told.values())
