"""The errors that daglab raises: one tree, each with a stable code and a remedy.

::

    DaglabError
    ├── ConfigError             daglab.yaml, pyproject.toml, DAGLAB_* variables
    ├── NotebookError           a notebook that cannot be read as what it claims to be
    │   └── HeaderError         its [tool.daglab] header; carries findings
    ├── PairError               a pair that cannot be formed, read or written
    │   ├── FileMovedError      a file changed while daglab worked on it; nothing was written
    │   ├── OpenInRoomError     a file is open in a live room of jupyter-collaboration; nothing was written
    │   └── LargePairError      a file too large for the Jupyter server to compare; nothing was written
    ├── StorageError            the store of executed notebooks
    ├── AssetValueError         a stored asset value that cannot be loaded
    ├── BuildError              the hatch hook
    ├── MissingExtraError       an optional part of daglab that is not installed
    ├── ProcessError            a child process that did not start, or died
    ├── RequestError            a request to the REST API that cannot be understood
    ├── MissingFileError        a path of a request where no file is
    ├── ExistingFileError       a path of a new file where one is
    ├── MissingSessionError     a notebook that is not open in marimo
    ├── ReadOnlyError           a change, while `read_only` is set
    └── DagsterError            Dagster's API
        ├── DagsterConnectionError
        ├── AuthenticationError
        ├── ValidationError     Dagster refuses what was asked
        ├── NotFoundError       an unknown asset, job, run or location
        ├── DagsterConflictError   Dagster can't be started or ended here
        ├── LaunchConflictError    a request id under which something else was launched
        ├── RunFailedError
        └── RunTimeoutError
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import IntEnum
from typing import Any, ClassVar

_SHOWN = 20  # names in a message


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean 'group'?``, or what is known (of many the first) when nothing comes near ``word``."""
    names = sorted(known)
    if near := difflib.get_close_matches(word, names, n=1, cutoff=0.6):
        return f"did you mean {near[0]!r}?"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"known: {', '.join(names[:_SHOWN])}{more}" if names else ""


class ExitCode(IntEnum):
    """Exit codes of the ``daglab`` command."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    ENVIRONMENT = 3
    RUN_FAILED = 4
    UNREACHABLE = 5
    AUTHENTICATION = 6
    VALIDATION = 7
    CONFLICT = 8
    INTERRUPTED = 130
    TERMINATED = 143


class DaglabError(Exception):
    """Base of all errors of daglab.

    ``code`` is stable and machine-readable, ``message`` says what happened and where, ``remedy`` says
    what to do about it, ``details`` holds what a program may want to know. ``exit_code`` and
    ``http_status`` are how the command line and the REST API answer.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[ExitCode] = ExitCode.FAILURE
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, *, remedy: str = "", details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.details = details or {}

    def __str__(self) -> str:
        return f"{self.message} ({self.remedy})" if self.remedy else self.message

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in a notebook: one line, without the frames of daglab and Dagster."""
        return [f"{type(self).__name__}: {self}"]

    def to_json(self) -> dict[str, Any]:
        """The one shape of an error, in ``--json`` output and in REST answers alike."""
        return {"error": {"code": self.code, "message": self.message, "remedy": self.remedy, "details": self.details}}


class ConfigError(DaglabError):
    """The configuration is wrong."""

    code = "config"
    exit_code = ExitCode.USAGE
    http_status = 500


class NotebookError(DaglabError):
    """A file is not the notebook that it should be."""

    code = "notebook"
    exit_code = ExitCode.VALIDATION
    http_status = 422


class HeaderError(NotebookError):
    """The ``[tool.daglab]`` header of a notebook is wrong; ``details["findings"]`` has each fault with its line."""

    code = "header"


class PairError(DaglabError):
    """A pair cannot be formed, read or written."""

    code = "pair"
    exit_code = ExitCode.FAILURE
    http_status = 422


class FileMovedError(PairError):
    """A file changed between reading and replacing it; nothing was written."""

    code = "file-moved"
    exit_code = ExitCode.CONFLICT
    http_status = 409


class OpenInRoomError(PairError):
    """A file is open in a live room of jupyter-collaboration; nothing was written."""

    code = "open-in-room"
    exit_code = ExitCode.CONFLICT
    http_status = 409


class LargePairError(PairError):
    """A file is too large for the Jupyter server to compare with its other half; nothing was written."""

    code = "pair-too-large"


class StorageError(DaglabError):
    """The store of executed notebooks cannot be used."""

    code = "storage"


class AssetValueError(DaglabError):
    """The stored value of an asset cannot be loaded."""

    code = "asset-value"
    http_status = 404


class BuildError(DaglabError):
    """The build was refused."""

    code = "build"
    exit_code = ExitCode.VALIDATION


class MissingExtraError(DaglabError):
    """An optional part of daglab is not installed."""

    code = "missing-extra"
    exit_code = ExitCode.ENVIRONMENT

    def __init__(self, extra: str, *, needed_for: str) -> None:
        super().__init__(
            f"{needed_for} needs daglab[{extra}], which is not installed.",
            remedy=f'pip install "daglab[{extra}]"',
            details={"extra": extra},
        )


class ProcessError(DaglabError):
    """A child process did not start, or died."""

    code = "process"
    exit_code = ExitCode.ENVIRONMENT
    http_status = 502


class RequestError(DaglabError):
    """A request to the REST API that cannot be understood."""

    code = "request"
    exit_code = ExitCode.USAGE
    http_status = 400


class MissingFileError(DaglabError):
    """No file is at a path of a request."""

    code = "missing-file"
    http_status = 404


class MissingSessionError(DaglabError):
    """A notebook is not open in marimo."""

    code = "missing-session"
    http_status = 404


class ExistingFileError(DaglabError):
    """A new file was asked for where one is; it was left as it is."""

    code = "file-exists"
    exit_code = ExitCode.CONFLICT
    http_status = 409


class ReadOnlyError(DaglabError):
    """A change was asked for while ``read_only`` is set; nothing was changed."""

    code = "read-only"
    http_status = 403


class DagsterError(DaglabError):
    """Dagster's API answered with an error."""

    code = "dagster"
    http_status = 502


class DagsterConnectionError(DagsterError):
    """Dagster cannot be reached."""

    code = "dagster-unreachable"
    exit_code = ExitCode.UNREACHABLE
    http_status = 503


class AuthenticationError(DagsterError):
    """Dagster, or the proxy before it, refuses the credentials."""

    code = "dagster-authentication"
    exit_code = ExitCode.AUTHENTICATION
    http_status = 502


class ValidationError(DagsterError):
    """What was asked is not valid; ``details`` names the offending values."""

    code = "validation"
    exit_code = ExitCode.VALIDATION
    http_status = 422


class NotFoundError(DagsterError):
    """An unknown asset, job, run or location; the remedy names the nearest ones."""

    code = "not-found"
    http_status = 404


class DagsterConflictError(DagsterError):
    """Dagster can't be started or ended from here: its address is taken, elsewhere, or another's."""

    code = "dagster-conflict"
    exit_code = ExitCode.CONFLICT
    http_status = 409


class LaunchConflictError(DagsterError):
    """Something else was launched under the request id; nothing is launched."""

    code = "launch-conflict"
    exit_code = ExitCode.CONFLICT
    http_status = 409


class RunFailedError(DagsterError):
    """A run ended without success."""

    code = "run-failed"
    exit_code = ExitCode.RUN_FAILED


class RunTimeoutError(DagsterError):
    """A run has not ended in time; it goes on."""

    code = "run-timeout"
    exit_code = ExitCode.RUN_FAILED
    http_status = 504
