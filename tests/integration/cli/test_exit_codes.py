"""Each exit code of `daglab`, by a command that really ends with it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from daglab.errors import ExitCode
from daglab.processes import LOOPBACK, free_port
from tests.integration.cli.command import Started, daglab

SIGNALS = {ExitCode.INTERRUPTED: signal.SIGINT, ExitCode.TERMINATED: signal.SIGTERM}
ENDINGS = {
    ExitCode.OK: ["config", "show"],
    ExitCode.FAILURE: ["backups", "show", "nothing"],
    ExitCode.USAGE: ["sync", "--nonsense"],
    ExitCode.ENVIRONMENT: ["run", "--in-process", "-a", "raw/orders"],
    ExitCode.RUN_FAILED: ["run", "--in-process", "-a", "plain_broken"],
    ExitCode.UNREACHABLE: ["discover", "--url", f"http://{LOOPBACK}:{free_port()}"],
    ExitCode.AUTHENTICATION: ["discover", "--url"],
    ExitCode.VALIDATION: ["check", "cells/definitions.py"],
    ExitCode.CONFLICT: ["init", "--bootstrap", "."],
}


class Refuses(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_error(401)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def guarded() -> Iterator[str]:
    """A server that lets nobody in."""
    with HTTPServer((LOOPBACK, 0), Refuses) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{LOOPBACK}:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("code", ENDINGS)
def test_a_command_ends_with(code: ExitCode, project: Path, guarded: str, tmp_path: Path) -> None:
    arguments = [*ENDINGS[code], *([guarded] if code == ExitCode.AUTHENTICATION else [])]
    environment = {}
    if code == ExitCode.ENVIRONMENT:  # an environment whose Dagster can't be imported
        (tmp_path / "dagster.py").write_text("raise SystemExit(9)\n")
        environment = {"PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])}
    done = daglab(*arguments, cwd=project, **environment)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr or code == ExitCode.RUN_FAILED  # that of the user's code


@pytest.mark.parametrize("code", SIGNALS)
def test_a_signal_ends_it_with(code: ExitCode, tmp_path: Path) -> None:
    with Started("sync", "--watch", cwd=tmp_path) as started:
        started.wait_for("watching")
        status, _, told = started.end(SIGNALS[code])
    assert (status, "Traceback" in told) == (code, False)


def test_none_is_left_out() -> None:
    assert {*ENDINGS, *SIGNALS} == set(ExitCode)
