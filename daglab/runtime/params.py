"""A notebook's params as the configuration of its step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal, Union, get_args, get_origin

import dagster as dg

from daglab.errors import AssetValueError
from daglab.notebook.params import Param


def config_fields(params: Mapping[str, Param]) -> dict[str, dg.Field] | None:
    """Dagster's fields for the params, each with the notebook's default; ``None`` when there are none."""
    from pydantic import create_model

    if not params:
        return None
    fields = {}
    for name, param in params.items():
        # One model each: no name of a param is taken by pydantic, as model_config is.
        value: Any = (_config_type(param.type), _config_value(param.default))
        fields[name] = create_model("Param", __base__=dg.Config, value=value).to_fields_dict()["value"]
    return fields


def param_values(params: Mapping[str, Param], config: Mapping[str, Any] | None) -> dict[str, Any]:
    """The params' values in a run: the configuration's, as the types that the notebook declares.

    Raises:
        AssetValueError: a value that Dagster's own types can't refuse, such as a date that is none.
    """
    from pydantic import TypeAdapter, ValidationError

    given = config or {}
    values = {}
    for name, param in params.items():
        try:
            values[name] = TypeAdapter(param.type).validate_python(given.get(name, param.default))
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            raise AssetValueError(f"param {name!r}: {reason}", remedy="correct it") from error
    return values


def _config_type(kind: Any) -> Any:
    """The type in Dagster's configuration: dates are strings there, and only strings can be enumerated."""
    arguments = get_args(kind)
    if kind is date:
        return str
    if get_origin(kind) is Literal:
        return kind if all(isinstance(value, str) for value in arguments) else type(arguments[0])
    if get_origin(kind) is Union:
        return Union[tuple(_inner_type(argument) for argument in arguments)]  # noqa: UP007 - made at run time
    if get_origin(kind) is list:
        return list[_inner_type(arguments[0])]  # type: ignore[misc]
    return kind


def _inner_type(kind: Any) -> Any:
    """Dagster enumerates a whole value alone; within another type the run checks the choice."""
    return type(get_args(kind)[0]) if get_origin(kind) is Literal else _config_type(kind)


def _config_value(value: Any) -> Any:
    if isinstance(value, list):
        return [_config_value(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
