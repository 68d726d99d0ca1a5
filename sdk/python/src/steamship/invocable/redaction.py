"""Secret values never leave in an error's text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import SecretStr

from steamship.invocable.config import Config
from steamship.invocable.config_template import is_secret

REDACTED = "[redacted]"
_SHORTEST = 4  # characters; a shorter secret would blank out ordinary words


class Redactor:
    """Replaces secret values in texts, as they are and as Python and JSON would quote them."""

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form for value in values if len(value) >= _SHORTEST for form in _forms(value)}
        longest_first = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def __call__(self, text: str) -> str:
        """`text` without the values."""
        return text if self._pattern is None else self._pattern.sub(REDACTED, text)


def secret_values(cls: type[Config], given: Mapping[str, Any], file: Mapping[str, Any]) -> list[str]:
    """The secret values of an instance: all of the secrets file, and those of secret parameters.

    `given` is the instance's config by field name or alias.
    """
    values = [value for value in file.values() if isinstance(value, str)]
    for name, field in cls.model_fields.items():
        if is_secret(field.annotation):
            named = (given.get(name), given.get(field.alias or name), field.default)
            values += [text for value in named if (text := _text(value)) is not None]
    return values


def _text(value: Any) -> str | None:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return value if isinstance(value, str) else None


def _forms(value: str) -> set[str]:
    return {value, repr(value)[1:-1], json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
