"""Secrets in texts and in outputs of notebooks, by detectors with names: entropy alone proves nothing.

A hash, a UUID and an image look as random as a password, so that each detector needs the prefix or the form by which
one issuer's secrets are known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from daglab.errors import NotebookError
from daglab.notebook.findings import Finding
from daglab.notebook.jupyter import jupyter_document

OUTPUT_LIMIT = 5_000_000
"""Characters of JSON that one kept output may have."""


class Detector(NamedTuple):
    """``markers``: one of them is in every match, and is looked for first, because that is quick."""

    name: str
    markers: tuple[str, ...]
    pattern: re.Pattern[str]


def _detector(name: str, markers: str, pattern: str) -> Detector:
    # A token inside a longer word is a piece of base64; not so behind "//" and behind an escape such as \\n.
    begins = r"(?:(?<![A-Za-z0-9+/_-])|(?<=//)|(?<=\\[nrt]))"
    return Detector(name, tuple(markers.split()), re.compile(rf"{begins}(?:{pattern})"))


_SCHEMES = r"(?:postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|amqps?|mssql|oracle|snowflake|clickhouse|redshift)"

DETECTORS = (
    _detector("an AWS access key", "AKIA ASIA", r"(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z+/])(?<!EXAMPLE)"),
    _detector(
        "an AWS secret key",
        "secret_access_key SECRET_ACCESS_KEY SecretAccessKey",
        r"(?i:aws_)?(?i:secret_?access_?key)[\"']?\s*[:=]\s*[\"'][A-Za-z0-9/+]{40}[\"'](?<!EXAMPLEKEY[\"'])",
    ),
    _detector("a GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{36,}"),
    _detector("a GitHub token", "github_pat_", r"github_pat_[A-Za-z0-9_]{50,}"),
    _detector("a GitLab token", "glpat-", r"glpat-[A-Za-z0-9_-]{20,}"),
    _detector("a Slack token", "xox", r"xox[abeprs]-[0-9]+-[A-Za-z0-9-]{10,}"),
    _detector("a Slack webhook", "hooks.slack.com", r"https://hooks\.slack\.com/services/T\w+/B\w+/[A-Za-z0-9]{20,}"),
    _detector("a Google API key", "AIza", r"AIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])"),
    _detector("a Google OAuth secret", "GOCSPX-", r"GOCSPX-[0-9A-Za-z_-]{28}"),
    _detector("an Azure storage key", "AccountKey=", r"AccountKey=[A-Za-z0-9+/]{86}=="),
    _detector("a Stripe key", "k_live_", r"[sr]k_live_[0-9A-Za-z]{20,}"),
    _detector("an OpenAI key", "T3BlbkFJ", r"sk-[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}"),
    _detector("an Anthropic key", "sk-ant-", r"sk-ant-[a-z0-9]+-[A-Za-z0-9_-]{40,}"),
    _detector("a Hugging Face token", "hf_", r"hf_[A-Za-z0-9]{34}(?![A-Za-z0-9])"),
    _detector("a Databricks token", "dapi", r"dapi[0-9a-f]{32}(?![0-9a-f])"),
    _detector("a PyPI token", "pypi-AgEI", r"pypi-AgEI[A-Za-z0-9_-]{50,}"),
    _detector("an npm token", "npm_", r"npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])"),
    _detector("a SendGrid key", "SG.", r"SG\.[\w-]{22}\.[\w-]{43}"),
    _detector("a private key", "PRIVATE KEY", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    _detector("a JSON web token", "eyJ", r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}"),
    _detector(
        "a database URL with a password",
        "://",
        # placeholders such as {password}, $PASSWORD, <password> and *** are no passwords
        _SCHEMES
        + r"(?:\+\w+)*://[^\s:/@\"']*:(?!(?:password|passwd|pass|pwd|secret|x+)@)(?:[^\s/@\"'{}$<>*%]|%[0-9A-Fa-f]{2})+@",
    ),
)

_IMAGE = re.compile(r"data:image/[\w.+-]+;base64,[A-Za-z0-9+/=]+")


def secrets_in(text: str) -> Iterator[tuple[str, int]]:
    """The secrets of a text, each with its detector's name and its 1-based line; data of images is skipped."""
    present = [detector for detector in DETECTORS if any(marker in text for marker in detector.markers)]
    if present and "data:image/" in text:
        text = _IMAGE.sub("", text)  # of one line: the lines stay as they are counted
    for detector in present:
        for match in detector.pattern.finditer(text):
            yield detector.name, text.count("\n", 0, match.start()) + 1


