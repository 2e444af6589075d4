"""A run's configuration as people write it: YAML, of which JSON is a part."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, time
from typing import Any

from daglab.errors import ConfigError
from daglab.key_lines import yaml_key_lines


def parse_run_config(text: str, place: str) -> dict[str, Any]:
    """The configuration that ``text`` says; empty for none.

    Dates stay the text that they are, as in Dagster's own reading of run configuration: JSON has none.

    Args:
        text: YAML.
        place: where it is from, for messages.

    Raises:
        ConfigError: it is no YAML, or no mapping.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: str(node.value))
    try:
        value = yaml.load(text, Loader)  # noqa: S506 (a safe one)
        _, repeated = yaml_key_lines(text)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{place}:{mark.line + 1}" if mark else place
        raise ConfigError(
            f"{where}: not YAML: {getattr(error, 'problem', error)}", remedy="correct the run's configuration"
        ) from error
    if repeated:
        key, line = repeated[0]
        raise ConfigError(f"{place}:{line}: {'.'.join(key)} is set twice", remedy="keep one of the two")
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError(
            f"{place}: a run's configuration is a mapping, not {type(value).__name__}",
            remedy="such as {ops: {orders_notebook: {config: {limit: 3}}}}",
        )
    return value


def plain_run_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration as JSON has it: dates, as widgets give them, become text.

    Raises:
        ConfigError: it has a value that JSON doesn't have.
    """
    try:
        plain: dict[str, Any] = json.loads(json.dumps(config, default=_text))
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"the run's configuration is no JSON: {error}", remedy="give texts, numbers, booleans, lists and mappings"
        ) from error
    return plain


def _text(value: object) -> str:
    if isinstance(value, (date, time)):
        return value.isoformat()
    raise TypeError(f"{value!r:.100} is a {type(value).__name__}")
