"""A client's configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from steamship.base.config_sources import DEFAULT_BASES, checked_base, checked_key, resolved
from steamship.base.model import CamelModel, to_camel


class Configuration(CamelModel):
    """Which engine, with which key, in which workspace.

    What is not passed is taken from `STEAMSHIP_*` in the environment, then from `~/.steamship.json`
    or `config_file` (from its `profile` when one is named), then from the defaults, which are a local
    engine's. Raises AuthenticationError when there is no key, InvalidRequestError for what cannot be
    used. Fields may be passed by either spelling, `api_key` or `apiKey`.
    """

    api_key: SecretStr
    api_base: str = DEFAULT_BASES["api_base"]
    app_base: str = DEFAULT_BASES["app_base"]
    web_base: str = DEFAULT_BASES["web_base"]
    workspace_id: str | None = None
    workspace_handle: str | None = None
    profile: str | None = None
    request_id: str | None = None

    def __init__(self, config_file: Path | str | None = None, **kwargs: Any) -> None:
        python_names = {to_camel(name): name for name in type(self).model_fields}
        given = {python_names.get(name, name): value for name, value in kwargs.items()}
        if isinstance(given.get("api_key"), SecretStr):
            given["api_key"] = given["api_key"].get_secret_value()
        fields = resolved(given, config_file)
        fields["api_key"] = checked_key(fields["api_key"])
        for name in DEFAULT_BASES:
            fields[name] = checked_base(name, str(fields[name]))
        super().__init__(request_id=given.get("request_id"), **fields)

    @classmethod
    def refuse_unknown(cls, function: str, arguments: Iterable[str]) -> None:
        """TypeError for the first of the arguments' names that is no field, in either spelling."""
        known = {spelling for name in cls.model_fields for spelling in (name, to_camel(name))}
        for name in arguments:
            if name not in known:
                raise TypeError(f"{function}() got an unexpected keyword argument {name!r}")

    @classmethod
    def of_instance(cls, **fields: Any) -> Configuration:
        """The configuration of an instance's own client: exactly `fields`, from no other source.

        `api_key` may be a function that returns the key of the moment.
        """
        key = fields.pop("api_key")
        secret = SecretStr(checked_key(key)) if isinstance(key, str) else LiveSecret(key)
        for name in DEFAULT_BASES:
            fields[name] = checked_base(name, fields[name])
        return cls.model_construct(None, api_key=secret, **fields)


class LiveSecret(SecretStr):
    """A secret that is asked for anew each time."""

    def __init__(self, source: Callable[[], str]) -> None:
        super().__init__("")
        self._source = source

    def get_secret_value(self) -> str:
        """The secret of the moment."""
        return self._source()

    def __len__(self) -> int:
        return len(self.get_secret_value())
