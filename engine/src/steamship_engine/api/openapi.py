"""The API's own description, OpenAPI 3.1, made from the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic.json_schema import models_json_schema

from steamship_engine.api.operations import Operation, Who

_REF = "#/components/schemas/{model}"
_FAILED = {"$ref": "#/components/responses/Failed"}


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """The whole document, JSON values only."""
    models = [(operation.input, "validation") for operation in operations]
    names, definitions = models_json_schema(models, ref_template=_REF)  # type: ignore[arg-type]
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        schema = names[operation.input, "validation"]
        properties = definitions["$defs"][schema["$ref"].rpartition("/")[2]].get("properties", {})
        for verb in operation.verbs:
            paths.setdefault(f"/{operation.path}", {})[verb.lower()] = _entry(
                operation, verb, schema, properties
            )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Steamship engine", "version": "1"},
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "responses": {"Failed": _json_answer("Failed, and why.", {"required": ["status"]})},
        },
    }


def _entry(
    operation: Operation, verb: str, schema: dict[str, Any], properties: dict[str, Any]
) -> dict[str, Any]:
    in_path = [name for name in properties if f"{{{name}}}" in operation.path]
    parameters = [_parameter(name, "path", properties[name]) for name in in_path]
    entry: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": f"{verb.lower()} {operation.path}",
        "tags": [operation.path.partition("/")[0]],
        "security": [] if operation.who is Who.ANYONE else [{"key": []}],
        "responses": {
            "200": _json_answer("Done, or accepted as a task.", {}),
            "4XX": _FAILED,
            "5XX": _FAILED,
        },
    }
    if verb == "GET":
        parameters += [
            _parameter(name, "query", properties[name]) for name in properties if name not in in_path
        ]
    else:
        content = {"application/json": {"schema": schema}}
        if operation.takes_file:
            file = {"properties": {"file": {"type": "string", "format": "binary"}}}
            content["multipart/form-data"] = {"schema": {"allOf": [schema, file]}}
        entry["requestBody"] = {"content": content}
    entry["parameters"] = parameters
    return entry


def _parameter(name: str, place: str, schema: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def _json_answer(description: str, more: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"type": "object", **more}}},
    }
