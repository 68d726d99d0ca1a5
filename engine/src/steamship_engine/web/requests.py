"""What a page reads of a request: its query, its form, and where the form was filled in."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from steamship_engine.model.errors import ForbiddenError, InvalidRequestError, TooLargeError

Scope = MutableMapping[str, Any]
_FIELDS = 20


class Request:
    """One request, apart from its body."""

    def __init__(self, scope: Scope) -> None:
        self.verb: str = scope["method"]
        self.path: str = scope["path"]
        self._headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.query = fields(scope.get("query_string", b""))

    def header(self, name: str) -> str:
        """A header's value, the first one's; empty without it. `name` in lower case."""
        wanted = name.encode()
        return next((value.decode("latin-1") for key, value in self._headers if key == wanted), "")

    def require_same_origin(self, web_base: str) -> None:
        """ForbiddenError for a form that another site's page has sent.

        Browsers say so in one header or both. A program that sends neither is nobody's browser, so
        nobody can be made to send what they did not mean.
        """
        origin, site = self.header("origin"), self.header("sec-fetch-site")
        own = {urlsplit(web_base).netloc.lower(), self.header("host").lower()}
        if (origin and _place(origin) not in own) or site not in ("", "same-origin", "none"):
            raise ForbiddenError(
                "This form was sent from another site.",
                suggestion="Open the address that your terminal shows, and approve there.",
            )


def _place(origin: str) -> str:
    """Host and port of an origin; empty for `null` and for what is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


async def read_form(request: Request, receive: Any, most: int) -> dict[str, str]:
    """The fields of a form; TooLargeError above `most` bytes, InvalidRequestError for anything but a form."""
    kind = request.header("content-type").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise InvalidRequestError(
            f'This page takes a form, not "{kind[:100]}".', suggestion="Open it in a browser."
        )
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise InvalidRequestError("The form did not arrive whole.", suggestion="Send it again.")
        body += message.get("body", b"")
        if len(body) > most:
            raise TooLargeError(f"The form has more than {most} bytes.", suggestion="Paste the key alone.")
        more = message.get("more_body", False)
    return fields(bytes(body))


def fields(encoded: bytes) -> dict[str, str]:
    """The fields of a query or a form; of one that is there twice the first."""
    try:
        pairs = parse_qsl(encoded.decode("latin-1"), keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError as error:
        raise InvalidRequestError(
            f"There are more than {_FIELDS} fields.", suggestion="Send fewer."
        ) from error
    return dict(reversed(pairs))
