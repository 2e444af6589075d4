"""Comments that accept a finding on their own line: ``# daglab: ignore[DL310]``."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from daglab.notebook.codes import can_be_ignored
from daglab.notebook.findings import Finding

_COMMENT = re.compile(r"#\s*daglab:\s*ignore\[([A-Z0-9,\s]*)\]")


def sort_out(
    findings: Iterable[Finding], text: str, codes: Collection[str] = ()
) -> tuple[list[Finding], list[Finding]]:
    """Split findings of one file into those that count and those that are ignored.

    ``text`` is the file's; ``codes`` are ignored on every line. Findings without which a notebook can't be loaded
    always count.
    """
    lines = text.split("\n")
    counted: list[Finding] = []
    ignored: list[Finding] = []
    for finding in findings:
        line = lines[finding.line - 1] if 0 < finding.line <= len(lines) else ""
        accepted = {*codes, *_codes_on(line)}
        (ignored if finding.code in accepted and can_be_ignored(finding.code) else counted).append(finding)
    return counted, ignored


def _codes_on(line: str) -> list[str]:
    return [code.strip() for match in _COMMENT.finditer(line) for code in match[1].split(",")]
