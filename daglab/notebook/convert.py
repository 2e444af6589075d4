"""One cell's source from marimo to Jupyter and back, each way exactly; what marimo can't hold becomes comments.

The laws, for every text: ``to_py(to_ipynb(code)) == code``, and for every Jupyter cell
``to_ipynb(to_py(cell)) == cell``. How Jupyter's cells stand in a marimo file:

========================================  ====================================================================
code                                      itself
code that looks like one of these forms   itself below ``# daglab: code``
IPython magics                            ``# daglab: %matplotlib inline``, ``pass  # daglab: !ls`` when indented
blank lines around code                   a first line ``# daglab: first "\\n"``, a last one ``# daglab: then "\\n"``
code that no marimo cell can hold         lines of JSON in comments below ``# daglab: code json``
markdown                                  ``mo.md(r\"\"\"...\"\"\")`` where that is exact, else ``mo.md(text=...)``
raw                                       comments below ``# daglab: raw``
the first markdown of a notebook          the same below ``import marimo as mo  # daglab``, where no code imports it
tags                                      a first line ``# daglab: tags ["a", "b"]``, above all of these
========================================  ====================================================================
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from daglab import marimo_api
from daglab.notebook.magics import MARK, comment_magics, is_python, restore_magics
from daglab.notebook.spans import indented

CellType = Literal["code", "markdown", "raw"]

PLAIN = "plain"
IMPORTING = "importing"
_IMPORT = "import marimo as mo  # daglab\n"
_ESCAPE = f"{MARK}code\n"
_TAGS = re.compile(rf"{re.escape(MARK)}tags (\[.+\])(?:\n|\Z)")
_ESCAPES = re.compile(f"(?:{re.escape(_ESCAPE)})+")
_FIRST = re.compile(rf'{re.escape(MARK)}first ("(?:[^"\\]|\\.)*")\n')
_THEN = re.compile(rf'\n?{re.escape(MARK)}then ("(?:[^"\\]|\\.)*")\Z')
_PREFIXES = ("", "f", "rf", "fr")
# What ends a line for str.splitlines() though not for Python, and what neither UTF-8 nor marimo's parser holds.
_ODD = re.compile("[\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029\x00\ufeff\ud800-\udfff]")
# Texts that the way through a marimo file may change; the others need no trial.
_SUSPECT = re.compile(r"\A\s|\s\Z|(?m:^[^\S\n]+$|\\$)|\"\"\"|'''|app\.|^async |\A(?:@|class|def)")
_UNSAFE_TAG = re.compile(f"{_ODD.pattern}|\xa0")
_UNSAFE_COMMENT = re.compile(f"{_ODD.pattern}|\xa0|[ \t]\\Z")


@dataclass(frozen=True)
class JupyterSource:
    """Type, source and tags of a Jupyter cell: what both halves of a pair say of it.

    ``form`` is ``None`` for what :func:`to_py` writes of itself. Else it says how a marimo cell stood that would be
    written otherwise: the prefix of its ``mo.md`` string, ``plain``, or ``importing`` for markdown that brings its
    ``mo`` along. It is no part of the Jupyter cell.
    """

    cell_type: CellType
    source: str
    form: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def bare(self) -> JupyterSource:
        """The Jupyter cell alone, without its form in a marimo file."""
        return self if self.form is None else replace(self, form=None)


@lru_cache(maxsize=8192)
def to_ipynb(code: str) -> JupyterSource:
    """The Jupyter cell for a marimo cell's code.

    A ``mo.md`` call becomes markdown only when its very text comes back from it; any other stays code.
    """
    escapes = _ESCAPES.match(code)
    if escapes and _meaning(code[escapes.end() :]) and _survives(code):
        return JupyterSource("code", code[len(_ESCAPE) :])
    if (meant := _meaning(code)) is not None:
        return meant
    same = JupyterSource("code", code)
    return same if to_py(same) == code else JupyterSource("code", code, PLAIN)


@lru_cache(maxsize=8192)
def to_py(cell: JupyterSource) -> str:
    """The marimo cell's code for a Jupyter cell."""
    if cell.tags:
        return _tagged(cell)
    if cell.form == IMPORTING:
        return _IMPORT + to_py(cell.bare)
    if cell.cell_type == "markdown":
        return _markdown(cell.source) if cell.form is None else marimo_api.markdown_call(cell.source, cell.form)
    if cell.cell_type == "raw":
        return _comments("raw", cell.source, as_json=_UNSAFE_COMMENT.search(cell.source) is not None)
    return cell.source if cell.form == PLAIN else _code(cell.source)


