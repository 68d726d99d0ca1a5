"""Raw input against an operation's input model, with errors that name every field."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from steamship_engine.api.operations import Input, Operation
from steamship_engine.model.errors import InvalidRequestError

_SHOWN_ERRORS = 10
_SECRET_FIELDS = frozenset({"config", "token", "value", "payload"})


def checked(operation: Operation, values: dict[str, Any]) -> Input:
    """The operation's input. Null is as good as absent: clients send every field they know.

    InvalidRequestError that names each wrong field, its value and what is expected.
    """
    given = {name: value for name, value in values.items() if value is not None}
    try:
        return operation.input.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        problems = [_problem(problem) for problem in found[:_SHOWN_ERRORS]]
        raise InvalidRequestError(
            f'The input of "{operation.path}" is not valid: {"; ".join(problems)}.',
            suggestion="Change the named fields.",
        ) from None


def _problem(problem: Any) -> str:
    place = [str(step) for step in problem["loc"]]
    name = ".".join(place)[:200]
    if problem["type"] == "missing":
        return f'"{name}" is missing'
    text = problem["msg"].removeprefix("Value error, ")
    text = text[:1].lower() + text[1:]
    value = problem["input"]
    if isinstance(value, str | int | float) and not _SECRET_FIELDS & set(place):
        return f'"{name}" is "{str(value)[:80]}": {text}'
    return f'"{name}": {text}'
