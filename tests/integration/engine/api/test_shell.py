"""What holds for every request to the API, whatever the operation."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from httpx import Response
from sqlalchemy.exc import OperationalError

from steamship_engine.api.operations import Call, Input, Operation, Raw, TaskAnswer, Who
from steamship_engine.api.shell import Api
from steamship_engine.control import users
from steamship_engine.control.ground import Ground
from steamship_engine.model.cors import REPLY_HEADERS
from steamship_engine.model.errors import BusyError
from steamship_engine.model.limits import RequestLimits
from steamship_engine.store.database import Database
from tests.services.doors import Caller, Door


@pytest.fixture(params=["sqlite"])
def database(database: Database) -> Database:
    """One kind is enough: nothing here is about the database."""
    return database


class _Wanted(Input):
    id: str | None = None
    size: int | None = None
    things: list[dict[str, Any]] | None = None
    what: str = "echo"


def _echo(call: Call, wanted: _Wanted) -> dict[str, Any]:
    if wanted.what == "surprise":
        raise RuntimeError("the canary sings")
    if wanted.what == "outage":
        raise OperationalError("SELECT 1", {}, Exception("disk is full"))
    if wanted.what == "busy":
        raise BusyError("Too much.", retry_after_s=7)
    upload = None
    if call.upload is not None:
        content = call.upload.path.read_bytes()
        upload = {"size": call.upload.size, "same": len(content) == call.upload.size}
    echo = {"input": wanted.model_dump(exclude_none=True), "upload": upload}
    return {
        "echo": echo
        | {
            "workspace": [call.workspace_id, call.workspace_handle],
            "accepts": sorted(call.accepts),
            "requestId": call.request_id,
            "actor": call.actor and call.actor.user_handle,
        }
    }


def _task(_call: Call, wanted: _Wanted) -> TaskAnswer:
    return TaskAnswer({"state": "succeeded"}, {"a": 1} if wanted.size else None)


def _raw(_call: Call, _wanted: _Wanted) -> Raw:
    return Raw([b"a", b"b"], 2, "text/plain", {"etag": '"x"'})


OPERATIONS = (
    Operation(path="echo", input=_Wanted, run=_echo, verbs=("POST", "GET")),
    Operation(path="echo/{id}", input=_Wanted, run=_echo, verbs=("GET",)),
    Operation(path="upload", input=_Wanted, run=_echo, takes_file=True),
    Operation(path="small", input=_Wanted, run=_echo, takes_file=True, largest_file=10),
    Operation(path="top", input=_Wanted, run=_echo, top_level=True),
    Operation(path="task", input=_Wanted, run=_task),
    Operation(path="raw", input=_Wanted, run=_raw, verbs=("GET",)),
    Operation(path="open", input=_Wanted, run=_echo, who=Who.ANYONE),
)


@pytest.fixture
def door(ground: Ground) -> Iterator[Door]:
    """The API with operations that tell what reached them, and small limits."""

    async def wait(_task_id: str, _timeout_s: float) -> None:
        raise AssertionError("nothing waits here")

    limits = RequestLimits(json=1000, form=1000, upload=2000, depth=10)
    with start_blocking_portal("asyncio") as portal:
        opened = Door(Api(ground, OPERATIONS, wait, limits), portal)
        yield opened
        opened.close()


@pytest.fixture
def caller(ground: Ground, door: Door) -> Caller:
    return Caller(door, users.create(ground.database, "alice", many_users=True)[1])


def _failed(answer: Response) -> tuple[int, str]:
    whole = answer.json()
    assert set(whole) == {"status"}
    assert whole["status"]["state"] == "failed"
    assert whole["status"]["requestId"] == answer.headers["x-request-id"]
    return answer.status_code, whole["status"]["statusCode"]


def test_a_synchronous_answer_has_data_alone(caller: Caller) -> None:
    """A result is exactly 200, exactly application/json, with `data` of one key and no `status`."""
    answer = caller.send("POST", "echo", json={})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert list(answer.json()) == ["data"]
    assert list(answer.json()["data"]) == ["echo"]


def test_the_newest_npm_client_reads_the_top(caller: Caller) -> None:
    """`top_level` operations have the wrapper beside `data` too, the same in both."""
    whole = caller.post("top")
    assert whole["echo"] == whole["data"]["echo"]


def test_an_answer_about_a_task_leaves_data_out_until_there_is_some(caller: Caller) -> None:
    """A task's answer has `status`, and `data` only with output: never `"data": null`."""
    assert caller.post("task") == {"status": {"state": "succeeded"}}
    assert caller.post("task", {"size": 1}) == {"status": {"state": "succeeded"}, "data": {"a": 1}}


