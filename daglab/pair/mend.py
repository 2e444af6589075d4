"""Undoes what jupytext's own commands do to a pair: each rule asks for a half that is exactly their work.

jupytext converts by marimo's converters, whole files at a time. Three things show it:

- The .py is, byte for byte, marimo's conversion of the .ipynb. It holds nothing of its own then, and the base tells
  what it held beside that: header, names, layout, raw cells, magics.
- The cells of the .ipynb are marimo's export of the .py's: it has no cells that are ``import marimo as mo``, and what
  the .py says of Jupyter's raw cells, magics and odd markdown has become code. They are what the .py says they are.
- In both cases the local state has what was dropped of ids, metadata and attachments.

Outputs that jupytext dropped are gone, and so are the comments between cells that it was the first to see.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from daglab import marimo_api
from daglab.errors import NotebookError
from daglab.notebook.cells import Notebook, parse_edited, parse_notebook
from daglab.notebook.convert import JupyterSource, to_ipynb, to_py
from daglab.notebook.edit import NewCell, keep, rewrite
from daglab.notebook.jupyter import JupyterCell, JupyterNotebook
from daglab.pair.align import Mark, align
from daglab.pair.base import Base, file_digest, ipynb_digest, py_digest, versionless
from daglab.pair.jupytext_formats import configured, find_config
from daglab.pair.local_state import LocalState
from daglab.pair.locate import Pair
from daglab.pair.places import absolute, formats_of
from daglab.pair.regenerate import regenerate
from daglab.pair.restore import TRACE, Continued, mapping, restored_ipynb

_IMPORT = "import marimo as mo"
_TAGS = re.compile(r"\A# Cell tags: (.*)(?:\n|\Z)")
_NOT_PLAIN = re.compile(r"(?m)^\s*[%!]|\A\Z|import marimo")
_HEAD = "import marimo\n\n\napp = marimo.App()"


@dataclass(frozen=True)
class Mended:
    """Both halves as they would be without jupytext's conversion, and what was the matter."""

    notebook: Notebook
    jupyter: JupyterNotebook
    reason: str


def mend(
    pair: Pair, notebook: Notebook, jupyter: JupyterNotebook, base: Base | None, memory: LocalState | None
) -> Mended | None:
    """The halves mended; ``None`` where neither is jupytext's work, or that did no harm."""
    exported = TRACE in jupyter.metadata and not _had_trace(jupyter, base, memory)
    known = exported or _paired_by_jupytext(pair, jupyter, memory)
    possible = base is not None and base.file != file_digest(notebook.text) and (known or _has_all(notebook, jupyter))
    converted = _converted(notebook, jupyter) if possible else None
    if base is not None and converted is not None:
        cells = list(_decoded(jupyter, base, exported=exported))
        made, order = _mended_py(jupyter, cells, base, pair)
        if versionless(converted.text).rstrip() != versionless(notebook.text).rstrip():
            lost = versionless(str(base.kept.get("head", ""))).rstrip() not in ("", _HEAD)
            edited = _edited_since(notebook, converted, made, order, cells) if known and lost else None
            return Mended(edited, restored_ipynb(jupyter, cells, memory), _reason(pair.py)) if edited else None
        # All else may have been taken away on purpose where jupytext has no part in it.
        harmed = _said(made) != _said(notebook)
        if made.text != notebook.text and (harmed or known):
            return Mended(made, restored_ipynb(jupyter, cells, memory), _reason(pair.py))
    if cells := list(_export(notebook, jupyter, exported=exported)):
        mended = restored_ipynb(jupyter, cells, memory)
        return Mended(notebook, mended, _reason(pair.ipynb))
    return None


def _had_trace(jupyter: JupyterNotebook, base: Base | None, memory: LocalState | None) -> bool:
    """Whether marimo's traces were in the .ipynb at the last sync; in a fresh clone its cells tell."""
    if memory is not None:
        return TRACE in memory.metadata
    return base is not None and [line.ipynb for line in base.lines] == [ipynb_digest(c.content) for c in jupyter.cells]


def _said(notebook: Notebook) -> list[JupyterSource]:
    """What the cells say, but for those that people delete and move as readily as marimo's converter does."""
    sources = (to_ipynb(cell.code).bare for cell in notebook.cells)
    return [source for source in sources if source.source.strip() not in ("", _IMPORT)]


def _reason(path: Path) -> str:
    return f"jupytext had rewritten {path.name}"


