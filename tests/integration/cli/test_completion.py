"""Shell completion: in a real bash, and by what zsh and fish ask for."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli.command import environment

TIMEOUT = 30.0


@pytest.fixture
def programs(tmp_path: Path) -> dict[str, str]:
    """The environment of a shell that has `daglab` on its PATH."""
    command = tmp_path / "daglab"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m daglab "$@"\n')
    command.chmod(0o755)
    there = environment(TERM="dumb", PS1="> ", HISTFILE="")
    return {**there, "PATH": f"{tmp_path}:{there['PATH']}"}


class Bash:
    """An interactive bash at a terminal."""

    def __init__(self, cwd: Path, environ: dict[str, str]) -> None:
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], environ)
        self.seen = ""

    def type(self, keys: str, until: str) -> None:
        """Press keys, and read until the terminal shows ``until`` behind them."""
        self.seen = ""
        os.write(self.descriptor, keys.encode())
        deadline = time.monotonic() + TIMEOUT
        while until not in self.seen:
            assert time.monotonic() < deadline, self.seen
            if select.select([self.descriptor], [], [], 0.5)[0]:
                self.seen += os.read(self.descriptor, 65536).decode(errors="replace")


@pytest.fixture
def bash(tmp_path: Path, programs: dict[str, str]) -> Iterator[Bash]:
    shell = Bash(tmp_path, programs)
    yield shell
    os.kill(shell.pid, 9)
    os.waitpid(shell.pid, 0)
    os.close(shell.descriptor)


def test_bash_completes_commands_options_and_values(bash: Bash) -> None:
    bash.type('eval "$(daglab --show-completion)"; echo rea\\dy\n', until="ready")
    bash.type("daglab scaf\t", until="daglab scaffold ")
    bash.type("--templ\t", until="--template ")
    bash.type("\x15daglab backups res\t", until="backups restore ")
    bash.type("\x15daglab dev --log-level warn\t", until="--log-level warning ")


@pytest.mark.parametrize(
    ("shell", "variables", "answers"),
    [
        ("zsh", {"_TYPER_COMPLETE_ARGS": "daglab disc"}, ["discover"]),
        ("zsh", {"_TYPER_COMPLETE_ARGS": "daglab discover sch"}, ["schedules"]),
        ("fish", {"_TYPER_COMPLETE_ARGS": "daglab disc", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}, ["discover"]),
    ],
)
def test_what_other_shells_ask_for(
    tmp_path: Path, programs: dict[str, str], shell: str, variables: dict[str, str], answers: list[str]
) -> None:
    def ask(what: str, **more: str) -> str:
        there = {**programs, "_DAGLAB_COMPLETE": f"{what}_{shell}", **more}
        done = subprocess.run(["daglab"], cwd=tmp_path, env=there, capture_output=True, text=True, timeout=TIMEOUT)
        assert "Traceback" not in done.stderr
        return done.stdout

    assert "_DAGLAB_COMPLETE=complete" in ask("source")
    said = ask("complete", **variables)
    assert all(answer in said for answer in answers), said
