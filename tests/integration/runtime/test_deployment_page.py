"""The files of docs/deployment.md are what the installed Dagster and dagster-celery take."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster_celery.cli import get_validated_config

from daglab.notebook.edit import NewCell, new_notebook

PAGE = (Path(__file__).parents[3] / "docs" / "deployment.md").read_text("utf-8")


def files() -> dict[str, Any]:
    """First key -> YAML file of the page."""
    found = [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)]
    return {next(iter(document)): document for document in found}


def test_an_instance_has_the_timeouts_of_the_page(tmp_path: Path) -> None:
    document = files()["storage"]
    del document["storage"]  # there is no PostgreSQL here
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(document))
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.run_monitoring_enabled
        assert instance.run_monitoring_start_timeout_seconds == 300
        assert instance.run_monitoring_cancel_timeout_seconds == 180
        assert instance.run_monitoring_max_resume_run_attempts == 0
        assert instance.run_retries_enabled
        assert instance.run_retries_max_retries == 2


def test_the_workers_settings_arrive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://localhost/0")
    path = tmp_path / "celery.yaml"
    path.write_text(yaml.safe_dump(files()["execution"]))
    settings = get_validated_config(str(path))
    assert settings["broker"] == settings["backend"] == "redis://localhost/0"
    assert settings["config_source"]["worker_prefetch_multiplier"] == 1


def test_the_python_of_the_page_makes_definitions_for_celery(tmp_path: Path) -> None:
    header = "# /// script\n# [tool.daglab.assets.a]\n# ///\n"
    (tmp_path / "nb.py").write_text(new_notebook([NewCell("a = 1")], header=header))
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
    made: dict[str, Any] = {}
    exec(code.replace('"shop"', repr(f"{tmp_path}/")), made)
    assert made["defs"].executor.name == "celery"
    assert [key.to_user_string() for key in made["defs"].resolve_asset_graph().get_all_asset_keys()] == ["a"]
