from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from daglab.errors import PairError
from daglab.pair import create_pair, sync
from daglab.pair.backups import find_backup, list_backups, restore
from daglab.pair.locate import backups_of
from tests.unit.pair.conftest import PY, Files


def test_what_a_sync_replaced_is_listed_by_file_and_put_back(pair: Files) -> None:
    folder = pair.py.parent
    pair.edit_py("sum(orders)", "max(orders)")
    sync(pair.py)
    pair.edit_ipynb(lambda cells: cells.pop(3))
    sync(pair.py)
    found = list_backups(folder)
    assert {backup.file for backup in found} == {pair.py, pair.ipynb}
    (backup,) = list_backups(folder, [pair.py])
    assert "max(orders)" in backup.text()
    assert "print(total)" in backup.text()
    assert backup.size == len(backup.text().encode())
    assert find_backup(folder, backup.name.partition("-")[2]) == backup
    kept = restore(backup, folder)
    assert pair.py.read_text("utf-8") == PY.replace("sum(orders)", "max(orders)")
    assert kept is not None
    assert "print(total)" not in kept.read_text("utf-8")
    assert sync(pair.py).before.state == "py-ahead"
    assert "print(total)" in pair.sources


def test_a_deleted_file_is_put_back(pair: Files) -> None:
    pair.edit_py("sum(orders)", "max(orders)")
    sync(pair.py)
    (backup,) = list_backups(pair.py.parent)
    pair.ipynb.unlink()
    assert restore(backup, pair.py.parent) is None
    assert "total = sum(orders)" in pair.sources
    other = pair.py.parent / "other.ipynb"
    restore(backup, pair.py.parent, to=other)
    assert other.read_bytes() == pair.ipynb.read_bytes()


def test_files_of_one_name_in_two_folders_keep_apart(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / name).mkdir()
        files = Files(folder / name)
        files.py.write_text(PY, "utf-8")
        create_pair(files.py)
        files.edit_py("sum(orders)", f"max(orders)  # {name}")
        sync(files.py)
    assert {backup.file for backup in list_backups(folder)} == {folder / n / "orders.ipynb" for n in "ab"}
    (backup,) = list_backups(folder, [folder / "a"])
    assert backup.file == folder / "a" / "orders.ipynb"
    assert backups_of(folder.parent / "x.py", folder) == folder / ".daglab" / "backups" / "__"


def test_names_that_fit_none_or_several_are_refused(pair: Files) -> None:
    folder = pair.py.parent
    with pytest.raises(PairError, match="no backup 'x'") as caught:
        find_backup(folder, "x")
    assert "none in this project" in caught.value.remedy
    for number in (1, 2):
        pair.edit_py("sum(orders)", f"sum(orders) + {number}")
        sync(pair.py)
    with pytest.raises(PairError, match="2 backups are called") as caught:
        find_backup(folder, "orders")
    assert list_backups(folder)[0].name in caught.value.remedy
    with pytest.raises(PairError, match="no backup"):
        find_backup(folder, "00000000T000000-00000000")
    (folder / ".daglab" / "backups" / "notes.txt").write_text("mine")
    (folder / ".daglab" / "backups" / "99999999T999999-00000000-orders.py").write_text("no time")
    assert len(list_backups(folder)) == 2
    shutil.rmtree(folder / ".daglab")
    assert list_backups(folder) == []
