"""What a sync of a pair would do: both files read, merged, and the texts that they are to have; nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from daglab import files
from daglab.errors import NotebookError
from daglab.notebook.cells import Notebook, parse_notebook
from daglab.notebook.convert import JupyterSource, to_ipynb, to_py
from daglab.notebook.edit import rewrite
from daglab.notebook.find import has_header
from daglab.notebook.jupyter import (
    JupyterNotebook,
    NewJupyterCell,
    parse_jupyter,
)
from daglab.pair import local_state
from daglab.pair.align import Mark, align
from daglab.pair.base import Base, file_digest, ipynb_digest, py_digest, read_base
from daglab.pair.compose import compose_ipynb, ipynb_cell, py_cell, unchanged_cell
from daglab.pair.locate import Pair
from daglab.pair.mend import mend
from daglab.pair.merge import Conflict, PyMark, Side, Slot, merge, setup_first
from daglab.pair.regenerate import regenerate

PairState = Literal["in-sync", "py-ahead", "ipynb-ahead", "both-ahead", "conflict", "half", "unpaired", "invalid"]


REASONS = {
    "both-edited": "edited differently in both halves",
    "deleted-edited": "deleted in one half, edited in the other",
    "both-moved": "moved to different places in both halves",
    "never-synced": "differs, and the halves were never synced",
}


@dataclass(frozen=True)
class CellConflict:
    """A cell on which the halves disagree: its label and both versions, ``None`` where it isn't there."""

    label: str
    reason: str
    line: int | None
    py: str | None
    ipynb: str | None


@dataclass(frozen=True)
class Plan:
    """The pair's state and, where it can be synced, the texts that both files are to have.

    ``deletes`` are the halves in which a cell goes, ``memory`` what local state keeps once they are written.
    """

    pair: Pair
    state: PairState
    py_file: files.FileContent
    ipynb_file: files.FileContent
    reason: str = ""
    conflicts: tuple[CellConflict, ...] = ()
    py_text: str | None = None
    ipynb_text: str | None = None
    deletes: tuple[Side, ...] = ()
    memory: dict[str, Any] = field(default_factory=dict)


def state_of(pair: Pair) -> Plan:
    """The pair's state; where the base tells that nothing was edited, without reading the .py's cells.

    Raises:
        PairError: a file can't be read.
    """
    py, ipynb = files.read(pair.py), files.read(pair.ipynb)
    if py.data is not None and ipynb.data is not None and _unedited(py, ipynb):
        return Plan(pair, "in-sync", py, ipynb)
    return plan_for(pair, py, ipynb)


def _unedited(py: files.FileContent, ipynb: files.FileContent) -> bool:
    try:
        jupyter, text = _read_ipynb(ipynb), _decode(py)
    except NotebookError:  # the full plan says why
        return False
    base = read_base(jupyter.metadata.get("daglab")) if jupyter else None
    if jupyter is None or base is None or base.file != file_digest(text):
        return False
    return [line.ipynb for line in base.lines] == [ipynb_digest(c.cell_type, c.source) for c in jupyter.cells]


def plan(pair: Pair, *, prefer: Side | None = None, create: bool = False) -> Plan:
    """Read both halves and decide; see :func:`plan_for`.

    Raises:
        PairError: a file can't be read.
    """
    return plan_for(pair, files.read(pair.py), files.read(pair.ipynb), prefer=prefer, create=create)


def plan_for(
    pair: Pair,
    py: files.FileContent,
    ipynb: files.FileContent,
    *,
    prefer: Side | None = None,
    create: bool = False,
) -> Plan:
    """Decide what is to be done with what the files hold.

    With ``create``, a lone notebook that says nothing of a pair becomes one.
    """
    if py.data is not None and ipynb.data is not None and local_state.unchanged(pair, py.digest, ipynb.digest):
        return Plan(pair, "in-sync", py, ipynb)
    blank = Plan(pair, "unpaired", py, ipynb)
    try:
        notebook = _read_py(py)
        jupyter = _read_ipynb(ipynb)
        return _plan(blank, notebook, jupyter, prefer=prefer, create=create)
    except NotebookError as error:
        paired = py.data is not None and ipynb.data is not None
        return replace(blank, state="invalid" if paired or create else "unpaired", reason=str(error))


