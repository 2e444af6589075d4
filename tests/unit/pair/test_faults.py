"""Syncs that die, or whose disk fails, at each change that they make."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from daglab.errors import PairError
from daglab.notebook.cells import parse_notebook
from daglab.pair import create_pair, pair_status, sync, unpair
from tests import faults
from tests.unit.pair.conftest import PY, Files

NEW_CELL = {"cell_type": "code", "id": "new", "metadata": {}, "source": "first = 'ipynb-new'"}


def edit_ipynb(pair: Files) -> None:
    pair.edit_ipynb(lambda cells: cells[3].update(source="print(total, 'ipynb-edit')"))


def edit_py(pair: Files) -> None:
    pair.edit_py("sum(orders)", "max(orders)  # py-edit")


def edit_both(pair: Files) -> None:
    """An edit of each half, a cell deleted in the .py, one new and one moved in the .ipynb."""
    edit_py(pair)
    edit_ipynb(pair)
    pair.edit_py('@app.cell(hide_code=True)\ndef _(mo):\n    mo.md("""\n    # Orders\n    """)\n    return\n\n\n', "")
    pair.edit_ipynb(lambda cells: cells.insert(1, cells.pop()))
    pair.edit_ipynb(lambda cells: cells.insert(0, NEW_CELL | {"outputs": [], "execution_count": None}))


@dataclass(frozen=True)
class Case:
    """What was edited, the command, and texts of users that must be somewhere at each moment."""

    edit: Callable[[Files], object]
    markers: Sequence[str] = ()
    command: Callable[[Path], object] = sync
    deletes: bool = False


CASES = {
    "py edited": Case(edit_py, ["py-edit"]),
    "ipynb edited": Case(edit_ipynb, ["ipynb-edit"]),
    "both edited": Case(edit_both, ["py-edit", "ipynb-edit", "ipynb-new", "# Orders"]),
    "py missing": Case(lambda pair: (edit_ipynb(pair), pair.py.unlink()), ["ipynb-edit"]),
    "ipynb missing": Case(lambda pair: (edit_py(pair), pair.ipynb.unlink()), ["py-edit"]),
    "never a pair": Case(
        lambda pair: (edit_py(pair), pair.ipynb.unlink(), shutil.rmtree(pair.py.parent / ".daglab")),
        ["py-edit"],
        create_pair,
    ),
    "ipynb deleted": Case(
        edit_ipynb, ["ipynb-edit"], lambda path: unpair(path) if not path.exists() else unpair(path, delete_half=True),
        deletes=True,
    ),
}  # fmt: skip


class Rounds:
    """One case again and again, each time in a fresh copy of the edited pair."""

    def __init__(self, case: Case, pair: Files, *platform: faults.Fault) -> None:
        self.case, self.template, self.platform = case, pair.py.parent, platform
        case.edit(pair)
        self.old = self.texts(self.template)
        folder = self.fresh("clean")
        with faults.watched(*platform) as self.calls:
            case.command(folder / "orders.py")
        self.new = self.texts(folder)
        assert self.new != self.old
        assert len(self.calls) > 5

    def texts(self, folder: Path) -> tuple[bytes | None, bytes | None]:
        py, ipynb = (folder / name for name in ("orders.py", "orders.ipynb"))
        return py.read_bytes() if py.exists() else None, ipynb.read_bytes() if ipynb.exists() else None

    def fresh(self, name: str) -> Path:
        return Path(shutil.copytree(self.template, self.template.parent / f"{self.template.name}-{name}"))

    def play(self, fault: faults.Fault) -> None:
        folder = self.fresh("round")
        self.run(folder, fault)
        self.recover(folder)
        shutil.rmtree(folder)

    def run(self, folder: Path, fault: faults.Fault) -> None:
        def look(number: int, name: str, args: tuple[Any, ...]) -> None:
            self.check(folder)

        try:
            with faults.watched(look, *self.platform, fault):
                self.case.command(folder / "orders.py")
        except faults.Killed:
            pass
        except PairError as error:
            self.told(error, folder)
        else:
            assert self.texts(folder) == self.new
        self.check(folder)

    def told(self, error: PairError, folder: Path) -> None:
        assert error.message.startswith("cannot ") and error.remedy
        for name in ("orders.py", "orders.ipynb"):
            if (folder / name).exists():
                assert (folder / name).stat().st_nlink == 1, "a backup that would change with the file"

    def check(self, folder: Path) -> None:
        """Each file is old or new, the .py is written first, and every edit is in a file that has a name."""
        now = self.texts(folder)
        old, new = self.old, self.new
        assert now in (old, (new[0], old[1]), new)
        backups = sorted((folder / ".daglab" / "backups").glob("2*"))
        everything = b"\n".join([*(text for text in now if text), *(path.read_bytes() for path in backups)])
        for marker in self.case.markers:
            assert marker.encode() in everything, marker

    def recover(self, folder: Path) -> None:
        """The next sync finishes, the one after it writes nothing, and nothing is left lying about."""
        path = folder / "orders.py"
        with faults.watched(*self.platform):
            self.case.command(path)
            assert self.texts(folder) == self.new
            assert self.case.deletes or sync(path).written == ()
        if not self.case.deletes:
            assert pair_status(path).state == "in-sync"
            json.loads((folder / "orders.ipynb").read_bytes())
        parse_notebook(path.read_text("utf-8"))
        for left in folder.rglob(".*"):  # a killed copy may be another sync's, and stays in the backups for a day
            assert left.name in (".daglab", ".gitignore") or left.parent.name == "backups"
        self.check(folder)


