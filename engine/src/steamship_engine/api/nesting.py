"""Nested values out of a form's flat names: `tags[0][value][a]` and the like (docs/reference/protocol.md#forms)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from steamship_engine.model.errors import InvalidRequestError

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_STEP = re.compile(r"\[([^\[\]]*)\]")


def nested(fields: Mapping[str, str], deepest: int) -> dict[str, Any]:
    """The object that was flattened; one whose keys are 0, 1, 2 ... is a list.

    InvalidRequestError for names that are not of this form, that contradict each other, or that have
    more than `deepest` steps.
    """
    whole: dict[str, Any] = {}
    for name, text in fields.items():
        place = whole
        *parents, last = _steps(name, deepest)
        for step in parents:
            below = place.setdefault(step, {})
            if not isinstance(below, dict):
                raise _contradiction(name)
            place = below
        if last in place:
            raise _contradiction(name)
        place[last] = text
    return {name: _with_lists(value) for name, value in whole.items()}


def _steps(name: str, deepest: int) -> list[str]:
    form = _NAME.fullmatch(name)
    if form is None:
        raise InvalidRequestError(
            f'"{name[:200]}" is not the name of a field.', suggestion="Name nested fields like tags[0][kind]."
        )
    steps = [form[1], *_STEP.findall(form[2])]
    if len(steps) > deepest:
        raise InvalidRequestError(
            f'The field "{name[:80]}..." is nested more than {deepest} levels deep.',
            suggestion="Send flatter fields.",
        )
    return steps


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _with_lists(child) for key, child in value.items()}
    ordered = sorted(inner, key=int) if all(key.isascii() and key.isdecimal() for key in inner) else []
    if ordered and ordered == [str(index) for index in range(len(ordered))]:
        return [inner[key] for key in ordered]
    return inner


def _contradiction(name: str) -> InvalidRequestError:
    return InvalidRequestError(
        f'The field "{name[:200]}" contradicts another one.', suggestion="Send each value under one name."
    )
