"""The ``[tool.daglab]`` header of a notebook: which Dagster assets it makes, read from its PEP 723 block."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daglab.errors import HeaderError
from daglab.key_lines import line_of, toml_key_lines
from daglab.notebook.findings import Finding, did_you_mean
from daglab.notebook.header_model import AssetHeader, CheckHeader, HeaderModel, InputHeader, PartitionsHeader, asset_key

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# The regular expression of PEP 723 (https://peps.python.org/pep-0723/#reference-implementation).
_BLOCK = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")


@dataclass(frozen=True)
class Header:
    """A valid header.

    ``assets``, ``checks`` and ``inputs`` are keyed by the notebook's variable. Keys of assets are strings
    such as ``sales/orders``, complete with their prefix.
    """

    path: str
    model: HeaderModel
    requires_python: str | None = None
    dependencies: tuple[str, ...] = ()
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict, repr=False)

    @property
    def group(self) -> str | None:
        """The group of all assets that name none of their own."""
        return self.model.group

    @property
    def params(self) -> list[str]:
        """Names of the variables that a run's configuration may set."""
        return self.model.params

    @property
    def inputs(self) -> dict[str, InputHeader]:
        """Variable -> upstream asset."""
        return self.model.inputs

    @property
    def assets(self) -> dict[str, AssetHeader]:
        """Variable -> asset that the notebook makes."""
        return self.model.assets

    @property
    def checks(self) -> dict[str, CheckHeader]:
        """Variable -> asset check."""
        return self.model.checks

    @property
    def partitions(self) -> PartitionsHeader | None:
        """How all assets of the notebook are partitioned, if they are."""
        return self.model.partitions

    def key(self, variable: str) -> str:
        """The asset key that ``variable`` makes, as ``sales/orders``."""
        return asset_key(variable, self.model.assets[variable])

    def line_of(self, *place: str) -> int:
        """The 1-based line of ``[tool.daglab]``'s key at ``place``, or of the nearest key around it."""
        return line_of(self.lines, place)


def read_header(text: str, path: str | Path = "<notebook>") -> Header | None:
    """Read the header of a notebook's text; ``None`` when there is no ``[tool.daglab]`` in it.

    Nothing is run or imported.

    Raises:
        HeaderError: the block is not TOML, or says something that daglab doesn't know;
            ``details["findings"]`` lists each fault as a :class:`Finding` in JSON form.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    blocks = [m for m in _BLOCK.finditer(text) if m["type"] == "script"]
    if not any("tool.daglab" in m["content"] for m in blocks):
        return None
    first_line = text.count("\n", 0, blocks[0].start()) + 1
    if len(blocks) > 1:
        raise _refuse([Finding(str(path), first_line, "DL100", "the notebook has two script blocks", "keep one")])
    toml = "\n".join(line[2:] if line.startswith("# ") else line[1:] for line in blocks[0]["content"].splitlines())
    try:
        document = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        line = first_line + int(at[1]) if at else first_line  # the block's own first line is "# /// script"
        reason = re.sub(r" \(at line.*", "", str(error))
        finding = Finding(str(path), line, "DL100", f"the header is not valid TOML: {reason}", "see toml.io")
        raise _refuse([finding]) from error
    section = document.get("tool", {}).get("daglab")
    if section is None:
        return None
    lines = {place[2:]: first_line + n for place, n in toml_key_lines(toml).items() if place[:2] == ("tool", "daglab")}
    model = _validate(section, lines, str(path))
    dependencies = document.get("dependencies", [])
    return Header(str(path), model, document.get("requires-python"), tuple(map(str, dependencies)), lines)


def header_schema() -> dict[str, Any]:
    """The JSON Schema of ``[tool.daglab]`` in a notebook's header."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **HeaderModel.model_json_schema()}


def _validate(section: Any, lines: Mapping[tuple[str, ...], int], path: str) -> HeaderModel:
    from pydantic import ValidationError

    try:
        model = HeaderModel.model_validate(section)
    except ValidationError as error:
        raise _refuse(sorted(_finding(e, lines, path) for e in error.errors())) from error
    findings = [Finding(path, line_of(lines, place), code, *text) for place, code, *text in model.contradictions()]
    if findings:
        raise _refuse(findings)
    return model


def _finding(error: Any, lines: Mapping[tuple[str, ...], int], path: str) -> Finding:
    place = tuple(str(part) for part in error["loc"])
    shown = ".".join(("tool", "daglab", *place))
    line = line_of(lines, place)
    if error["type"] == "extra_forbidden":
        remedy = did_you_mean(place[-1], HeaderModel.keys_at(place[:-1]))
        return Finding(path, line, "DL101", f"unknown key {shown!r}", remedy)
    message = error["msg"].removeprefix("Value error, ")
    given = error["input"] if error["type"] != "missing" else None
    value = f", not {given!r}" if given is not None and not isinstance(given, dict) else ""
    return Finding(path, line, "DL102", f"{shown}: {message[0].lower()}{message[1:]}{value}")


def _refuse(findings: list[Finding]) -> HeaderError:
    first, more = findings[0], len(findings) - 1
    message = f"{first.path}:{first.line}: {first.message}" + (f", and {more} more" if more else "")
    return HeaderError(message, remedy=first.remedy, details={"findings": [f.to_json() for f in findings]})
