"""What an instance may be configured with, read off a Config class.

A template maps a field's name, as written, to its parameter: `type` (`string`, `number`, `boolean`),
`description`, `default`, `required`, `nullable`, `secret`, and `values` for an Enum or a Literal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from itertools import chain
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BeforeValidator, PlainValidator, SecretStr, WrapValidator
from pydantic.fields import FieldInfo

from steamship.invocable.definition import DefinitionError

if TYPE_CHECKING:
    from steamship.invocable.config import Config

Template = dict[str, dict[str, Any]]


def config_template(cls: type[Config], secrets: Mapping[str, Any]) -> Template:
    """The template of `cls`. Parameters that the secrets file holds are not asked for.

    Raises DefinitionError naming every field whose type, or default, no parameter can have.
    """
    template: Template = {}
    problems: list[str] = []
    for name, field in cls.model_fields.items():
        try:
            values = None if _is_rewritten(cls, name) else _values_of(field.annotation)
            template[name] = _parameter(field, values, held=name in secrets)
        except DefinitionError as error:
            problems.append(f'"{name}" {error.message}')
    if problems:
        raise DefinitionError(
            f"The config class {cls.__name__} cannot be used: {'; '.join(problems)}.",
            suggestion="Use str, bool, int, float, SecretStr, or an Enum or Literal of strings.",
        )
    return template


def _parameter(field: FieldInfo, values: list[Any] | None, *, held: bool) -> dict[str, Any]:
    type_, nullable, secret = _type_of(field.annotation)
    parameter: dict[str, Any] = {"type": type_}
    if field.description is not None:
        parameter["description"] = field.description
    default = field.default.value if isinstance(field.default, Enum) else field.default
    # A default that the engine filled in would hide the value of the secrets file; a secret's
    # default stays in the code.
    if not (field.is_required() or field.default_factory or default is None or secret or held):
        parameter["default"] = _checked_default(type_, values, default)
    return {
        **parameter,
        **({} if values is None else {"values": values}),
        "required": field.is_required() and not held,
        "nullable": nullable or (not field.is_required() and field.default is None),
        "secret": secret,
    }


def _checked_default(type_: str, values: list[Any] | None, default: Any) -> Any:
    fits = {
        "string": isinstance(default, str),
        "boolean": isinstance(default, bool),
        "number": isinstance(default, (int, float))
        and not isinstance(default, bool)
        and math.isfinite(default),
    }
    if not fits[type_]:
        raise DefinitionError(f"has the default {default!r}, which is no {type_}")
    default = str(default) if type_ == "string" else default
    if values is not None and default not in values:
        raise DefinitionError(f"has the default {default!r}, which is none of its values")
    return default


def _type_of(annotation: Any) -> tuple[str, bool, bool]:
    """Parameter type, whether None is admitted, whether it is secret."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _type_of(get_args(annotation)[0])
    if origin in (Union, UnionType):
        members = get_args(annotation)
        found = {_type_of(member) for member in members if member is not NoneType}
        if len(found) == 1:
            type_, nullable, secret = found.pop()
            return type_, nullable or NoneType in members, secret
    elif origin is Literal:
        if all(isinstance(value, str) for value in get_args(annotation)):
            return "string", False, False
    elif isinstance(annotation, type):
        for kinds, type_ in (
            (SecretStr, "string"),
            (str, "string"),
            (bool, "boolean"),
            ((int, float), "number"),
        ):
            if issubclass(annotation, kinds):
                return type_, False, kinds is SecretStr
        if issubclass(annotation, Enum) and all(isinstance(member.value, str) for member in annotation):
            return "string", False, False
    shown = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    raise DefinitionError(f'has the type "{shown}", which is no string, number or boolean')


def _values_of(annotation: Any) -> list[Any] | None:
    """The values that a parameter may have, in order; None where its type alone counts."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _values_of(get_args(annotation)[0])
    if origin in (Union, UnionType):
        members = [_values_of(member) for member in get_args(annotation) if member is not NoneType]
        known = [values for values in members if values is not None]
        return list(dict.fromkeys(chain.from_iterable(known))) if len(known) == len(members) else None
    if origin is Literal:
        return list(dict.fromkeys(get_args(annotation)))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        # An Enum with a `_missing_` of its own reads other values too.
        own_missing = annotation._missing_.__func__ is not Enum._missing_.__func__  # type: ignore[attr-defined]
        return None if own_missing else [member.value for member in annotation]
    return None


def _is_rewritten(cls: type[Config], name: str) -> bool:
    """Whether a validator sees the field's value before its type does, and may make another of it."""
    found = cls.__pydantic_decorators__.field_validators.values()
    if any({name, "*"} & set(one.info.fields) and one.info.mode != "after" for one in found):
        return True
    early = (BeforeValidator, PlainValidator, WrapValidator)
    return any(isinstance(about, early) for about in cls.model_fields[name].metadata)


def is_secret(annotation: Any) -> bool:
    """Whether a field of this type is a secret."""
    try:
        return _type_of(annotation)[2]
    except DefinitionError:
        return False