def test_bytes_go_out_as_they_are(caller: Caller) -> None:
    """Raw answers have their content type without a charset, and are fenced off from our pages."""
    answer = caller.send("GET", "raw")
    assert (answer.content, answer.headers["content-type"]) == (b"ab", "text/plain")
    assert answer.headers["etag"] == '"x"'
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("verb", "path", "body", "expected"),
    [
        ("POST", "nothing/here", "{}", (404, "NotFound")),
        ("POST", "", "{}", (404, "NotFound")),
        ("POST", "echo/", "{}", (404, "NotFound")),
        ("POST", "plugin/create", "{}", (501, "NotImplemented")),
        ("GET", "block/ABC/raw", "", (501, "NotImplemented")),
        ("DELETE", "echo", "", (405, "MethodNotAllowed")),
        ("POST", "echo", "[]", (400, "InvalidRequest")),
        ("POST", "echo", '{"size": NaN}', (400, "InvalidRequest")),
        ("POST", "echo", '{"size": 1, "size": 2}', (400, "InvalidRequest")),
        ("POST", "echo", '{"size": "many"}', (400, "InvalidRequest")),
        ("POST", "echo", '{"a":' * 20 + "1" + "}" * 20, (400, "InvalidRequest")),
        ("POST", "echo", "x" * 1001, (413, "TooLarge")),
        ("POST", "echo", '{"what": "surprise"}', (500, "InternalError")),
        ("POST", "echo", '{"what": "outage"}', (503, "Unavailable")),
        ("POST", "echo", '{"what": "busy"}', (429, "Busy")),
    ],
)
def test_failures_have_their_real_code(
    caller: Caller, verb: str, path: str, body: str, expected: tuple[int, str]
) -> None:
    """Each failure has a failed status, its HTTP code, a stable code, and the headers that browsers need."""
    answer = caller.send(verb, path, content=body)
    assert _failed(answer) == expected
    for name, value in REPLY_HEADERS:
        assert answer.headers[name.decode()] == value.decode()


def test_failures_name_what_helps(door: Door, caller: Caller) -> None:
    """405 names the verbs, 401 the scheme, 429 and 503 when to come back."""
    assert caller.send("PUT", "echo").headers["allow"] == "GET, POST"
    assert Caller(door, None).send("POST", "echo").headers["www-authenticate"] == "Bearer"
    assert caller.send("POST", "echo", json={"what": "busy"}).headers["retry-after"] == "7"
    assert int(caller.send("POST", "echo", json={"what": "outage"}).headers["retry-after"]) > 0


def test_a_surprise_stays_in_the_log(caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    """An unexpected exception is told by its request id alone; the traceback is in the engine's log."""
    with caplog.at_level(logging.ERROR):
        answer = caller.send("POST", "echo", {"x-request-id": "find-me"}, json={"what": "surprise"})
    assert "canary" not in answer.text
    assert "find-me" in answer.text
    assert "find-me" in caplog.text
    assert "the canary sings" in caplog.text


@pytest.mark.parametrize("given", ["abc-1.2_3:4", "9D1F0000-0000-0000-0000-000000000000"])
def test_a_request_id_is_kept(caller: Caller, given: str) -> None:
    """A plain request id is the operation's and comes back."""
    answer = caller.send("POST", "echo", {"x-request-id": given}, json={})
    assert answer.headers["x-request-id"] == given
    assert answer.json()["data"]["echo"]["requestId"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "<script>", "\u00fc"])
def test_an_odd_request_id_is_replaced(caller: Caller, given: str) -> None:
    """An absent, long or strange request id is replaced by one of ours."""
    answer = caller.send("POST", "echo", {"x-request-id": given.encode("latin-1")}, json={})  # type: ignore[dict-item]
    assert answer.headers["x-request-id"] != given
    assert len(answer.headers["x-request-id"]) == 36


def test_browsers_may_ask_first(door: Door) -> None:
    """OPTIONS needs no key and allows every origin, the protocol's headers, and no credentials."""
    answer = Caller(door, None).send("OPTIONS", "echo")
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "X-Workspace-Id" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "  bearer "])
def test_the_scheme_is_read_in_any_case(door: Door, caller: Caller, scheme: str) -> None:
    """`bearer` in any case opens; another scheme and a bare key do not."""
    headers = {"authorization": f"{scheme} {caller.key}"}
    assert Caller(door, None).send("POST", "echo", headers, json={}).status_code == 200
    for wrong in (f"Basic {caller.key}", str(caller.key)):
        assert Caller(door, None).send("POST", "echo", {"authorization": wrong}, json={}).status_code == 401


def test_operations_for_anyone_know_a_good_key(door: Door, caller: Caller) -> None:
    """Where no key is needed, a good one tells who asks and a bad one is as good as none."""
    assert caller.data("open")["echo"]["actor"] == "alice"
    assert Caller(door, "nonsense").data("open")["echo"]["actor"] is None
    assert Caller(door, None).data("open")["echo"]["actor"] is None


def test_headers_reach_the_operation(caller: Caller) -> None:
    """The workspace headers and the words of X-Steamship-Accept are the call's."""
    echo = caller.data(
        "echo", x_workspace_id="W", x_workspace_handle="h", x_steamship_accept="use/1, other/2"
    )["echo"]
    assert (echo["workspace"], echo["accepts"]) == (["W", "h"], ["other/2", "use/1"])