def _read_py(file: files.FileContent) -> Notebook | None:
    if file.data is None:
        return None
    text = _decode(file)
    if any(line.startswith(("<<<<<<< ", ">>>>>>> ")) for line in text.splitlines()):
        raise NotebookError(f"{file.path} has git's conflict markers in it", remedy="resolve the git conflict first")
    return parse_notebook(text, file.path)


def _read_ipynb(file: files.FileContent) -> JupyterNotebook | None:
    return None if file.data is None else parse_jupyter(_decode(file), str(file.path))


def _decode(file: files.FileContent) -> str:
    assert file.data is not None
    try:
        return file.data.decode("utf-8")
    except UnicodeDecodeError as error:
        at = f"byte {error.start} is {error.object[error.start]:#04x}"
        raise NotebookError(f"{file.path} is not UTF-8: {at}", remedy="save it as UTF-8") from error


def _plan(
    blank: Plan, notebook: Notebook | None, jupyter: JupyterNotebook | None, *, prefer: Side | None, create: bool
) -> Plan:
    memory = local_state.load(blank.pair)
    said = jupyter.metadata.get("daglab") if jupyter else None
    base = read_base(said) or (read_base(memory.base) if memory else None)
    if isinstance(said, dict) and said.get("paired") is False and not create:
        return replace(blank, reason="it was unpaired")
    if notebook is None and jupyter is None:
        return replace(blank, reason="neither half is there")
    if jupyter is None:
        assert notebook is not None
        if not (create or memory or has_header(notebook.text)):
            return replace(blank, reason="the .ipynb is missing, and the .py has no [tool.daglab] header")
        half = replace(blank, state="half", reason="the .ipynb is missing")
        sources = [to_ipynb(cell.code) for cell in notebook.cells]
        cells = [NewJupyterCell(source.cell_type, source.source) for source in sources]
        return _composed(half, notebook, list(range(len(cells))), None, cells)
    if notebook is None:
        if not (create or base):
            return replace(blank, reason="the .py is missing, and the .ipynb has no metadata of daglab")
        text, order = regenerate(base, [JupyterSource(c.cell_type, c.source) for c in jupyter.cells])
        made = parse_notebook(text, blank.pair.py)
        half = replace(blank, state="half", reason="the .py is missing", py_text=text)
        return _composed(half, made, order, jupyter, [unchanged_cell(cell) for cell in jupyter.cells])
    mended = mend(blank.pair, notebook, jupyter, base, memory)
    if mended is None:
        return _merged(blank, notebook, jupyter, base, memory, prefer)
    planned = _merged(blank, mended.notebook, mended.jupyter, base, memory, prefer)
    return planned if planned.conflicts else _with_mended(planned, mended.reason)


def _with_mended(planned: Plan, reason: str) -> Plan:
    """A plan over mended halves: it changes the files more than the merge knows of, and backs them up."""
    changed: list[Side] = []
    if planned.py_text is not None and planned.py_text.encode() != planned.py_file.data:
        changed.append("py")
    if planned.ipynb_text is not None and planned.ipynb_text.encode() != planned.ipynb_file.data:
        changed.append("ipynb")
    if not changed:
        return planned
    states: dict[tuple[Side, ...], PairState] = {("py",): "ipynb-ahead", ("ipynb",): "py-ahead"}
    return replace(planned, state=states.get(tuple(changed), "both-ahead"), reason=reason, deletes=tuple(changed))


