"""Every code that a finding may have, with its meaning: the one table from which docs/codes.md is made."""

from __future__ import annotations

import sys

MEANINGS: dict[str, str] = {
    "MB001": "marimo cannot parse a cell.",
    "MB002": "A variable is defined by more than one cell.",
    "MB003": "Cells depend on each other in a circle.",
    "MB004": "The setup cell depends on other cells.",
    "MB005": "A cell has a syntax error that only shows when it is compiled.",
    "DL100": "The notebook's PEP 723 block is not valid TOML, or there are two of them.",
    "DL101": "The header has a key that daglab doesn't know.",
    "DL102": "A value of the header has the wrong type or form.",
    "DL103": "Two variables of one notebook make the same asset.",
    "DL104": "Parts of the header contradict each other: two roles, an asset reading itself, two checks of one name.",
    "DL200": "The file cannot be read as a marimo notebook.",
    "DL201": "A variable that the header names is not defined by any cell.",
    "DL202": "The cell of an asset defines more than assets and cell-local names (`_x`).",
    "DL203": "The cell of an input, or of `partition_key`, defines more than that.",
    "DL204": "A param is not a literal in a cell of params, or its type is not supported.",
    "DL205": "A cell loads an asset that neither the inputs nor the deps of the header name; a run refuses that.",
    "DL206": "A cell asks for the run's partition, and the header declares no partitions.",
    "DL207": "The assets are partitioned, and neither `partition_key` nor an upstream asset is read: all are equal.",
    "DL208": "No cell reads a param.",
    "DL210": "An asset's value is changed outside the cell that makes it; a run of that alone would miss it.",
    "DL211": "What an asset is made from is changed in a cell that its run leaves out, and that a script runs.",
    "DL300": "Two notebooks make the same asset.",
    "DL301": "Nothing makes the asset that an input reads, and it is not declared `external`.",
    "DL302": "A package that the notebook's header requires is missing from the project's dependencies.",
    "DL303": "The project's dependencies lack `daglab[dagster]`, so that its wheel could not run.",
    "DL304": "Assets depend on each other in a circle, through the inputs and deps of their notebooks.",
    "DL310": "The two halves of a pair are not in sync.",
    "DL311": 'The .ipynb half is missing, and `missing_ipynb` is "error".',
    "DL312": "An .ipynb cannot be read, be it half of a pair or not.",
    "DL320": "A file leads outside the project or nowhere by a link, or has a name that a wheel cannot carry.",
    "DL321": "A notebook lies in none of the wheel's packages.",
    "DL322": "A folder of the option `notebooks` is missing or has no notebook, or no notebook is in the wheel.",
    "DL323": "A file that `daglab check` was asked for by name is no notebook with a `[tool.daglab]` header.",
    "DL330": "A secret (a token, a key, a password in a URL) stands in the source, or in metadata of an .ipynb.",
    "DL331": "A secret stands in an output that the build keeps.",
    "DL332": "An output that the build keeps is larger than 5,000,000 characters.",
    "DL340": "The project's Definitions cannot be loaded, or lack a resource or IO manager (`daglab check --load`).",
    "DL341": "The Definitions lack an asset that a notebook makes or reads (`daglab check --load`).",
    "DL342": "A type that a header names is not there, or no class (`daglab check --load`).",
}

# A notebook with one of these cannot run at all: ignoring the finding would only move the failure to production.
_FATAL = ("MB", "DL1", "DL200", "DL201", "DL203", "DL204", "DL304", "DL320", "DL323")


def can_be_ignored(code: str) -> bool:
    """Whether a project may decide to live with findings of this code."""
    return not code.startswith(_FATAL)


def codes_page() -> str:
    """docs/codes.md, as it must be."""
    rows = [
        f"| `{code}` | {meaning} | {'yes' if can_be_ignored(code) else 'no'} |" for code, meaning in MEANINGS.items()
    ]
    return "\n".join((_HEAD, *rows, ""))


_HEAD = """# Codes of findings

`daglab check` and the hatch hook report findings as `file:line: code message (remedy)`. Codes are stable.
This page is generated: `python -m daglab.notebook.codes > docs/codes.md`.

A finding is ignored for the whole project by `ignore = ["DL310"]` under `[tool.hatch.build.hooks.daglab]`, or on its
own line by a comment `# daglab: ignore[DL310]`. What was ignored is counted.

| code | meaning | can be ignored |
|---|---|---|"""


if __name__ == "__main__":
    sys.stdout.write(codes_page())
