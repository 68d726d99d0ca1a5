"""What a call sent, as the arguments that a method takes.

Each value is checked against its annotation, see `argument_check`. An argument without an annotation, or
with one that cannot be checked, passes as it is. Names that came as text (from a query or a form) may also be
JSON where a list, dict or model is wanted, a single item where a list is wanted, and empty where None is admitted.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from functools import cache
from inspect import Parameter
from typing import Any, Optional

from pydantic import ValidationError
from pydantic.errors import PydanticUserError

from steamship.base.error import InvalidRequestError
from steamship.base.package_spec import MethodSpec, method_signature, resolved_signature
from steamship.invocable.argument_check import ArgumentCheck
from steamship.invocable.class_spec import MixinMethod

_SHOWN = 60
_UNKNOWN = object()


class MethodArguments:
    """The parameters of one method, with what checks each; made once a method.

    `signature` is without `self`, whose name is `receiver`: no call can name it. `uncheckable` names
    the parameters whose annotation cannot be checked.
    """

    def __init__(self, signature: inspect.Signature, receiver: str | None = None) -> None:
        self.signature = signature
        self.receiver = receiver
        parameters = signature.parameters.values()
        self.by_name = {p.name: p for p in parameters if p.kind in _BY_NAME}
        self.rest = next((p for p in parameters if p.kind is Parameter.VAR_KEYWORD), None)
        self.positional = [p.name for p in parameters if p.kind is Parameter.POSITIONAL_ONLY]
        self.uncheckable: list[str] = []
        self._required = {name: None for name, p in self.by_name.items() if p.default is Parameter.empty}
        self.checks: dict[str, Any] = {name: self._check(p) for name, p in self.by_name.items()}
        self.check_rest = self._check(self.rest) if self.rest else None

    def bind(self, arguments: Mapping[str, Any], untyped: Iterable[str], route: str) -> dict[str, Any]:
        """The keyword arguments for the call. Raises InvalidRequestError naming everything wrong."""
        if not isinstance(untyped, (set, frozenset)):
            untyped = frozenset(untyped)
        bound: dict[str, Any] = {}
        problems: list[str] = []
        for name, value in arguments.items():
            check = self.checks.get(name, _UNKNOWN)
            if check is _UNKNOWN:
                if self.rest is None or name == self.receiver:
                    problems.append(f'"{_short(name)}" is not an argument')
                    continue
                check = self.check_rest
            try:
                bound[name] = _plain(value) if check is None else check(value, untyped=name in untyped)
            except ValidationError as error:
                problems.append(_problem(name, error))
            except UnicodeDecodeError:
                problems.append(f'"{name}" is a file that is no UTF-8 text, and its type is not bytes')
        if problems or not self._required.keys() <= bound.keys():
            problems += [f'"{name}" is missing' for name in self._required if name not in arguments]
            raise InvalidRequestError(f"{route}: {'; '.join(problems)}. {self._takes()}")
        return bound

    def _check(self, parameter: Parameter) -> ArgumentCheck | None:
        annotation = parameter.annotation
        if annotation in (Parameter.empty, Any):
            return None
        if parameter.default is None:
            annotation = Optional[annotation]  # noqa: UP045 - the annotation may be a string
        try:
            return ArgumentCheck(annotation)
        except (PydanticUserError, NameError, TypeError):
            self.uncheckable.append(parameter.name)
            return None

    def _takes(self) -> str:
        """What the method takes, in words."""
        texts = []
        for name, parameter in self.by_name.items():
            about = [] if parameter.annotation is Parameter.empty else [_type_name(parameter.annotation)]
            about += [] if parameter.default is Parameter.empty else ["optional"]
            texts.append(f"{name} ({', '.join(about)})" if about else name)
        texts += ["any other argument"] if self.rest else []
        return f"It takes {', '.join(texts)}." if texts else "It takes no arguments."


def method_arguments(cls: type, method: MethodSpec) -> MethodArguments:
    """The arguments of a method of `cls`, or of what was added to an object of it."""
    binding = method.func_binding
    if isinstance(binding, str):
        return _of_attribute(cls, binding)
    if isinstance(binding, MixinMethod):
        return _of_attribute(binding.owner, binding.name)
    if inspect.ismethod(binding):
        receiver = next(iter(inspect.signature(binding.__func__).parameters), None)
        return MethodArguments(resolved_signature(binding), receiver)
    assert binding is not None
    return MethodArguments(resolved_signature(binding))


@cache
def _of_attribute(owner: type, name: str) -> MethodArguments:
    raw = inspect.getattr_static(owner, name)
    receiver = None
    if not isinstance(raw, staticmethod):
        receiver = next(iter(inspect.signature(getattr(raw, "__func__", raw)).parameters), None)
    return MethodArguments(method_signature(owner, name), receiver)


_BY_NAME = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


def _plain(value: Any) -> Any:
    """What passes unchecked: a file as its text. Raises UnicodeDecodeError."""
    return value.decode() if isinstance(value, bytes) else value


def _problem(name: str, error: ValidationError) -> str:
    """The first thing wrong with an argument, where it is and what was sent."""
    first = error.errors(include_url=False, include_context=False)[0]
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"])
    wrong = first["msg"][:1].lower() + first["msg"][1:]
    if first["type"] == "missing":
        return f'"{name}{path}" is missing'
    return f'"{name}{path}" is "{_short(first["input"])}": {wrong}'


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _type_name(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")
