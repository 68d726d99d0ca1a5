"""The gateway: who gets in, what reaches a package, and what leaves it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from steamship_engine.control import identity
from steamship_engine.control.actor import Actor, Reach
from steamship_engine.model.audit import NOBODY, AuditEvent, AuditKind, Subject
from steamship_engine.model.errors import BusyError, PackageCrashedError, UnavailableError
from steamship_engine.model.limits import GATEWAY
from steamship_engine.model.network import Network
from steamship_engine.runtime.port import Reply, ReplyError
from tests.services.gateway_door import APART, KEYS, Answer, Door, door, once

__all__ = ["door"]


@pytest.mark.parametrize("path", ["/@alice/space/bot/greet", "/space/bot/greet", "/space/bot//greet"])
def test_the_owner_calls_by_every_address(door: Door, path: str) -> None:
    """With and without the owner in the path, the owner's key reaches the method."""
    answer = door.knock("POST", path, key="alice-key", body=b'{"a": 1}')
    assert (answer.status, answer.body) == (200, b"hi")
    assert (door.runtime.requests[0].path, door.runtime.bodies[0]) == ("/greet", b'{"a": 1}')


def test_bearer_is_read_in_any_case(door: Door) -> None:
    """The scheme's name is not case-sensitive."""
    answer = door.knock("POST", "/space/bot/greet", ("authorization", "bearer alice-key"))
    assert answer.status == 200


@pytest.mark.parametrize("key", ["space-key", "instance-key"])
def test_scoped_keys_reach_what_they_are_for(door: Door, key: str) -> None:
    """A workspace's and an instance's key call the instance."""
    assert door.knock("POST", "/space/bot/greet", key=key).status == 200


@pytest.mark.parametrize("key", ["bob-key", "other-space-key", "other-instance-key"])
def test_what_a_key_does_not_reach_looks_missing(door: Door, key: str) -> None:
    """Another's instance, and one outside the key's scope, answer as one that is not there, in any case."""
    missing = door.knock("POST", "/@alice/space/Nobot/greet", ("x-request-id", "r"), key=key)
    for handle in ("Bot", "bot"):
        theirs = door.knock("POST", f"/@alice/space/{handle}/greet", ("x-request-id", "r"), key=key)
        assert theirs.status == missing.status == 404
        assert theirs.body == missing.body.replace(b"Nobot", handle.encode())
    assert door.runtime.requests == []


def test_without_a_key_private_and_missing_look_the_same(door: Door) -> None:
    """A caller without a key is asked for one, whatever is at the address."""
    private = door.knock("POST", "/@alice/space/bot/greet", ("x-request-id", "r"))
    missing = door.knock("POST", "/@nobody/space/bot/greet", ("x-request-id", "r"))
    assert private.status == 401
    assert private.body == missing.body


def test_a_public_method_needs_no_key(door: Door) -> None:
    """Anybody calls a public method, by its own verb only."""
    assert door.knock("GET", "/@alice/space/bot/open").status == 200
    assert door.knock("POST", "/@alice/space/bot/open").status == 401


