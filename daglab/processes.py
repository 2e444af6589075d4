"""Child processes: spawn one in its own session, wait until it is healthy, end it with all its descendants."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import psutil

from daglab.errors import ProcessError

if TYPE_CHECKING:
    from typing_extensions import Self

LOOPBACK = "127.0.0.1"
_ENTRY = Path(__file__).with_name("process_entry.py")
_TAIL_BYTES = 16_384


def free_port(host: str = LOOPBACK) -> int:
    """A TCP port that is free on ``host`` at this moment.

    Another process can take it before it is used; start the child at once and let its health tell.
    """
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def entry_argv(argv: Sequence[str], *, die_with_parent: bool, guarded: bool = False) -> list[str]:
    """``argv`` behind the wrapper that restores SIGINT and, on request, ties the child's life to this process.

    The kernel watches the *thread* that starts the child: with ``die_with_parent`` start it from a thread that lives
    as long as the child should. ``guarded``: the wrapper stays, and when this process dies it ends whatever the command
    has started. For commands that leave processes behind; the child must lead a process group.
    """
    parent = str(os.getpid() if die_with_parent else 0)
    return [sys.executable, "-I", "-S", str(_ENTRY), *(["--guard"] if guarded else []), parent, *argv]


class Child:
    """A child process in a session of its own, with its output in a log.

    As a context manager it is ended, with all descendants, when the block is left.
    """

    def __init__(self, process: subprocess.Popen[bytes], *, name: str, log_descriptor: int) -> None:
        self.process = process
        self.name = name
        self._log = log_descriptor

    @property
    def pid(self) -> int:
        """The process id, which is the id of the process group as well."""
        return self.process.pid

    @property
    def returncode(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self.process.poll()

    def log_tail(self, lines: int = 20) -> str:
        """The last lines that the child wrote to its output; empty after :meth:`end`."""
        if self._log < 0:
            return ""
        size = os.fstat(self._log).st_size
        # pread: the child shares this descriptor's offset, which must not move.
        data = os.pread(self._log, _TAIL_BYTES, max(0, size - _TAIL_BYTES))
        return "\n".join(data.decode(errors="replace").splitlines()[-lines:])

    def listens(self, port: int) -> bool:
        """Whether it is the child, or a descendant, that listens at a TCP port of this machine."""
        return any(_listens(relative, port) for relative in _family(self.process.pid))

    def wait_until_healthy(self, check: str | Callable[[], bool], timeout: float = 60.0) -> None:
        """Return once the child answers.

        ``check`` is a URL that must answer with a status below 400, or a callable that must return true.
        ``timeout`` is in seconds.

        Raises:
            ProcessError: the child died, or the time is over; with its last log lines.
        """
        answers = _answers(check) if isinstance(check, str) else check
        deadline = time.monotonic() + timeout
        while not answers():
            if self.returncode is not None:
                raise self._failure(f"{self.name} ended with status {self.returncode} before it was ready.")
            if time.monotonic() > deadline:
                raise self._failure(f"{self.name} was not ready after {timeout:.0f} s.")
            time.sleep(0.1)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the child's own end and return its status; raises subprocess.TimeoutExpired after ``timeout`` s."""
        return self.process.wait(timeout)

    def end(self, timeout: float = 10.0) -> None:
        """End the child and all its descendants: TERM, and KILL for what is left after ``timeout`` seconds."""
        family = _family(self.process.pid)
        _signal_group(self.process.pid, signal.SIGTERM)
        _wait_all(self.process, family, timeout)
        # The group may hold processes that were started after the look around.
        family += _family(self.process.pid)
        _signal_group(self.process.pid, _KILL)
        for relative in family:
            _quietly(relative.kill)
        _wait_all(self.process, family, 5.0)
        if self._log >= 0:
            os.close(self._log)
            self._log = -1

    def _failure(self, message: str) -> ProcessError:
        tail = self.log_tail()
        return ProcessError(
            f"{message}\n{tail}" if tail else message,
            remedy="Its last lines of output say why.",
            details={"name": self.name, "status": self.returncode, "log": tail},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()


def spawn(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
    die_with_parent: bool = False,
    guarded: bool = False,
) -> Child:
    """Start ``argv`` in a session of its own, without input, output appended to ``log`` (default: a temporary file).

    ``env`` is the whole environment (default: this process's). ``die_with_parent``, ``guarded``: see
    :func:`entry_argv`.
    Raises ProcessError when the log cannot be written or the process cannot be started.
    """
    name = Path(argv[0]).name
    descriptor = _open_log(log)
    try:
        process = subprocess.Popen(
            entry_argv(argv, die_with_parent=die_with_parent, guarded=guarded),
            cwd=cwd,
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        os.close(descriptor)
        raise ProcessError(f"{name} could not be started in {cwd or Path.cwd()}: {error.strerror}.") from error
    return Child(process, name=name, log_descriptor=descriptor)


def _open_log(log: Path | None) -> int:
    if log is None:
        descriptor, name = tempfile.mkstemp(prefix="daglab-", suffix=".log")
        Path(name).unlink()
        return descriptor
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        return os.open(log, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise ProcessError(f"The log {log} cannot be written: {error.strerror}.") from error


def _answers(url: str) -> Callable[[], bool]:
    import httpx

    def check() -> bool:
        try:
            # trust_env=False: a proxy from the environment has nothing to do with a local child.
            return httpx.get(url, timeout=5.0, trust_env=False).status_code < 400
        except httpx.HTTPError:
            return False

    return check


def _family(pid: int) -> list[psutil.Process]:
    """The process, its descendants and the rest of its group, as far as they live.

    The group tells the children of a process that is dead already, which nobody's descendants are any more.
    """
    try:
        root = psutil.Process(pid)
        family = {root, *root.children(recursive=True)}
    except psutil.Error:
        family = set()
    if sys.platform != "win32":
        family |= {process for process in psutil.process_iter() if _group(process.pid) == pid}
    return list(family)


def _listens(process: psutil.Process, port: int) -> bool:
    look = getattr(process, "net_connections", None) or process.connections  # the name before psutil 6
    try:
        found = look("tcp")
    except psutil.Error:  # it is gone
        return False
    return any(one.status == psutil.CONN_LISTEN and one.laddr[1] == port for one in found)


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except OSError:
        return None


_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


def _signal_group(group: int, number: int) -> None:
    if sys.platform == "win32":  # no process groups: the family is ended one by one
        for relative in _family(group):
            _quietly(relative.terminate)
        return
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
        pass


def _wait_all(process: subprocess.Popen[bytes], family: Sequence[psutil.Process], timeout: float) -> None:
    deadline = time.monotonic() + timeout
    try:
        process.wait(timeout)  # reaps the child itself, which psutil must not do
    except subprocess.TimeoutExpired:
        return
    others = [relative for relative in family if relative.pid != process.pid]
    while not all(map(_dead, others)) and time.monotonic() < deadline:
        time.sleep(0.05)


def _dead(process: psutil.Process) -> bool:
    """Whether it has ended; in a container without an init nobody may collect it then."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False


def _quietly(action: Callable[[], None]) -> None:
    try:
        action()
    except psutil.Error:  # it is gone, or changed its user: the others are to be ended all the same
        pass
