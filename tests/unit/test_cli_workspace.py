"""`daglab workspace`: of what is installed, written once, never over another one unasked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from daglab.cli.app import run
from tests.shapes import assert_shape


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def install(site: Path, name: str, locations: dict[str, str]) -> None:
    """What a wheel of the build hook leaves in site-packages."""
    info = site / f"{name}-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    points = "\n".join(f"{key} = {value}" for key, value in locations.items())
    (info / "entry_points.txt").write_text(f"[daglab.code_locations]\n{points}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    site = tmp_path / "site"
    install(site, "shop", {"shop": "shop.definitions"})
    install(site, "vendor", {"vendor_feeds": "vendor.feeds.definitions"})
    monkeypatch.syspath_prepend(str(site))
    return site


def workspace(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    status = run(["workspace", *arguments, "--json"])
    out = capsys.readouterr().out
    assert_shape(["workspace"], out)
    return status, json.loads(out)


def test_it_is_printed(site: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["workspace"]) == 0
    assert yaml.safe_load(capsys.readouterr().out) == {
        "load_from": [
            {"python_module": {"module_name": "shop.definitions", "location_name": "shop"}},
            {"python_module": {"module_name": "vendor.feeds.definitions", "location_name": "vendor_feeds"}},
        ]
    }
    status, document = workspace(capsys)
    assert status == 0
    assert document == {
        "path": None,
        "written": False,
        "backup": None,
        "locations": [
            {"name": "shop", "module": "shop.definitions", "distribution": "shop"},
            {"name": "vendor_feeds", "module": "vendor.feeds.definitions", "distribution": "vendor"},
        ],
    }
    assert not (folder / "workspace.yaml").exists()


def test_it_is_written_once(site: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, document = workspace(capsys, "--write")
    path = folder / "workspace.yaml"
    assert (status, document["path"], document["written"]) == (0, str(path), True)
    stamp = path.stat().st_mtime_ns
    assert workspace(capsys, "--write")[1]["written"] is False
    assert path.stat().st_mtime_ns == stamp
    install(site, "more", {"more": "more.definitions"})  # its own file is brought up to date
    status, document = workspace(capsys, "--write")
    assert (status, document["written"]) == (0, True)
    assert Path(document["backup"]).read_text() != path.read_text()
    assert "more.definitions" in path.read_text()


def test_another_one_is_replaced_only_by_force(site: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "workspace.yaml"
    path.write_text("load_from: []\n")
    status, document = workspace(capsys, "--write")
    assert (status, document["error"]["code"]) == (8, "file-exists")
    assert path.read_text() == "load_from: []\n"
    status, document = workspace(capsys, "--write", "--force")
    assert (status, document["written"]) == (0, True)
    assert Path(document["backup"]).read_text() == "load_from: []\n"
    assert run(["backups", "list"]) == 0
    assert "workspace.yaml" in capsys.readouterr().out


def test_read_only(
    site: Path, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGLAB_READ_ONLY", "true")
    assert workspace(capsys, "--write")[0] == 2
    assert not (folder / "workspace.yaml").exists()


def test_nothing_is_installed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["workspace", "--write"]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "hatch build" in said.err
    assert not (folder / "workspace.yaml").exists()


def test_two_of_one_name(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(site, "other", {"shop": "other.shop"})
    status, document = workspace(capsys)
    assert status == 2
    assert "both have a code location shop" in document["error"]["message"]
