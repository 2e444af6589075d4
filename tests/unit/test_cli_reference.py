"""The reference of the command line is up to date, and tells what the commands take."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from daglab.cli.app import run
from daglab.cli.commands import COMMANDS
from daglab.cli.reference import cli_page

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == cli_page(), "python -m daglab.cli.reference > docs/cli.md"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_has_what_help_shows(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    shown = capsys.readouterr().out
    (section,) = re.findall(rf"^## daglab {name}\n(.*?)(?=^## |\Z)", cli_page(), re.MULTILINE | re.DOTALL)
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", shown.partition("Options:")[2])) - {"--help"}
    assert options <= set(re.findall(r"--[a-z][a-z-]+", section)), shown