def test_get_takes_query_and_path(caller: Caller) -> None:
    """GET operations are asked by the query, and by fields in the path, which win."""
    answer = caller.send("GET", "echo/abc?id=other&size=7&unknown=1")
    assert answer.json()["data"]["echo"]["input"] == {"id": "abc", "size": 7, "what": "echo"}


def test_nothing_is_an_empty_input(caller: Caller) -> None:
    """A POST without a body is one with `{}`, and null fields are absent ones."""
    assert caller.send("POST", "echo").json()["data"]["echo"]["input"] == {"what": "echo"}
    assert caller.data("echo", {"size": None, "what": None})["echo"]["input"] == {"what": "echo"}


def test_a_form_brings_fields_and_a_file(ground: Ground, caller: Caller) -> None:
    """Nested fields arrive nested, text as what the input wants, the file on disk until the answer is out."""
    answer = caller.send(
        "POST", "upload", data={"size": "7", "things[0][a]": "b"}, files={"file": ("x.zip", b"x" * 1500)}
    )
    echo = answer.json()["data"]["echo"]
    assert echo["input"] == {"size": 7, "things": [{"a": "b"}], "what": "echo"}
    assert echo["upload"] == {"size": 1500, "same": True}
    assert list(ground.uploads.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "size", "expected"),
    [
        ({}, 2001, 413),
        ({"what": "x" * 1001}, 1, 413),
        ({"size": "many"}, 1, 400),
        ({"what": "surprise"}, 1, 500),
        ({"a[b": "x"}, 1, 400),
    ],
)
def test_no_upload_outlives_its_request(
    ground: Ground, caller: Caller, data: dict[str, str], size: int, expected: int
) -> None:
    """However the request ends, the uploaded file is gone."""
    answer = caller.send("POST", "upload", data=data, files={"file": ("x.zip", b"x" * size)})
    assert answer.status_code == expected
    assert list(ground.uploads.iterdir()) == []


def test_an_operation_may_take_smaller_files(ground: Ground, caller: Caller) -> None:
    """A file over the operation's own limit is a 413, and is gone."""
    assert caller.send("POST", "small", files={"file": b"x" * 10}).status_code == 200
    assert _failed(caller.send("POST", "small", files={"file": b"x" * 11})) == (413, "TooLarge")
    assert list(ground.uploads.iterdir()) == []


def test_an_upload_without_a_key_is_not_read(ground: Ground, door: Door) -> None:
    """Who has no key cannot fill the disk: the body is not looked at."""
    answer = Caller(door, None).send("POST", "upload", files={"file": ("x.zip", b"x" * 10_000)})
    assert answer.status_code == 401
    assert list(ground.uploads.iterdir()) == []


def test_a_form_where_none_is_taken_is_refused(caller: Caller) -> None:
    """A multipart body for an operation without a file is a 400."""
    assert _failed(caller.send("POST", "echo", files={"file": b"x"})) == (400, "InvalidRequest")


def test_the_description_is_open(door: Door) -> None:
    """The OpenAPI document is there without a key and lists the operations."""
    answer = Caller(door, None).send("GET", "openapi.json")
    assert set(answer.json()["paths"]) == {f"/{operation.path}" for operation in OPERATIONS}


def test_text_of_every_kind_comes_back(caller: Caller) -> None:
    """Text outside ASCII survives the way in and out."""
    assert caller.data("echo", {"id": "é☃\U0001f600"})["echo"]["input"]["id"] == "é☃\U0001f600"
    value = json.loads('{"a": "\\ud800\\u0000"}')
    body = json.dumps({"things": [value]})
    assert caller.send("POST", "echo", content=body).json()["data"]["echo"]["input"]["things"] == [value]


def test_more_than_can_wait_is_turned_away(ground: Ground) -> None:
    """With every thread busy and nobody allowed to wait, a request gets 429 at once; the running one ends well."""
    running, go_on = threading.Event(), threading.Event()

    def hold(_call: Call, _wanted: _Wanted) -> dict[str, Any]:
        running.set()
        assert go_on.wait(30)
        return {"held": {}}

    async def wait(_task_id: str, _timeout_s: float) -> None:
        raise AssertionError("nothing waits here")

    operation = Operation(path="hold", input=_Wanted, run=hold, who=Who.ANYONE)
    limits = RequestLimits(threads=1, waiting=0)
    with start_blocking_portal("asyncio") as portal:
        door = Door(Api(ground, (operation,), wait, limits), portal)
        anyone = Caller(door, None)
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(anyone.send, "POST", "hold")
            assert running.wait(30)
            turned_away = anyone.send("POST", "hold")
            go_on.set()
            assert first.result().status_code == 200
        assert _failed(turned_away) == (429, "Busy")
        assert "retry-after" in turned_away.headers
        door.close()
