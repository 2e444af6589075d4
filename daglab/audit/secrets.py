"""Secrets in notebooks, their outputs and configuration: daglab's detectors, which builds use too, and detect-secrets.

Entropy is no sign: hashes, identifiers and images have it as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from daglab.audit.project_files import code_cells, configuration_files, read_text, shown, sources
from daglab.audit.report import AuditFinding, Skipped
from daglab.config import Config
from daglab.errors import MissingExtraError
from daglab.notebook.find import find_jupyter
from daglab.notebook.ignore import sort_out
from daglab.notebook.secrets import jupyter_findings, source_findings

_BY_CHANCE = frozenset({"Base64HighEntropyString", "HexHighEntropyString", "IPPublicDetector"})
_REMEDY = "revoke it, then read it from an environment variable or a Dagster resource"


def find(config: Config) -> Iterator[AuditFinding | Skipped]:
    """The secrets of the project; none is repeated in its finding.

    Raises:
        MissingExtraError: daglab[audit] is not installed.
    """
    root = config.root
    with _detector() as detect:
        for path in [*sources(root), *configuration_files(root)]:
            text = read_text(path, root, "secrets")
            yield from [text] if isinstance(text, Skipped) else _of_text(text, detect(path), shown(path, root))
    for path in find_jupyter(root):
        text = read_text(path, root, "secrets")
        yield from [text] if isinstance(text, Skipped) else _of_jupyter(text, path, root)


def _of_text(text: str, detected: list[tuple[int, str]], place: str) -> Iterator[AuditFinding]:
    counted, ignored = sort_out(source_findings(text, place), text)
    for finding in counted:
        yield AuditFinding("secrets", "high", "secret", finding.path, finding.line, finding.message, finding.remedy)
    known = {finding.line for finding in (*counted, *ignored)}
    for line, name in detected:
        if line not in known:
            message = f"what looks like a secret stands here ({name})"
            yield AuditFinding("secrets", "high", "secret", place, line, message, _REMEDY)


def _of_jupyter(text: str, path: Path, root: Path) -> Iterator[AuditFinding]:
    place = shown(path, root)
    if code_cells(text) is None:  # no notebook, and a text all the same
        yield from _of_text(text, [], place)
    lone = not path.with_suffix(".py").exists()
    for finding in jupyter_findings(text, place, sources=lone, outputs=True):
        if finding.code != "DL332":  # an output's size is no matter of safety
            yield AuditFinding("secrets", "high", "secret", finding.path, None, finding.message, finding.remedy)


@contextmanager
def _detector() -> Iterator[Callable[[Path], list[tuple[int, str]]]]:
    """What tells the lines of a file, with names, that detect-secrets finds; its own comments accept a line."""
    try:
        from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
        from detect_secrets.core.scan import scan_file
        from detect_secrets.settings import transient_settings
    except ImportError as error:
        raise MissingExtraError("audit", needed_for="the audit of secrets") from error
    plugins: Mapping[str, type] = get_mapping_from_secret_type_to_class()
    names = {plugin.__name__ for plugin in plugins.values()} - _BY_CHANCE
    with transient_settings({"plugins_used": [{"name": name} for name in sorted(names)]}):
        yield lambda path: sorted({(secret.line_number, secret.type) for secret in scan_file(str(path))})
