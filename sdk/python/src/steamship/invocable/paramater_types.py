"""String types that tell a form how to ask for an argument. The module's name is the original's."""

from __future__ import annotations

from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class _Hint(str):
    """A string that validates as one and keeps its class."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls, handler(str))


class longstr(_Hint):  # noqa: N801
    """A text of several lines: asked for in a text box."""

    __slots__ = ()


class fileurl(_Hint):  # noqa: N801
    """The address of a file: asked for by an upload."""

    __slots__ = ()
