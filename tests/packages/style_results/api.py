# Written as for the original.
# ruff: noqa: UP035
"""Results of every kind, as authors for the original return them."""

import io
import json
from enum import Enum
from http import HTTPStatus
from typing import Any, List

from pydantic import BaseModel, Field

from steamship import MimeTypes
from steamship.base.model import CamelModel
from steamship.invocable import InvocableResponse, PackageService, get, post


class Kind(str, Enum):
    A = "a"


class Inner(CamelModel):
    page_url: str = "u"
    kind_of: Kind = Kind.A


class Camel(CamelModel):
    first_name: str = "Ada"
    inner_things: List[Inner] = Field(default_factory=lambda: [Inner()])


class Plain(BaseModel):
    first_name: str = "Ada"


RESULTS = {
    "text": "é",
    "empty_text": "",
    "number": 1.5,
    "zero": 0,
    "yes": True,
    "no": False,
    "list": [1, "a", None],
    "empty_list": [],
    "dict": {"snake_case": {"a": [1]}},
    "empty_dict": {},
    "camel": Camel(),
    "plain": Plain(),
    "bytes_io": io.BytesIO(b"\x00\xff"),
    "none": None,
    "r_string": lambda: InvocableResponse(string="é"),
    "r_html": lambda: InvocableResponse(string="<p>é", mime_type=MimeTypes.HTML),
    "r_markdown": lambda: InvocableResponse(string="# é", mime_type=MimeTypes.MKD),
    "r_json": lambda: InvocableResponse(json={"a": 1}),
    "r_json_list": lambda: InvocableResponse(json=[1]),
    "r_json_camel": lambda: InvocableResponse(json=Camel()),
    "r_bytes": lambda: InvocableResponse(_bytes=b"\xff", mime_type=MimeTypes.PNG),
    "r_bytes_plain": lambda: InvocableResponse(_bytes=b"\xff"),
    "r_bytes_io": lambda: InvocableResponse(_bytes=io.BytesIO(b"a"), mime_type="image/svg+xml"),
    "r_data_text": lambda: InvocableResponse(data="a"),
    "r_data_number": lambda: InvocableResponse(data=7),
    "r_data_dict": lambda: InvocableResponse(data={"a": 1}),
    "r_error": lambda: InvocableResponse.error(HTTPStatus.CONFLICT, "taken"),
}


class Results(PackageService):
    @post("give")
    def give(self, name: str) -> Any:
        result = RESULTS[name]
        return result() if callable(result) else result

    @get("echo")
    def echo(self, **kwargs) -> InvocableResponse[dict]:
        return InvocableResponse(json=kwargs)

    @post("names")
    def names(self) -> list:
        return json.loads(json.dumps(sorted(RESULTS)))
