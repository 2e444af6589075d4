"""What the tests of the runtime share: notebooks made of cells, and a real Dagster instance in a temporary folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from daglab import marimo_api
from daglab.runtime.definitions import notebook_assets

WriteNotebook = Callable[..., Path]
SETUP = marimo_api.ParsedCell("import marimo as mo\nimport polars as pl", name="setup", kind="setup")


@pytest.fixture
def write_notebook(tmp_path: Path) -> WriteNotebook:
    """``write_notebook(header, *cells, name="nb.py")``: a cell is its code, or (name, code)."""

    def write(header: str, *cells: str | tuple[str, str], name: str = "nb.py") -> Path:
        block = "\n".join(f"# {line}".rstrip() for line in header.strip().splitlines())
        parsed = [SETUP]
        for cell in cells:
            label, code = cell if isinstance(cell, tuple) else ("_", cell)
            kind = "function" if code.startswith("def ") else "cell"
            parsed.append(marimo_api.ParsedCell(code.strip("\n"), name=label, kind=kind))  # type: ignore[arg-type]
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(marimo_api.render(parsed, header=f"# /// script\n# dependencies = []\n#\n{block}\n# ///"))
        return path

    return write


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """A real instance with SQLite; the current folder is the test's own."""
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "home"
    home.mkdir()
    with dg.DagsterInstance.local_temp(str(home)) as made:
        yield made


class Runs:
    """Runs definitions in this process and reads what they left."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.last: dg.ExecuteInProcessResult | None = None

    def __call__(
        self, *assets: Any, select: list[str] | None = None, ok: bool = True, **options: Any
    ) -> dg.ExecuteInProcessResult:
        made = [notebook_assets(asset) if isinstance(asset, Path) else asset for asset in assets]
        self.last = dg.materialize(made, instance=self.instance, selection=select, raise_on_error=False, **options)
        assert self.last.success is ok, [event.message for event in self.last.all_events if event.is_failure]
        return self.last

    def value(self, *assets: Any, key: str, partition: str | None = None) -> Any:
        """The stored value."""
        made = [notebook_assets(asset) if isinstance(asset, Path) else asset for asset in assets]
        return dg.Definitions(made).load_asset_value(key.split("/"), instance=self.instance, partition_key=partition)

    def materialized(self) -> list[str]:
        """Keys of the last run's materializations, in order."""
        assert self.last is not None
        return [event.asset_key.to_user_string() for event in self.last.get_asset_materialization_events()]

    def metadata(self, key: str) -> dict[str, Any]:
        """Metadata of the last run's materialization of ``key``."""
        assert self.last is not None
        for event in self.last.get_asset_materialization_events():
            if event.asset_key.to_user_string() == key:
                return {name: value.value for name, value in event.materialization.metadata.items()}
        raise AssertionError(f"{key} was not materialized")

    def failure(self) -> Any:
        """The data of the last run's one failed step: its description and metadata."""
        assert self.last is not None
        (event,) = [event for event in self.last.all_events if event.is_step_failure]
        return event.step_failure_data

    def log(self) -> list[str]:
        """Messages in the last run's log."""
        assert self.last is not None
        return [entry.user_message for entry in self.instance.all_logs(self.last.run_id)]

    def lines(self) -> list[str]:
        """The lines of these messages."""
        return [line for message in self.log() for line in message.split("\n")]

    def states(self, key: str) -> dict[str, str]:
        """Cell -> what the last run did with it, from the executed notebook."""
        document = self.executed(key)
        return {
            cell["metadata"]["daglab"]["executed"].get("name", cell["id"]): cell["metadata"]["daglab"]["executed"][
                "state"
            ]
            for cell in document["cells"]
        }

    def executed(self, key: str) -> dict[str, Any]:
        """The executed notebook of the last run."""
        assert self.last is not None
        path = Path.cwd() / ".daglab" / "executed" / self.last.run_id / f"{key.replace('/', '__')}.ipynb"
        document: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return document


@pytest.fixture
def runs(instance: dg.DagsterInstance) -> Runs:
    return Runs(instance)
