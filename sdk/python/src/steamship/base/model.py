"""The models of the wire: snake_case here, camelCase there, unknown fields left aside."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_validator


def to_camel(s: str) -> str:
    """A field's name on the wire; a last word `url` is written `URL`."""
    first, *others = s.split("_")
    words = [word.capitalize() for word in others]
    if words and words[-1] == "Url":
        words[-1] = "URL"
    return first + "".join(words)


class CamelModel(BaseModel):
    """A model whose fields may be given by either spelling and are written in camelCase by alias."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        arbitrary_types_allowed=True,
        protected_namespaces=(),
    )

    @classmethod
    def parse_obj(cls, obj: Any) -> Self:
        """The model of a parsed JSON object. Raises pydantic's ValidationError."""
        return cls.model_validate(obj)


# The original needs a class of its own for generic models.
GenericCamelModel = CamelModel


class Resource(CamelModel):
    """A thing of the engine's, with the client that fetched it.

    The wire wraps a single object as `{"<wrapper>": {...}}`; `_wrapper` is that key. Two are equal
    when their fields are: which client fetched them does not count.
    """

    _wrapper: ClassVar[str] = ""

    client: Any = Field(None, exclude=True, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _unwrap(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        if isinstance(data.get(cls._wrapper), dict):
            data = data[cls._wrapper]
        # On the wire null and absent are the same.
        return {name: value for name, value in data.items() if value is not None}

    @model_validator(mode="after")
    def _attach_client(self, info: ValidationInfo) -> Self:
        if info.context is not None and self.client is None:
            self.__dict__["client"] = info.context.get("client")
        return self

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Resource) or type(self) is not type(other):
            return NotImplemented
        return _fields(self) == _fields(other)

    __hash__ = None  # type: ignore[assignment]


def _fields(resource: Resource) -> dict[str, Any]:
    return {name: value for name, value in resource.__dict__.items() if name != "client"}
