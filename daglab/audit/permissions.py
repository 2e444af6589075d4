"""Files with secrets that others on the machine can read or change."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from daglab.audit.project_files import configuration_files, shown
from daglab.audit.report import AuditFinding
from daglab.config import Config
from daglab.config_sources import user_config_file

_SECRET_NAMES = (".env", ".netrc", ".pypirc")
_SECRET_ENDINGS = (".env", ".key")  # a .pem is public as often as not
_EXAMPLES = (".example", ".sample", ".template", ".dist")


def find(config: Config) -> Iterator[AuditFinding]:
    """Files with secrets that are readable for others, and configuration that is writable for them."""
    root = config.root
    if os.name == "nt":  # no such modes
        return
    token = config.dagster.auth.token_file
    with_secrets = {token.expanduser()} if token else set()
    for path in configuration_files(root):
        named = path.name.startswith(_SECRET_NAMES) or path.name.endswith(_SECRET_ENDINGS)
        if named and not path.name.endswith(_EXAMPLES):
            with_secrets.add(path)
    for path in sorted(with_secrets):
        if (mode := _mode(path)) & (stat.S_IRWXG | stat.S_IRWXO):
            message = f"a file with secrets has the mode {mode:03o}, so that others can read it"
            remedy = f"chmod 600 {shown(path, root)}"
            yield AuditFinding("permissions", "high", "readable-secret", shown(path, root), None, message, remedy)
    for path in (*configuration_files(root), user_config_file()):
        if (mode := _mode(path)) & stat.S_IWOTH:
            message = f"everybody can change it: it has the mode {mode:03o}"
            remedy = f"chmod o-w {shown(path, root)}"
            yield AuditFinding("permissions", "medium", "writable-config", shown(path, root), None, message, remedy)


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0
