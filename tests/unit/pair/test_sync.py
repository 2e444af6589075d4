from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest

from daglab import files as file_layer
from daglab.errors import FileMovedError, NotebookError, PairError
from daglab.notebook.cells import parse_notebook
from daglab.pair import create_pair, find_pairs, ipynb_for, pair_of, pair_status, sync, unpair
from daglab.pair.plan import Plan
from tests.unit.pair.conftest import PY, Files

CONFLICT = "<<<<<<< HEAD\n    print(1)\n=======\n    print(2)\n>>>>>>> theirs"
OUTPUT = {"output_type": "stream", "name": "stdout", "text": ["6\n"]}


def run_all(cells: list[dict[str, Any]]) -> None:
    for number, cell in enumerate(cells, start=1):
        if cell["cell_type"] == "code":
            cell |= {"outputs": [OUTPUT], "execution_count": number}


def set_source(index: int, source: str) -> Any:
    return lambda cells: cells[index].update(source=source.splitlines(keepends=True))


def new_cell(source: str, cell_type: str = "code", cell_id: str = "new") -> dict[str, Any]:
    cell = {"cell_type": cell_type, "id": cell_id, "metadata": {"tags": ["mine"]}, "source": source}
    return cell | ({"outputs": [], "execution_count": None} if cell_type == "code" else {})


def test_a_pair_is_made_from_a_py(pair: Files) -> None:
    assert pair.py.read_text("utf-8") == PY
    nbformat.validate(json.loads(pair.ipynb.read_text("utf-8")))
    assert [cell["cell_type"] for cell in pair.cells] == ["markdown", "code", "code", "code"]
    assert pair.sources[0] == "# Orders"
    assert pair_status(pair.py).state == "in-sync"
    assert sync(pair.ipynb).written == ()


def test_ipynb_for_is_the_same_ipynb(pair: Files, tmp_path: Path) -> None:
    assert ipynb_for(pair.py) == pair.ipynb.read_bytes()
    with pytest.raises(PairError, match="does not exist"):
        ipynb_for(tmp_path / "none.py")
    (tmp_path / "plain.py").write_text("x = 1\n")
    with pytest.raises(NotebookError):
        ipynb_for(tmp_path / "plain.py")


def test_an_edit_of_the_ipynb_changes_only_its_cell_in_the_py(pair: Files) -> None:
    pair.edit_ipynb(run_all)
    pair.edit_ipynb(set_source(2, "total = max(orders)"))
    assert pair_status(pair.py).state == "ipynb-ahead"
    result = sync(pair.py)
    assert result.before.state == "ipynb-ahead"
    assert pair.py.read_text("utf-8") == PY.replace("sum(orders)", "max(orders)")
    assert all(cell["outputs"] == [OUTPUT] for cell in pair.cells if cell["cell_type"] == "code")
    assert sync(pair.py).written == ()


def test_an_edit_of_the_py_changes_only_its_cell_in_the_ipynb(pair: Files) -> None:
    pair.edit_ipynb(run_all)
    sync(pair.py)
    before = pair.cells
    pair.edit_py("sum(orders)", "max(orders)")
    assert pair_status(pair.ipynb).state == "py-ahead"
    text = pair.py.read_bytes()
    assert sync(pair.ipynb).written == (pair.ipynb,)
    assert pair.py.read_bytes() == text
    assert pair.cells[2] == before[2] | {"source": ["total = max(orders)"], "outputs": [], "execution_count": None}
    assert [pair.cells[i] for i in (0, 1, 3)] == [before[i] for i in (0, 1, 3)]
    assert pair_status(pair.py).state == "in-sync"


def test_edits_of_different_cells_are_merged(pair: Files) -> None:
    pair.edit_py("sum(orders)", "max(orders)")
    pair.edit_ipynb(set_source(3, "print(total, end='')"))
    assert pair_status(pair.py).state == "both-ahead"
    sync(pair.py)
    assert "max(orders)" in pair.sources[2]
    assert "print(total, end='')" in pair.py.read_text("utf-8")
    assert sync(pair.py).written == ()


def test_different_edits_of_one_cell_are_a_conflict_and_nothing_is_written(pair: Files) -> None:
    pair.edit_py("sum(orders)", "max(orders)")
    pair.edit_ipynb(set_source(2, "total = min(orders)"))
    before = pair.both()
    result = sync(pair.py)
    assert result.before.state == "conflict"
    assert (result.written, result.synced) == ((), False)
    (conflict,) = result.before.conflicts
    assert (conflict.py, conflict.ipynb) == ("total = max(orders)", "total = min(orders)")
    assert conflict.line == PY.splitlines().index("    total = sum(orders)") + 1
    assert pair.both() == before


@pytest.mark.parametrize(("prefer", "kept", "lost"), [("py", "max", "min"), ("ipynb", "min", "max")])
def test_a_conflict_decided_for_one_half_backs_up_the_other(pair: Files, prefer: Any, kept: str, lost: str) -> None:
    pair.edit_py("sum(orders)", "max(orders)")
    pair.edit_ipynb(set_source(2, "total = min(orders)"))
    result = sync(pair.py, prefer=prefer)
    assert f"{kept}(orders)" in pair.sources[2]
    assert f"{kept}(orders)" in pair.py.read_text("utf-8")
    assert any(f"{lost}(orders)" in backup.read_text("utf-8") for backup in result.backups)


