"""Config: a version's template of parameters, and what it makes of the values that a user gives.

A template maps each parameter's name to `{type, description, default, required, nullable, secret, values}`. The
first three are the original's; where `required` is absent, a parameter without a default is required; where
`values` is absent, whatever has the type may be its value.
"""

from __future__ import annotations

import math
from typing import Any

from steamship_engine.model.errors import InvalidConfigError, InvalidRequestError
from steamship_engine.model.states import VersionKind
from steamship_engine.model.strict_json import NotJsonError, read_json

Template = dict[str, dict[str, Any]]
Config = dict[str, Any]

TYPES = ("string", "number", "boolean")
INVALID = "Configuration for this PackageInstance is invalid."
"""The original's words, with which every refusal of a config begins."""

_SHORTEST_REDACTED = 4
"""A secret of fewer characters would take ordinary text with it: `1` is no secret."""

_FLAGS = ("required", "nullable", "secret")
_VALUES_NAMED = 50


def complete(template: Template, given: Config | None, kind: VersionKind) -> Config:
    """The values given, with defaults for those that are absent or null.

    InvalidConfigError names every parameter that is missing, of a wrong type, none of the values it may have
    or, for native versions, unknown. Values keep their type: 3 stays 3.
    """
    present = {name: value for name, value in (given or {}).items() if value is not None}
    # An original whose template is empty checks nothing; a native one knows all its parameters.
    unknown = [name for name in present if name not in template] if kind is VersionKind.NATIVE else []
    missing, mistyped, misplaced = [], [], []
    completed: Config = {}
    for name, parameter in template.items():
        value = present.get(name, parameter.get("default"))
        if value is not None:
            completed[name] = value
            if type_of(value) != parameter["type"]:
                mistyped.append(name)
            elif not _may_be(parameter, value):
                misplaced.append(name)
        elif _is_required(parameter):
            missing.append(name)
    if missing or mistyped or misplaced or unknown:
        raise _invalid(
            template, present, missing=missing, mistyped=mistyped, misplaced=misplaced, unknown=unknown
        )
    completed.update((name, value) for name, value in present.items() if name not in template)
    return completed


def split_secrets(template: Template, config: Config) -> tuple[Config, Config]:
    """A completed config in two: what may be shown, and what its template marks as secret."""
    secret = {name: value for name, value in config.items() if template.get(name, {}).get("secret") is True}
    return {name: value for name, value in config.items() if name not in secret}, secret


def redact(text: str, secrets: Config) -> str:
    """`text` without the values of secret parameters, for messages that the package's code wrote."""
    hidden = {str(value) for value in secrets.values() if len(str(value)) >= _SHORTEST_REDACTED}
    for value in sorted(hidden, key=len, reverse=True):
        text = text.replace(value, "[secret]")
    return text


def check_unchanged(handle: str, kept: Config, wanted: Config) -> None:
    """InvalidConfigError that names the parameters, never the values, in which two completed configs differ."""
    names = kept.keys() | wanted.keys()
    differing = sorted(name for name in names if not _same(kept.get(name), wanted.get(name)))
    if differing:
        raise InvalidConfigError(
            f'{INVALID} The instance "{handle}" exists with other values of {_quoted(differing)}, and an '
            "instance's config never changes.",
            suggestion="Leave the config out to use the instance as it is, or choose another instance handle.",
        )


def parse_template(text: str | None) -> Template:
    """The template that a client sent as JSON text; absent and empty text is a template without parameters."""
    if text is None or not text.strip():
        return {}
    try:
        value = read_json(text)
    except NotJsonError as error:
        raise _refused(f"it is not JSON: {error}") from None
    return {} if value is None else check_template(value)


def check_template(value: object) -> Template:
    """`value` itself if it is a template; InvalidRequestError naming the parameter if not."""
    if not isinstance(value, dict):
        raise _refused("it must be an object of parameters")
    for name, parameter in value.items():
        _check_parameter(name, parameter)
    return value


def type_of(value: object) -> str:
    """The name of a JSON value's type, as templates and messages say it."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    if value is None:
        return "null"
    return "list" if isinstance(value, list) else "object"


def _check_parameter(name: str, parameter: object) -> None:
    shown = f'parameter "{name[:100]}"'
    if not isinstance(parameter, dict):
        raise _refused(f"{shown} must be an object with a type")
    kind = parameter.get("type")
    if kind not in TYPES:
        raise _refused(f'{shown} has the type "{str(kind)[:100]}"; it must be one of {_quoted(TYPES)}')
    if not isinstance(parameter.get("description"), str | None):
        raise _refused(f"the description of {shown} must be a string")
    default = parameter.get("default")
    if default is not None and type_of(default) != kind:
        raise _refused(f"the default of {shown} is a {type_of(default)}; its type is {kind}")
    if isinstance(default, float) and not math.isfinite(default):
        raise _refused(f"the default of {shown} is no JSON number")
    _check_values(shown, kind, parameter)
    for flag in _FLAGS:
        if not isinstance(parameter.get(flag), bool | None):
            raise _refused(f'"{flag}" of {shown} must be true or false')


def _check_values(shown: str, kind: Any, parameter: dict[str, Any]) -> None:
    values = parameter.get("values")
    if values is None:
        return
    if not isinstance(values, list) or not values or any(type_of(value) != kind for value in values):
        raise _refused(f"the values of {shown} must be a list of one {kind} or more")
    default = parameter.get("default")
    if default is not None and not _may_be(parameter, default):
        raise _refused(f"the default of {shown} is none of its values")


def _may_be(parameter: dict[str, Any], value: Any) -> bool:
    values = parameter.get("values")
    return values is None or any(_same(value, one) for one in values)


def _refused(reason: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"The configTemplate is not valid: {reason}.",
        suggestion="Send an object of parameters, each with a type (string, number or boolean).",
    )


def _is_required(parameter: dict[str, Any]) -> bool:
    required = parameter.get("required")
    return parameter.get("default") is None if required is None else bool(required)


def _same(one: Any, other: Any) -> bool:
    """Equality of JSON values: 3 is 3.0, true is not 1."""
    if type_of(one) != type_of(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _invalid(
    template: Template,
    present: Config,
    *,
    missing: list[str],
    mistyped: list[str],
    misplaced: list[str],
    unknown: list[str],
) -> InvalidConfigError:
    reasons = [f"{_described(template, name)} is required but missing." for name in missing]
    reasons += [
        f"{_described(template, name)} must be a {template[name]['type']}, not a {type_of(present.get(name))}."
        for name in mistyped
    ]
    reasons += [
        f"{_described(template, name)} must be one of {_quoted(template[name]['values'][:_VALUES_NAMED])}."
        for name in misplaced
    ]
    if unknown:
        known = f"its parameters are {_quoted(template)}" if template else "it takes no config"
        plural = "are no parameters" if len(unknown) > 1 else "is no parameter"
        reasons.append(f"{_quoted(unknown)} {plural} of this version: {known}.")
    return InvalidConfigError(
        " ".join((INVALID, *reasons)),
        suggestion="Give the named parameters in `config`, with values as they are described.",
    )


def _described(template: Template, name: str) -> str:
    description = template[name].get("description")
    return f'"{name}" ({description})' if description else f'"{name}"'


def _quoted(names: Any) -> str:
    return ", ".join(f'"{str(name)[:100]}"' for name in names)
