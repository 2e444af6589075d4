"""Which notebook makes which asset, in folders that change."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from daglab.server import notebooks
from daglab.server.notebooks import NotebookIndex

LOG = logging.getLogger("test")
HEADER = "# /// script\n# [tool.daglab]\n# assets = {assets}\n# ///\nimport marimo\n"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebooks, "_FRESH_SECONDS", -1.0)


def project(folder: Path, asset: str) -> Path:
    folder.mkdir()
    (folder / "daglab.yaml").touch()
    (folder / "x.py").write_text(HEADER.format(assets=f"{{{asset} = {{}}}}"))
    return folder


def test_the_project_of_now_is_searched(tmp_path: Path) -> None:
    folders = [project(tmp_path / "a", "first"), project(tmp_path / "b", "second")]
    index = NotebookIndex(lambda: folders[0], tmp_path, LOG)
    assert asyncio.run(index.paths()) == {"first": "a/x.py"}
    folders.reverse()
    assert asyncio.run(index.paths()) == {"second": "b/x.py"}


def test_a_folder_that_is_no_project_is_not_searched(tmp_path: Path) -> None:
    project(tmp_path / "a", "first")
    assert asyncio.run(NotebookIndex(lambda: tmp_path, tmp_path, LOG).paths()) == {}


def test_what_is_wrong_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = project(tmp_path / "a", "first")
    index = NotebookIndex(lambda: folder, tmp_path, LOG)
    for count in range(3):
        (folder / "x.py").write_text(HEADER.format(assets=7) + "\n" * count)
        assert asyncio.run(index.paths()) == {}
    assert len(caplog.records) == 1
