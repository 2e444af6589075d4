from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from daglab.errors import NotebookError
from daglab.notebook.convert import JupyterSource
from daglab.notebook.json_text import JsonStyle, elements, members, style_of, with_members
from daglab.notebook.jupyter import NewJupyterCell, new_jupyter, parse_jupyter, rewrite_jupyter

CORPUS = sorted((Path(__file__).parents[2] / "corpus" / "jupyter").glob("*.ipynb"))


def same(text: str) -> list[NewJupyterCell]:
    return [NewJupyterCell(c.content, c.index) for c in parse_jupyter(text).cells]


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_nothing_changes_but_what_is_asked_for(path: Path) -> None:
    text = path.read_bytes().decode()
    notebook = parse_jupyter(text)
    assert rewrite_jupyter(notebook, same(text), None) == text
    value = {"base": ["a b"], "ü": 1}
    added = rewrite_jupyter(notebook, same(text), value)
    read = json.loads(added)
    assert read["metadata"].pop("daglab") == value
    assert read == json.loads(text)
    assert rewrite_jupyter(parse_jupyter(added), same(added), None) == text or notebook.metadata == {}
    assert added.endswith("\n") == text.endswith("\n")
    assert (r"\u00fc" in added) == ((text.isascii() and r"\u00fc" in text) or style_of(text).ascii_only)


@pytest.mark.parametrize("path", [p for p in CORPUS if p.stem != "empty"], ids=lambda path: path.stem)
def test_a_changed_source_changes_only_its_cell(path: Path) -> None:
    text = path.read_bytes().decode()
    cells = same(text)
    cells[0] = NewJupyterCell(JupyterSource(cells[0].content.cell_type, "changed\nü"), 0)
    read, old = json.loads(rewrite_jupyter(parse_jupyter(text), cells, None)), json.loads(text)
    assert "".join(read["cells"][0]["source"]) == "changed\nü"
    assert isinstance(read["cells"][0]["source"], type(old["cells"][0]["source"]))
    assert read["cells"][0]["metadata"] == old["cells"][0]["metadata"]
    assert read["cells"][1:] == old["cells"][1:]
    assert {k: v for k, v in read.items() if k != "cells"} == {k: v for k, v in old.items() if k != "cells"}


def test_number_spelling_escapes_and_line_ends_of_the_rest_stay() -> None:
    text = next(p for p in CORPUS if p.stem == "odd_layout").read_bytes().decode()
    cells = [*same(text), NewJupyterCell(JupyterSource("code", "new = 'ü'"))]
    changed = rewrite_jupyter(parse_jupyter(text), cells, {"version": 1})
    assert '{"a": 1.50, "b": 1E5}' in changed
    assert '"extra":[1,2 ,3]' in changed
    assert r"new = '\u00fc'" in changed
    assert "\n" not in changed.replace("\r\n", "")
    assert "id" not in json.loads(changed)["cells"][-1]


