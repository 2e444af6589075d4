"""How many notebooks come back from the other format, for daglab, marimo's converters and jupytext; sizes of metadata.

daglab's own way back is the hard one: the pair's other half and all that this machine remembers are deleted first.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench.measure import Row, run_program
from daglab.errors import NotebookError
from daglab.notebook.cells import parse_notebook
from daglab.notebook.jupyter import parse_jupyter
from daglab.pair import create_pair
from daglab.pair.base import versionless

_CORPUS = Path(__file__).parents[1] / "tests" / "corpus"
_FEW = 4  # notebooks of each kind for jupytext, which takes seconds for each conversion
Way = Callable[[Path], bytes | None]
"""From a notebook on disk, which it may delete, to the other format and back; ``None`` where that failed."""


def run() -> list[Row]:
    """Convert copies in a temporary folder."""
    import marimo

    tutorials = _readable((Path(marimo.__file__).parent / "_tutorials").glob("*.py"))
    marimos = [*tutorials, *_readable((_CORPUS / "marimo").glob("*.py"))]
    jupyters = _readable((_CORPUS / "jupyter").glob("*.ipynb"))
    rows = []
    for who, way, limit in (
        ("daglab", _daglab, None),
        ("marimo", _marimo, None),
        ("jupytext py:marimo", _jupytext, _FEW),
    ):
        if who.startswith("jupytext") and find_spec("jupytext") is None:
            rows.append(Row("notebooks that come back", who, None, note="not installed"))
            continue
        rows += _come_back(who, way, marimos[:limit], ".py -> .ipynb -> .py")
        rows += _come_back(who, way, jupyters[:limit], ".ipynb -> .py -> .ipynb", by_bytes=False)
    return rows + _sizes(tutorials)


def _readable(paths: Iterable[Path]) -> list[Path]:
    return [path for path in sorted(paths) if _content(path)]


def _come_back(who: str, way: Way, paths: Sequence[Path], what: str, *, by_bytes: bool = True) -> list[Row]:
    same_bytes, same_content = 0, 0
    for path in paths:
        with tempfile.TemporaryDirectory() as name:
            copy = Path(name, path.name)
            (copy.parent / "pyproject.toml").write_text("")
            shutil.copy(path, copy)
            before, content = copy.read_bytes(), _content(copy)
            after = way(copy)
            copy.write_bytes(after or b"")
            same_bytes += after is not None and _versionless(after) == _versionless(before)
            same_content += _content(copy) == content
    exact = len(paths) if who == "daglab" else None
    unit = f"of {len(paths)}"
    rows = [Row(f"{what}, equal cells", who, same_content, unit, at_least=exact)]
    return rows + ([Row(f"{what}, equal bytes", who, same_bytes, unit, at_least=exact)] if by_bytes else [])


def _versionless(data: bytes) -> str:
    """A notebook without marimo's version, which its converters set anew."""
    return versionless(data.decode())


def _content(path: Path) -> Any:
    """What both formats say of a notebook: its cells; ``None`` where there is none to read."""
    try:
        text = path.read_bytes().decode()
        if path.suffix == ".py":
            return [(cell.code, cell.name, dict(cell.options)) for cell in parse_notebook(text).cells]
        return [cell.content for cell in parse_jupyter(text).cells]
    except (NotebookError, UnicodeDecodeError):
        return None


def _daglab(path: Path) -> bytes | None:
    other = path.with_suffix(".ipynb" if path.suffix == ".py" else ".py")
    create_pair(path)
    path.unlink()
    shutil.rmtree(path.parent / ".daglab")
    create_pair(other)
    return path.read_bytes()


def _marimo(path: Path) -> bytes | None:
    try:
        text = path.read_bytes().decode()
        back = marimos_py(marimos_ipynb(text)) if path.suffix == ".py" else marimos_ipynb(marimos_py(text))
        return back.encode()
    except Exception:  # which error it is for which notebook is marimo's own affair
        return None


def marimos_ipynb(text: str) -> str:
    """A marimo notebook by what ``marimo export ipynb`` calls."""
    from marimo._ast.app import InternalApp
    from marimo._ast.load import load_notebook_ir
    from marimo._ast.parse import parse_notebook as parse
    from marimo._convert.ipynb import convert_from_ir_to_ipynb

    notebook = parse(text, filepath="notebook.py")
    assert notebook is not None
    return str(convert_from_ir_to_ipynb(InternalApp(load_notebook_ir(notebook)), sort_mode="top-down"))


def marimos_py(text: str) -> str:
    """A Jupyter notebook by what ``marimo convert`` calls."""
    from marimo._convert.converters import MarimoConvert

    return str(MarimoConvert.from_ipynb(text).to_py())


def _jupytext(path: Path) -> bytes | None:
    """By jupytext's command, in a process that doesn't know daglab."""
    there, back = ("ipynb", "py:marimo") if path.suffix == ".py" else ("py:marimo", "ipynb")
    other = path.with_suffix(".ipynb" if path.suffix == ".py" else ".py")
    for target, source in ((there, path), (back, other)):
        try:
            run_program("jupytext", "--quiet", "--to", target, source)
        except subprocess.CalledProcessError:
            return None
        source.unlink()
    return path.read_bytes()


def _sizes(marimos: Sequence[Path]) -> list[Row]:
    shares = []
    for path in marimos:
        with tempfile.TemporaryDirectory() as name:
            copy = Path(name, path.name)
            (copy.parent / "pyproject.toml").write_text("")
            shutil.copy(path, copy)
            create_pair(copy)
            document = json.loads(copy.with_suffix(".ipynb").read_bytes())
            size = len(json.dumps(document["metadata"]["daglab"], ensure_ascii=False).encode())
            shares.append(100 * size / copy.stat().st_size)
    what = f"metadata.daglab beside the .py, marimo's {len(shares)} tutorials"
    return [
        Row(f"{what}, median", "daglab", statistics.median(shares), "%"),
        Row(f"{what}, largest", "daglab", max(shares), "%"),
    ]