def _merged(
    blank: Plan,
    notebook: Notebook,
    jupyter: JupyterNotebook,
    base: Base | None,
    memory: local_state.LocalState | None,
    prefer: Side | None,
) -> Plan:
    converted = [to_ipynb(cell.code) for cell in notebook.cells]
    py = [
        PyMark(py_digest(cell), ipynb_digest(c.cell_type, c.source), cell.kind == "setup")
        for cell, c in zip(notebook.cells, converted, strict=True)
    ]
    ipynb = [ipynb_digest(cell.cell_type, cell.source) for cell in jupyter.cells]
    py_match, ipynb_match = _matches(base, memory, notebook, jupyter, py, ipynb, converted)
    lines = base.lines if base else None
    merged = merge(lines, py, ipynb, py_match=py_match, ipynb_match=ipynb_match, prefer=prefer)
    if merged.conflicts:
        conflicts = tuple(_shown(c, notebook, jupyter) for c in merged.conflicts)
        return replace(blank, state="conflict", reason=_summary(conflicts), conflicts=conflicts)
    in_py = setup_first(merged.slots, py)
    py_text, made = notebook.text, notebook
    if _changes(in_py, "py", len(py)):
        py_text = rewrite(notebook, [py_cell(slot, notebook, jupyter, converted) for slot in in_py])
        made = parse_notebook(py_text, blank.pair.py)
    cells = [ipynb_cell(slot, jupyter, converted) for slot in merged.slots]
    py_ahead = _changes(merged.slots, "ipynb", len(ipynb))
    state: PairState = "py-ahead" if py_ahead else "in-sync"
    if made is not notebook:
        state = "both-ahead" if py_ahead else "ipynb-ahead"
    deletes: set[Side] = set()
    if merged.deleted_py:
        deletes.add("py")
    if merged.deleted_ipynb:
        deletes.add("ipynb")
    if prefer and merge(lines, py, ipynb, py_match=py_match, ipynb_match=ipynb_match).conflicts:
        deletes.add("ipynb" if prefer == "py" else "py")
    planned = replace(blank, state=state, py_text=py_text, deletes=tuple(sorted(deletes)))
    planned = _composed(planned, made, [in_py.index(slot) for slot in merged.slots], jupyter, cells)
    recorded = base is not None and [line.ipynb for line in base.lines] == ipynb
    if state == "in-sync" and recorded and planned.ipynb_text != jupyter.text:
        return replace(planned, state="py-ahead")  # header, names, options or layout: they are kept in the metadata
    return planned


def _composed(
    planned: Plan,
    notebook: Notebook,
    order: Sequence[int],
    jupyter: JupyterNotebook | None,
    cells: Sequence[NewJupyterCell],
) -> Plan:
    made = compose_ipynb(planned.pair, notebook, order, jupyter, cells)
    return replace(planned, py_text=notebook.text, ipynb_text=made.text, memory=made.memory)


def _matches(
    base: Base | None,
    memory: local_state.LocalState | None,
    notebook: Notebook,
    jupyter: JupyterNotebook,
    py: Sequence[PyMark],
    ipynb: Sequence[str],
    converted: Sequence[JupyterSource],
) -> tuple[list[int | None], list[int | None]]:
    """For each cell of both halves the line of the base that it continues (without a base: the .ipynb's cell)."""
    ipynb_marks = [Mark(d, cell.source) for d, cell in zip(ipynb, jupyter.cells, strict=True)]
    if base is None:
        marks = [Mark(mark.converted, cell.source) for mark, cell in zip(py, converted, strict=True)]
        return align(ipynb_marks, marks), []
    codes = {d: to_py(JupyterSource(c.cell_type, c.source)) for d, c in zip(ipynb, jupyter.cells, strict=True)}
    sources = {mark.digest: cell.source for mark, cell in zip(py, converted, strict=True)}
    if memory is not None and (remembered := read_base(memory.base)) is not None:
        codes |= {line.ipynb: code for line, code in zip(remembered.lines, memory.py, strict=False)}
        sources |= {line.py: source for line, source in zip(remembered.lines, memory.ipynb, strict=False)}
    old_py = [Mark(line.py, codes.get(line.ipynb)) for line in base.lines]
    old_ipynb = [Mark(line.ipynb, sources.get(line.py)) for line in base.lines]
    py_marks = [Mark(mark.digest, cell.code) for mark, cell in zip(py, notebook.cells, strict=True)]
    return align(old_py, py_marks), align(old_ipynb, ipynb_marks)


def _changes(slots: Sequence[Slot], side: Side, count: int) -> bool:
    """Whether a half of now ``count`` cells is to have other cells, or another order of them."""
    places = [slot.py if side == "py" else slot.ipynb for slot in slots]
    return places != list(range(count)) or any(slot.take not in ("both", side) for slot in slots)


def _shown(conflict: Conflict, notebook: Notebook, jupyter: JupyterNotebook) -> CellConflict:
    py = notebook.cells[conflict.py] if conflict.py is not None else None
    ipynb = jupyter.cells[conflict.ipynb] if conflict.ipynb is not None else None
    label = py.label if py else f"cell {ipynb.index + 1} of the .ipynb" if ipynb else "a cell"
    return CellConflict(
        label, conflict.reason, py.code_line if py else None, py.code if py else None, ipynb.source if ipynb else None
    )


def _summary(conflicts: Sequence[CellConflict]) -> str:
    first = f"{conflicts[0].label}: {REASONS[conflicts[0].reason]}"
    return first + (f", and {len(conflicts) - 1} more" if len(conflicts) > 1 else "")
