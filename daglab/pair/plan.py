"""What a sync of a pair would do: both files read, merged, and the texts that they are to have; nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from daglab import files
from daglab.errors import NotebookError
from daglab.notebook.cells import Notebook, parse_edited, parse_notebook
from daglab.notebook.convert import JupyterSource, to_ipynb, to_py
from daglab.notebook.depth import refuse_depth
from daglab.notebook.edit import canonical, rewrite
from daglab.notebook.find import has_header
from daglab.notebook.findings import Finding
from daglab.notebook.graph import CellGraph
from daglab.notebook.jupyter import JupyterNotebook, NewJupyterCell
from daglab.notebook.lint import marimo_findings
from daglab.pair import conflicts, local_state, versions
from daglab.pair.align import Mark
from daglab.pair.base import Base, file_digest, ipynb_digest, py_digest, read_base
from daglab.pair.compose import compose_ipynb, ipynb_cell, passed_on, py_cell, unchanged_cell
from daglab.pair.conflicts import CellConflict
from daglab.pair.garbage import seldom_collecting
from daglab.pair.halves import decode, read_ipynb, read_py
from daglab.pair.locate import Pair, has_metadata, is_marimo, other_case
from daglab.pair.mend import mend
from daglab.pair.merge import PyMark, Reason, Side, Slot, merge, setup_first
from daglab.pair.regenerate import regenerate
from daglab.pair.wishes import NO_WISHES, Wishes

PairState = Literal["in-sync", "py-ahead", "ipynb-ahead", "both-ahead", "conflict", "half", "unpaired", "invalid"]


@dataclass(frozen=True)
class Plan:
    """The pair's state and, where it can be synced, the texts that both files are to have.

    ``memory`` is what local state keeps once they are written,
    ``refused`` what marimo will not run of the notebook as the .py is to be, ``None`` while nobody looked.
    """

    pair: Pair
    state: PairState
    py_file: files.FileContent
    ipynb_file: files.FileContent
    reason: str = ""
    conflicts: tuple[CellConflict, ...] = ()
    py_text: str | None = None
    ipynb_text: str | None = None
    refused: tuple[Finding, ...] | None = None
    memory: dict[str, Any] = field(default_factory=dict)

    def texts(self) -> tuple[tuple[Path, str, str], ...]:
        """Each file that is to be written, with its text now and then."""
        halves = ((self.py_file, self.py_text), (self.ipynb_file, self.ipynb_text))
        return tuple(
            (file.path, (file.data or b"").decode("utf-8", "replace"), text)
            for file, text in halves
            if text is not None and text.encode() != file.data
        )


def state_of(pair: Pair) -> Plan:
    """The pair's state; where the base tells that nothing was edited, without reading the .py's cells.

    Raises:
        PairError: a file can't be read.
    """
    py, ipynb = files.read(pair.py), files.read(pair.ipynb)
    if (known := _known(pair, py, ipynb)) is not None:
        return known
    if py.data is not None and ipynb.data is not None and _unedited(py, ipynb):
        return Plan(pair, "in-sync", py, ipynb)
    return plan_for(pair, py, ipynb)


def known_plan(pair: Pair) -> Plan | None:
    """The plan for a pair whose files are byte for byte what they were when last equal: nothing; else ``None``.

    Raises:
        PairError: a file can't be read.
    """
    return _known(pair, files.read(pair.py), files.read(pair.ipynb))


def _known(pair: Pair, py: files.FileContent, ipynb: files.FileContent) -> Plan | None:
    if py.data is None or ipynb.data is None:
        return None
    refused = local_state.unchanged(pair, py.digest, ipynb.digest)
    return None if refused is None else Plan(pair, "in-sync", py, ipynb, refused=refused)


def _unedited(py: files.FileContent, ipynb: files.FileContent) -> bool:
    try:
        jupyter, text = read_ipynb(ipynb), decode(py)
    except NotebookError:  # the full plan says why
        return False
    base = read_base(jupyter.metadata.get("daglab")) if jupyter else None
    if jupyter is None or base is None or base.file != file_digest(text):
        return False
    return [line.ipynb for line in base.lines] == [ipynb_digest(c.content) for c in jupyter.cells]


def plan(pair: Pair, wishes: Wishes = NO_WISHES) -> Plan:
    """Read both halves and decide; see :func:`plan_for`.

    Raises:
        PairError: a file can't be read; see :func:`plan_for`.
    """
    return plan_for(pair, files.read(pair.py), files.read(pair.ipynb), wishes)


def plan_for(pair: Pair, py: files.FileContent, ipynb: files.FileContent, wishes: Wishes = NO_WISHES) -> Plan:
    """Decide what is to be done with what the files hold.

    Raises:
        PairError: a decision is about something that is no conflict.
    """
    if not wishes.resolve and (known := _known(pair, py, ipynb)) is not None:
        return known
    both = py.data is not None and ipynb.data is not None
    blank = Plan(pair, "unpaired", py, ipynb)
    try:
        with seldom_collecting(), refuse_depth(ipynb.path if both else py.path):
            return _plan(blank, read_py(py), read_ipynb(ipynb), wishes)
    except NotebookError as error:
        # A module and a notebook that happen to have one stem are no pair.
        paired = both and (is_marimo(py.data or b"") or has_metadata(ipynb.data or b""))
        return replace(blank, state="invalid" if paired or wishes.create else "unpaired", reason=str(error))


def _plan(blank: Plan, notebook: Notebook | None, jupyter: JupyterNotebook | None, wishes: Wishes) -> Plan:
    memory = local_state.load(blank.pair)
    said = jupyter.metadata.get("daglab") if jupyter else None
    base = read_base(said) or (read_base(memory.base) if memory else None)
    if isinstance(said, dict) and said.get("paired") is False and not wishes.create:
        return replace(blank, reason=f"it was unpaired; daglab pair {blank.pair.py} pairs it again")
    if notebook is None and jupyter is None:
        return replace(blank, reason="neither half is there")
    if (notebook is None or jupyter is None) and (other := other_case(blank.pair)):
        lone = blank.pair.ipynb.name if notebook is None else blank.pair.py.name
        reason = f"{lone} and {other} differ in upper and lower case (give both the same name, or move one away)"
        return replace(blank, state="invalid", reason=reason)
    if jupyter is None:
        assert notebook is not None
        if not (wishes.create or memory or has_header(notebook.text)):
            return replace(blank, reason=f"the .ipynb is missing; daglab pair {blank.pair.py} makes it")
        half = replace(blank, state="half", reason="the .ipynb is missing")
        cells = [NewJupyterCell(to_ipynb(cell.code).bare) for cell in notebook.cells]
        return _composed(half, notebook, list(range(len(cells))), None, cells)
    if notebook is None:
        if not (wishes.create or base):
            return replace(blank, reason=f"the .py is missing; daglab pair {blank.pair.ipynb} makes it")
        text, order = regenerate(base, [cell.content for cell in jupyter.cells])
        made = parse_notebook(text, blank.pair.py)
        half = replace(blank, state="half", reason="the .py is missing", py_text=text)
        return _composed(half, made, order, jupyter, [unchanged_cell(cell) for cell in jupyter.cells])
    mended = mend(blank.pair, notebook, jupyter, base, memory)
    if mended is None:
        return _merged(blank, notebook, jupyter, base, memory, wishes)
    planned = _merged(blank, mended.notebook, mended.jupyter, base, memory, wishes)
    return planned if planned.conflicts else _with_mended(planned, mended.reason)


def _with_mended(planned: Plan, reason: str) -> Plan:
    """A plan over mended halves: it changes the files more than the merge knows of."""
    py = planned.py_text is not None and planned.py_text.encode() != planned.py_file.data
    ipynb = planned.ipynb_text is not None and planned.ipynb_text.encode() != planned.ipynb_file.data
    if not py and not ipynb:
        return planned
    state: PairState = "both-ahead" if py and ipynb else "ipynb-ahead" if py else "py-ahead"
    return replace(planned, state=state, reason=reason)


def _merged(
    blank: Plan,
    notebook: Notebook,
    jupyter: JupyterNotebook,
    base: Base | None,
    memory: local_state.LocalState | None,
    wishes: Wishes,
) -> Plan:
    converted = [to_ipynb(cell.code) for cell in notebook.cells]
    py = [
        PyMark(py_digest(cell), ipynb_digest(c), cell.kind == "setup")
        for cell, c in zip(notebook.cells, converted, strict=True)
    ]
    ipynb = [ipynb_digest(cell.content) for cell in jupyter.cells]
    cells_now = {mark.digest for mark in py}
    mixed = versions.mixed(base, memory, notebook.text, cells_now)
    base = None if mixed else base
    py_side, ipynb_side = _aligned(base, memory, notebook, jupyter, py, ipynb, converted)
    by_memory = base is not None and read_base(jupyter.metadata.get("daglab")) is None
    replaced = by_memory and versions.replaced(ipynb_side)
    if replaced:
        base = None
        py_side, ipynb_side = _aligned(None, memory, notebook, jupyter, py, ipynb, converted)
    py_match, ipynb_match = py_side.matched, ipynb_side.matched
    lines = base.lines if base else None
    merged = merge(lines, py, ipynb, py_match=py_match, ipynb_match=ipynb_match)
    disagreed = merged.conflicts
    if disagreed or wishes.resolve:
        choices = conflicts.choices(disagreed, notebook, wishes.resolve, wishes.prefer)
        merged = merge(lines, py, ipynb, py_match=py_match, ipynb_match=ipynb_match, choices=choices)
    if mixed or replaced:
        reason: Reason = "replaced" if replaced else "other-version"
        merged = replace(merged, conflicts=tuple(replace(c, reason=reason) for c in merged.conflicts))
    if merged.conflicts:
        known = conflicts.known_texts(merged.conflicts, base, memory, py_match, ipynb_match)
        shown = conflicts.shown(merged.conflicts, notebook, jupyter, known)
        return replace(blank, state="conflict", reason=conflicts.summary(shown), conflicts=shown)
    in_py = setup_first(merged.slots, py)
    py_text, made = notebook.text, notebook
    if _changes(in_py, "py", len(py)):
        py_text = rewrite(
            notebook, passed_on([py_cell(slot, notebook, jupyter, converted) for slot in in_py], converted)
        )
        made = parse_edited(notebook, py_text)
    cells = [ipynb_cell(slot, jupyter, converted, keep_outputs=wishes.keep_outputs) for slot in merged.slots]
    py_ahead = _changes(merged.slots, "ipynb", len(ipynb))
    state: PairState = "py-ahead" if py_ahead else "in-sync"
    if made is not notebook:
        state = "both-ahead" if py_ahead else "ipynb-ahead"
    planned = replace(blank, state=state, py_text=py_text)
    place_in_py = {slot: place for place, slot in enumerate(in_py)}
    planned = _composed(planned, made, [place_in_py[slot] for slot in merged.slots], jupyter, cells)
    planned.memory["earlier"] = versions.earlier(base, memory, notebook.text, cells_now)
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
    graph = CellGraph(notebook, canonical(notebook.parsed_cells()).compiled)
    refused = tuple(marimo_findings(graph))
    return replace(planned, py_text=notebook.text, ipynb_text=made.text, memory=made.memory, refused=refused)


def _aligned(
    base: Base | None,
    memory: local_state.LocalState | None,
    notebook: Notebook,
    jupyter: JupyterNotebook,
    py: Sequence[PyMark],
    ipynb: Sequence[str],
    converted: Sequence[JupyterSource],
) -> tuple[versions.Alignment, versions.Alignment]:
    """How both halves continue the base; without one, how the .py continues the .ipynb."""
    ipynb_marks = [Mark(d, cell.content.source) for d, cell in zip(ipynb, jupyter.cells, strict=True)]
    if base is None:
        marks = [Mark(mark.converted, cell.source) for mark, cell in zip(py, converted, strict=True)]
        return versions.Alignment.of(ipynb_marks, marks), versions.Alignment((), (), ())
    codes = {d: to_py(c.content) for d, c in zip(ipynb, jupyter.cells, strict=True)}
    sources = {mark.digest: cell.source for mark, cell in zip(py, converted, strict=True)}
    if memory is not None and (remembered := read_base(memory.base)) is not None:
        codes |= {line.ipynb: code for line, code in zip(remembered.lines, memory.py, strict=False)}
        sources |= {line.py: source for line, source in zip(remembered.lines, memory.ipynb, strict=False)}
    old_py = [Mark(line.py, codes.get(line.ipynb)) for line in base.lines]
    old_ipynb = [Mark(line.ipynb, sources.get(line.py)) for line in base.lines]
    py_marks = [Mark(mark.digest, cell.code) for mark, cell in zip(py, notebook.cells, strict=True)]
    return versions.Alignment.of(old_py, py_marks), versions.Alignment.of(old_ipynb, ipynb_marks)


def _changes(slots: Sequence[Slot], side: Side, count: int) -> bool:
    """Whether a half of now ``count`` cells is to have other cells, or another order of them."""
    places = [slot.py if side == "py" else slot.ipynb for slot in slots]
    return places != list(range(count)) or any(slot.take not in ("both", side) for slot in slots)
