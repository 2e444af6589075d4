"""Dagster's configuration types as JSON Schema, from which forms can be made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

_SCALARS = {"Int": "integer", "Float": "number", "String": "string", "Bool": "boolean"}


def config_schema(types: Sequence[Mapping[str, Any]], root: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the type with the key ``root``.

    ``types`` are all types it is made of, from a document that includes the fragment ConfigTypes. A type that daglab
    does not know becomes ``{}``, which allows anything; Dagster judges it at launch.
    """
    by_key = {type_["key"]: type_ for type_ in types}
    return _schema(root, by_key, None)


def _schema(key: str, types: Mapping[str, Mapping[str, Any]], description: str | None) -> dict[str, Any]:
    type_ = types.get(key)
    schema = {} if type_ is None else _of_kind(type_, types)
    if text := description or (type_ and type_["typeParamKeys"] == [] and type_["description"]):
        schema["description"] = text  # of types made of others Dagster only says that they are
    return schema


def _of_kind(type_: Mapping[str, Any], types: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    kind = type_["__typename"]
    inner = [_schema(key, types, None) for key in type_["typeParamKeys"]]
    if kind == "RegularConfigType":
        name = _SCALARS.get(type_["givenName"])
        return {"type": name} if name else {}
    if kind == "EnumConfigType":
        return {"enum": [value["value"] for value in type_["values"]]}
    if kind == "ArrayConfigType":
        return {"type": "array", "items": inner[0]}
    if kind == "NullableConfigType":
        return {"anyOf": [inner[0], {"type": "null"}]}
    if kind == "MapConfigType":
        return {"type": "object", "additionalProperties": inner[1]}
    if kind == "ScalarUnionConfigType":
        return {"anyOf": [_schema(type_[name], types, None) for name in ("scalarTypeKey", "nonScalarTypeKey")]}
    if kind == "CompositeConfigType":
        return _composite(type_, types)
    return {}


def _composite(type_: Mapping[str, Any], types: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    properties = {field["name"]: _field(field, types) for field in type_["fields"]}
    if type_["isSelector"]:  # exactly one of the fields
        bounds = {"minProperties": 1, "maxProperties": 1}
        return {"type": "object", "properties": properties, "additionalProperties": False, **bounds}
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required := [field["name"] for field in type_["fields"] if field["isRequired"]]:
        schema["required"] = required
    schema["additionalProperties"] = type_["key"].startswith("Permissive")
    return schema


def _field(field: Mapping[str, Any], types: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    schema = _schema(field["configTypeKey"], types, field["description"])
    if field["defaultValueAsJson"] is not None:
        schema["default"] = json.loads(field["defaultValueAsJson"])
    return schema
