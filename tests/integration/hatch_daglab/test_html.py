"""Notebooks as HTML pages in the wheel, on request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hatch_daglab.page import html_page

from daglab.pair import create_pair
from tests.integration.hatch_daglab.building import build, configure, notebook, tiny_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tiny_project(tmp_path / "project")
    cells = ("import marimo as mo", 'mo.md(r"""# Hé""")', "numbers = '<script>'")
    (root / "src/tiny/notebooks/numbers.py").write_text(notebook(*cells))
    return root


def page(project: Path, options: str) -> str:
    configure(project, "external", f"html = true\n{options}\nexternal")
    return build(project, project.parent / "out").wheel.read("tiny/notebooks/numbers.html").decode("utf-8")


def test_markdown_is_rendered_and_code_is_escaped(project: Path) -> None:
    text = page(project, "")
    assert ">Hé</h1>" in text
    assert "numbers = &#x27;&lt;script&gt;&#x27;" in text
    assert "default-src 'none'" in text


@pytest.mark.parametrize("outputs", ["keep", "strip"])
def test_outputs_are_shown_where_they_are_kept(project: Path, outputs: str) -> None:
    create_pair(project / "src/tiny/notebooks/numbers.py")
    half = project / "src/tiny/notebooks/numbers.ipynb"
    document = json.loads(half.read_text())
    data = {"text/html": "<b>bold</b>"}, {"image/png": "AAAA\n"}, {"text/plain": "<4711>"}
    document["cells"][-1]["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": d} for d in data]
    half.write_text(json.dumps(document))
    text = page(project, f'outputs = "{outputs}"')
    shown = ["<b>bold</b>", 'src="data:image/png;base64,AAAA"', "&lt;4711&gt;"]
    assert [part in text for part in shown] == [outputs == "keep"] * 3


def test_no_tag_runs_fetches_or_leads_elsewhere() -> None:
    hostile = "<me<base>ta http-equiv='refresh' content='0;url=https://evil.example'><form action=/x><script>1</script>"
    output = {"output_type": "display_data", "data": {"text/html": hostile + "<b>kept</b>"}}
    cells = [{"cell_type": "code", "source": "", "outputs": [output]}, {"cell_type": "markdown", "source": hostile}]
    body = html_page(json.dumps({"cells": cells}), "a").partition("<body>")[2].lower()
    assert "<b>kept</b>" in body
    assert not any(f"<{tag}" in body for tag in ("meta", "base", "form", "script"))


def test_a_file_of_the_projects_own_is_not_replaced(project: Path) -> None:
    (project / "src/tiny/notebooks/numbers.html").write_text("my own")
    with pytest.raises(AssertionError, match=r"numbers\.html: the build hook makes a file of this name"):
        page(project, "")