def test_outputs_stay_only_while_the_source_is_equal() -> None:
    output = {"output_type": "stream", "name": "stdout", "text": "1"}
    code = {"cell_type": "code", "execution_count": 3, "metadata": {}, "outputs": [output], "source": "print(1)"}
    text = json.dumps({"cells": [code], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    notebook = parse_jupyter(text)
    assert rewrite_jupyter(notebook, same(text), None) == text
    changed = json.loads(rewrite_jupyter(notebook, [NewJupyterCell(JupyterSource("code", "print(2)"), 0)], None))[
        "cells"
    ][0]
    assert (changed["outputs"], changed["execution_count"]) == ([], None)
    as_markdown = json.loads(rewrite_jupyter(notebook, [NewJupyterCell(JupyterSource("markdown", "text"), 0)], None))[
        "cells"
    ][0]
    assert as_markdown == {"cell_type": "markdown", "metadata": {}, "source": "text"}


def test_a_markdown_cell_that_becomes_code_is_a_valid_code_cell() -> None:
    markdown = {"attachments": {"a": {}}, "cell_type": "markdown", "id": "a", "metadata": {"tags": ["t"]}, "source": []}
    text = json.dumps({"cells": [markdown], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    changed = json.loads(
        rewrite_jupyter(parse_jupyter(text), [NewJupyterCell(JupyterSource("code", "a\nb", tags=("t",)), 0)], None)
    )
    nbformat.validate(changed)
    assert changed["cells"][0]["metadata"] == {"tags": ["t"]}
    assert changed["cells"][0]["source"] == ["a\n", "b"]


def test_a_new_notebook_is_valid_and_the_same_each_time() -> None:
    cells = [
        NewJupyterCell(JupyterSource("code", "x")),
        NewJupyterCell(JupyterSource("code", "x")),
        NewJupyterCell(JupyterSource("raw", "r\n\ud800")),
    ]
    text = new_jupyter(cells, {"version": 1})
    assert text == new_jupyter(cells, {"version": 1})
    text.encode()
    nbformat.validate(json.loads(text))
    assert len({cell.id for cell in parse_jupyter(text).cells}) == 3
    assert [cell.content.source for cell in parse_jupyter(text).cells] == ["x", "x", "r\n\ud800"]


def test_cells_may_all_go_and_come() -> None:
    text = new_jupyter([NewJupyterCell(JupyterSource("code", "x"))])
    emptied = rewrite_jupyter(parse_jupyter(text), [], None)
    assert json.loads(emptied)["cells"] == []
    filled = rewrite_jupyter(parse_jupyter(emptied), [NewJupyterCell(JupyterSource("markdown", "m"))], None)
    nbformat.validate(json.loads(filled))


def test_a_new_cell_never_takes_an_id_that_is_taken() -> None:
    text = new_jupyter([NewJupyterCell(JupyterSource("code", "x"))])
    taken = parse_jupyter(text).cells[0].id
    changed = rewrite_jupyter(
        parse_jupyter(text),
        [NewJupyterCell(JupyterSource("code", "x")), NewJupyterCell(JupyterSource("code", "x"), 0)],
        None,
    )
    ids = [cell.id for cell in parse_jupyter(changed).cells]
    assert ids[1] == taken
    assert ids[0] != taken


def document(**changes: Any) -> str:
    return json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | changes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ("<<<<<<< ours\n{}", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", "no Jupyter notebook"),
        ("{}", "no Jupyter notebook"),
        (document(metadata=[]), "no Jupyter notebook"),
        (document(nbformat=3), "nbformat 3"),
        (document(nbformat=5), "nbformat 5"),
        (document(cells={}), "no list of cells"),
        (document(cells=[{"cell_type": "heading", "source": ""}]), "cell 1"),
        (document(cells=[{"cell_type": "code", "source": 1}]), "cell 1"),
        (document(cells=["code"]), "cell 1"),
        (document(metadata={"kernelspec": {"language": "R"}}), "notebook in R"),
        (document(metadata={"language_info": {"name": "julia"}}), "notebook in julia"),
    ],
)
def test_what_is_no_python_notebook_is_refused_clearly(text: str, message: str) -> None:
    with pytest.raises(NotebookError, match=message):
        parse_jupyter(text, "n.ipynb")


@pytest.mark.parametrize(
    ("text", "changes", "result"),
    [
        ('{"a": 1, "b": 2}', {"a": None}, '{"b": 2}'),
        ('{"a": 1, "b": 2}', {"b": None}, '{"a": 1}'),
        ('{"a": 1}', {"a": None}, "{}"),
        ('{"a": 1}', {"z": None}, '{"a": 1}'),
        ('{"a": 1 , "b":2}', {"a": [3]}, '{"a": [3] , "b":2}'),
        ("{ }", {"a": 1}, '{"a": 1}'),
        ('{"a": {}}', {"b": 1}, '{"a": {}, "b": 1}'),
    ],
)
def test_members_are_changed_in_place(text: str, changes: dict[str, Any], result: str) -> None:
    assert with_members(text, changes, JsonStyle(indent=None), 1) == result


@pytest.mark.parametrize("text", ["[1", "{}", "[1 2]", ""])
def test_a_broken_array_is_an_error(text: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        elements(text, 0)


@pytest.mark.parametrize("text", ["[]", '{"a" 1}', '{"a": 1 '])
def test_a_broken_object_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (json's own message)
        members(text, 0)


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ('{\n "a": 1}', JsonStyle(" ")),
        ('{\r\n\t"a":1}', JsonStyle("\t", spaced=False, newline="\r\n")),
        ('{"a": "\\u00e9"}', JsonStyle(None, ascii_only=True)),
        ('{"a":1}', JsonStyle(None, spaced=False)),
        ("{}", JsonStyle(" ")),
    ],
)
def test_a_document_s_style_is_recognised(text: str, style: JsonStyle) -> None:
    assert style_of(text) == style