def _has_all(notebook: Notebook, jupyter: JupyterNotebook) -> bool:
    """Whether each plain code cell of the .ipynb is in the .py: told much faster than by converting."""
    codes = {cell.code.strip() for cell in notebook.cells}
    plain = (
        cell.content.source.strip()
        for cell in jupyter.cells
        if cell.content.cell_type == "code" and not cell.value.get("metadata")
    )
    return all(source in codes or _NOT_PLAIN.search(source) is not None for source in plain)


def _converted(notebook: Notebook, jupyter: JupyterNotebook) -> Notebook | None:
    """What ``marimo convert`` makes of what jupytext hands it of the .ipynb, if the .py may be that."""
    if versionless(notebook.spans[0].text).rstrip() != _HEAD:
        return None
    document = json.loads(jupyter.text.removeprefix("\ufeff"), strict=False)
    for cell in document["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    kept = ("jupytext", "kernelspec", "language_info")
    document["metadata"] = {key: value for key, value in document["metadata"].items() if key in kept}
    text = marimo_api.convert_jupyter(json.dumps(document))
    try:
        return None if text is None else parse_notebook(text)
    except NotebookError:
        return None


def _edited_since(
    notebook: Notebook, converted: Notebook, made: Notebook, order: Sequence[int], cells: Sequence[Continued]
) -> Notebook | None:
    """The mended .py with the edits of either half since jupytext's; ``None`` where most of the .py is not jupytext's.

    Cells that are as jupytext wrote them are as mended, and all others are as they stand.
    """
    places = _places(converted, order, cells)
    theirs = [Mark(py_digest(cell), cell.code) for cell in converted.cells]
    own = [Mark(py_digest(cell), cell.code) for cell in notebook.cells]
    matches = align(theirs, own)
    same = [i is not None and theirs[i].digest == mark.digest for i, mark in zip(matches, own, strict=True)]
    if places is None or sum(same) * 2 < len(same):
        return None
    new: list[NewCell] = []
    for cell, match, is_same in zip(notebook.cells, matches, same, strict=True):
        place = places[match] if match is not None else None
        if place is None and is_same:
            continue
        old = made.cells[place] if place is not None else None
        if old is not None and is_same:
            new.append(keep(old))
        else:
            code = _with_tags(cell.code)
            name = old.name if old is not None and cell.name == marimo_api.DEFAULT_NAME else cell.name
            options = {**(old.options if old is not None else {}), **cell.options}
            new.append(NewCell(code, name, "setup" if old and old.kind == "setup" else "cell", options, origin=place))
    for place in sorted(set(range(len(made.cells))) - set(places)):
        after = [i for i, cell in enumerate(new) if cell.origin is not None and cell.origin > place]
        new.insert(after[0] if after else len(new), keep(made.cells[place]))
    try:
        return parse_edited(made, rewrite(made, new))
    except NotebookError:  # then the halves stay as they are, and conflict
        return None


def _with_tags(code: str) -> str:
    """A cell's code with its tags as daglab writes them."""
    tags = _TAGS.match(code)
    if tags is None:
        return code
    return to_py(replace(to_ipynb(code[tags.end() :]), tags=tuple(tags[1].split(", "))))


def _places(converted: Notebook, order: Sequence[int], cells: Sequence[Continued]) -> list[int | None] | None:
    """For each cell that marimo makes of the .ipynb its place in the mended .py; ``None`` where that can't be told.

    marimo adds an import for markdown, which has no place, and leaves out empty cells and all but one such import.
    """
    left = [(place, cell.origin) for place, cell in zip(order, cells, strict=True) if cell.origin is not None]
    left = [(place, origin) for place, origin in left if origin.content.source.strip()]
    first = next((place for place, origin in left if origin.content.source.strip() == _IMPORT), None)
    once = [(place, origin) for place, origin in left if origin.content.source.strip() != _IMPORT or place == first]
    for candidates in (left, once):
        added = len(converted.cells) - len(candidates)
        if added == 0 or (added == 1 and converted.cells[0].code == _IMPORT):
            made_of = zip(converted.cells[added:], candidates, strict=True)
            if all(_is_made_of(cell.code, origin) for cell, (_, origin) in made_of):
                return [*[None] * added, *(place for place, _ in candidates)]
    return None


def _is_made_of(code: str, origin: JupyterCell) -> bool:
    """Whether marimo can have made a cell of this one; what it changes much can't be told."""
    plain = origin.content.cell_type == "code" and _NOT_PLAIN.search(origin.content.source) is None
    return not plain or _TAGS.sub("", code).strip() == origin.content.source.strip()


def _decoded(jupyter: JupyterNotebook, base: Base, *, exported: bool) -> Iterator[Continued]:
    """The cells as they were before the export: what the .py made of them read back, and the dropped imports."""
    if not exported:
        yield from (Continued(cell.content, cell) for cell in jupyter.cells)
        return
    known = {line.ipynb for line in base.lines}
    cells = []
    for origin in jupyter.cells:
        source = origin.content
        if source.cell_type == "code" and ipynb_digest(source) not in known:
            read = to_ipynb(source.source).bare
            source = replace(read, tags=read.tags or source.tags)
        cells.append(Continued(source, origin))
    dropped = ipynb_digest(JupyterSource("code", _IMPORT))
    lines = align([Mark(line.ipynb) for line in base.lines], [Mark(ipynb_digest(cell.source)) for cell in cells])
    present, after = {line for line in lines if line is not None}, 0
    for cell, line in zip(cells, lines, strict=True):
        for missing in range(after, line or after):
            if missing not in present and base.lines[missing].ipynb == dropped:
                yield Continued(JupyterSource("code", _IMPORT), None)
        after = max(after, line + 1) if line is not None else after
        yield cell
    for missing in range(after, len(base.lines)):
        if missing not in present and base.lines[missing].ipynb == dropped:
            yield Continued(JupyterSource("code", _IMPORT), None)


def _export(notebook: Notebook, jupyter: JupyterNotebook, *, exported: bool) -> Iterator[Continued]:
    """The cells of the .py, where those of the .ipynb are marimo's export of them; else none."""
    left = [cell for cell in notebook.cells if cell.code.strip() != _IMPORT]
    if not exported or len(left) != len(jupyter.cells):
        return
    if not all(_is_export_of(cell.code, other) for cell, other in zip(left, jupyter.cells, strict=True)):
        return
    origins = iter(jupyter.cells)
    for cell in notebook.cells:
        yield Continued(to_ipynb(cell.code).bare, None if cell.code.strip() == _IMPORT else next(origins))


def _is_export_of(code: str, cell: JupyterCell) -> bool:
    markdown = cell.content.cell_type == "markdown"
    exported = marimo_api.markdown_of(code) if markdown else code
    return exported is not None and exported.strip() == cell.content.source.strip()


def _mended_py(
    jupyter: JupyterNotebook, cells: Sequence[Continued], base: Base, pair: Pair
) -> tuple[Notebook, list[int]]:
    """The .py from the base and the mended cells, with the header, names and options that the export had kept.

    And for each cell its place in the .py.
    """
    trace = mapping(jupyter.metadata.get(TRACE))
    text, order = regenerate(_with_header(base, trace.get("header")), [cell.source for cell in cells])
    made = parse_notebook(text, pair.py)
    new = [keep(cell) for cell in made.cells]
    for place, cell in zip(order, cells, strict=True):
        said = mapping(mapping(cell.origin.value.get("metadata")).get(TRACE)) if cell.origin else {}
        if said and new[place].kind == "cell":
            options = {**new[place].options, **mapping(said.get("config"))}
            new[place] = replace(new[place], name=str(said.get("name") or new[place].name), options=options)
    return (made if new == [keep(cell) for cell in made.cells] else _rewritten(made, new)), order


def _rewritten(made: Notebook, new: Sequence[NewCell]) -> Notebook:
    try:
        return parse_edited(made, rewrite(made, new))
    except NotebookError:  # names that marimo doesn't take
        return made


def _with_header(base: Base, header: Any) -> Base:
    head = base.kept.get("head")
    parsed = marimo_api.parse(head) if isinstance(head, str) else None
    if not isinstance(header, str) or not isinstance(head, str) or parsed is None or not header.strip():
        return base
    old = parsed.header.strip()
    if old == header.strip() or not head.lstrip().startswith(old):
        return base
    rest = head.lstrip()[len(old) :].lstrip("\n")
    return replace(base, kept={**base.kept, "head": f"{header.strip()}\n\n{rest}"})


def _paired_by_jupytext(pair: Pair, jupyter: JupyterNotebook, memory: LocalState | None) -> bool:
    said = formats_of(dict(jupyter.metadata)) or (memory and formats_of(dict(memory.metadata)))
    config = find_config(absolute(pair.ipynb).parent)
    return bool(said) or bool(config and configured(absolute(pair.ipynb), config))
