"""A disk that fails where a test wants it to: each change that daglab's file layer makes can be the last, or an error.

The layer makes all its changes through ``os`` and ``daglab.renames``; in a :func:`watched` block both are replaced by
ones that ask a fault before each call. Everybody else in the process, the test too, keeps the real ones. Nothing
waits for the disk, since no test here cuts the power.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from daglab import backups, durable, files, renames

CHANGES = frozenset({"open", "write", "fchmod", "fsync", "link", "replace", "unlink", "mkdir"})
RENAMES = frozenset({"exchange", "rename_new"})

Fault = Callable[[int, str, "tuple[Any, ...]"], None]
"""Called with a call's number from 0 on, its name and arguments before it is made; what it raises, the call raises."""


class Killed(BaseException):
    """The process is dead: nobody may catch this and go on."""


class _Asking:
    """Stands for a module: its changes ask first, all else is the module's."""

    def __init__(self, module: Any, names: frozenset[str], ask: Callable[[str, tuple[Any, ...]], None]) -> None:
        self._module, self._names, self._ask = module, names, ask

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._module, name)
        if name not in self._names:
            return real

        def call(*args: Any, **options: Any) -> Any:
            self._ask(name, args)
            return real(*args, **options) if name != "fsync" else None

        return call


@contextlib.contextmanager
def watched(*faults: Fault) -> Iterator[list[str]]:
    """Ask ``faults`` before each change of the file layer; gives the list of the calls' names."""
    calls: list[str] = []

    def ask(name: str, args: tuple[Any, ...]) -> None:
        calls.append(name)
        for fault in faults:
            fault(len(calls) - 1, name, args)

    with pytest.MonkeyPatch.context() as patch:
        for module in (files, durable, backups):
            patch.setattr(module, "os", _Asking(os, CHANGES, ask))
            patch.setattr(module, "renames", _Asking(renames, RENAMES, ask), raising=False)
        yield calls


def killed(at: int, *, half: bool = False) -> Fault:
    """The process dies before the call ``at``; with ``half``, in the middle of it, if it is a write."""

    def fault(number: int, name: str, args: tuple[Any, ...]) -> None:
        if number == at and half and name == "write":
            os.write(args[0], args[1][: len(args[1]) // 2])
        if number >= at:
            raise Killed

    return fault


def fails(at: int, number: int, *, half: bool = False) -> Fault:
    """The call ``at`` fails with the errno ``number``, and all is well again; with ``half``, half was written."""

    def fault(call: int, name: str, args: tuple[Any, ...]) -> None:
        if call == at:
            if half and name == "write":
                os.write(args[0], args[1][: len(args[1]) // 2])
            raise OSError(number, os.strerror(number))

    return fault


def sigkilled(at: int) -> Fault:
    """The process kills itself, really, before the call ``at``."""

    def fault(number: int, name: str, args: tuple[Any, ...]) -> None:
        if number == at:
            os.kill(os.getpid(), signal.SIGKILL)

    return fault


def lacks(*names: str) -> Fault:
    """A file system that doesn't know these calls."""

    def fault(number: int, name: str, args: tuple[Any, ...]) -> None:
        if name in names:
            unknown = errno.EPERM if name == "link" else errno.EINVAL
            raise OSError(unknown, os.strerror(unknown))

    return fault


def before(name: str, act: Callable[[], object], *, nth: int = 0) -> Fault:
    """Somebody else does something just before the ``nth`` call of ``name``."""
    seen = 0

    def fault(number: int, called: str, args: tuple[Any, ...]) -> None:
        nonlocal seen
        if called == name:
            seen += 1
            if seen == nth + 1:
                act()

    return fault
