"""How the items of a stream are written: by what the caller's Accept header prefers."""

from __future__ import annotations

from typing import Any

from steamship.invocable.encoding import EncodingError, encode_json, encode_text

_CHUNKS = (bytes, bytearray, memoryview)


class JsonArray:
    """One JSON array. Hardly anybody reads one before its end, so items that come quickly go together.

    `is_prompt` says whether each item must go at once.
    """

    content_type = "application/json"
    is_prompt = False
    _begun = False

    def item(self, item: Any) -> bytes:
        """One item. Raises EncodingError."""
        before, self._begun = (b",\n" if self._begun else b"["), True
        return before + _json(item)

    def end(self) -> bytes:
        """What follows the last item."""
        return b"]" if self._begun else b"[]"

    def failed(self, status: dict[str, Any]) -> bytes | None:
        """What tells that no further item comes, as a failed answer's `status` has it; None if nothing can."""
        return None


class JsonLines(JsonArray):
    """One JSON value a line."""

    content_type = "application/x-ndjson"
    is_prompt = True

    def item(self, item: Any) -> bytes:
        """One item. Raises EncodingError."""
        return _json(item) + b"\n"

    def end(self) -> bytes:
        """Nothing follows the last item."""
        return b""


class Events(JsonLines):
    """Server-sent events, of which an error is one too."""

    content_type = "text/event-stream"

    def item(self, item: Any) -> bytes:
        """One item. Raises EncodingError."""
        return b"data: " + _json(item) + b"\n\n"

    def failed(self, status: dict[str, Any]) -> bytes | None:
        """The error as an event."""
        return b"event: error\ndata: " + encode_json({"status": status}) + b"\n\n"


class Chunks(JsonLines):
    """An author's own text or bytes, as they are."""

    def __init__(self, content_type: str) -> None:
        self.content_type = content_type

    def item(self, item: Any) -> bytes:
        """One chunk. Raises EncodingError."""
        if isinstance(item, str):
            return encode_text(item)
        if isinstance(item, _CHUNKS):
            return bytes(item)
        raise EncodingError(f'a stream of text or bytes cannot hold "{type(item).__name__}"')


Framing = JsonArray

_CHOICES: dict[str, type[JsonArray]] = {kind.content_type: kind for kind in (JsonArray, JsonLines, Events)}


def preferred(accept: str | None) -> Framing:
    """What an Accept header likes best: JSON, lines or events; a JSON array where it does not say.

    The higher `q` counts, then what is named over what `*` covers, then what is named first.
    """
    ranges = [_range(text, place) for place, text in enumerate((accept or "").split(","))]
    best, choice = (0.0, 0, 0), JsonArray
    for content_type, kind in _CHOICES.items():
        liking = _liking(content_type, ranges)
        if liking > best:
            best, choice = liking, kind
    return choice()


def _range(text: str, place: int) -> tuple[str, float, int]:
    media_range, *parameters = (part.strip().lower() for part in text.split(";"))
    told = next((p[2:] for p in parameters if p.startswith("q=")), "1")
    try:
        return media_range, min(max(float(told), 0.0), 1.0), -place
    except ValueError:
        return media_range, 0.0, -place


def _liking(content_type: str, ranges: list[tuple[str, float, int]]) -> tuple[float, int, int]:
    """Sorts higher what is liked better; all zero what is not accepted."""
    group = content_type.partition("/")[0]
    for named, media_range in ((2, content_type), (1, f"{group}/*"), (0, "*/*")):
        found = [(q, named, place) for told, q, place in ranges if told == media_range and q > 0]
        if found:
            return max(found)
        if any(told == media_range for told, _, _ in ranges):
            break
    return (0.0, 0, 0)


def _json(item: Any) -> bytes:
    """An item as it stands in a list."""
    return encode_json([item])[1:-1]
