"""The table of codes is whole, and its page is current."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from daglab.notebook.codes import MEANINGS, can_be_ignored, codes_page

ROOT = Path(__file__).parents[3]


def test_the_page_is_current() -> None:
    assert (ROOT / "docs/codes.md").read_text("utf-8") == codes_page()


def test_the_command_on_the_page_makes_the_page() -> None:
    command = [sys.executable, "-m", "daglab.notebook.codes"]
    assert subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout == codes_page()


def test_every_code_in_the_source_is_in_the_table_and_the_other_way_round() -> None:
    sources = [*ROOT.glob("daglab/**/*.py"), *ROOT.glob("hatch_plugin/**/*.py")]
    texts = [path.read_text("utf-8") for path in sources if path.name != "codes.py"]
    used = {code for text in texts for code in re.findall(r'"((?:DL|MB)\d{3})"', text)}
    assert used == set(MEANINGS)


def test_what_keeps_a_notebook_from_loading_cannot_be_ignored() -> None:
    assert [code for code in MEANINGS if can_be_ignored(code)] == [
        *("DL202", "DL205", "DL206", "DL207", "DL208", "DL210", "DL211"),
        *("DL300", "DL301", "DL302", "DL303", "DL310", "DL311", "DL312", "DL321", "DL322"),
        *("DL330", "DL331", "DL332", "DL340", "DL341", "DL342"),
    ]