def test_a_worker_without_a_network_is_known_by_its_key(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where TLS ends before the engine a connection says nothing; public methods of other workspaces stay closed to it."""
    holder = replace(KEYS["alice-key"], reach=Reach.WORKER, workspace_id="WS-2", network=Network.NONE)

    def knock(holder: Actor) -> Answer:
        door.changes.report("instance", "INST-2")
        monkeypatch.setattr(identity, "holder", lambda *_: holder)
        return door.knock("GET", "/@alice/space/bot/open", key="shipw_one")

    refused = knock(holder)
    assert refused.status == 403
    assert 'network "none"' in refused.failure["statusMessage"]
    assert knock(replace(holder, workspace_id="WS-ID")).status == 200
    assert knock(replace(holder, network=Network.INTERNET)).status == 200


def test_a_bad_key_is_refused_even_where_none_is_needed(door: Door) -> None:
    """A wrong key is a mistake worth telling."""
    assert door.knock("GET", "/@alice/space/bot/open", key="wrong").status == 401


def test_the_package_never_sees_keys_and_engine_headers(door: Door) -> None:
    """What identifies the caller to the engine stays with the engine; the rest passes."""
    private = [
        "Cookie",
        "X-Forwarded-For",
        "Forwarded",
        "X-Package-Id",
        "X-Workspace-Id",
        "Proxy-Authorization",
    ]
    headers = [(name, "canary") for name in private]
    door.knock("POST", "/space/bot/greet", *headers, ("X-Custom", "kept"), key="alice-key")
    request = door.runtime.requests[0]
    assert ("x-custom", "kept") in request.headers
    assert "canary" not in str(request.headers)
    assert "alice-key" not in repr(request)
    assert request.key == "worker-key"


def test_a_package_sets_no_header_of_the_engine(door: Door) -> None:
    """Cookies, service workers, policies and split headers gain a package nothing."""
    hostile = (
        ("set-cookie", "a=b"),
        ("service-worker-allowed", "/"),
        ("content-security-policy", "default-src *"),
        ("access-control-allow-credentials", "true"),
        ("x-content-type-options", "none"),
        ("x-split", "a\r\nset-cookie: b=c"),
        ("content-type", "text/html"),
        ("x-fine", "yes"),
    )
    door.runtime.reply = lambda: Reply(200, hostile, once(b"<script>"))
    answer = door.knock("POST", "/space/bot/greet", key="alice-key")
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers["x-fine"] == "yes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox ")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert not {"set-cookie", "service-worker-allowed", "access-control-allow-credentials", "x-split"} & set(
        answer.headers
    )


def test_a_host_of_their_own_frees_packages_from_the_sandbox_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where web pages live on another host, replies are not sandboxed, and still not sniffed."""
    door = Door(monkeypatch, APART)
    answer = door.knock("GET", "/@alice/space/bot/open")
    assert "content-security-policy" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("key", "message", "shown"),
    [
        ("alice-key", "ValueError: inner\n\nTRACE", True),
        (None, "The package failed.", False),
    ],
)
def test_a_failure_is_told_in_full_to_the_owner_alone(
    door: Door, key: str | None, message: str, shown: bool
) -> None:
    """The owner reads the traceback; a stranger learns that the package failed, and the request id."""
    door.runtime.reply = lambda: Reply(
        500, (), once(b""), ReplyError("PackageError", "ValueError: inner", details="TRACE")
    )
    answer = door.knock("GET", "/@alice/space/bot/open", key=key)
    assert answer.status == 500
    assert answer.failure["statusMessage"] == message
    assert answer.failure["requestId"] == answer.headers["x-request-id"]
    assert (b"inner" in answer.body) is shown


def test_a_deliberate_error_reaches_everybody(door: Door) -> None:
    """What an author raises for callers to read is read by them, without the traceback."""
    error = ReplyError("PackageError", "Too late.", "Come earlier.", details="TRACE", deliberate=True)
    door.runtime.reply = lambda: Reply(500, (), once(b""), error)
    failure = door.knock("GET", "/@alice/space/bot/open").failure
    assert (failure["statusMessage"], failure["statusSuggestion"]) == ("Too late.", "Come earlier.")


def test_secrets_are_taken_out_of_errors(door: Door) -> None:
    """The values of an instance's secret parameters are in no error, whoever reads it and however it came."""
    error = ReplyError(
        "PackageError", "Bad token canary-42.", "Not canary-42.", details="t = 'canary-42'", deliberate=True
    )
    door.runtime.reply = lambda: Reply(500, (), once(b""), error)
    for key in ("alice-key", None):
        assert b"canary-42" not in door.knock("GET", "/@alice/space/bot/open", key=key).body
    assert door.knock("GET", "/@alice/space/bot/open").failure["statusMessage"] == "Bad token [secret]."

    def crash() -> Reply:
        raise PackageCrashedError("Died of canary-42.", details="canary-42")

    door.runtime.reply = crash
    assert b"canary-42" not in door.knock("GET", "/@alice/space/bot/open", key="alice-key").body


def test_a_worker_cannot_speak_for_the_engine(door: Door) -> None:
    """An error code that is not a package's to give becomes the package's failure."""
    door.runtime.reply = lambda: Reply(
        401, (), once(b""), ReplyError("AuthenticationRequired", "log in at evil.test")
    )
    answer = door.knock("GET", "/@alice/space/bot/open", key="alice-key")
    assert (answer.status, answer.failure["statusCode"]) == (500, "PackageError")


@pytest.mark.parametrize(
    ("key", "message"), [("alice-key", "MemoryError: big\n\nTRACE"), (None, "The package failed.")]
)
def test_a_package_without_memory_is_a_502(door: Door, key: str | None, message: str) -> None:
    """A MemoryError has a code of its own for everybody, and its traceback for the owner."""
    door.runtime.reply = lambda: Reply(
        502, (), once(b""), ReplyError("PackageMemory", "MemoryError: big", details="TRACE")
    )
    answer = door.knock("GET", "/@alice/space/bot/open", key=key)
    assert (answer.status, answer.failure["statusCode"]) == (502, "PackageMemory")
    assert answer.failure["statusMessage"] == message


def test_an_unknown_method_is_told_by_the_package(door: Door) -> None:
    """The package's own 404 passes with its words."""
    door.runtime.reply = lambda: Reply(
        404, (), once(b""), ReplyError("NotFound", "No handler for POST /x available.")
    )
    answer = door.knock("POST", "/space/bot/x", key="alice-key")
    assert (answer.status, answer.failure["statusMessage"]) == (404, "No handler for POST /x available.")