def test_conflicts_are_decided_cell_by_cell(pair: Files) -> None:
    pair.edit_py("[1, 2, 3]", "[4]")
    pair.edit_py("sum(orders)", "max(orders)")
    pair.edit_py("print(total)", "print('py')")
    pair.edit_ipynb(set_source(1, "import marimo as mo\n\norders = [5]"))
    pair.edit_ipynb(set_source(2, "total = min(orders)"))
    pair.edit_ipynb(set_source(3, "print('ipynb')"))
    assert [conflict.cell for conflict in pair_status(pair.py).conflicts] == ["load", "3", "4"]
    before = pair.both()
    result = sync(pair.py, resolve={"load": "ipynb", "3": "py"})
    assert (result.before.state, [c.cell for c in result.before.conflicts]) == ("conflict", ["4"])
    assert pair.both() == before
    with pytest.raises(PairError, match="'laod'") as caught:
        sync(pair.py, resolve={"laod": "py"})
    assert "did you mean 'load'" in caught.value.remedy
    sync(pair.py, resolve={"load": "ipynb", "3": "py", "4": "ipynb"})
    assert pair.sources[1:] == ["import marimo as mo\n\norders = [5]", "total = max(orders)", "print('ipynb')"]
    assert [cell.code for cell in parse_notebook(pair.py.read_text("utf-8")).cells][1:] == pair.sources[1:]
    assert sync(pair.py).written == ()
    with pytest.raises(PairError, match="no conflict is called '4'"):
        sync(pair.py, resolve={"4": "py"})


def test_the_rest_may_be_decided_for_one_half(pair: Files) -> None:
    pair.edit_py("sum(orders)", "max(orders)")
    pair.edit_py("@app.cell\ndef _(total):\n    print(total)\n    return\n", "")
    pair.edit_ipynb(set_source(2, "total = min(orders)"))
    pair.edit_ipynb(set_source(3, "print('ipynb')"))
    assert [conflict.cell for conflict in pair_status(pair.py).conflicts] == ["3", "ipynb:4"]
    sync(pair.py, prefer="py", resolve={"ipynb:4": "ipynb"})
    assert pair.sources[2:] == ["total = max(orders)", "print('ipynb')"]


def test_the_order_is_one_decision(pair: Files) -> None:
    pair.edit_ipynb(lambda cells: cells.insert(0, cells.pop()))
    text = pair.py.read_text("utf-8")
    first, rest = text.index("@app.cell(hide"), text.index("@app.cell\ndef load")
    end = text.index("# a comment between")
    pair.py.write_text(text[:first] + text[rest:end] + text[first:rest] + text[end:], "utf-8")
    (conflict,) = pair_status(pair.py).conflicts
    assert (conflict.cell, conflict.reason) == ("order", "both-moved")
    assert conflict.ipynb is not None
    assert conflict.ipynb.startswith("print(total)\n")
    sync(pair.py, resolve={"order": "ipynb"})
    assert pair.sources[:2] == ["print(total)", "# Orders"]
    assert sync(pair.py).written == ()


def test_outputs_of_edited_cells_may_stay_marked_stale(pair: Files) -> None:
    pair.edit_ipynb(run_all)
    pair.edit_ipynb(lambda cells: cells[2]["metadata"].update(collapsed=True))
    pair.edit_py("sum(orders)", "max(orders)")
    sync(pair.py, keep_outputs=True)
    assert pair.cells[2]["outputs"] == [OUTPUT]
    assert pair.cells[2]["execution_count"] is None
    assert pair.cells[2]["metadata"] == {"collapsed": True, "daglab": {"stale": True}}
    assert sync(pair.py).written == ()
    pair.edit_ipynb(lambda cells: cells[2].update(execution_count=7))
    sync(pair.py)
    assert pair.cells[2]["metadata"] == {"collapsed": True}
    assert pair.cells[2]["outputs"] == [OUTPUT]
    assert sync(pair.py).written == ()
    pair.edit_py("max(orders)", "sum(orders)")
    sync(pair.py, keep_outputs=True)
    pair.edit_py("sum(orders)", "max(orders)")
    sync(pair.py)
    assert pair.cells[2] == pair.cells[2] | {
        "outputs": [],
        "execution_count": None,
        "metadata": {"collapsed": True},
    }


def test_the_same_edit_of_both_halves_is_in_sync(pair: Files) -> None:
    pair.edit_py("sum(orders)", "max(orders)")
    pair.edit_ipynb(set_source(2, "total = max(orders)"))
    assert pair_status(pair.py).state == "in-sync"
    sync(pair.py)
    assert sync(pair.py).written == ()


def test_cells_inserted_in_jupyter_come_into_the_py(pair: Files) -> None:
    pair.edit_ipynb(lambda cells: cells.insert(1, new_cell("extra = 1")))
    pair.edit_ipynb(lambda cells: cells.append(new_cell("## End", "markdown", "end")))
    sync(pair.py)
    codes = [cell.code for cell in parse_notebook(pair.py.read_text("utf-8")).cells]
    assert codes[1] == '# daglab: tags ["mine"]\nextra = 1'
    assert codes[-1] == '# daglab: tags ["mine"]\nmo.md(r"""\n## End\n""")'
    assert pair.cells[1]["metadata"] == {"tags": ["mine"]}
    assert "# a comment between cells" in pair.py.read_text("utf-8")
    assert sync(pair.py).written == ()


