"""docs/rest-reference.md, the reference of the REST API, made from its OpenAPI document."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from daglab.server.openapi import openapi
from daglab.server.routes import ROUTES

_INTRODUCTION = """\
# REST reference

Every resource of the [REST API](rest-api.md), which has the examples, with what it takes and answers. A running server
tells the same at `GET openapi.json`. This page is generated from that:
`python -m daglab.server.rest_page > docs/rest-reference.md`.

Every error is an [ErrorModel](#errormodel); the codes in the tables are those of its `error.code`.
"""


def rest_page() -> str:
    """docs/rest-reference.md, as it must be."""
    document = openapi(ROUTES)
    parts = [_INTRODUCTION]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts.append("\n".join(_operation(f"{method.upper()} {path[1:]}", operation)))
    parts.append("# Models\n")
    for name, schema in sorted(document["components"]["schemas"].items()):
        parts.append("\n".join(_model(name, schema)))
    return "\n".join(parts)


def _operation(title: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"## `{title}`\n"
    yield f"{operation['summary']}. {operation['description']}\n"
    if operation["parameters"]:
        yield from ("| parameter | in | type | |", "|---|---|---|---|")
        for parameter in operation["parameters"]:
            schema = parameter["schema"]
            yield _row(f"`{parameter['name']}`", parameter["in"], _type(schema), _said(schema))
        yield ""
    if body := operation.get("requestBody"):
        yield f"Body: {_content(body['content'])}\n"
    yield from ("| status | answer |", "|---|---|")
    for status, answer in operation["responses"].items():
        if status != "default":
            good = status < "400"
            content = _content(answer["content"]) if "content" in answer else "empty"
            codes = answer["description"].partition(": ")[2].split(", ")
            yield _row(status, content if good else ", ".join(f"`{code}`" for code in codes))
    yield ""


def _model(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {name}\n"
    yield f"{_text(schema)}\n"
    if "enum" in schema:
        yield f"One of {', '.join(f'`{value}`' for value in schema['enum'])}.\n"
        return
    yield from ("| field | type | |", "|---|---|---|")
    required = schema.get("required", ())
    for field, of in schema.get("properties", {}).items():
        optional = "" if field in required else "optional"
        yield _row(f"`{field}`", _type(of), "; ".join(filter(None, (optional, _said(of)))))
    yield ""


def _content(content: Mapping[str, Any]) -> str:
    return ", ".join(
        _type(media["schema"]) if "schema" in media else f"`{media_type}`" for media_type, media in content.items()
    )


def _type(schema: Mapping[str, Any]) -> str:
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(_type(choice) for choice in choices))
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if kind == "object" and isinstance(values := schema.get("additionalProperties"), Mapping):
        return f"mapping to {_type(values)}"
    return str(kind)


def _said(schema: Mapping[str, Any]) -> str:
    """The description, the default and the bounds of a value."""
    limits = {"minimum": "at least", "maximum": "at most", "minLength": "characters, at least", "pattern": "matches"}
    limits |= {"maxLength": "characters, at most", "minItems": "items, at least", "maxItems": "items, at most"}
    plain: Mapping[str, Any] = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), {})
    said = [_text(schema).rstrip(".")] if "description" in schema else []
    said += [f"{word} `{value}`" for key, word in limits.items() if (value := {**plain, **schema}.get(key)) is not None]
    if schema.get("default") not in (None, "", [], {}):
        said.append(f"default `{schema['default']}`")
    return "; ".join(said)


def _text(schema: Mapping[str, Any]) -> str:
    return str(schema.get("description", "")).replace("``", "`").strip()


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in cells)} |"


if __name__ == "__main__":
    sys.stdout.write(rest_page())
