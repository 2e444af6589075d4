"""What holds of every pair, checked through files as users have them."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from daglab.notebook.convert import JupyterSource
from daglab.pair import create_pair, sync, unpair


@contextmanager
def project() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        Path(name, "pyproject.toml").write_text("")
        yield Path(name)


def without_memory(folder: Path) -> None:
    shutil.rmtree(folder / ".daglab")


def assert_comes_back(text: bytes) -> None:
    """(a): .py -> .ipynb, .py deleted, sync: the .py is back byte for byte."""
    with project() as folder:
        py = folder / "n.py"
        py.write_bytes(text)
        create_pair(py)
        assert py.read_bytes() == text
        assert_made_again(py)


def assert_made_again(py: Path) -> None:
    """A pair in sync: nothing is written; the .py alone deleted comes back byte for byte, the .ipynb stays."""
    text, ipynb = py.read_bytes(), py.with_suffix(".ipynb")
    other = ipynb.read_bytes()
    assert sync(py).written == ()
    without_memory(py.parent)
    assert sync(py).written == ()
    without_memory(py.parent)
    py.unlink()
    assert sync(ipynb).written == (py,)
    assert py.read_bytes() == text
    assert ipynb.read_bytes() == other


def assert_untouched(data: bytes) -> None:
    """(b): .ipynb -> .py and syncs: nothing but metadata.daglab is added; (c): the .py alone gives the cells back."""
    text = data.decode("utf-8-sig")
    with project() as folder:
        ipynb, py = folder / "n.ipynb", folder / "n.py"
        ipynb.write_bytes(data)
        create_pair(ipynb)
        paired = ipynb.read_bytes()
        assert values(paired.decode("utf-8-sig")) == values(text)
        assert_made_again(py)
        assert ipynb.read_bytes() == paired

        ipynb.unlink()
        without_memory(folder)
        create_pair(py)
        assert cells_of(json.loads(ipynb.read_bytes())) == cells_of(json.loads(text, strict=False))

        ipynb.write_bytes(paired)
        unpair(ipynb, delete_half=True)
        assert ipynb.read_bytes() == data


def values(text: str) -> str:
    """The JSON values in their order, numbers as they are spelled, without daglab's metadata."""
    value = json.loads(text, strict=False, parse_float=str, parse_int=str, parse_constant=str)
    value["metadata"].pop("daglab", None)
    return json.dumps(value)


def cells_of(document: dict[str, Any]) -> list[JupyterSource]:
    return [
        JupyterSource(cell["cell_type"], "".join(cell["source"]), tags=tuple(cell["metadata"].get("tags", ())))
        for cell in document["cells"]
    ]