@pytest.fixture
def rounds(request: pytest.FixtureRequest, folder: Path) -> Rounds:
    pair = Files(folder)
    pair.py.write_text(PY, "utf-8")
    create_pair(pair.py)
    name, *platform = request.param if isinstance(request.param, tuple) else (request.param,)
    return Rounds(CASES[name], pair, *platform)


PLATFORMS = [
    *CASES,
    *((name, faults.lacks("exchange", "rename_new")) for name in ("both edited", "never a pair", "ipynb deleted")),
    *((name, faults.lacks("link")) for name in ("both edited", "ipynb deleted")),
]
IDS = [name if isinstance(name, str) else f"{name[0]}, poor file system {i}" for i, name in enumerate(PLATFORMS)]


@pytest.mark.parametrize("rounds", PLATFORMS, ids=IDS, indirect=True)
@pytest.mark.parametrize("half", [False, True])
def test_a_sync_that_dies_at_any_call_loses_nothing_and_is_finished_by_the_next(rounds: Rounds, half: bool) -> None:
    for number, name in enumerate(rounds.calls):
        if name == "write" or not half:
            rounds.play(faults.killed(number, half=half))


@pytest.mark.parametrize("rounds", PLATFORMS, ids=IDS, indirect=True)
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
def test_an_error_at_any_call_is_told_and_loses_nothing(rounds: Rounds, error: int) -> None:
    for number, name in enumerate(rounds.calls):
        if error == errno.EIO or name in ("open", "write", "link", "mkdir", "exchange"):
            rounds.play(faults.fails(number, error, half=error == errno.ENOSPC))


@pytest.mark.parametrize("rounds", ["both edited"], indirect=True)
@pytest.mark.parametrize("error", [errno.EDQUOT, errno.EACCES])
def test_a_full_quota_and_a_missing_permission_are_told(rounds: Rounds, error: int) -> None:
    for number in range(len(rounds.calls)):
        rounds.play(faults.fails(number, error))


@pytest.mark.parametrize("rounds", ["both edited"], indirect=True)
def test_local_state_that_cannot_be_written_fails_no_sync(rounds: Rounds) -> None:
    def state_fails(number: int, name: str, args: tuple[Any, ...]) -> None:
        if any("/.daglab/state" in str(arg) for arg in args):
            raise PermissionError(errno.EACCES, "no")

    folder = rounds.fresh("state")
    with faults.watched(state_fails):
        assert sync(folder / "orders.py").synced
    assert rounds.texts(folder) == rounds.new
    assert sync(folder / "orders.py").written == ()


@pytest.mark.parametrize("rounds", ["both edited"], indirect=True)
def test_the_rounds_would_notice_a_sync_that_loses_something(rounds: Rounds, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without backups, and with a file that is written in place."""
    from daglab import files

    real = files.replace
    with monkeypatch.context() as patch:
        patch.setattr(files, "replace", lambda old, data, *, backups: real(old, data))
        with pytest.raises(AssertionError, match="# Orders"):
            rounds.run(rounds.fresh("no-backups"), faults.killed(10_000))

    def in_place(old: files.FileContent, data: bytes, *, backups: Path) -> files.FileContent:
        old.path.write_bytes(data[:100])
        files.durable.drop(Path("none"))
        old.path.write_bytes(data)
        return files.FileContent(old.path, data)

    monkeypatch.setattr(files, "replace", in_place)
    with pytest.raises(AssertionError):
        rounds.run(rounds.fresh("in-place"), faults.killed(10_000))
