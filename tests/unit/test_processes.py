"""Child processes: health, death, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from daglab.errors import ProcessError
from daglab.processes import LOOPBACK, entry_argv, free_port, spawn


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def gone(pid: int, timeout: float = 5.0) -> bool:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def number_in(path: Path, timeout: float = 5.0) -> int:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if path.exists() and path.read_text().endswith("\n"):
            return int(path.read_text())
        time.sleep(0.02)
    raise AssertionError(f"nothing was written to {path}")


def test_waits_for_an_http_answer(tmp_path: Path) -> None:
    port = free_port()
    server = [sys.executable, "-m", "http.server", str(port), "--bind", LOOPBACK]
    with spawn(server, cwd=tmp_path) as child:
        child.wait_until_healthy(f"http://{LOOPBACK}:{port}/", timeout=20)
        assert child.returncode is None
    assert gone(child.pid)


def test_death_before_health_shows_the_last_log_lines(tmp_path: Path) -> None:
    failing = python("print('first'); print('the reason'); raise SystemExit(3)")
    with spawn(failing, log=tmp_path / "x.log") as child, pytest.raises(ProcessError, match="status 3") as caught:
        child.wait_until_healthy(lambda: False, timeout=10)
    assert caught.value.details["log"].splitlines() == ["first", "the reason"]
    assert "the reason" in str(caught.value)


def test_deadline_is_reported() -> None:
    with spawn(python("import time; time.sleep(60)")) as child, pytest.raises(ProcessError, match="not ready after"):
        child.wait_until_healthy(lambda: False, timeout=0.3)


def test_unknown_command_is_reported() -> None:
    with spawn(["daglab-no-such-command"]) as child, pytest.raises(ProcessError, match="No such file"):
        child.wait_until_healthy(lambda: False, timeout=10)


def test_end_kills_what_ignores_term_and_what_left_the_session(tmp_path: Path) -> None:
    grandchild = (
        "import os, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "open(sys.argv[1], 'w').write(f'{os.getpid()}\\n'); time.sleep(60)"
    )
    parent = (
        "import subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', {grandchild!r}, sys.argv[1]], start_new_session=True)\n"
        "time.sleep(60)"
    )
    child = spawn([*python(parent), str(tmp_path / "pid")])
    pid = number_in(tmp_path / "pid")
    child.end(timeout=0.5)
    assert gone(child.pid) and gone(pid)
    child.end(timeout=0.5)  # a second call does no harm


def test_children_of_a_killed_child_end_in_order(tmp_path: Path) -> None:
    grandchild = (
        "import os, signal, sys, time\n"
        "def end(*_): time.sleep(0.3); open(sys.argv[1] + '.end', 'w').write('in order'); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "open(sys.argv[1], 'w').write(f'{os.getpid()}\\n'); time.sleep(60)"
    )
    parent = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {grandchild!r}, sys.argv[1]])"
    child = spawn([*python(parent), str(tmp_path / "pid")])
    pid = number_in(tmp_path / "pid")
    child.process.kill()
    child.wait(5)
    assert psutil.pid_exists(pid)
    child.end()
    assert gone(pid, timeout=1)
    assert (tmp_path / "pid.end").read_text() == "in order"


def test_sigint_is_not_ignored_in_the_child(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
        child = spawn(python(code), log=tmp_path / "x.log")
        child.wait(10)
    finally:
        signal.signal(signal.SIGINT, before)
    assert child.log_tail() == "True"
    child.end()


if sys.platform.startswith("linux"):  # the parent-death signal is Linux's

    def test_child_dies_with_a_killed_parent(tmp_path: Path) -> None:
        code = "import os, sys, time; open(sys.argv[1], 'w').write(f'{os.getpid()}\\n'); time.sleep(60)"
        parent = (
            "import subprocess, sys\n"
            "from daglab.processes import entry_argv\n"
            f"argv = [sys.executable, '-c', {code!r}, sys.argv[1]]\n"
            "subprocess.run(entry_argv(argv, die_with_parent=True))"
        )
        process = subprocess.Popen([*python(parent), str(tmp_path / "pid")])
        pid = number_in(tmp_path / "pid")
        assert psutil.pid_exists(pid)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(5)
        assert gone(pid)

    def test_a_guard_ends_what_a_command_leaves_when_the_parent_is_killed(tmp_path: Path) -> None:
        left = (
            "import os, signal, sys, time\n"
            "def end(*_): time.sleep(0.3); open(sys.argv[1] + '.end', 'w').write('in order'); sys.exit()\n"
            "signal.signal(signal.SIGTERM, end)\n"
            "open(sys.argv[1], 'w').write(f'{os.getpid()}\\n'); time.sleep(60)"
        )
        command = (  # it ends at once and leaves its child to itself
            "import signal, subprocess, sys, time\n"
            "signal.signal(signal.SIGTERM, lambda *_: sys.exit())\n"
            f"subprocess.Popen([sys.executable, '-c', {left!r}, sys.argv[1]]); time.sleep(60)"
        )
        parent = (
            "import sys, time\n"
            "from daglab.processes import spawn\n"
            f"child = spawn([sys.executable, '-c', {command!r}, sys.argv[1]], die_with_parent=True, guarded=True)\n"
            "time.sleep(60)"
        )
        process = subprocess.Popen([*python(parent), str(tmp_path / "left")])
        pid = number_in(tmp_path / "left")
        os.kill(process.pid, signal.SIGKILL)
        process.wait(5)
        assert gone(pid)
        assert (tmp_path / "left.end").read_text() == "in order"

    def test_a_guard_answers_with_the_status_of_its_command(tmp_path: Path) -> None:
        with spawn(python("print('said'); raise SystemExit(7)"), log=tmp_path / "log", guarded=True) as child:
            assert child.wait(10) == 7
            assert child.log_tail() == "said"


def test_a_leading_dash_and_odd_characters_reach_the_command_as_they_are(tmp_path: Path) -> None:
    odd = "-x `touch pwned`; $(id)\n"
    out = subprocess.run(
        entry_argv([*python("import sys; sys.stdout.write(sys.argv[1])"), odd], die_with_parent=False),
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert out.stdout == odd
    assert list(tmp_path.iterdir()) == []


def test_one_that_may_not_be_killed_keeps_no_other_from_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(process: psutil.Process) -> None:
        raise psutil.AccessDenied(process.pid)

    monkeypatch.setattr(psutil.Process, "kill", refuse)
    with spawn(python("import time; time.sleep(60)"), log=tmp_path / "log") as child:
        pid = child.pid
    assert not psutil.pid_exists(pid)
