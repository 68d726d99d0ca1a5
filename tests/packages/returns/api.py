"""One method for each kind of thing a method can return, and for each way it can fail."""

import io
import time
from typing import Any

from pydantic import BaseModel

from steamship import MimeTypes, SteamshipError
from steamship.base.model import CamelModel
from steamship.invocable import InvocableResponse, PackageService, get, post

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


class Point(CamelModel):
    """A model whose names are camelCased on the wire."""

    x_value: int
    y_value: int


class Plain(BaseModel):
    """A model that arrives with its names as they are."""

    x_value: int


class Returns(PackageService):
    """Returns things."""

    @post("same_bytes")
    def same_bytes(self, content: bytes) -> bytes:
        """For bytes: what arrives goes back."""
        return content

    @post("text")
    def text(self) -> str:
        return "naïve ☃"

    @post("json")
    def json(self, value: Any = None) -> Any:
        """Returns what it was given."""
        return value

    @post("nothing")
    def nothing(self) -> None:
        return None

    @post("model")
    def model(self) -> Point:
        return Point(x_value=1, y_value=2)

    @post("models")
    def models(self) -> list:
        return [Plain(x_value=1)]

    @post("bytes")
    def bytes(self) -> bytes:
        return PNG

    @post("stream")
    def stream(self) -> InvocableResponse:
        return InvocableResponse(_bytes=io.BytesIO(PNG), mime_type=MimeTypes.PNG)

    @post("page")
    def page(self) -> InvocableResponse:
        return InvocableResponse(string="<script>alert(1)</script>", mime_type=MimeTypes.HTML)

    @post("vector")
    def vector(self) -> InvocableResponse:
        return InvocableResponse(
            string="<svg xmlns='http://www.w3.org/2000/svg'/>", mime_type="image/svg+xml"
        )

    @post("script")
    def script(self) -> InvocableResponse:
        return InvocableResponse(string="alert(1)", mime_type="text/javascript")

    @post("object")
    def object(self) -> InvocableResponse:
        return InvocableResponse(json={"a": [1, 2.5, None, True]})

    @get("typed")
    def typed(self, count: int, ratio: float = 0.5, flag: bool = False, name: str = "") -> dict:
        return {"count": count, "ratio": ratio, "flag": flag, "name": name}

    @post("describe")
    def describe(self, title: str, photo: str = "") -> dict:
        """For forms: a field, and a file whose text arrives."""
        return {"title": title, "photo": photo}

    @get("open", public=True)
    def open(self, name: str = "anybody") -> str:
        return f"open to {name}"

    @post("headers")
    def headers(self) -> dict:
        """All that the package can know of its caller."""
        return {
            "headers": self.context.headers,
            "context": self.context.model_dump(mode="json", by_alias=True),
        }

    @post("add")
    def add(self, a: int, b: int) -> int:
        return a + b

    @post("raises")
    def raises(self) -> str:
        secret_of_the_author = "inner detail"
        raise ValueError(secret_of_the_author)

    @post("refuses")
    def refuses(self) -> str:
        raise SteamshipError("The shop is closed.", suggestion="Come on Monday.")

    @get("open_raises", public=True)
    def open_raises(self) -> str:
        raise ValueError("inner detail")

    @get("open_refuses", public=True)
    def open_refuses(self) -> str:
        raise SteamshipError("The shop is closed.", suggestion="Come on Monday.")

    @post("slow", timeout=1)
    def slow(self, seconds: float = 30.0) -> str:
        time.sleep(seconds)
        return "done"

    @post("whoami")
    def whoami(self) -> dict:
        """What the worker's own key may do."""
        answers: dict[str, Any] = {"workspace": self.client.get_workspace().handle}
        try:
            self.client.get("account/current")
        except SteamshipError as error:
            answers["account"] = str(error)
        return answers
