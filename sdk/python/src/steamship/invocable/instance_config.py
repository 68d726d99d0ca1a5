"""An instance's values as an object of the package's Config class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from steamship.base.error import InvalidConfigError
from steamship.invocable.config import Config


class InstanceConfigError(InvalidConfigError):
    """The instance's own config, or the secrets file, does not fit the Config class."""


def instance_config(cls: type[Config], given: Mapping[str, Any], secrets: Mapping[str, Any]) -> Config:
    """`given` over `secrets`. Raises InstanceConfigError naming parameters, never values."""
    try:
        return cls(**{**secrets, **{name: value for name, value in given.items() if value is not None}})
    except ValidationError as error:
        raise InstanceConfigError(
            f"Configuration for this PackageInstance is invalid. {_problems(error, cls)}",
            suggestion="Create an instance with other config.",
        ) from None


def _problems(error: ValidationError, cls: type[Config]) -> str:
    """Each offending parameter with its description and what is wrong."""
    texts = []
    names = {field.alias: name for name, field in cls.model_fields.items()}
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        place = str(problem["loc"][0]) if problem["loc"] else "config"
        name = names.get(place, place)
        field = cls.model_fields.get(name)
        about = f" ({field.description})" if field is not None and field.description else ""
        texts.append(f'"{name}"{about}: {problem["msg"]}.')
    return " ".join(texts)