def test_a_crash_is_a_typed_502(door: Door) -> None:
    """What the runtime raises arrives with its own code."""

    def crash() -> Reply:
        raise PackageCrashedError("The worker was ended by signal 9.", details="TRACE")

    door.runtime.reply = crash
    answer = door.knock("GET", "/@alice/space/bot/open")
    assert (answer.status, answer.failure["statusCode"]) == (502, "PackageCrashed")
    assert "TRACE" not in answer.failure["statusMessage"]


@pytest.mark.parametrize(
    "error", [UnavailableError("later", retry_after_s=30), BusyError("full", retry_after_s=7)]
)
def test_a_refusal_for_now_says_when_to_come_back(door: Door, error: UnavailableError) -> None:
    """`Retry-After` is what the error itself says."""

    def fail() -> Reply:
        raise error

    door.runtime.reply = fail
    answer = door.knock("GET", "/@alice/space/bot/open")
    assert answer.status == error.http_status
    assert answer.headers["retry-after"] == str(error.retry_after_s)


def test_a_body_over_the_limit_is_refused_unread(door: Door) -> None:
    """The declared length alone is reason enough."""
    length = ("content-length", str(GATEWAY.body + 1))
    answer = door.knock("POST", "/space/bot/greet", length, key="alice-key")
    assert answer.status == 413
    assert door.runtime.requests == []


def test_head_is_get_without_a_body(door: Door) -> None:
    """HEAD runs the GET method and sends its headers only."""
    answer = door.knock("HEAD", "/@alice/space/bot/open")
    assert (answer.status, answer.body) == (200, b"")
    assert door.runtime.requests[0].verb == "GET"


def test_browsers_of_any_origin_may_call(door: Door) -> None:
    """OPTIONS is answered by the engine, with every header that its clients send."""
    answer = door.knock("OPTIONS", "/@alice/space/bot/greet")
    assert answer.status == 204
    assert "X-Workspace-Id" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers
    assert door.knock("POST", "/@alice/space/bot/greet").headers["access-control-allow-origin"] == "*"


def test_a_method_s_timeout_goes_with_the_call(door: Door) -> None:
    """`@post(timeout=5)` limits that method and no other."""
    door.knock("POST", "/space/bot/slow", key="alice-key")
    door.knock("POST", "/space/bot/greet", key="alice-key")
    assert [request.timeout_s for request in door.runtime.requests] == [5.0, None]


def test_a_revoked_key_stops_atonce(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the gateway remembers is dropped before the change that made it wrong returns."""

    async def scenario() -> list[int]:
        fields = [("host", "localhost"), ("authorization", "Bearer alice-key")]
        before = await door._knock("POST", "/space/bot/greet", fields, b"")
        monkeypatch.delitem(KEYS, "alice-key")
        remembered = await door._knock("POST", "/space/bot/greet", fields, b"")
        door.changes.report("key", "KEY-ID")
        after = await door._knock("POST", "/space/bot/greet", fields, b"")
        return [before.status, remembered.status, after.status]

    assert asyncio.run(scenario()) == [200, 200, 401]


@pytest.mark.parametrize("given", ["", "has space", "x" * 200, "a\tb"])
def test_a_strange_request_id_is_replaced(door: Door, given: str) -> None:
    """Only a harmless request id is taken over from the caller."""
    answer = door.knock("GET", "/@alice/space/bot/open", ("x-request-id", given))
    assert answer.headers["x-request-id"] != given
    kept = door.knock("GET", "/@alice/space/bot/open", ("x-request-id", "trace-1"))
    assert kept.headers["x-request-id"] == "trace-1"


def test_refused_calls_are_told_to_the_audit_trail(door: Door) -> None:
    """Another user's private method, a wrong key and no key are told; calls that are made, and failures, are not."""
    told: list[AuditEvent] = []
    door.refusals.add = told.append
    door.knock("POST", "/@alice/space/bot/greet", key="alice-key")
    door.knock("GET", "/@alice/space/bot/open")
    door.knock("POST", "/@alice/space/nobody/greet", key="alice-key")
    assert not told
    door.knock("POST", "/@alice/space/bot/greet", ("x-request-id", "R-5"), key="bob-key")
    door.knock("POST", "/@alice/space/bot/greet", key="wrong")
    door.knock("POST", "/@alice/space/bot/greet")
    foreign, wrong, none = told
    assert (foreign.kind, foreign.by.handle) == (AuditKind.ACCESS_REFUSED, "bob")
    assert (foreign.subject, foreign.source.request_id) == (Subject("instance", "INST-ID", "bot"), "R-5")
    assert (wrong.kind, none.kind) == (AuditKind.KEY_REFUSED, AuditKind.KEY_REFUSED)
    assert {wrong.by, none.by} == {NOBODY}