def importing(cells: Sequence[JupyterSource]) -> list[JupyterSource]:
    """The cells of a notebook, its first markdown importing ``mo`` where no code does: without it, none would run.

    Where code does, no markdown imports it too: marimo refuses a name that two cells define.
    """
    if any(cell.cell_type == "code" and _binds_mo(to_py(cell)) for cell in cells):
        return [cell.bare if cell.form == IMPORTING else cell for cell in cells]
    first = next((i for i, cell in enumerate(cells) if cell.cell_type == "markdown"), None)
    if first is None or any(cell.form == IMPORTING for cell in cells):
        return list(cells)
    return [replace(cell, form=IMPORTING) if i == first else cell for i, cell in enumerate(cells)]


def _binds_mo(code: str) -> bool:
    if not re.search(r"\bmo\b", code) or not is_python(code):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nodes = list(ast.walk(ast.parse(code)))
    imported = [node.asname or node.name.partition(".")[0] for node in nodes if isinstance(node, ast.alias)]
    assigned = [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    defined = [n.name for n in nodes if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))]
    return "mo" in (*imported, *assigned, *defined)


def _tagged(cell: JupyterSource) -> str:
    tags = f"{MARK}tags {_UNSAFE_TAG.sub(_escaped, json.dumps(cell.tags, ensure_ascii=False))}"
    code = to_py(replace(cell, tags=()))
    return f"{tags}\n{code}" if code else tags


def _code(source: str) -> str:
    escapes = _ESCAPES.match(source)
    if _meaning(source[escapes.end() :] if escapes else source):
        text = _ESCAPE + source
    else:
        first, body, then = _trimmed(source)
        text = f"{MARK}first {json.dumps(first)}\n" if first else ""
        text += comment_magics(body)
        text += ("\n" if body else "") + f"{MARK}then {json.dumps(then)}" if then else ""
        if text != source and MARK.strip() in source:  # whose marks are whose could not be told any more
            return _comments("code", source, as_json=True)
    return text if _survives(text) else _comments("code", source, as_json=True)


def _trimmed(source: str) -> tuple[str, str, str]:
    """Blank lines before, the rest, blanks after: marimo keeps neither of the outer two around a function."""
    if not source.strip():
        return "", "", source
    body = re.sub(r"\A(?:[ \t]*\n)+", "", source)
    trimmed = re.sub(r"(?:\n[ \t]*)+\Z", "", body)
    return source[: len(source) - len(body)], trimmed, body[len(trimmed) :]


def _markdown(source: str) -> str:
    """marimo's own call where marimo keeps it as it is, else one that it takes for code and leaves alone."""
    if source and '""' not in source and not _ODD.search(source):
        call = marimo_api.markdown_call(source)
        if marimo_api.markdown_of(call) == source:
            return call
    lines = "\n".join(f"    {'text=' if i == 0 else ''}{_literal(line)}" for i, line in enumerate(_lines(source)))
    return f"mo.md(\n{lines}\n)"


def _comments(kind: str, source: str, *, as_json: bool) -> str:
    lines = [json.dumps(line) for line in _lines(source)] if as_json else source.split("\n")
    header = f"{MARK}{kind} json" if as_json else f"{MARK}{kind}"
    return "\n".join([header, *(f"# {line}" if line.strip(" \t") else f"#{line}" for line in lines)])


