"""JSON Schemas (2020-12) of what methods take and give, and of config.

A type that has no schema never fails a deploy: it is left out, and a note says so.
"""

from __future__ import annotations

import inspect
import json
import warnings
from inspect import Parameter
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic.json_schema import JsonSchemaMode
from pydantic_core import to_jsonable_python

from steamship.base.model import CamelModel
from steamship.invocable.arguments import MethodArguments
from steamship.invocable.config import Config
from steamship.invocable.invocable_response import InvocableResponse

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ERRORS = (PydanticUserError, NameError, TypeError, ValueError, RecursionError)

Schema = dict[str, Any]


def arguments_schema(arguments: MethodArguments, route: str, notes: list[str]) -> Schema:
    """The object that holds a method's arguments by name."""
    properties: Schema = {}
    definitions: Schema = {}
    for name, parameter in arguments.by_name.items():
        check = arguments.checks[name]
        schema = {} if check is None else _schema(check.adapter, "validation", by_alias=True)
        if schema is None or name in arguments.uncheckable:
            notes.append(f'{route}: the type of "{name}" has no JSON Schema; its values pass as they are.')
            schema = {}
        definitions.update(schema.pop("$defs", {}))
        properties[name] = {**schema, **_default(parameter)}
    required = [n for n, p in arguments.by_name.items() if p.default is Parameter.empty]
    return {
        "$schema": _DIALECT,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": arguments.rest is not None,
        **({"$defs": definitions} if definitions else {}),
    }


def result_schema(arguments: MethodArguments, route: str, notes: list[str]) -> Schema | None:
    """What a method returns; None when its annotation says nothing about it, or has no schema."""
    annotation = arguments.signature.return_annotation
    if annotation in (inspect.Signature.empty, Any) or _is_response(annotation):
        return None
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(annotation)
        adapter.rebuild(raise_errors=True)
        plain = isinstance(annotation, type) and issubclass(annotation, BaseModel)
        by_alias = not plain or issubclass(annotation, CamelModel)
        schema = _schema(adapter, "serialization", by_alias=by_alias)
    except _ERRORS:
        schema = None
    if schema is None:
        notes.append(f"{route}: the type of its result has no JSON Schema.")
        return None
    return {"$schema": _DIALECT, **schema}


def config_schema(cls: type[Config], notes: list[str]) -> Schema | None:
    """The object of an instance's parameters, by field name."""
    schema = _schema(TypeAdapter(cls), "validation", by_alias=False)
    if schema is None:
        notes.append("The config class has no JSON Schema.")
        return None
    return {"$schema": _DIALECT, **schema, "additionalProperties": False}


def _schema(adapter: TypeAdapter[Any], mode: JsonSchemaMode, *, by_alias: bool) -> Schema | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of defaults that have no JSON form: they are left out
            schema = adapter.json_schema(mode=mode, by_alias=by_alias)
        json.dumps(schema, allow_nan=False)
    except _ERRORS:
        return None
    return schema


def _default(parameter: Parameter) -> Schema:
    if parameter.default is Parameter.empty:
        return {}
    try:
        default = to_jsonable_python(parameter.default)
        json.dumps(default, allow_nan=False)
    except _ERRORS:
        return {}
    return {"default": default}


def _is_response(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, InvocableResponse)
