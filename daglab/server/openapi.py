"""The OpenAPI 3.1 document of the REST API, made from what the handlers declare."""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
from collections.abc import Iterable, Sequence
from http.client import responses
from itertools import pairwise
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from daglab import __version__
from daglab.errors import (
    AuthenticationError,
    ConfigError,
    DaglabError,
    DagsterConnectionError,
    DagsterError,
    RequestError,
)
from daglab.server.handler import ErrorModel
from daglab.server.operation import Operation, Route, operation_of

_METHODS = ("get", "post", "put", "patch", "delete")
_REF = "#/components/schemas/{model}"


def openapi_json(routes: Sequence[Route], address: str = "/daglab/api") -> str:
    """The document as JSON. ``address`` is where the API lies on its server."""
    return json.dumps(openapi(routes, address), indent=1)


def openapi(routes: Sequence[Route], address: str = "/daglab/api") -> dict[str, Any]:
    """The document of ``routes``: paths, parameters, bodies, answers and errors, with the models' schemas."""
    models = _models(routes)
    schemas = models_json_schema(models, ref_template=_REF)[1].get("$defs", {})
    for model in (model for model, mode in models if mode == "validation"):
        _describe(schemas[model.__name__], model)
    paths: dict[str, dict[str, Any]] = {}
    for route, method, operation in _operations(routes):
        paths.setdefault(f"/{route.path}", {})[method] = _operation(route, method, operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "daglab",
            "version": __version__,
            "description": "Dagster's assets and runs, notebook pairs and marimo, behind a Jupyter server.",
        },
        "servers": [{"url": address}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "The Jupyter server's token, as `token <token>`.",
                }
            },
        },
    }


async def prepare(routes: Sequence[Route]) -> None:
    """Have pydantic build the models one by one, so that a thread which describes them finds none half built."""
    queries = [operation.query for _, _, operation in _operations(routes) if operation.query]
    for model in dict.fromkeys([*(model for model, _ in _models(routes)), *queries]):
        model.model_rebuild()
        await asyncio.sleep(0)


def _models(routes: Sequence[Route]) -> list[tuple[type[BaseModel], JsonSchemaMode]]:
    modes: list[tuple[type[BaseModel], JsonSchemaMode]] = [(ErrorModel, "serialization")]
    for _, _, operation in _operations(routes):
        modes += [(model, "serialization") for model in operation.answers.values() if isinstance(model, type)]
        modes += [(operation.body, "validation")] if operation.body else []
    return list(dict.fromkeys(modes))


def _operations(routes: Iterable[Route]) -> Iterable[tuple[Route, str, Operation]]:
    for route in routes:
        for method in _METHODS:
            if operation := operation_of(route.handler, method):
                yield route, method, operation


def _operation(route: Route, method: str, operation: Operation) -> dict[str, Any]:
    resource = route.handler.auth_resource
    described = {
        "operationId": f"{method}_{_name(route.path)}",
        "summary": operation.summary,
        "description": f"{inspect.getdoc(getattr(route.handler, method))}\n\n"
        f"Jupyter's Authorizer is asked for `{operation.action}` of `{resource}`.",
        "tags": [resource.rpartition(".")[2]],
        "parameters": [*_path_parameters(route), *_query_parameters(operation)],
        "responses": {**_answers(operation), **_errors(operation)},
    }
    if operation.body:
        described["requestBody"] = {"required": True, "content": _content(operation.body)}
    return described


def _name(path: str) -> str:
    return "_".join(part.strip("{}").replace(".", "_") for part in path.split("/"))


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": f"^{pattern}$"}}
        for name, pattern in route.patterns.items()
    ]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    schema = operation.query.model_json_schema(mode="validation")
    _describe(schema, operation.query)
    definitions = schema.get("$defs", {})
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _inlined(field, definitions)}
        for name, field in schema["properties"].items()
    ]


def _describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Describe the fields by the docstrings behind them.

    pydantic's ``use_attribute_docstrings`` would read the sources whenever the models are imported.
    """
    (definition,) = ast.parse(inspect.getsource(model)).body
    assert isinstance(definition, ast.ClassDef)
    for field, behind in pairwise(definition.body):
        match field, behind:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                schema["properties"][name]["description"] = inspect.cleandoc(text)


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """``schema`` with its references replaced: a parameter's own definitions are no components."""
    if isinstance(schema, list):
        return [_inlined(one, definitions) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {key: _inlined(value, definitions) for key, value in schema.items() if key != "title"}


def _answers(operation: Operation) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for status, model in operation.answers.items():
        answers[str(status)] = {"description": responses[status]}
        if model is not None:
            answers[str(status)]["content"] = _content(model)
    return answers


def _errors(operation: Operation) -> dict[str, Any]:
    errors: list[type[DaglabError]] = [RequestError, *operation.errors]
    if DagsterConnectionError in errors:  # who asks Dagster may be told these as well
        errors += [ConfigError, DagsterError, AuthenticationError]
    codes: dict[int, list[str]] = {}
    for error in dict.fromkeys(errors):
        codes.setdefault(error.http_status, []).append(error.code)
    for status in (403, *((413, 415) if operation.body else ())):
        codes.setdefault(status, []).append(f"http-{status}")
    told = {
        str(status): {"description": f"{responses[status]}: {', '.join(names)}", "content": _content(ErrorModel)}
        for status, names in sorted(codes.items())
    }
    return {**told, "default": {"description": "Any other error", "content": _content(ErrorModel)}}


def _content(model: type[BaseModel] | str) -> dict[str, Any]:
    if isinstance(model, str):
        return {media.strip(): {} for media in model.split(",")}
    return {"application/json": {"schema": {"$ref": _REF.format(model=model.__name__)}}}