def test_cells_inserted_in_the_py_come_into_the_ipynb(pair: Files) -> None:
    before = pair.cells
    pair.edit_py("# a comment between cells\n", "@app.cell\ndef _():\n    extra = 1\n    return\n")
    sync(pair.py)
    assert pair.sources[2] == "extra = 1"
    assert [cell for i, cell in enumerate(pair.cells) if i != 2] == before
    nbformat.validate(json.loads(pair.ipynb.read_text("utf-8")))


def test_a_deleted_cell_goes_on_both_sides_after_a_backup(pair: Files) -> None:
    pair.edit_ipynb(lambda cells: cells.pop(3))
    backup = sync(pair.py).backups[0]
    assert "print(total)" not in pair.py.read_text("utf-8")
    assert backup.read_text("utf-8") == PY
    pair.edit_py("@app.cell\ndef _(orders):\n    total = sum(orders)\n    return\n", "")
    (backup,) = sync(pair.py).backups
    assert "sum(orders)" in backup.read_text("utf-8")
    assert len(pair.cells) == 2


def test_a_cell_deleted_here_and_edited_there_is_a_conflict(pair: Files) -> None:
    pair.edit_ipynb(lambda cells: cells.pop(2))
    pair.edit_py("sum(orders)", "sum(orders) + 1")
    before = pair.both()
    assert sync(pair.py).before.state == "conflict"
    assert pair.both() == before


def test_moved_cells_keep_ids_and_outputs(pair: Files) -> None:
    pair.edit_ipynb(run_all)
    pair.edit_ipynb(lambda cells: cells.insert(0, cells.pop()))
    moved = pair.cells
    sync(pair.py)
    assert pair.cells == moved
    assert parse_notebook(pair.py.read_text("utf-8")).cells[0].code == "print(total)"
    assert sync(pair.py).written == ()


def test_markdown_stays_in_the_kind_of_string_it_stood_in(pair: Files) -> None:
    pair.edit_ipynb(set_source(0, "# All orders"))
    sync(pair.py)
    assert pair.py.read_text("utf-8") == PY.replace("# Orders", "# All orders")


def test_markdown_no_longer_imports_marimo_when_a_new_cell_in_jupyter_does(folder: Path) -> None:
    files = Files(folder, "a")
    cells = [new_cell("# Title", "markdown", "a"), new_cell("x = 1", cell_id="b")]
    document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    files.ipynb.write_text(json.dumps(document))
    create_pair(files.ipynb)
    assert "import marimo as mo  # daglab" in files.py.read_text()
    files.edit_ipynb(lambda cells: cells.insert(0, new_cell("import marimo as mo", cell_id="c")))
    sync(files.ipynb)
    assert files.py.read_text().count("import marimo as mo") == 1
    assert pair_status(files.py, refused=True).refused == ()
    assert files.sources == ["import marimo as mo", "# Title", "x = 1"]
    assert sync(files.py).written == ()


def test_a_markdown_cell_may_become_code_and_back(pair: Files) -> None:
    pair.edit_ipynb(lambda cells: cells.__setitem__(0, new_cell("x = 1", cell_id=cells[0]["id"])))
    sync(pair.py)
    assert "    x = 1\n" in pair.py.read_text("utf-8")
    pair.edit_py("    x = 1\n", '    mo.md(r"""\n    text\n    """)\n')
    sync(pair.py)
    assert (pair.cells[0]["cell_type"], pair.sources[0]) == ("markdown", "text")


@pytest.mark.parametrize("stripped", [False, True])
def test_a_deleted_py_comes_back_byte_for_byte(pair: Files, stripped: bool) -> None:
    """From the metadata alone, and from the local state when another tool stripped the metadata."""
    if stripped:
        document = json.loads(pair.ipynb.read_bytes())
        del document["metadata"]["daglab"]
        pair.ipynb.write_text(json.dumps(document, indent=1))
    else:
        shutil.rmtree(pair.py.parent / ".daglab")
    pair.py.unlink()
    assert pair_status(pair.ipynb).state == "half"
    sync(pair.ipynb)
    assert pair.py.read_text("utf-8") == PY


def test_a_deleted_py_comes_back_with_edits_of_the_ipynb(pair: Files) -> None:
    shutil.rmtree(pair.py.parent / ".daglab")
    pair.edit_ipynb(set_source(1, "orders = [1, 2, 3]"))
    pair.py.unlink()
    sync(pair.ipynb)
    text = pair.py.read_text("utf-8")
    assert text.startswith(PY[: PY.index("@app.cell")])
    assert "def load():\n    orders = [1, 2, 3]\n    return (orders,)" in text


