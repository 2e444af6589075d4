"""The command line of `dagster dev` for a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from daglab.dagster_dev import dagster_dev_argv
from daglab.project import Project


@pytest.mark.parametrize(
    ("text", "dg", "command"),
    [
        ('[tool.dagster]\nmodule_name = "a.b"\n', True, ["dagster", "dev"]),
        ('[tool.dg.project]\nroot_module = "a"\n', True, ["dagster_dg_cli.cli", "dev"]),
        ('[tool.dg.project]\nroot_module = "a"\n', False, ["dagster", "dev", "--module-name", "a.definitions"]),
    ],
)
def test_dagster_itself_reads_the_name_of_the_location_where_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, dg: bool, command: list[str]
) -> None:
    if not dg:
        monkeypatch.setattr("daglab.dagster_dev.find_spec", lambda name: None)
    (tmp_path / "pyproject.toml").write_text(text)
    argv = dagster_dev_argv(Project(tmp_path), 3000)
    assert argv[2:4] == command[:2]
    assert (argv[-2:] == command[2:]) if command[2:] else ("--module-name" not in argv)
    assert argv[argv.index("--host") + 1] == "127.0.0.1"
