"""The PEP 723 block of a Python text: found, and read as TOML, without running anything."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from daglab.errors import HeaderError
from daglab.key_lines import toml_key_lines
from daglab.notebook.findings import Finding, refused

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# The regular expression of PEP 723 (https://peps.python.org/pep-0723/#reference-implementation).
_BLOCK = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
_OPENED = re.compile(r"(?m)^# /// script[ \t]*$(?P<content>(\n#.*)*)")
_TABLE = re.compile(r"""(?m)^#\s*\[\s*(?:["']?tool["']?\s*\.\s*)?["']?([\w-]+)""")
_NEAR = 0.8  # of 1: "dagglab" and "dag-lab" are 0.92, "datalab" is 0.77
# TOML allows blanks and quotes in a table's name.
_MENTION = re.compile(r"""\btool["']?\s*\.\s*["']?daglab\b""")


@dataclass(frozen=True)
class ScriptBlock:
    """A block with a ``[tool.daglab]`` table; ``first_line`` is the 1-based line of ``# /// script``."""

    document: dict[str, Any]
    toml: str
    first_line: int

    @property
    def section(self) -> Any:
        """What stands under ``tool.daglab``."""
        return self.document["tool"]["daglab"]


def read_block(text: str, path: str) -> ScriptBlock | None:
    """The script block of a text, ``None`` when it has none with a ``[tool.daglab]`` table.

    Raises:
        HeaderError: the block mentions ``tool.daglab``, and is not TOML, not closed, or one of two; or it has a table
            of almost that name.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    blocks = [match for match in _BLOCK.finditer(text) if match["type"] == "script"]
    if not blocks:
        if (opened := _OPENED.search(text)) and _MENTION.search(opened["content"]):
            remedy = "it ends with a line `# ///`, and each line before begins with `# `"
            raise _fault(path, _line(text, opened), "the script block is not one of PEP 723", remedy)
        return None
    if not any("daglab" in block["content"] or _almost(_TABLE.findall(block["content"])) for block in blocks):
        return None
    first_line = _line(text, blocks[0])
    toml = "\n".join(line[2:] if line.startswith("# ") else line[1:] for line in blocks[0]["content"].splitlines())
    if len(blocks) > 1 and any(_MENTION.search(block["content"]) for block in blocks):
        raise _fault(path, first_line, "the notebook has two script blocks", "keep one")
    try:
        document = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        if not _MENTION.search(toml):
            return None
        at = re.search(r"at line (\d+)", str(error))
        line = first_line + int(at[1]) if at else first_line  # the block's own first line is "# /// script"
        reason = re.sub(r" \(at line.*", "", str(error))
        raise _fault(path, line, f"the header is not valid TOML: {reason}", "see toml.io") from error
    tool = document.get("tool")
    tool = tool if isinstance(tool, dict) else {}
    if "daglab" in tool:
        return ScriptBlock(document, toml, first_line)
    for place in (*(("tool", name) for name in _almost(tool)), *((name,) for name in _almost(document, "daglab"))):
        line = first_line + next((n for key, n in toml_key_lines(toml).items() if key[: len(place)] == place), 0)
        message = f"the header has a table [{'.'.join(place)}], which nothing reads"
        raise refused([Finding(path, line, "DL101", message, "did you mean [tool.daglab]?")])
    return None


def _almost(names: Iterable[str], *also: str) -> list[str]:
    """Those of ``names`` that are ``daglab`` with a slip of the pen."""
    return [
        name
        for name in names
        if name in also or (name != "daglab" and SequenceMatcher(None, name.lower(), "daglab").ratio() > _NEAR)
    ]


def _line(text: str, match: re.Match[str]) -> int:
    return text.count("\n", 0, match.start()) + 1


def _fault(path: str, line: int, message: str, remedy: str) -> HeaderError:
    return refused([Finding(path, line, "DL100", message, remedy)])
