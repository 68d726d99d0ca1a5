"""`PackageInstance.invoke`: what is sent, and what comes back."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from steamship import Block, PackageInstance, Task
from steamship.base.error import (
    ForbiddenError,
    InvalidRequestError,
    PackageError,
    PackageReplyError,
    PackageTimeoutError,
    SteamshipError,
    UnavailableError,
)
from steamship.base.transport import HttpReply, NoReplyError
from steamship.utils.url import Verb
from tests.services.fake_transport import API, APP, KEY, FakeTransport, client_with, failure, reply


def _instance(transport: FakeTransport, **fields: Any) -> PackageInstance:
    whole = {
        "id": "I1",
        "handle": "mine",
        "package_id": "P1",
        "user_handle": "alice",
        "workspace_id": "W1",
        "workspace_handle": "home",
        "invocation_url": "http://localhost:8080/@alice/home/mine/",
        **fields,
    }
    return PackageInstance(client=client_with(transport), **whole)


def _invoked(answer: HttpReply) -> Any:
    return _instance(FakeTransport(answer)).invoke("greet")


def test_invoke_posts_its_arguments_to_the_instances_address() -> None:
    """The method's name follows the invocation URL, arguments are the JSON body, None among them."""
    transport = FakeTransport(reply("Hello"))
    assert _instance(transport).invoke("greet", name="Beautiful", when=date(2026, 1, 31), to=None) == "Hello"
    request = transport.requests[0]
    assert (request.verb, request.url) == ("POST", f"{APP}@alice/home/mine/greet")
    assert json.loads(request.body or b"") == {"name": "Beautiful", "when": "2026-01-31", "to": None}
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["Content-Type"] == "application/json"
    assert request.timeout_s is None
    assert not request.repeatable
    assert not [name for name in request.headers if name.startswith(("X-Workspace", "X-Package"))]


@pytest.mark.parametrize("verb", [Verb.GET, "GET"])
def test_invoke_with_get_puts_arguments_into_the_query(verb: Verb) -> None:
    """With GET there is no body."""
    transport = FakeTransport(reply("Hello"))
    _instance(transport).invoke("greet", verb=verb, name="a b", often=[1, 2], loud=True)
    request = transport.requests[0]
    assert (request.verb, request.body, request.repeatable) == ("GET", None, True)
    assert request.url.startswith(f"{APP}@alice/home/mine/greet?")
    assert transport.queries == [{"name": ["a b"], "often": ["[1, 2]"], "loud": ["true"]}]


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/greet", "greet"),
        ("a/b", "a/b"),
        ("__dir__", "__dir__"),
        ("grüß dich?", "gr%C3%BC%C3%9F%20dich%3F"),
        ("a//b", "a//b"),
    ],
)
def test_a_methods_name_becomes_a_path(path: str, sent: str) -> None:
    """A leading slash is dropped, and what is special in an address is quoted."""
    transport = FakeTransport(reply(1))
    _instance(transport).invoke(path)
    assert transport.requests[0].url == f"{APP}@alice/home/mine/{sent}"


@pytest.mark.parametrize("path", ["", "/", "../other/greet", "a/../b", "./greet"])
def test_a_path_cannot_leave_the_instance(path: str) -> None:
    """A name that is none is refused before anything is sent."""
    transport = FakeTransport(reply(1))
    with pytest.raises(InvalidRequestError, match="is not the name of a method"):
        _instance(transport).invoke(path)
    assert transport.requests == []


@pytest.mark.parametrize(
    ("app_base", "host"),
    [
        ("http://localhost:8080/", "http://localhost:8080/"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/"),
        ("https://apps.test/", "https://alice.apps.test/"),
        ("https://apps.test:8443/", "https://alice.apps.test:8443/"),
    ],
)
def test_without_an_address_one_is_made_from_the_app_base(app_base: str, host: str) -> None:
    """The owner is the first label of the host unless the base is this machine; headers name the instance."""
    transport = FakeTransport(reply(1))
    instance = _instance(transport, invocation_url=None)
    instance.client.config.app_base = app_base
    instance.invoke("greet")
    request = transport.requests[0]
    assert request.url == f"{host}home/mine/greet"
    assert request.headers["X-Package-Owner-Handle"] == "alice"
    assert request.headers["X-Package-Id"] == "P1"
    assert request.headers["X-Package-Instance-Id"] == "I1"


def test_a_workspace_without_its_handle_is_looked_up_once() -> None:
    """Where only the workspace's id is known, its handle is asked for before the address is made."""
    transport = FakeTransport(reply({"data": {"workspace": {"id": "W1", "handle": "home"}}}), reply(1))
    instance = _instance(transport, invocation_url=None, workspace_handle=None)
    instance.invoke("greet")
    instance.invoke("greet")
    assert transport.paths == ["workspace/get", f"{APP}home/mine/greet", f"{APP}home/mine/greet"]


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        0.5,
        "text",
        [1, {"a": None}],
        {"data": 1},
        {"status": "ok"},
        {"status": {"state": "failed", "statusMessage": "only data"}},
        {"data": {"x": 1}, "status": {"state": "waiting", "taskId": "T"}},
    ],
)
def test_json_comes_back_as_it_is(value: Any) -> None:
    """A package's JSON is its value, None and dicts with `data` or `status` included."""
    assert _invoked(reply(value)) == value


def test_text_comes_back_as_text() -> None:
    """Any text type gives a str, in its charset or UTF-8."""
    assert _invoked(reply("schön".encode(), content_type="text/html; charset=utf-8")) == "schön"
    assert _invoked(reply("schön".encode("latin-1"), content_type="text/plain; charset=latin-1")) == "schön"
    assert _invoked(reply("schön".encode(), content_type="text/markdown")) == "schön"
    assert _invoked(reply(b"\xff", content_type="text/plain; charset=nonsense")) == "\ufffd"


