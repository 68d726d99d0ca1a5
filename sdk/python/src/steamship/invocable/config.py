"""The base of config classes: what an instance of a package is created with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import ConfigDict

from steamship.base.error import SteamshipError
from steamship.base.model import CamelModel
from steamship.invocable.config_template import config_template

if TYPE_CHECKING:
    from steamship.data.manifest import ConfigParameter


class Config(CamelModel):
    """Subclass it with one field a parameter; `pydantic.Field` gives descriptions and defaults.

    A field without a default is required, unless its type is optional: then it is None when absent.
    Values come by the field's name or in camelCase; None counts as absent. `SecretStr` fields are
    secrets. Types are those of `config_template`.
    """

    model_config = ConfigDict(use_enum_values=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{name: value for name, value in kwargs.items() if value is not None})

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        bare = [f for f in cls.model_fields.values() if f.is_required() and _admits_none(f.annotation)]
        for field in bare:
            field.default = None
        if bare:
            cls.model_rebuild(force=True)

    def extend_with_dict(self, d: Mapping[str, Any] | None, overwrite: bool = False) -> None:
        """Set the fields named in `d` that are None, or all of them with `overwrite`."""
        for name, value in (d or {}).items():
            if hasattr(self, name) and (overwrite or getattr(self, name) is None):
                setattr(self, name, value)

    def extend_with_json_file(
        self, path: Path, overwrite: bool = False, fail_on_missing_file: bool = True
    ) -> None:
        """As `extend_with_dict`, with the JSON object in the file at `path`."""
        if not path.exists():
            if fail_on_missing_file:
                raise SteamshipError(
                    f'There is no file "{path}" to extend the config with.',
                    suggestion="Deploy the file with the package, or pass fail_on_missing_file=False.",
                )
            return
        values = json.loads(path.read_text("utf-8"))
        if not isinstance(values, dict):
            raise SteamshipError(
                f'The file "{path}" holds no JSON object.',
                suggestion='Write {"parameter": "value"} into it.',
            )
        self.extend_with_dict(values, overwrite)

    @staticmethod
    def strip_enum(default_value: Any) -> Any:
        """The value of an Enum member; anything else as it is."""
        return default_value.value if isinstance(default_value, Enum) else default_value

    @classmethod
    def get_config_parameters(cls) -> dict[str, ConfigParameter]:
        """The parameters by field name. Raises DefinitionError for a field of a type that none can have."""
        from steamship.data.manifest import ConfigParameter

        return {name: ConfigParameter(**parameter) for name, parameter in config_template(cls, {}).items()}


def _admits_none(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _admits_none(get_args(annotation)[0])
    return origin in (Union, UnionType) and NoneType in get_args(annotation)
