"""What a .py holds beyond the conversion of its cells: kept beside the base, and put back when the .py is gone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from daglab import marimo_api
from daglab.errors import NotebookError
from daglab.notebook.cells import Cell, Notebook, parse_notebook
from daglab.notebook.convert import JupyterSource, importing, to_ipynb, to_py
from daglab.notebook.edit import NewCell, canonical, interface, new_notebook, reads_as, rewrite
from daglab.notebook.spans import Span, indented, split
from daglab.pair.align import Mark, align
from daglab.pair.base import Base, ipynb_digest

_GAP = "\n\n"
_FOOT = '\n\nif __name__ == "__main__":\n    app.run()\n'


def kept_of(notebook: Notebook, order: Sequence[int], sources: Sequence[JupyterSource]) -> dict[str, Any]:
    """What regeneration would not give back of ``notebook``; see :class:`daglab.pair.base.Base`.

    ``order`` is for each line of the base the .py cell, ``sources`` its Jupyter cell. Where the parts don't add up to
    the file, the file's whole text is kept with them, so that it comes back whatever it holds.
    """
    kept = _parts(notebook, order, sources)
    entries = [_entry(kept, line) for line in range(len(sources))]
    cells = [_new_cell(source, entry, same=True) for source, entry in zip(sources, entries, strict=True)]
    places = _setup_first(cells)
    text = _joined(kept, [cells[i] for i in places], [entries[i] for i in places])
    return kept if text == notebook.text else {**kept, "text": notebook.text}


def _parts(notebook: Notebook, order: Sequence[int], sources: Sequence[JupyterSource]) -> dict[str, Any]:
    newline = notebook.newline
    plain = [block.replace("\n", newline) for block in canonical(notebook.parsed_cells()).blocks]
    gaps = ["", *(span.text for span in notebook.spans if span.kind == "gap")]
    cells = {}
    for line, index in enumerate(order):
        cell = notebook.cells[index]
        entry = _described(cell, sources[line])
        if cell.text != plain[index]:
            before, *after = cell.text.split(_body(cell.code, newline) or cell.text, 1)
            entry |= {"around": [before, *after]} if before and after else {"block": cell.text}
        if index and gaps[index] != _GAP.replace("\n", newline):
            entry["gap"] = gaps[index]
        if entry:
            cells[str(line)] = entry
    if not notebook.cells:
        return {"text": notebook.text}
    kept: dict[str, Any] = {"head": notebook.spans[0].text}
    if cells:
        kept["cells"] = cells
    if notebook.spans[-1].text != _FOOT.replace("\n", newline):
        kept["foot"] = notebook.spans[-1].text
    return kept


def _described(cell: Cell, source: JupyterSource) -> dict[str, Any]:
    """Name, kind, options and form of a cell, where they aren't the usual ones."""
    entry: dict[str, Any] = {}
    if cell.kind == "setup":
        entry["kind"] = cell.kind
    elif cell.kind in ("cell", "unparsable") and cell.name not in ("", marimo_api.DEFAULT_NAME):
        entry["name"] = cell.name
    if cell.options:
        entry["options"] = json.loads(json.dumps(dict(cell.options), default=repr))
    if to_py(source) != cell.code:
        form = to_ipynb(cell.code).form
        comes_back = to_py(replace(source, form=form)) == cell.code
        entry |= {"form": form} if form is not None and comes_back else {"code": cell.code}
    return entry


def regenerate(base: Base | None, cells: Sequence[JupyterSource]) -> tuple[str, list[int]]:
    """The .py for the cells of an .ipynb, and for each of them its place in the .py.

    The text is byte for byte the one that ``base`` was made from when no cell was edited since.

    Raises:
        NotebookError: a cell can't be written in a marimo file.
    """
    if base is None:
        return new_notebook([NewCell(to_py(cell)) for cell in importing(cells)]), list(range(len(cells)))
    digests = [ipynb_digest(cell) for cell in cells]
    untouched = digests == [line.ipynb for line in base.lines]
    lines = align([Mark(line.ipynb) for line in base.lines], [Mark(digest) for digest in digests])
    entries = [_entry(base.kept, line) for line in lines]
    same = [line is not None and base.lines[line].ipynb == d for line, d in zip(lines, digests, strict=True)]
    new = [_new_cell(c, e, same=s) for c, e, s in zip(cells, entries, same, strict=True)]
    order = _setup_first(new)
    places = sorted(range(len(order)), key=order.__getitem__)
    frame = _frame(base.kept)
    ordered = [new[i] for i in order]
    if untouched:
        whole = base.kept.get("text")
        text = whole if isinstance(whole, str) else _joined(base.kept, ordered, [entries[i] for i in order])
        if reads_as(text, ordered):
            return text, places
    # What stands before a cell, such as a comment, is none of the cell's edit.
    usable = [entries[i] if same[i] else _only_gap(entries[i]) for i in order]
    plain = rewrite(frame, ordered)
    text = _with_kept(plain, ordered, usable, frame)
    return (text if reads_as(text, ordered) else plain), places


