"""Secrets in notebooks, their outputs and configuration: daglab's detectors, which builds use too, and detect-secrets.

Entropy is no sign: hashes, identifiers and images have it as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from daglab.audit.project_files import configuration_files, read_text, shown, sources
from daglab.audit.report import AuditFinding
from daglab.config import Config
from daglab.errors import MissingExtraError
from daglab.notebook.find import find_jupyter
from daglab.notebook.ignore import sort_out
from daglab.notebook.secrets import jupyter_findings, source_findings

_BY_CHANCE = frozenset({"Base64HighEntropyString", "HexHighEntropyString", "IPPublicDetector"})
_REMEDY = "revoke it, then read it from an environment variable or a Dagster resource"


def find(config: Config) -> Iterator[AuditFinding]:
    """The secrets of the project; none is repeated in its finding.

    Raises:
        MissingExtraError: daglab[audit] is not installed.
    """
    root = config.root
    for path, detected in _detected([*sources(root), *configuration_files(root)]):
        if (text := read_text(path)) is None:
            continue
        counted, ignored = sort_out(source_findings(text, shown(path, root)), text)
        for finding in counted:
            yield AuditFinding("secrets", "high", "secret", finding.path, finding.line, finding.message, finding.remedy)
        known = {finding.line for finding in (*counted, *ignored)}
        for line, name in detected:
            if line not in known:
                message = f"what looks like a secret stands here ({name})"
                yield AuditFinding("secrets", "high", "secret", shown(path, root), line, message, _REMEDY)
    for path in find_jupyter(root):
        if (text := read_text(path)) is not None:
            lone = not path.with_suffix(".py").exists()
            for finding in jupyter_findings(text, shown(path, root), sources=lone, outputs=True):
                if finding.code != "DL332":  # an output's size is no matter of safety
                    yield AuditFinding("secrets", "high", "secret", finding.path, None, finding.message, finding.remedy)


def _detected(paths: Sequence[Path]) -> Iterator[tuple[Path, list[tuple[int, str]]]]:
    """Of each file the lines, with names, of what detect-secrets finds; its own comments accept a line."""
    try:
        from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
        from detect_secrets.core.scan import scan_file
        from detect_secrets.settings import transient_settings
    except ImportError as error:
        raise MissingExtraError("audit", needed_for="the audit of secrets") from error
    plugins: Mapping[str, type] = get_mapping_from_secret_type_to_class()
    names = {plugin.__name__ for plugin in plugins.values()} - _BY_CHANCE
    with transient_settings({"plugins_used": [{"name": name} for name in sorted(names)]}):
        for path in paths:
            yield path, sorted({(secret.line_number, secret.type) for secret in scan_file(str(path))})
