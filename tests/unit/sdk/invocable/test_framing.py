"""How a stream's items are written."""

from __future__ import annotations

import json

import pytest
from pydantic import BaseModel

from steamship.invocable.encoding import EncodingError
from steamship.invocable.framing import Chunks, Events, JsonArray, JsonLines, preferred

STATUS = {"state": "failed", "statusCode": "PackageError"}


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, JsonArray),
        ("", JsonArray),
        ("*/*", JsonArray),
        ("text/html, */*;q=0.8", JsonArray),
        ("image/png", JsonArray),
        ("application/*", JsonArray),
        ("application/json", JsonArray),
        ("application/json, text/event-stream", JsonArray),
        ("text/event-stream;q=0", JsonArray),
        ("text/event-stream;q=no", JsonArray),
        ("text/event-stream;q=0, */*", JsonArray),
        ("text/event-stream", Events),
        ("TEXT/Event-Stream ; q=0.2", Events),
        ("text/event-stream, application/json", Events),
        ("text/event-stream, */*", Events),
        ("application/json;q=0.5, text/event-stream;q=0.6", Events),
        ("text/*", Events),
        ("application/x-ndjson", JsonLines),
        ("application/json;q=0.9, application/x-ndjson", JsonLines),
        ("text/event-stream;q=0.5, application/x-ndjson;q=0.7", JsonLines),
    ],
)
def test_the_accept_header_decides(accept, kind):
    """What is liked best is chosen, named before covered by a star, first named first; else a JSON array."""
    assert type(preferred(accept)) is kind


@pytest.mark.parametrize(("items", "body"), [([], b"[]"), ([1], b"[1]"), ([1, "ä"], '[1,\n"ä"]'.encode())])
def test_an_array_is_one_json_text(items, body):
    """The items between brackets are a JSON array, however many there are."""
    framing = JsonArray()
    written = b"".join([*map(framing.item, items), framing.end()])
    assert written == body
    assert json.loads(written) == items


def test_an_item_is_written_as_it_is_in_a_list():
    """Models, bytes and sets in a stream look as they do in a list."""

    class Point(BaseModel):
        x_axis: int

    assert JsonLines().item(Point(x_axis=1)) == b'{"x_axis":1}\n'
    assert JsonLines().item(b"ab") == b'"YWI="\n'
    assert JsonLines().item("a\nb") == b'"a\\nb"\n'
    with pytest.raises(EncodingError):
        JsonLines().item(iter([1]))
    with pytest.raises(EncodingError):
        JsonLines().item(float("nan"))


def test_events_are_one_line_of_data_each():
    """An item is an event, an error is one by that name, and nothing else ends the stream."""
    assert Events().item({"a": "1\n2"}) == b'data: {"a":"1\\n2"}\n\n'
    assert (
        Events().failed(STATUS)
        == b'event: error\ndata: {"status":{"state":"failed","statusCode":"PackageError"}}\n\n'
    )
    assert Events().end() == b""


def test_only_events_can_tell_of_an_error():
    """In an array, in lines and in an author's own chunks there is no place for one."""
    for framing in (JsonArray(), JsonLines(), Chunks("text/plain")):
        assert framing.failed(STATUS) is None


def test_chunks_are_text_or_bytes():
    """Text goes as UTF-8, bytes as they are, anything else is refused."""
    framing = Chunks("text/plain")
    assert (framing.item("ä"), framing.item(b"\xff"), framing.item(memoryview(b"x"))) == (
        "ä".encode(),
        b"\xff",
        b"x",
    )
    with pytest.raises(EncodingError, match='"int"'):
        framing.item(1)
