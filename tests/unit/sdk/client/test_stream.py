"""`PackageInstance.stream`: items one by one."""

from __future__ import annotations

from typing import Any

import pytest

from steamship import PackageInstance
from steamship.base.error import (
    NotFoundError,
    PackageError,
    PackageReplyError,
    PackageTimeoutError,
    UnavailableError,
)
from steamship.base.transport import HttpReply, NoReplyError
from steamship.utils.url import Verb
from tests.services.fake_transport import APP, KEY, FakeTransport, client_with, failure, reply

EVENTS = "text/event-stream"


def _instance(transport: FakeTransport, **fields: Any) -> PackageInstance:
    whole = {
        "id": "I1",
        "handle": "mine",
        "package_id": "P1",
        "user_handle": "alice",
        "workspace_handle": "home",
    }
    address = {"invocation_url": f"{APP}@alice/home/mine/"}
    return PackageInstance(client=client_with(transport), **{**whole, **address, **fields})


def _streamed(answer: HttpReply, breaks: Exception | None = None) -> list[Any]:
    transport = FakeTransport(answer)
    transport.breaks = breaks
    found = list(_instance(transport).stream("count"))
    assert transport.closed == 1
    return found


def test_a_stream_asks_for_events():
    """The request is that of `invoke`, with an Accept header that likes events best; it is sent for the first item."""
    transport = FakeTransport(reply(b"data: 1\n\n", content_type=EVENTS))
    items = _instance(transport).stream("count", to=3)
    assert transport.requests == []
    assert list(items) == [1]
    request = transport.requests[0]
    assert (request.verb, request.url) == ("POST", f"{APP}@alice/home/mine/count")
    assert transport.bodies == [{"to": 3}]
    assert request.headers["Accept"].startswith("text/event-stream,")
    assert request.headers["Authorization"] == f"Bearer {KEY}"


def test_a_stream_with_get_puts_arguments_into_the_query():
    """With GET there is no body."""
    transport = FakeTransport(reply(b"", content_type=EVENTS))
    assert list(_instance(transport).stream("count", verb=Verb.GET, to=3)) == []
    assert transport.queries == [{"to": ["3"]}]
    assert transport.requests[0].body is None


def test_an_instance_without_an_address_is_named_by_headers():
    """Where the invocation URL is not known the call goes to the app base, with the headers that name the instance."""
    transport = FakeTransport(reply(b"", content_type=EVENTS))
    assert list(_instance(transport, invocation_url=None).stream("count")) == []
    request = transport.requests[0]
    assert request.url == f"{APP}home/mine/count"
    assert request.headers["X-Package-Instance-Id"] == "I1"


def test_each_event_is_an_item():
    """An event's data is an item: JSON as it is, several lines as one, anything else as text; comments are none."""
    body = 'data: {"a": "ä"}\n\n: still there\n\ndata: [1,\r\ndata: 2]\r\n\r\ndata: [DONE]\n\ndata: null\n\n'
    assert _streamed(reply(body, content_type=EVENTS)) == [{"a": "ä"}, [1, 2], "[DONE]", None]


def test_an_error_between_items_is_raised():
    """An error event is the error that it tells of, after the items before it."""
    status = '{"status":{"state":"failed","statusCode":"PackageError","statusMessage":"No more of it."}}'
    items = _instance(
        FakeTransport(reply(f"data: 1\n\nevent: error\ndata: {status}\n\n", content_type=EVENTS))
    ).stream("count")
    assert next(items) == 1
    with pytest.raises(PackageError, match="No more of it"):
        next(items)


def test_an_error_event_of_the_packages_own_is_an_item():
    """An event that only is called error is an item like any other."""
    assert _streamed(reply("event: error\ndata: {}\n\n", content_type=EVENTS)) == [{}]


def test_an_answer_that_breaks_off_is_told():
    """A body that ends too early raises after what arrived of it."""
    with pytest.raises(PackageReplyError, match='The answer of "count" broke off: cut'):
        _streamed(reply("data: 1\n\n", content_type=EVENTS), breaks=NoReplyError("cut"))


def test_a_stream_that_takes_too_long_is_told():
    """A timeout in the middle is a timeout."""
    transport = FakeTransport(reply("data: 1\n\n", content_type=EVENTS))
    transport.breaks = NoReplyError("the time was up", timed_out=True)
    with pytest.raises(PackageTimeoutError, match="within 2 s"):
        list(_instance(transport).stream("count", timeout_s=2))


def test_what_is_no_stream_is_given_all_the_same():
    """A JSON list gives its items, another JSON value itself, text and bytes their pieces."""
    assert _streamed(reply([1, [2]])) == [1, [2]]
    assert _streamed(reply({"a": 1})) == [{"a": 1}]
    assert "".join(_streamed(reply("äöüäöüäöü", content_type="text/plain"))) == "äöüäöüäöü"
    assert b"".join(_streamed(reply(b"\x00" * 20, content_type="image/png"))) == b"\x00" * 20


def test_a_refused_call_raises_as_invoke_does():
    """An answer that failed is its error, and never quotes the key; no answer is an UnavailableError."""
    with pytest.raises(NotFoundError, match="No handler"):
        _streamed(failure("NotFound", "No handler", 404))
    with pytest.raises(PackageError) as failed:
        _streamed(failure("PackageError", f"it saw {KEY}", 500))
    assert KEY not in str(failed.value)
    with pytest.raises(UnavailableError, match="got no answer"):
        list(_instance(FakeTransport(NoReplyError("refused"))).stream("count"))


def test_leaving_the_loop_closes_the_answer():
    """Whoever takes no more items gives the call up."""
    transport = FakeTransport(reply("data: 1\n\ndata: 2\n\n", content_type=EVENTS))
    items = _instance(transport).stream("count")
    assert next(items) == 1
    items.close()
    assert transport.closed == 1
