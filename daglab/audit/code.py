"""Risky code in cells, as bandit knows it: shells, eval, unsafe loaders, weak hashes, servers on every address."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

from daglab.audit.project_files import code_cells, read_text, shown, sources
from daglab.audit.report import AuditFinding, Severity, Skipped
from daglab.config import Config
from daglab.errors import MissingExtraError
from daglab.notebook.find import find_jupyter
from daglab.notebook.magics import comment_magics, is_foreign

_SECRETS = "B105,B106,B107"  # they repeat what they find, and the audit of secrets finds it as well
_ASSERTS = "B101"  # a cell may be a check
_SECONDS = 300


def find(config: Config) -> Iterator[AuditFinding | Skipped]:
    """What bandit finds in the project's notebooks; ``# nosec`` on a line, or in a cell that is no Python, accepts it.

    Raises:
        MissingExtraError: daglab[audit] is not installed.
    """
    root = config.root
    if importlib.util.find_spec("bandit") is None:
        raise MissingExtraError("audit", needed_for="the audit of code")
    with tempfile.TemporaryDirectory(prefix="daglab-audit-") as folder:
        read: dict[str, Path] = {str(path): path for path in sources(root)}
        for number, path in enumerate(find_jupyter(root)):
            if path.with_suffix(".py").exists():
                continue
            code: list[str] = []
            for found in _python_cells(path, root):
                if isinstance(found, Skipped):
                    yield found
                else:
                    code.append(found)
            copy = Path(folder, f"{number}.py")
            copy.write_text("\n".join(code), "utf-8")
            read[str(copy)] = path
        if read:
            yield from _bandit(read, root, folder)


def _python_cells(path: Path, root: Path) -> Iterator[str | Skipped]:
    """The cells of an .ipynb that Python can read, magics and shell commands as comments; and the others, skipped."""
    if isinstance(text := read_text(path, root, "code"), Skipped):
        yield text
        return
    if (cells := code_cells(text)) is None:
        yield Skipped("code", "it is no notebook", "correct it", shown(path, root))
        return
    for number, source in cells:
        code = comment_magics(source)
        if not is_foreign(source) and _is_python(code):
            yield code
        elif "# nosec" not in source:
            first = source.strip().partition("\n")[0][:60]
            remedy = "read it, then accept it with # nosec in it"
            yield Skipped("code", f"cell {number} is no Python: {first}", remedy, shown(path, root))


def _is_python(code: str) -> bool:
    """Whether it can be parsed, as bandit does; what stands outside of functions (await, return) is no matter there."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _bandit(read: dict[str, Path], root: Path, folder: str) -> Iterator[AuditFinding | Skipped]:
    """Bandit's findings; ``read`` tells of each file it reads whose code that is.

    It runs in an empty ``folder``: Python imports modules from the current one, and those of the project must not run.
    Its default list of folders to leave out would match parts of any path.
    """
    command = [sys.executable, "-m", "bandit", "--quiet", "--format", "json", "--exit-zero", "--exclude", folder + "/-"]
    try:
        done = subprocess.run(
            [*command, "--skip", f"{_SECRETS},{_ASSERTS}", *read],
            capture_output=True, text=True, cwd=folder, timeout=_SECONDS, check=False,
        )  # fmt: skip
        document = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        yield Skipped("code", f"bandit did not end in {_SECONDS} s", "run it on its own: bandit -r .")
        return
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        yield Skipped("code", f"bandit said {last}", "run it on its own: bandit -r .")
        return
    for result in document["results"]:
        path = read[result["filename"]]
        yield AuditFinding(
            "code",
            _severity(result["issue_severity"]),
            f"bandit-{result['test_id']}",
            shown(path, root),
            result["line_number"] if path.suffix == ".py" else None,
            result["issue_text"],
            f"{result['more_info']}, or # nosec {result['test_id']} on the line",
        )
    for error in document["errors"]:
        yield Skipped("code", error["reason"], "correct the notebook", shown(read[error["filename"]], root))


def _severity(name: str) -> Severity:
    return "high" if name == "HIGH" else "medium" if name == "MEDIUM" else "low"