def test_an_odd_layout_comes_back_beside_an_edit_unless_its_signature_must_follow(folder: Path) -> None:
    pair = Files(folder, "odd")
    odd = PY.replace("def _(total):", "def _(\n    total,\n):").replace("def _(orders):", "def _( orders ):")
    pair.py.write_text(odd, "utf-8")
    create_pair(pair.py)
    shutil.rmtree(folder / ".daglab")
    pair.edit_ipynb(set_source(1, "orders = [1]"))
    pair.py.unlink()
    sync(pair.ipynb)
    assert "def _(\n    total,\n):" in pair.py.read_text("utf-8")
    assert "def _( orders ):" in pair.py.read_text("utf-8")
    shutil.rmtree(folder / ".daglab")
    pair.edit_ipynb(set_source(1, "orders = [1]; total = 5"))
    pair.edit_ipynb(set_source(2, "1 +"))
    pair.py.unlink()
    sync(pair.ipynb)
    assert "def load():\n    orders = [1]; total = 5\n    return (total,)" in pair.py.read_text("utf-8")


def test_kept_text_that_somebody_broke_is_left_out(pair: Files) -> None:
    document = json.loads(pair.ipynb.read_bytes())
    document["metadata"]["daglab"]["kept"] = {"head": "no notebook", "cells": {"1": 5}}
    pair.ipynb.write_text(json.dumps(document))
    pair.py.unlink()
    sync(pair.ipynb)
    assert [c.code for c in parse_notebook(pair.py.read_text("utf-8")).cells][2:] == [
        "total = sum(orders)",
        "print(total)",
    ]
    document["metadata"]["daglab"]["kept"] = {"cells": []}
    pair.ipynb.write_text(json.dumps(document))
    pair.py.unlink()
    sync(pair.ipynb)
    assert pair.py.exists()


@pytest.mark.parametrize("key", ["name", "options", "kind", "form", "code", "block", "around", "gap"])
@pytest.mark.parametrize("value", [None, 5, ["a"], "x", {"hide_code": float("inf")}])
def test_what_is_kept_of_a_cell_may_come_from_anybody(pair: Files, key: str, value: Any) -> None:
    document = json.loads(pair.ipynb.read_bytes())
    document["metadata"]["daglab"]["kept"]["cells"]["2"] = {key: value}
    pair.ipynb.write_text(json.dumps(document))
    pair.py.unlink()
    sync(pair.ipynb)
    codes = [cell.code for cell in parse_notebook(pair.py.read_text("utf-8")).cells]
    assert codes[2:] == [value if (key, value) == ("code", "x") else "total = sum(orders)", "print(total)"]


@pytest.mark.parametrize("option", ["hide_code=1e999", "column=..."])
def test_an_option_without_a_literal_comes_back(folder: Path, option: str) -> None:
    py = folder / "a.py"
    py.write_text(PY.replace("@app.cell(hide_code=True)", f"@app.cell({option})"))
    text = py.read_bytes()
    create_pair(py)
    py.unlink()
    sync(py)
    assert py.read_bytes() == text


def test_a_deleted_ipynb_is_made_again(pair: Files) -> None:
    before = pair.ipynb.read_bytes()
    pair.ipynb.unlink()
    assert pair_status(pair.py).state == "half"
    sync(pair.py)
    assert pair.ipynb.read_bytes() == before


def test_marimo_s_version_alone_is_no_edit(pair: Files) -> None:
    pair.edit_py("0.20.0", "0.21.0")
    assert pair_status(pair.py).state == "in-sync"
    assert sync(pair.py).written == ()


def test_an_edit_of_header_or_options_is_remembered(pair: Files) -> None:
    pair.edit_py('"marimo"]', '"marimo", "polars"]')
    pair.edit_py("@app.cell\ndef load", "@app.cell(disabled=True)\ndef load")
    assert pair_status(pair.py).state == "py-ahead"
    cells = pair.cells
    sync(pair.py)
    assert pair.cells == cells
    text = pair.py.read_text("utf-8")
    shutil.rmtree(pair.py.parent / ".daglab")
    pair.py.unlink()
    sync(pair.ipynb)
    assert pair.py.read_text("utf-8") == text


def test_stripped_metadata_and_state_make_equal_halves_a_pair_again(pair: Files) -> None:
    document = json.loads(pair.ipynb.read_bytes())
    del document["metadata"]["daglab"]
    pair.ipynb.write_text(json.dumps(document, indent=1))
    shutil.rmtree(pair.py.parent / ".daglab")
    assert pair_status(pair.py).state == "in-sync"
    assert sync(pair.py).written == (pair.ipynb,)
    assert sync(pair.py).written == ()
    pair.edit_py("sum(orders)", "max(orders)")
    pair.ipynb.write_text(json.dumps(document, indent=1))
    shutil.rmtree(pair.py.parent / ".daglab")
    assert {c.reason for c in sync(pair.py).before.conflicts} == {"never-synced"}


@pytest.mark.parametrize("sources", [["import marimo as mo", "brand_new = 1"], ["brand_new = 1"], []])
def test_another_notebook_in_the_place_of_the_ipynb_deletes_nothing(pair: Files, sources: list[str]) -> None:
    document = json.loads(pair.ipynb.read_bytes()) | {"metadata": {}, "cells": [new_cell(source) for source in sources]}
    pair.ipynb.write_text(json.dumps(document))
    before = pair.both()
    assert {c.reason for c in sync(pair.py).before.conflicts} == {"replaced"}
    assert pair.both() == before
    sync(pair.py, prefer="ipynb")
    assert pair.both() != before
    assert {"total = sum(orders)", *sources} <= set(pair.sources)


