"""The corpus: each file stands for what marimo's own converters lose of it, or for a form that tools stumble over."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from marimo._ast.app import InternalApp
from marimo._ast.load import load_notebook_ir
from marimo._ast.parse import parse_notebook
from marimo._convert.converters import MarimoConvert
from marimo._convert.ipynb import convert_from_ir_to_ipynb

from daglab.notebook.cells import read_notebook
from daglab.notebook.convert import JupyterSource, to_py
from daglab.pair import create_pair, sync
from tests.unit.pair.laws import assert_comes_back, assert_untouched, project

CORPUS = Path(__file__).parents[2] / "corpus"
UNREAD = (SyntaxError, ValueError, AssertionError)  # the last one is marimo's own, up to 0.23

MARIMO = {
    "app_of_another_name": "what the run guard does besides",
    "app_options": "options over several lines, comments and quotes in them",
    "async_cells": "explicit returns of nothing",
    "backslashes": "continued lines, semicolons",
    "blanks_stripped": "whitespace stripped",
    "byte_order_mark": "byte order mark",
    "cell_options": "options that are the default, names given twice",
    "characters": "characters that end a line for some, and not for Python",
    "code_between_cells": "code between cells",
    "comments_everywhere": "comments between cells, on decorators, after returns",
    "crlf": "line ends of Windows",
    "double_definitions": "duplicate definitions renamed and printed anew",
    "empty_cells": "empty cells dropped",
    "form_feeds": "form feeds",
    "functions_and_classes": "top-level functions and classes with comments at their end",
    "header": "script metadata, docstring, future import",
    "latex_brackets": "brackets of LaTeX rewritten",
    "long_lines": "long lines",
    "markdown_blank_lines": "blank lines in markdown collapsed",
    "markdown_comments": "comments around markdown dropped",
    "markdown_prefixes": "prefix of a markdown string lost",
    "markdown_string_below": "markdown corrupted",
    "mixed_line_ends": "line ends of several kinds",
    "no_cells": "an empty app gains a cell",
    "no_cells_bare": "an empty app gains a cell",
    "no_final_newline": "no newline at the end",
    "no_run_guard": "no run guard",
    "no_version_no_final_newline": "marimo imported by another name, no version",
    "odd_gaps": "blank lines between cells",
    "old_format": "cells called __, returns of everything",
    "old_mac_line_ends": "line ends of old Macs",
    "percent_and_magic_texts": "texts that look like markers of other tools, and of daglab",
    "returns": "cells on one line, returns of all kinds",
    "setup_empty": "a setup cell without code",
    "setup_hidden": "a setup cell with options and comments",
    "signatures": "signatures with types and defaults, wrong ones",
    "sql": "SQL with comments and blank lines",
    "star_import": "star imports",
    "syntax_error_in_a_cell": "a cell that doesn't parse",
    "tabs": "indentation by tabs",
    "trailing_blanks": "blank lines around the file",
    "two_spaces": "indentation by two blanks",
    "under_indented_strings": "strings indented less than the code",
    "unparsable": "cells that don't parse, with options in any order",
}
JUPYTER = {
    "all_magics": "magics",
    "analysis": "metadata, outputs",
    "before_ids": "nbformat 4.0",
    "blanks_in_code": "whitespace stripped",
    "byte_order_mark": "byte order mark",
    "code_that_marimo_cannot_hold": "code that isn't Python, or that no .py can hold",
    "control_characters": "tabs in strings, which strict JSON forbids",
    "crlf": "line ends of Windows",
    "double_definitions": "duplicate definitions renamed",
    "empty": "no cells",
    "empty_cells": "empty cells dropped",
    "escapes": "escapes that need not be",
    "fields_missing": "outputs and language_info missing",
    "indented_by_four": "indentation, newlines at the end",
    "indented_by_tabs": "indentation by tabs, another order of keys",
    "lone_surrogates": "characters that UTF-8 can't hold",
    "looks_like_marimo": "code that marimo or daglab would take for its own",
    "magics": "magics",
    "markdown_of_all_kinds": "markdown that no raw string holds",
    "markdown_without_marimo": "import of marimo inserted",
    "metadata_kept": "metadata, attachments, unknown fields lost",
    "minified": "no blanks",
    "no_cells": "no cells",
    "numbers": "spelling of numbers, NaN",
    "odd_layout": "layout by hand",
    "old": "nbformat 4.2",
    "on_one_line": "no newlines",
    "one_id_for_all": "ids given twice",
    "outputs_and_counts": "outputs and execution counts lost",
    "raw_cells": "raw cells become code",
    "repeated_keys": "keys given twice",
    "sources_as_strings": "sources as strings, lists split anywhere",
    "tagged": "tags become a comment",
    "without_ids_in_4_5": "ids missing where nbformat wants them",
}


def test_the_corpus_is_told_completely() -> None:
    assert {path.stem for path in (CORPUS / "marimo").iterdir()} == set(MARIMO)
    assert {path.stem for path in (CORPUS / "jupyter").iterdir()} == set(JUPYTER)


@pytest.mark.parametrize("name", MARIMO)
def test_a_marimo_notebook_comes_back(name: str) -> None:
    assert_comes_back((CORPUS / "marimo" / f"{name}.py").read_bytes())


@pytest.mark.parametrize("name", JUPYTER)
def test_a_jupyter_notebook_is_untouched(name: str) -> None:
    assert_untouched((CORPUS / "jupyter" / f"{name}.ipynb").read_bytes())


def test_code_with_blanks_in_blank_lines_runs_in_marimo() -> None:
    source = "if x:\n    \n    y = 1\n  \n"
    assert to_py(JupyterSource("code", source)) == 'if x:\n    \n    y = 1\n# daglab: then "\\n  \\n"'


@pytest.mark.parametrize("name", ["markdown_without_marimo", "looks_like_marimo"])
def test_marimo_is_imported_once_where_markdown_needs_it(name: str) -> None:
    with project() as folder:
        ipynb = folder / "n.ipynb"
        shutil.copy(CORPUS / "jupyter" / f"{name}.ipynb", ipynb)
        create_pair(ipynb)
        code = [cell.code for cell in read_notebook(folder / "n.py").cells]
        assert sum(line.startswith("import marimo as mo") for line in "\n".join(code).splitlines()) == 1
        if name == "markdown_without_marimo":
            subprocess.run([sys.executable, str(folder / "n.py")], check=True, timeout=60)


def test_the_import_is_passed_on_when_its_markdown_goes() -> None:
    with project() as folder:
        ipynb, py = folder / "n.ipynb", folder / "n.py"
        shutil.copy(CORPUS / "jupyter" / "markdown_of_all_kinds.ipynb", ipynb)
        create_pair(ipynb)
        document = json.loads(ipynb.read_bytes())
        del document["cells"][0]
        ipynb.write_text(json.dumps(document, indent=1), "utf-8")
        assert sync(ipynb).before.state == "ipynb-ahead"
        codes = [cell.code for cell in read_notebook(py).cells]
        assert [code.startswith("import marimo as mo") for code in codes] == [True, *[False] * (len(codes) - 1)]
        assert sync(ipynb).written == ()
        assert len(json.loads(ipynb.read_bytes())["cells"]) == len(codes)


@pytest.mark.filterwarnings("ignore:invalid escape sequence")
@pytest.mark.parametrize("name", MARIMO)
def test_marimo_does_not_give_the_marimo_notebook_back(name: str) -> None:
    text = (CORPUS / "marimo" / f"{name}.py").read_bytes().decode()
    try:
        back = MarimoConvert.from_ipynb(marimo_ipynb(text)).to_py()
    except UNREAD:
        return
    assert without_version(back) != without_version(text)


@pytest.mark.parametrize("name", JUPYTER)
def test_marimo_does_not_give_the_jupyter_notebook_back(name: str) -> None:
    text = (CORPUS / "jupyter" / f"{name}.ipynb").read_bytes().decode()
    try:
        back = marimo_ipynb(MarimoConvert.from_ipynb(text).to_py())
    except UNREAD:
        return
    assert sources_and_metadata(json.loads(back)) != sources_and_metadata(json.loads(text, strict=False))


def marimo_ipynb(text: str) -> str:
    notebook = parse_notebook(text.removeprefix("\ufeff"))
    assert notebook is not None
    return convert_from_ir_to_ipynb(InternalApp(load_notebook_ir(notebook, filepath="n.py")), sort_mode="top-down")


def without_version(text: str) -> str:
    return re.sub(r'(?m)^__generated_with = ".*"\r?$', "", text)


def sources_and_metadata(document: dict[str, Any]) -> list[Any]:
    cells = [(c["cell_type"], "".join(c["source"]), c.get("outputs"), c.get("id")) for c in document["cells"]]
    return [*cells, document["metadata"]]
