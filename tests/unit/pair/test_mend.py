"""Edits that come after a jupytext command and before the next sync; that command's part is done by marimo here.

What the commands themselves do is tested with them in tests/integration/pair/test_jupytext_commands.py.
"""

from __future__ import annotations

import json

from daglab import marimo_api
from daglab.pair import create_pair, pair_status, sync
from tests.unit.pair.conftest import Files


def rewrite_py(pair: Files) -> None:
    """Give the .py what ``jupytext --sync orders.ipynb`` gives it."""
    document = json.loads(pair.ipynb.read_text("utf-8"))
    del document["metadata"]["daglab"]
    text = marimo_api.convert_jupyter(json.dumps(document))
    assert text is not None
    pair.py.write_text(text, "utf-8")


def test_an_edit_of_the_ipynb_after_it(pair: Files) -> None:
    create_pair(pair.py, jupytext=True)
    text = pair.py.read_text("utf-8")
    rewrite_py(pair)
    assert "[tool.daglab" not in pair.py.read_text("utf-8")
    pair.edit_ipynb(lambda cells: cells[2].update(source=["total = max(orders)"]))
    sync(pair.py)
    assert pair.py.read_text("utf-8") == text.replace("sum(orders)", "max(orders)")
    assert pair_status(pair.py).state == "in-sync"
    assert sync(pair.py).written == ()


def test_an_edit_of_the_py_after_it(pair: Files) -> None:
    create_pair(pair.py, jupytext=True)
    pair.edit_ipynb(lambda cells: [cell["metadata"].update(tags=["a", "b c"]) for cell in cells])
    sync(pair.py)
    text = pair.py.read_text("utf-8")
    rewrite_py(pair)
    assert "# Cell tags: a, b c" in pair.py.read_text("utf-8")
    pair.edit_py("sum(orders)", "max(orders)")
    sync(pair.py)
    assert pair.py.read_text("utf-8") == text.replace("sum(orders)", "max(orders)")
    assert pair.sources[2] == "total = max(orders)"
    assert sync(pair.py).written == ()


def test_cells_added_to_either_half_after_it(pair: Files) -> None:
    create_pair(pair.py, jupytext=True)
    text = pair.py.read_text("utf-8")
    rewrite_py(pair)
    extra = {
        "cell_type": "code",
        "id": "x",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": ["y = 1"],
    }
    pair.edit_ipynb(lambda cells: cells.append(extra))
    pair.edit_py(
        'if __name__ == "__main__":', '@app.cell\ndef _():\n    z = 1\n    return\n\n\nif __name__ == "__main__":'
    )
    sync(pair.py)
    assert {"y = 1", "z = 1"} < set(pair.sources)
    assert pair.py.read_text("utf-8").startswith(text[: text.index("if __name__")])
    assert sync(pair.py).written == ()


def test_a_header_that_the_user_takes_away_stays_away(pair: Files) -> None:
    text = pair.py.read_text("utf-8")
    pair.py.write_text(text[text.index("import marimo") :], "utf-8")
    sync(pair.py)
    assert "[tool.daglab" not in pair.py.read_text("utf-8")


def test_a_file_that_is_mostly_not_jupytexts_is_left_alone(pair: Files) -> None:
    create_pair(pair.py, jupytext=True)
    pair.py.write_text(marimo_api.render([marimo_api.ParsedCell(f"n{i} = {i}") for i in range(4)]), "utf-8")
    before = pair.both()
    assert not pair_status(pair.py).reason.startswith("jupytext")
    assert pair.both() == before