def _setup_first(cells: Sequence[NewCell]) -> list[int]:
    """The cells' places in the order of the .py."""
    return sorted(range(len(cells)), key=lambda i: cells[i].kind != "setup")


def _joined(kept: Mapping[str, Any], cells: Sequence[NewCell], entries: Sequence[Mapping[str, Any]]) -> str:
    """The file of unedited cells: kept blocks and gaps, and marimo's own where none are kept."""
    frame = _frame(kept)
    parts = [frame.spans[0].text]
    for index, block in enumerate(canonical([cell.parsed() for cell in cells]).blocks):
        default = _GAP if index else ""
        parts.append(str(entries[index].get("gap", default.replace("\n", frame.newline))))
        kept_block = _block(entries[index], cells[index].code, frame.newline)
        parts.append(block.replace("\n", frame.newline) if kept_block is None else kept_block)
    return "".join([*parts, frame.spans[-1].text])


_TYPES = {"name": str, "options": dict, "kind": str, "form": str, "code": str, "block": str, "around": list, "gap": str}


def _entry(kept: Mapping[str, Any], line: int | None) -> Mapping[str, Any]:
    """What is kept of a cell, without what can't be that: metadata may come from anybody."""
    cells = kept.get("cells", {})
    entry = cells.get(str(line), {}) if isinstance(cells, dict) else {}
    if not isinstance(entry, dict):
        return {}
    return {key: value for key, value in entry.items() if isinstance(value, _TYPES.get(key, ()))}


def _only_gap(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"gap": entry["gap"]} if "gap" in entry else {}


def _new_cell(cell: JupyterSource, entry: Mapping[str, Any], *, same: bool) -> NewCell:
    form = entry.get("form") if same else None
    code = str(entry["code"]) if same and "code" in entry else to_py(replace(cell, form=form))
    if entry.get("kind") == "setup":
        return NewCell(code, marimo_api.SETUP_NAME, "setup", entry.get("options", {}))
    return NewCell(code, entry.get("name", marimo_api.DEFAULT_NAME), options=entry.get("options", {}))


def _frame(kept: Mapping[str, Any]) -> Notebook:
    """The notebook without its cells."""
    head, foot = kept.get("head"), kept.get("foot", _FOOT)
    if not isinstance(head, str) or not isinstance(foot, str):
        head, foot = split(new_notebook([NewCell("")]))[0].text, _FOOT
    if "\r\n" in head and "foot" not in kept:
        foot = foot.replace("\n", "\r\n")
    try:
        options = parse_notebook(head, "the kept head").app_options
    except NotebookError:  # somebody edited the metadata by hand
        return _frame({})
    spans = (Span("head", head, 1), Span("foot", foot, head.count("\n") + 1))
    return Notebook("notebook.py", head + foot, spans, (), options, "", None)


def _with_kept(text: str, cells: Sequence[NewCell], entries: Sequence[Mapping[str, Any]], frame: Notebook) -> str:
    """The text with kept blocks and gaps in it. A kept block whose signature the edit outdated is left out."""
    spans = list(split(text))
    spans[-1] = frame.spans[-1]
    places = [k for k, span in enumerate(spans) if span.kind == "cell"]
    for k, cell, entry in zip(places, cells, entries, strict=True):
        block, gap = _block(entry, cell.code, frame.newline), entry.get("gap")
        if block is not None and interface(block) == interface(spans[k].text):
            spans[k] = Span("cell", block, spans[k].line)
        if isinstance(gap, str) and spans[k - 1].kind == "gap":
            spans[k - 1] = Span("gap", gap, spans[k - 1].line)
    return "".join(span.text for span in spans)


def _block(entry: Mapping[str, Any], code: str, newline: str) -> str | None:
    """A cell's kept block: whole, or what stands around its code."""
    match entry:
        case {"block": str(block)}:
            return block
        case {"around": [str(before), str(after)]}:
            return before + _body(code, newline) + after
    return None


def _body(code: str, newline: str) -> str:
    return indented(code).replace("\n", newline)
