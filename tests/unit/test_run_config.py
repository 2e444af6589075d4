from __future__ import annotations

import json
from datetime import date, datetime, timezone

import pytest

from daglab.errors import ConfigError
from daglab.runs.run_config import parse_run_config, plain_run_config


def test_dates_stay_the_text_that_they_are() -> None:
    text = "ops: {day: 2026-01-31, at: 2026-01-31 10:00:00Z, 2026-02-01: x, tagged: !!timestamp 2026-01-01}"
    config = parse_run_config(text, "config.yaml")
    assert config == {
        "ops": {"day": "2026-01-31", "at": "2026-01-31 10:00:00Z", "2026-02-01": "x", "tagged": "2026-01-01"}
    }
    assert json.loads(json.dumps(config)) == config


def test_dates_of_python_become_text() -> None:
    config = {"day": date(2026, 1, 31), "at": [datetime(2026, 1, 31, 10, tzinfo=timezone.utc)], "limit": 3}
    assert plain_run_config(config) == {"day": "2026-01-31", "at": ["2026-01-31T10:00:00+00:00"], "limit": 3}
    with pytest.raises(ConfigError, match=r"no JSON: <object object at .* is a object"):
        plain_run_config({"day": object()})


def test_other_values_are_what_yaml_says() -> None:
    config = parse_run_config("a: 1\nb: [1.5, true, null]\nc: '2026-01-31'\n", "config.yaml")
    assert config == {"a": 1, "b": [1.5, True, None], "c": "2026-01-31"}
    assert parse_run_config("", "config.yaml") == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ops: {a: {config: {limit: 3}}}\nops: {}\n", r"config\.yaml:2: ops is set twice"),
        ("!!int abc", r"config\.yaml: not YAML"),
        ("[" * 5_000, r"config\.yaml.*: not YAML"),
    ],
)
def test_what_yaml_or_python_would_pass_over_is_told(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_run_config(text, "config.yaml")


def test_nothing_is_built_of_other_tags() -> None:
    with pytest.raises(ConfigError, match=r"config\.yaml:1: not YAML"):
        parse_run_config("a: !!python/object/apply:os.getcwd []", "config.yaml")