def _meaning(code: str) -> JupyterSource | None:
    """What ``code`` stands for when it is more than itself, proved by its coming back."""
    if (MARK not in code and "mo.md(" not in code) or _ODD.search(code):
        return None
    for candidate in _readings(code):
        if candidate.source != code and to_py(candidate) == code:
            return candidate
    return None


def _readings(code: str) -> list[JupyterSource]:
    if tags := _TAGS.match(code):
        return [replace(to_ipynb(code[tags.end() :]), tags=found) for found in _tag_lists(tags[1])]
    if code.startswith(_IMPORT):
        return [replace(meant, form=IMPORTING) for meant in [to_ipynb(code[len(_IMPORT) :])] if meant.form is None]
    found = [JupyterSource("raw", text) for text in _from_comments("raw", code)]
    found += [JupyterSource("code", text) for text in _from_comments("code", code)]
    if MARK in code:
        first, then = _FIRST.match(code), _THEN.search(code)
        body = code[first.end() if first else 0 : then.start() if then else len(code)]
        blanks = [str(json.loads(mark[1])) if mark and _is_json(mark[1]) else "" for mark in (first, then)]
        found.append(JupyterSource("code", blanks[0] + restore_magics(body) + blanks[1]))
    if "mo.md(" in code:
        found += [JupyterSource("markdown", text) for text in _keyword_text(code)]
        markdown = marimo_api.markdown_of(code)
        if markdown is not None:
            found += [JupyterSource("markdown", markdown, form) for form in (None, *_PREFIXES)]
    return found


def _tag_lists(text: str) -> list[tuple[str, ...]]:
    try:
        return [tuple(tag for tag in json.loads(text) if isinstance(tag, str))]
    except (ValueError, RecursionError):
        return []


def _from_comments(kind: str, code: str) -> list[str]:
    header, *lines = code.split("\n")
    if header not in (f"{MARK}{kind}", f"{MARK}{kind} json") or not all(line.startswith("#") for line in lines):
        return []
    texts = [line[2:] if line.startswith("# ") and line[2:].strip(" \t") else line[1:] for line in lines]
    if header == f"{MARK}{kind}":
        return ["\n".join(texts)]
    if not all(_is_json(text) for text in texts):
        return []
    return ["".join(str(json.loads(text)) for text in texts)]


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), str)
    except ValueError:
        return False


def _keyword_text(code: str) -> list[str]:
    """The text of ``mo.md(text="...")``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            statements = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    call = statements[0].value if len(statements) == 1 and isinstance(statements[0], ast.Expr) else None
    if not isinstance(call, ast.Call) or len(call.keywords) != 1 or call.keywords[0].arg != "text":
        return []
    value = call.keywords[0].value
    return [value.value] if isinstance(value, ast.Constant) and isinstance(value.value, str) else []


def _lines(source: str) -> list[str]:
    """Lines with their ends; at least one."""
    return re.findall(r"[^\n]*\n|[^\n]+\Z", source) or [""]


def _literal(line: str) -> str:
    """A Python string literal on one line, the same on every Python version."""
    escaped = json.dumps(line, ensure_ascii=False)
    return _ODD.sub(_escaped, escaped)


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


@lru_cache(maxsize=8192)
def _survives(code: str) -> bool:
    """Whether a marimo file can hold ``code`` so that it is read again as the same."""
    if _ODD.search(code):
        return False
    if not _SUSPECT.search(code):
        return True
    if is_python(code):
        text = f"import marimo\n\napp = marimo.App()\n\n\n@app.cell\ndef _():\n{indented(code)}\n    return\n"
    else:
        text = marimo_api.render([marimo_api.ParsedCell(code)])
    parsed = marimo_api.parse(text)
    return parsed is not None and [cell.code for cell in parsed.cells] == [code]
