"""A method's result as bytes on the wire.

JSON is RFC 8259: NaN and the infinities are refused, with the place where they are, because nothing
that could stand for them would be read back as the number they were. Dates and times are written in
ISO 8601, decimals and UUIDs as strings, bytes in base64, sets (and a generator that is the result) as arrays,
dataclasses by their fields, pydantic models by alias and what offers `tolist()` (NumPy) as plain values.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence, ValuesView
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_jsonable_python

from steamship.base.model import CamelModel


class EncodingError(TypeError):
    """A result that cannot be written; the message names the type or the place."""


def encode_json(value: Any) -> bytes:
    """`value` as UTF-8 JSON without blanks. Lone surrogates are written as escapes.

    Raises EncodingError for what has no JSON form.
    """
    if isinstance(value, Iterator):
        value = list(value)
    if isinstance(value, BaseModel) and not isinstance(value, CamelModel):
        # As the original: a plain model at the top keeps the names of its fields.
        value = value.model_dump(mode="json")
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)
    except EncodingError:
        raise
    except RecursionError as error:
        raise EncodingError("the result is nested too deeply for JSON") from error
    except TypeError as error:
        return encode_json(_with_text_keys(value, error))
    except ValueError as error:
        raise EncodingError(_why(value, error)) from error
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(json.loads(text), separators=(",", ":")).encode()


def encode_text(text: str) -> bytes:
    """`text` as UTF-8; what is not a character (a lone surrogate) becomes U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _plain(value: Any) -> Any:
    """One step towards JSON for a value that `json` does not know."""
    if isinstance(value, BaseModel):
        return _jsonable(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return dict(value)
    if callable(tolist := getattr(value, "tolist", None)):
        return tolist()
    if isinstance(value, (AbstractSet, Sequence, ValuesView)):
        return list(value)
    if isinstance(value, Iterator):
        raise EncodingError(f'"{type(value).__name__}" inside a result cannot be written: make it a list')
    return _jsonable(value)


def _jsonable(value: Any) -> Any:
    try:
        return to_jsonable_python(value, by_alias=True)
    except (PydanticSerializationError, ValueError) as error:
        raise EncodingError(f'"{type(value).__name__}" cannot be written as JSON: {error}') from error


def _with_text_keys(value: Any, error: TypeError) -> Any:
    """`value` with every mapping's keys as text, for the keys that `json` refuses."""
    if isinstance(value, (list, tuple)):
        return [_with_text_keys(item, error) for item in value]
    if isinstance(value, Mapping):
        return {_key(key): _with_text_keys(item, error) for key, item in value.items()}
    if isinstance(value, (str, int, float, type(None))):
        return value
    return _with_text_keys(_plain(value), error)


def _key(key: Any) -> str | int | float | None:
    if isinstance(key, Enum):
        key = key.value
    if key is None or isinstance(key, (str, int, float)):
        return key
    plain = _jsonable(key)
    if not isinstance(plain, str):
        raise EncodingError(f'a key of type "{type(key).__name__}" cannot be written as JSON')
    return plain


def _why(value: Any, error: ValueError) -> str:
    try:
        place = _not_finite(value, "result")
    except RecursionError:  # it holds itself
        place = None
    if place is None:
        return f"the result cannot be written as JSON: {error}"
    return f"{place} is not a finite number, which JSON cannot express: return None or a string instead"


def _not_finite(value: Any, place: str) -> str | None:
    """Where the first NaN or infinity is, such as `result["a"][0]`."""
    if isinstance(value, float):
        return None if math.isfinite(value) else place
    if isinstance(value, (str, int, type(None))):
        return None
    if isinstance(value, Mapping):
        steps = [(f'{place}["{key}"]', item) for key, item in value.items()]
    elif isinstance(value, (list, tuple)):
        steps = [(f"{place}[{index}]", item) for index, item in enumerate(value)]
    else:
        steps = [(place, _plain(value))]
    return next((found for step, item in steps if (found := _not_finite(item, step))), None)
