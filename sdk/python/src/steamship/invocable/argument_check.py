"""One parameter's check: what was sent, as the type that the method's annotation asks for.

Values are converted as pydantic does by default: "3" is an int where an int is wanted, 3 is no str. Text
becomes bytes by base64, which is how the SDKs send bytes, unless text is admitted as well. A file part of a form comes as
bytes, and counts as its text where no bytes are wanted.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

_BASE64 = ConfigDict(val_json_bytes="base64")


class ArgumentCheck:
    """Checks values against an annotation. Raises PydanticUserError, NameError or TypeError for one that cannot be checked."""

    def __init__(self, annotation: Any) -> None:
        self.adapter = _adapter(annotation)
        self.adapter.rebuild(raise_errors=True)
        self._has_bytes = _has_bytes(self.adapter.core_schema)
        self._validate = self.adapter.validator.validate_python

    def __call__(self, value: Any, *, untyped: bool) -> Any:
        """The value converted; `untyped` says that it came as text, or as a file. Raises ValidationError."""
        if isinstance(value, bytes):
            return self._of_file(value)
        try:
            return self._converted(value) if self._has_bytes else self._validate(value)
        except ValidationError:
            if untyped:
                for attempt in self._readings(value):
                    try:
                        return attempt()
                    except ValidationError:
                        continue
            raise

    def _converted(self, value: Any) -> Any:
        if not self._has_bytes or value is None:
            return self._validate(value)
        try:
            return self._validate(value, strict=True)
        except ValidationError as error:
            try:
                text = json.dumps(value)
            except RecursionError:
                raise error from None
            return self.adapter.validate_json(text)

    def _of_file(self, content: bytes) -> Any:
        try:
            return self.adapter.validate_python(content)
        except ValidationError as error:
            try:
                text = content.decode()
            except UnicodeDecodeError:
                if self._has_bytes:
                    return self.adapter.validate_python([content])
                raise error from None
            return self(text, untyped=True)

    def _readings(self, value: Any) -> list[Callable[[], Any]]:
        """Further ways to read what came as text, in order."""
        if isinstance(value, list):  # a repeated query key: the last one counts
            return [lambda: self(value[-1], untyped=True)] if value else []
        if not isinstance(value, str):
            return []
        if value == "":
            return [lambda: self.adapter.validate_python(None)]
        readings: list[Callable[[], Any]] = [lambda: self._converted([value])]
        if value.lstrip()[:1] in ("[", "{"):
            readings.insert(0, lambda: self.adapter.validate_json(value))
        return readings


def _adapter(annotation: Any) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(annotation, config=_BASE64)
    except PydanticUserError as error:
        if error.code != "type-adapter-config-unused":
            raise
        return TypeAdapter(annotation)  # a model says itself how its bytes are written


def _has_bytes(schema: Any) -> bool:
    """Whether a core schema has bytes anywhere in it."""
    if isinstance(schema, dict):
        return schema.get("type") == "bytes" or any(map(_has_bytes, schema.values()))
    return isinstance(schema, (list, tuple)) and any(map(_has_bytes, schema))
