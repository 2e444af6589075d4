"""The ``[tool.daglab]`` header of a notebook: which Dagster assets it makes, read from its PEP 723 block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from daglab.key_lines import line_of, toml_key_lines
from daglab.notebook.findings import Finding, did_you_mean, refused
from daglab.notebook.header_model import AssetHeader, CheckHeader, HeaderModel, InputHeader, asset_key
from daglab.notebook.header_partitions import PartitionsHeader
from daglab.notebook.header_rules import contradictions
from daglab.notebook.script_block import read_block
from daglab.notebook.wrong_values import WrongValue, dotted, wrong_values


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
    block = read_block(text, str(path))
    if block is None:
        return None
    lines = {
        place[2:]: block.first_line + n
        for place, n in toml_key_lines(block.toml).items()
        if place[:2] == ("tool", "daglab")
    }
    model = _validate(block.section, lines, str(path))
    dependencies = block.document.get("dependencies", [])
    return Header(str(path), model, block.document.get("requires-python"), tuple(map(str, dependencies)), lines)


def header_schema() -> dict[str, Any]:
    """The JSON Schema of ``[tool.daglab]`` in a notebook's header."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **HeaderModel.model_json_schema()}


def _validate(section: Any, lines: Mapping[tuple[str, ...], int], path: str) -> HeaderModel:
    try:
        model = HeaderModel.model_validate(section)
    except ValidationError as error:
        raise refused(sorted(_finding(wrong, lines, path) for wrong in wrong_values(error))) from error
    findings = [Finding(path, line_of(lines, place), code, *text) for place, code, *text in contradictions(model)]
    if findings:
        raise refused(findings)
    return model


def _finding(wrong: WrongValue, lines: Mapping[tuple[str, ...], int], path: str) -> Finding:
    shown, line = dotted(("tool", "daglab", *wrong.place)), line_of(lines, wrong.place)
    if wrong.unknown:
        remedy = did_you_mean(wrong.place[-1], HeaderModel.keys_at(wrong.place[:-1]))
        return Finding(path, line, "DL101", f"unknown key {shown!r}", remedy)
    return Finding(path, line, "DL102", f"{shown}: {wrong.message}")