def test_an_ipynb_without_its_metadata_that_keeps_most_cells_is_edited(pair: Files) -> None:
    document = json.loads(pair.ipynb.read_bytes()) | {"metadata": {}}
    document["cells"][2]["source"] = "total = max(orders)"
    document["cells"][3:] = [new_cell("more = 1"), new_cell("most = 2"), new_cell("all_of_it = 3")]
    pair.ipynb.write_text(json.dumps(document))
    sync(pair.py)
    text = pair.py.read_text("utf-8")
    assert "max(orders)" in text and "all_of_it = 3" in text and "print(total)" not in text


def test_a_killed_sync_is_finished_by_the_next(pair: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """The .py is written first; between the two files, every edit is in one of them."""
    pair.edit_py("sum(orders)", "max(orders)")
    pair.edit_ipynb(set_source(3, "print(total, end='')"))
    pair.edit_ipynb(lambda cells: cells.insert(0, new_cell("first = 1")))
    pair.edit_ipynb(lambda cells: cells.append(cells.pop(2)))
    real = file_layer.replace

    def killed(old: file_layer.FileContent, data: bytes, *, backups: Path) -> file_layer.FileContent:
        if old.path.suffix == ".ipynb":
            raise KeyboardInterrupt
        return real(old, data, backups=backups)

    with monkeypatch.context() as patch:
        patch.setattr(file_layer, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            sync(pair.py)
    assert "first = 1" in pair.py.read_text("utf-8")
    assert sync(pair.py).before.state == "py-ahead"
    assert sorted(pair.sources) == sorted(
        ["first = 1", "# Orders", "total = max(orders)", "print(total, end='')", pair.sources[-1]]
    )
    assert sync(pair.py).written == ()


def test_a_file_edited_during_a_sync_is_left_alone(pair: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    pair.edit_ipynb(set_source(2, "total = max(orders)"))
    ipynb = pair.ipynb.read_bytes()
    real = file_layer.replace

    def late(old: file_layer.FileContent, data: bytes, *, backups: Path) -> file_layer.FileContent:
        if old.path.suffix == ".py":
            pair.edit_py("print(total)", "print(total, total)")
        return real(old, data, backups=backups)

    with monkeypatch.context() as patch:
        patch.setattr(file_layer, "replace", late)
        with pytest.raises(FileMovedError):
            sync(pair.py)
    assert "print(total, total)" in pair.py.read_text("utf-8")
    assert pair.ipynb.read_bytes() == ipynb
    sync(pair.py)
    assert "print(total, total)" in pair.sources[3]
    assert "max(orders)" in pair.py.read_text("utf-8")


@pytest.mark.parametrize(
    ("half", "data", "reason"),
    [
        (".ipynb", b"{", "not valid JSON"),
        (".ipynb", b"", "is empty"),
        (".ipynb", b"\xff\xfe", "not UTF-8"),
        (".py", b"", "not a marimo notebook"),
        (".py", b"x = 1\n", "not a marimo notebook"),
        (".py", b"\xff", "not UTF-8"),
        (".py", PY.replace("    print(total)", CONFLICT).encode(), "conflict markers"),
        (".py", PY.replace("    print(total)", CONFLICT).replace("\n", "\r\n").encode(), "conflict markers"),
        (".ipynb", f"{{\n{CONFLICT}\n}}".encode(), "conflict markers"),
    ],
)
def test_a_half_that_cannot_be_read_makes_the_pair_invalid(pair: Files, half: str, data: bytes, reason: str) -> None:
    pair.py.with_suffix(half).write_bytes(data)
    before = pair.both()
    status = pair_status(pair.py)
    assert status.state == "invalid"
    assert reason in status.reason
    assert sync(pair.py).written == ()
    assert pair.both() == before
    with pytest.raises(NotebookError):
        create_pair(pair.py)


@pytest.mark.parametrize("convert", [lambda t: t.replace("\n", "\r\n"), lambda t: "\ufeff" + t, lambda t: t.rstrip()])
def test_line_ends_byte_order_mark_and_no_last_newline_stay(folder: Path, convert: Any) -> None:
    pair = Files(folder, "odd")
    text = convert(PY)
    pair.py.write_bytes(text.encode())
    create_pair(pair.py)
    pair.edit_ipynb(set_source(2, "total = max(orders)"))
    sync(pair.py)
    assert pair.py.read_bytes().decode() == text.replace("sum(orders)", "max(orders)")
    shutil.rmtree(folder / ".daglab")
    pair.py.unlink()
    sync(pair.ipynb)
    assert pair.py.read_bytes().decode() == text.replace("sum(orders)", "max(orders)")


def test_a_setup_cell_stays_first_when_jupyter_puts_text_above_it(folder: Path) -> None:
    pair = Files(folder, "setup")
    pair.py.write_text(PY.replace("@app.cell(hide", "with app.setup:\n    import os\n\n\n@app.cell(hide", 1), "utf-8")
    create_pair(pair.py)
    pair.edit_ipynb(lambda cells: cells.insert(0, new_cell("## Above", "markdown")))
    sync(pair.py)
    assert pair.sources[:2] == ["## Above", "import os"]
    assert parse_notebook(pair.py.read_text("utf-8")).cells[0].kind == "setup"
    assert sync(pair.py).written == ()
    text = pair.py.read_bytes()
    shutil.rmtree(folder / ".daglab")
    pair.py.unlink()
    sync(pair.ipynb)
    assert pair.py.read_bytes() == text


def test_dry_run_writes_nothing_and_shows_the_texts(pair: Files) -> None:
    pair.edit_py("sum(orders)", "max(orders)")
    before = pair.both()
    result = sync(pair.py, dry_run=True)
    assert pair.both() == before
    assert (result.written, result.synced) == ((pair.ipynb,), False)
    ((path, old, new),) = result.texts
    assert path == pair.ipynb
    assert "sum(orders)" in old
    assert "max(orders)" in new


def test_unpaired_files_are_left_alone_until_they_are_paired_again(pair: Files) -> None:
    assert unpair(pair.py) == (pair.ipynb,)
    assert pair_status(pair.py).state == "unpaired"
    pair.edit_py("sum(orders)", "max(orders)")
    assert sync(pair.py).written == ()
    assert unpair(pair.ipynb) == ()
    pair.edit_py("max(orders)", "sum(orders)")
    create_pair(pair.py)
    assert pair_status(pair.py).state == "in-sync"


@pytest.mark.parametrize("kept", [".py", ".ipynb"])
def test_unpairing_may_delete_the_other_half(pair: Files, kept: str) -> None:
    path = pair.py.with_suffix(kept)
    other = pair.ipynb if kept == ".py" else pair.py
    text = other.read_bytes()
    assert other in unpair(path, delete_half=True)
    assert path.exists()
    assert not other.exists()
    backups = (pair.py.parent / ".daglab" / "backups").iterdir()
    assert [backup.read_bytes() for backup in backups if backup.name.endswith(other.name)] == [text]
    if kept == ".ipynb":
        assert pair_status(path).state == "unpaired"


def test_files_that_say_nothing_of_a_pair_are_none(folder: Path) -> None:
    pair = Files(folder, "lone")
    pair.py.write_text(PY.replace("[tool.daglab.assets.orders]", ""), "utf-8")
    assert pair_status(pair.py).state == "unpaired"
    assert find_pairs(folder) == []
    create_pair(pair.py)
    text = pair.ipynb.read_text("utf-8")
    pair.py.unlink()
    shutil.rmtree(folder / ".daglab")
    pair.ipynb.write_text(text.replace('"daglab"', '"other"'), "utf-8")
    assert pair_status(pair.ipynb).state == "unpaired"
    assert sync(pair.ipynb).written == ()
    pair.ipynb.unlink()
    assert pair_status(pair.ipynb).reason == "neither half is there"
    for call in (create_pair, unpair):
        with pytest.raises(PairError, match="does not exist"):
            call(pair.py)
    (folder / "a.txt").touch()
    with pytest.raises(PairError, match=r"neither a \.py nor an .ipynb"):
        pair_of(folder / "a.txt")


def test_pairs_are_found_by_their_content(pair: Files) -> None:
    folder = pair.py.parent
    (folder / "plain.py").write_text("import marimo\n")
    (folder / "plain.ipynb").write_text("{}")
    (folder / "half.py").write_text(PY, "utf-8")
    (folder / "other.ipynb").write_text('{"metadata": {"daglab": 5}}')
    (folder / "broken.ipynb").write_text('"daglab"')
    (folder / ".hidden").mkdir()
    shutil.copy(pair.py, folder / ".hidden")
    sub = folder / "sub"
    sub.mkdir()
    shutil.copy(pair.ipynb, sub)
    assert [p.py.relative_to(folder).as_posix() for p in find_pairs(folder)] == [
        "half.py",
        "orders.py",
        "sub/orders.py",
    ]


@pytest.mark.parametrize(
    "said", ["{\n{", "{}\n[]", '{}\n{"base": 5, "ipynb": [1], "py": [], "cells": [1], "metadata": 3}']
)
def test_a_local_state_that_is_none_is_forgotten(pair: Files, said: str) -> None:
    pair_of(pair.py).state_file.write_text(said)
    assert pair_status(pair.py).state == "in-sync"
    assert sync(pair.py).written == ()


@pytest.mark.parametrize("said", [{"version": 2}, {"version": 1, "base": [5]}, {"version": 1, "base": 5}, 5])
def test_metadata_that_is_no_base_is_no_base(pair: Files, said: Any) -> None:
    document = json.loads(pair.ipynb.read_bytes())
    document["metadata"]["daglab"] = said
    pair.ipynb.write_text(json.dumps(document))
    shutil.rmtree(pair.py.parent / ".daglab")
    assert pair_status(pair.py).state == "in-sync"
    sync(pair.py)
    assert pair_status(pair.py).state == "in-sync"


def test_json_of_status_and_result_is_plain(pair: Files) -> None:
    pair.edit_py("sum(orders)", "max(orders)")
    pair.edit_ipynb(set_source(2, "total = min(orders)"))
    assert json.loads(json.dumps(sync(pair.py).to_json()))["conflicts"][0]["reason"] == "both-edited"


def test_the_base_alone_tells_that_nothing_was_edited(pair: Files) -> None:
    shutil.rmtree(pair.py.parent / ".daglab")
    assert pair_status(pair.py).state == "in-sync"
    pair.py.write_text(PY.replace('__generated_with = "', '__generated_with = "9.'), "utf-8")
    assert pair_status(pair.py).state == "in-sync"
    pair.py.write_bytes(PY.replace("\n", "\r\n").encode())
    shutil.rmtree(pair.py.parent / ".daglab", ignore_errors=True)
    assert pair_status(pair.py).state == "in-sync"
    pair.py.write_text(PY.replace("sum(orders)", "max(orders)"), "utf-8")
    assert pair_status(pair.py).state == "py-ahead"
    pair.py.write_text(PY, "utf-8")
    pair.edit_ipynb(set_source(2, "total = max(orders)"))
    assert pair_status(pair.py).state == "ipynb-ahead"


def test_tags_go_both_ways_and_stand_in_the_py(pair: Files) -> None:
    def tag(index: int, *tags: str) -> Any:
        return lambda cells: cells[index]["metadata"].update(tags=list(tags))

    pair.edit_ipynb(run_all)
    pair.edit_ipynb(tag(1, "parameters"))
    pair.edit_ipynb(tag(0, "title", "größe"))
    assert pair_status(pair.py).state == "ipynb-ahead"
    sync(pair.py)
    text = pair.py.read_text("utf-8")
    assert '    # daglab: tags ["parameters"]\n    import marimo as mo\n' in text
    assert '    # daglab: tags ["title", "größe"]\n    mo.md("""\n' in text
    assert pair.cells[1]["outputs"] == [OUTPUT]
    assert sync(pair.py).written == ()
    pair.edit_py('["parameters"]', '["parameters", "slow"]')
    pair.edit_py('    # daglab: tags ["title", "größe"]\n', "")
    sync(pair.py)
    assert [cell["metadata"] for cell in pair.cells[:2]] == [{}, {"tags": ["parameters", "slow"]}]
    assert pair.cells[1]["outputs"] == [OUTPUT]
    pair.ipynb.unlink()
    shutil.rmtree(pair.py.parent / ".daglab")
    create_pair(pair.py)
    assert pair.cells[1]["metadata"] == {"tags": ["parameters", "slow"]}
    assert pair.py.read_text("utf-8") == text.replace('["parameters"]', '["parameters", "slow"]').replace(
        '    # daglab: tags ["title", "größe"]\n', ""
    )


def test_a_module_and_a_notebook_of_one_stem_are_no_pair(folder: Path) -> None:
    (folder / "plain.py").write_text("x = 1\n")
    (folder / "plain.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    assert pair_status(folder / "plain.py").state == "unpaired"
    assert sync(folder / "plain.ipynb").written == ()
    (folder / "plain.py").write_text("import marimo\n\napp = marimo.App(\n")
    assert pair_status(folder / "plain.py").state == "invalid"


@pytest.mark.parametrize("lines", ["<<<<<<< HEAD", "=======\n<<<<<<< HEAD\n>>>>>>> theirs", ">>>>>>> theirs\n======="])
def test_a_notebook_may_speak_of_conflict_markers(pair: Files, lines: str) -> None:
    pair.edit_py("    total = sum(orders)", f'    total = """How git says it:\n{lines}\n"""')
    assert sync(pair.py).synced
    assert f"\n{lines}\n" in pair.sources[2]
    assert f"\n{lines}\n" in pair.py.read_text("utf-8")
    assert pair_status(pair.py).state == "in-sync"


def test_whatever_a_sync_replaces_is_in_the_backups(pair: Files) -> None:
    """Also a text that was only converted; what isn't replaced needs no backup."""
    pair.edit_py("sum(orders)", "max(orders)")
    before = pair.ipynb.read_bytes()
    (backup,) = sync(pair.py).backups
    assert backup.parent == pair_of(pair.py).backups(pair.py)
    assert backup.read_bytes() == before
    assert sync(pair.py).backups == ()


@pytest.mark.parametrize(("half", "renamed"), [("py", "Orders.py"), ("ipynb", "ORDERS.ipynb")])
def test_a_half_that_was_renamed_by_case_alone_makes_no_second_pair(pair: Files, half: str, renamed: str) -> None:
    """Where case counts; elsewhere both names are one file's and the halves are a pair still."""
    getattr(pair, half).rename(pair.py.with_name(renamed))
    before = {path.name: path.read_bytes() for path in pair.py.parent.iterdir() if path.is_file()}
    stem = renamed.partition(".")[0]
    for path in (pair.py, pair.ipynb, pair.py.with_name(f"{stem}.py"), pair.py.with_name(f"{stem}.ipynb")):
        if (pair.py.parent / "ORDERS.PY").exists():
            assert pair_status(path).state == "in-sync"
            continue
        result = sync(path)
        assert (result.before.state, result.written) == ("invalid", ())
        assert renamed in result.before.reason and "give both the same name" in result.before.reason
        if path.exists():
            with pytest.raises(NotebookError, match="upper and lower case"):
                create_pair(path)
    assert {path.name: path.read_bytes() for path in pair.py.parent.iterdir() if path.is_file()} == before
    pair.py.with_name(renamed).rename(getattr(pair, half))
    assert pair_status(pair.py).state == "in-sync"


def test_two_pairs_may_differ_by_case_alone(pair: Files) -> None:
    if pair.py.with_name("ORDERS.py").exists():
        return  # case doesn't count here
    shutil.copy(pair.py, pair.py.with_name("Orders.py"))
    shutil.copy(pair.ipynb, pair.ipynb.with_name("Orders.ipynb"))
    assert sync(pair.py.with_name("Orders.py")).written == ()
    pair.py.unlink()
    assert sync(pair.ipynb).written == (pair.py,)


def test_halves_of_two_versions_are_a_conflict(pair: Files) -> None:
    """As when git takes our .py and their .ipynb: what differs is no edit of one half."""
    shared = pair.both()
    pair.edit_py("sum(orders)", "max(orders)  # theirs")
    sync(pair.py)
    theirs = pair.ipynb.read_bytes()
    for path, data in zip((pair.py, pair.ipynb), shared, strict=True):
        path.write_bytes(data)
    pair.edit_py("print(total)", "print(total)  # ours")
    sync(pair.py)
    pair.ipynb.write_bytes(theirs)
    before = pair.both()
    status = sync(pair.py).before
    assert status.state == "conflict"
    assert {(c.reason, c.py, c.ipynb) for c in status.conflicts} == {
        ("other-version", "total = sum(orders)", "total = max(orders)  # theirs"),
        ("other-version", "print(total)  # ours", "print(total)"),
    }
    assert pair.both() == before
    sync(pair.py, resolve={"3": "ipynb", "4": "py"})
    assert pair.sources[2:] == ["total = max(orders)  # theirs", "print(total)  # ours"]
    assert sync(pair.py).written == ()


def test_a_save_of_an_ipynb_that_was_open_since_before_a_sync_is_merged(pair: Files) -> None:
    """As when Jupyter writes over a file that has changed on disk meanwhile."""
    opened = pair.ipynb.read_bytes()
    for old, new in [("sum(orders)", "max(orders)"), ("max(orders)", "min(orders)")]:
        pair.edit_py(old, new)
        sync(pair.py)
    pair.ipynb.write_bytes(opened)
    pair.edit_ipynb(set_source(3, "print(total)  # in Jupyter"))
    assert sync(pair.py).before.state == "both-ahead"
    assert pair.sources[2:] == ["total = min(orders)", "print(total)  # in Jupyter"]
    assert "print(total)  # in Jupyter" in pair.py.read_text("utf-8")
    assert sync(pair.py).written == ()


def test_an_older_version_from_git_is_not_merged_with_another_branch_s(pair: Files) -> None:
    """What this machine made of the shared version is forgotten with the first version that came from elsewhere."""
    shared = pair.both()
    pair.edit_py("sum(orders)", "max(orders)")
    sync(pair.py)
    ours = pair.both()
    for data in (shared, ours):
        pair.py.write_bytes(data[0])
        pair.ipynb.write_bytes(data[1])
        sync(pair.py)
    pair.edit_py("max(orders)", "min(orders)")
    sync(pair.py)
    for path, data in zip((pair.py, pair.ipynb), shared, strict=True):
        path.write_bytes(data)
    sync(pair.py)
    pair.ipynb.write_bytes(ours[1])
    assert sync(pair.py).before.state == "conflict"


def test_a_deleted_half_of_a_pair_without_header_is_found(folder: Path) -> None:
    pair = Files(folder, "plain")
    pair.py.write_text(PY.replace("[tool.daglab.assets.orders]", ""), "utf-8")
    create_pair(pair.py)
    pair.ipynb.unlink()
    assert [found.py for found in find_pairs(folder)] == [pair.py]
    sync(find_pairs(folder)[0])
    assert pair.ipynb.exists()
    unpair(pair.py, delete_half=True)
    assert find_pairs(folder) == []


def test_a_pair_that_was_taken_apart_is_joined_by_decisions(pair: Files) -> None:
    unpair(pair.py)
    pair.edit_py("sum(orders)", "max(orders)")
    assert create_pair(pair.py).before.state == "conflict"
    assert "daglab pair" in pair_status(pair.py).reason
    create_pair(pair.py, prefer="py")
    assert pair_status(pair.py).state == "in-sync"
    assert pair.sources[2] == "total = max(orders)"


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_sync_can_be_refused_when_it_is_known_what_it_would_write(pair: Files, dry_run: bool) -> None:
    seen: list[tuple[Path, ...]] = []

    def approve(plan: Plan) -> None:
        seen.append(tuple(path for path, _, _ in plan.texts()))
        raise PairError("not now")

    with pytest.raises(PairError, match="not now"):
        sync(pair.py, approve=approve)
    pair.edit_py("sum(orders)", "max(orders)")
    before = pair.both()
    with pytest.raises(PairError, match="not now"):
        sync(pair.py, approve=approve, dry_run=dry_run)
    assert (pair.both(), seen) == (before, [(), (pair.ipynb,)])