def source_findings(text: str, shown: str) -> Iterator[Finding]:
    """Secrets in the text of a notebook. The finding says which kind, never the secret."""
    remedy = "revoke it, then read it from an environment variable or a Dagster resource"
    for name, line in secrets_in(text):
        yield Finding(shown, line, "DL330", f"{name} stands in the source", remedy)


def jupyter_findings(text: str, shown: str, *, sources: bool, outputs: bool) -> Iterator[Finding]:
    """Secrets in an .ipynb, and what its outputs must not carry out of the project.

    ``sources`` are read where no .py stands for them, ``outputs`` where the build keeps them; metadata and attachments
    always, because they always go along. A text that is no notebook has no findings here: its reader refuses it.
    """
    try:
        document = jupyter_document(text, shown)
    except NotebookError:
        return
    for number, cell in enumerate(document["cells"], start=1):
        if not isinstance(cell, dict):
            yield from _metadata_findings({"cell": cell}, f"cell {number}", shown)
            continue
        for name, _ in secrets_in(_joined(cell.get("source", ""))) if sources else ():
            message = f"{name} stands in the source of cell {number}"
            yield Finding(shown, 1, "DL330", message, "revoke it, and read it from an environment variable")
        for output in cell.get("outputs") or () if outputs else ():
            yield from _output_findings(output, number, shown)
        yield from _metadata_findings(_carried(cell, sources=sources), f"cell {number}", shown)
    rest = _carried(document, sources=sources)
    shows = rest["metadata"].pop("widgets", {}) if isinstance(rest.get("metadata"), dict) else {}
    for name, _ in secrets_in(_joined(shows)) if outputs else ():
        message = f"{name} stands in the notebook's metadata, where widgets keep what they show"
        yield Finding(shown, 1, "DL331", message, 'revoke it and clear the outputs, or outputs = "strip"')
    yield from _metadata_findings(rest, "the notebook", shown)


def _metadata_findings(value: dict[str, Any], of: str, shown: str) -> Iterator[Finding]:
    for name, _ in secrets_in(json.dumps(value, ensure_ascii=False)):
        message = f"{name} stands in the metadata or attachments of {of}"
        yield Finding(shown, 1, "DL330", message, "revoke it, and take it out: in Jupyter's property inspector")


def _carried(part: dict[str, Any], *, sources: bool) -> dict[str, Any]:
    """All of a cell or a notebook but sources, outputs, cells and attached pictures.

    Where ``sources`` are not to be read, daglab's own metadata are not either: they repeat what stands in the .py.
    """
    rest = {key: value for key, value in part.items() if key not in ("source", "outputs", "cells")}
    if isinstance(metadata := rest.get("metadata"), dict):
        rest["metadata"] = {key: value for key, value in metadata.items() if sources or key != "daglab"}
    if isinstance(attached := rest.get("attachments"), dict):
        rest["attachments"] = {
            name: {mime: value for mime, value in data.items() if not _is_image(mime)}
            if isinstance(data, dict)
            else data
            for name, data in attached.items()
        }
    return rest


def _output_findings(output: Any, number: int, shown: str) -> Iterator[Finding]:
    size = len(json.dumps(output, ensure_ascii=False))
    if size > OUTPUT_LIMIT:
        message = f"an output of cell {number} is too large: {size:,} characters; {OUTPUT_LIMIT:,} may be"
        yield Finding(shown, 1, "DL332", message, 'clear it, or don\'t keep outputs (outputs = "strip")')
    for text in _texts_of(output):
        for name, _ in secrets_in(text):
            message = f"{name} stands in an output of cell {number}"
            yield Finding(shown, 1, "DL331", message, 'revoke it and clear the output, or outputs = "strip"')


def _texts_of(output: Any) -> Iterator[str]:
    """The texts of an output: what is printed, each form of a value but pictures, the lines of a failure."""
    if not isinstance(output, dict) or not isinstance(data := output.get("data") or {}, dict):
        yield _joined(output)
        return
    yield _joined(output.get("text") or "")
    yield "\n".join([str(output.get("evalue", "")), _joined(output.get("traceback") or "")])
    for mime, value in data.items():
        if not _is_image(mime):
            yield _joined(value)


def _is_image(mime: str) -> bool:
    return mime.startswith("image/") and mime != "image/svg+xml"


def _joined(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return json.dumps(value, ensure_ascii=False)
