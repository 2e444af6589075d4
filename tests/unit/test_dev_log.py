"""The logs of `daglab dev`: told line by line, and set aside when they are large, while a program writes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from daglab.cli import dev_services
from daglab.cli.dev_services import Log

WRITER = """
import sys
with open(sys.argv[1], "ab", buffering=0) as log:
    for part in range(int(sys.stdin.readline())):
        for number in range(300):
            log.write(b"line %d of part %d\\n" % (number, part))
        log.write(b"a line that is not")
        print(part, flush=True)
        sys.stdin.readline()
        log.write(b" whole yet\\n")
    print("end", flush=True)
"""


def test_a_large_log_is_set_aside_and_no_line_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev_services, "_LARGE_LOG", 20_000)
    path = tmp_path / "dagster.log"
    path.write_text("of an earlier start\n")
    path.chmod(0o600)
    log, told = Log(path), []
    argv = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdin is not None and writer.stdout is not None
        print(10, file=writer.stdin, flush=True)
        while writer.stdout.readline() != "end\n":  # it holds the file open all the time
            told += log.lines()
            print(file=writer.stdin, flush=True)
    told += log.lines()
    of_part = [f"line {number} of part {{}}" for number in range(300)] + ["a line that is not whole yet"]
    assert told == [line.format(part) for part in range(10) for line in of_part]
    older = path.with_name("dagster.log.1")
    assert older.stat().st_size > 20_000 >= path.stat().st_size
    assert older.stat().st_mode & 0o777 == 0o600


def test_a_log_that_is_large_already_is_set_aside_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev_services, "_LARGE_LOG", 1000)
    path = tmp_path / "dagster.log"
    path.write_text("old\n" * 1000)
    log = Log(path)
    assert path.read_text() == ""
    path.write_text("new\n")
    assert list(log.lines()) == ["new"]
    assert path.with_name("dagster.log.1").read_text() == "old\n" * 1000