@pytest.mark.parametrize("kind", ["image/png", "application/octet-stream", "application/ld+json"])
def test_other_content_comes_back_as_bytes(kind: str) -> None:
    """Content that is neither JSON nor text is bytes; empty content of a type is empty bytes."""
    assert _invoked(reply(b"\x00\xff", content_type=kind)) == b"\x00\xff"
    assert _invoked(reply(b"", content_type=kind)) == b""


def test_no_content_comes_back_as_none() -> None:
    """204, and an answer without type and body, are None."""
    assert _invoked(HttpReply(204, {"content-type": "text/plain"}, b"")) is None
    assert _invoked(HttpReply(200, {}, b"")) is None


def test_content_called_json_that_is_none_is_an_error() -> None:
    """A broken JSON answer is the package's fault, with the request id."""
    with pytest.raises(
        PackageReplyError, match='"greet" answered with content that is called JSON'
    ) as caught:
        _invoked(HttpReply(200, {"content-type": "application/json", "x-request-id": "R1"}, b"{"))
    assert caught.value.request_id == "R1"


def test_a_failed_status_is_raised_in_its_class() -> None:
    """The code names the class; an unknown one is a SteamshipError that keeps it."""
    with pytest.raises(PackageError, match="The package failed") as caught:
        _invoked(failure("PackageError", "The package failed.", 500, requestId="R1"))
    assert (caught.value.http_status, caught.value.request_id) == (500, "R1")
    with pytest.raises(ForbiddenError):
        _invoked(failure("Forbidden", "No.", 403))
    with pytest.raises(SteamshipError) as unknown:
        _invoked(failure("OutOfTea", "No tea.", 418))
    assert (type(unknown.value), unknown.value.code) == (SteamshipError, "OutOfTea")


def test_an_error_without_a_status_says_what_came() -> None:
    """HTTP status and the beginning of a text are in the error."""
    with pytest.raises(SteamshipError, match='"greet" was answered with HTTP 502: Bad gateway') as caught:
        _invoked(reply("Bad gateway", 502, content_type="text/plain"))
    assert caught.value.http_status == 502
    with pytest.raises(SteamshipError, match="HTTP 500 and no reason"):
        _invoked(reply(b"\xff" * 1000, 500, content_type="image/png"))
    with pytest.raises(SteamshipError, match='HTTP 404: {"found": false}'):
        _invoked(reply({"found": False}, 404))


def test_a_redirect_is_not_followed() -> None:
    """The error names where it led to; one request was sent."""
    transport = FakeTransport(HttpReply(302, {"location": "https://elsewhere.test/"}, b""))
    with pytest.raises(SteamshipError, match='redirect to "https://elsewhere.test/"'):
        _instance(transport).invoke("greet")
    assert len(transport.requests) == 1


def test_a_timeout_is_the_packages() -> None:
    """`timeout_s` reaches the transport; when it has passed, the error says so."""
    transport = FakeTransport(NoReplyError("the time was up", timed_out=True))
    with pytest.raises(PackageTimeoutError, match='"greet" did not answer within 1.5 s'):
        _instance(transport).invoke("greet", timeout_s=1.5)
    assert transport.requests[0].timeout_s == 1.5


def test_no_answer_names_the_address_and_what_to_do() -> None:
    """Without an engine the error names the address, the reason, `ship serve` and `ship login`, and no arguments."""
    transport = FakeTransport(NoReplyError("Connection refused"))
    with pytest.raises(UnavailableError) as caught:
        _instance(transport).invoke("greet", verb=Verb.GET, secret="hidden")
    text = str(caught.value)
    for part in (f"{APP}@alice/home/mine/greet", "Connection refused", "ship serve", "ship login"):
        assert part in text
    assert "hidden" not in text
    assert KEY not in text


def test_a_call_in_the_background_is_a_task() -> None:
    """With task headers the answer's status is a Task."""
    transport = FakeTransport(reply({"status": {"taskId": "T1", "state": "waiting"}}))
    instance = _instance(transport)
    task = instance.client.call(
        Verb.POST, "home/mine/greet", {}, is_package_call=True, package_owner="alice", as_background_task=True
    )
    assert isinstance(task, Task)
    assert (task.task_id, task.client) == ("T1", instance.client)
    assert transport.requests[0].headers["X-Task-Background"] == "true"


def test_methods_that_return_blocks_or_a_task() -> None:
    """`blocks_from_invoke` and `task_from_invoke` read the value, and refuse another with the method's name."""
    blocks = _instance(FakeTransport(reply([{"text": "a"}, {"text": "b"}]))).blocks_from_invoke("ask")
    assert blocks == [Block(text="a"), Block(text="b")]
    assert _instance(FakeTransport(reply({"text": "a"}))).blocks_from_invoke("ask") == [Block(text="a")]
    task = _instance(FakeTransport(reply({"taskId": "T1"}))).task_from_invoke("ask")
    assert task.task_id == "T1"
    with pytest.raises(PackageReplyError, match='"ask" returned no Task'):
        _instance(FakeTransport(reply("text"))).task_from_invoke("ask")


def test_full_url() -> None:
    """A method's address is the instance's with the name appended, however many slashes lead it."""
    instance = _instance(FakeTransport())
    assert instance.full_url_for("/greet") == instance.full_url_for("greet") == f"{APP}@alice/home/mine/greet"


def test_two_fetched_by_different_clients_are_equal() -> None:
    """Equality is that of the fields; the client does not count and is not shown."""
    first, second = _instance(FakeTransport()), _instance(FakeTransport())
    assert first == second
    assert first != second.model_copy(update={"handle": "other"})
    assert API not in repr(first)
