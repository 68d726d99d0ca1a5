"""What the doors tell the audit trail: who asked from where, in which request, and what was refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from steamship_engine.api.background import Executor
from steamship_engine.api.table import BY_PATH
from steamship_engine.control import logins
from steamship_engine.control.ground import Ground
from steamship_engine.model.audit import AuditActorKind, AuditKind, AuditLine
from steamship_engine.model.errors import ForbiddenError
from steamship_engine.store import tasks as task_rows
from tests.services.audits import broken, newest, told
from tests.services.doors import Caller, Door
from tests.services.fake_machine import add_package, deploy, on_fake_machine
from tests.services.grounds import add_user

Callers = tuple[Caller, Caller, Caller]


def refused(ground: Ground) -> AuditLine:
    return newest(ground, AuditKind.ACCESS_REFUSED)


def test_a_change_is_told_with_its_request(ground: Ground, callers: Callers) -> None:
    """A change through the API is told with the client's address, the request's id and the key that was shown."""
    alice, _, _ = callers
    made = alice.data("key/create", {"name": "laptop"}, x_request_id="R-42")["key"]
    line = newest(ground, AuditKind.KEY_MADE)
    assert (line.subject_id, line.actor_handle, line.request_id) == (made["id"], "alice", "R-42")
    assert (line.actor_kind, line.address) == (AuditActorKind.USER, "127.0.0.1")
    assert line.key_id is not None and line.key_id != made["id"]
    assert made["apiKey"] not in repr(told(ground))


def test_a_key_as_a_request_id_is_not_kept(ground: Ground, callers: Callers) -> None:
    """Who puts their key where it does not belong does not find it in the trail."""
    alice, _, _ = callers
    alice.data("key/create", {"name": str(alice.key)}, x_request_id=str(alice.key))
    assert newest(ground, AuditKind.KEY_MADE).request_id == "[key]"
    assert str(alice.key) not in repr(told(ground))


@pytest.mark.parametrize(
    ("key", "problem"),
    [(None, "missing"), ("ship_000000000000_" + "x" * 43, "unknown"), ("shipw_" + "w" * 90, "worker")],
)
def test_a_request_without_a_good_key_is_told(
    ground: Ground, door: Door, key: str | None, problem: str
) -> None:
    """Which operation was asked for, from where, and why the key opened nothing."""
    assert Caller(door, key).refusal("key/list", x_request_id="R-1").startswith("AuthenticationRequired")
    line = newest(ground, AuditKind.KEY_REFUSED)
    assert line.details == {"operation": "key/list", "problem": problem}
    assert (line.actor_kind, line.address, line.request_id) == ("nobody", "127.0.0.1", "R-1")


def test_a_revoked_key_is_told_wherever_it_is_shown(ground: Ground, door: Door, callers: Callers) -> None:
    """By its id, also where an operation for anyone does without a key."""
    alice, _, _ = callers
    made = alice.data("key/create", {"name": "laptop"})["key"]
    alice.data("key/revoke", {"id": made["id"]})
    revoked = Caller(door, made["apiKey"])
    revoked.post("account/current")
    revoked.post("account/create_login_attempt")
    lines = told(ground, AuditKind.KEY_REFUSED)
    assert [line.details["problem"] for line in lines] == ["revoked", "revoked"]
    assert [line.subject_id for line in lines] == [made["id"]] * 2
    assert [line.details["operation"] for line in lines] == [
        "account/current",
        "account/create_login_attempt",
    ]


def test_a_key_of_too_small_a_scope_is_told(ground: Ground, door: Door, callers: Callers) -> None:
    """A workspace's key that asks for what needs the user's own is told with its reach, its user and its id."""
    alice, _, _ = callers
    alice.data("workspace/create", {"handle": "w"})
    made = alice.data("key/create", {"name": "narrow", "workspaceHandle": "w"})["key"]
    narrow = Caller(door, made["apiKey"])
    assert narrow.refusal("key/list").startswith("Forbidden")
    line = refused(ground)
    assert line.details == {"operation": "key/list", "code": "Forbidden", "reach": "workspace"}
    assert (line.actor_handle, line.key_id) == ("alice", made["id"])


def test_what_is_anothers_is_told(ground: Ground, callers: Callers) -> None:
    """Asking for another user's workspace is told with that workspace; asking for none is not."""
    alice, bob, _ = callers
    theirs = alice.data("workspace/create", {"handle": "w"})["workspace"]
    assert bob.refusal("workspace/get", {"id": theirs["id"]}).startswith("NotFound")
    line = refused(ground)
    assert (line.actor_handle, line.noun, line.subject_id) == ("bob", "workspace", theirs["id"])
    assert line.details == {"operation": "workspace/get", "code": "NotFound", "reach": "user"}
    count = len(told(ground))
    bob.refusal("workspace/get", {"handle": "nothing"})
    bob.data("workspace/list")
    assert len(told(ground)) == count


def test_the_same_words_answer_what_is_told_apart(callers: Callers) -> None:
    """Nothing of what the trail knows stands in an answer."""
    alice, bob, _ = callers
    theirs = alice.data("workspace/create", {"handle": "w"})["workspace"]["id"]
    nothing = theirs[:-4] + "0000"
    answers = [bob.post("workspace/get", {"id": each}, x_request_id="R") for each in (theirs, nothing)]
    assert repr(answers[0]).replace(theirs, "") == repr(answers[1]).replace(nothing, "")


def _submitted(ground: Ground, caller: Caller, operation: str, body: dict[str, Any]) -> Callable[[], Any]:
    """A task that runs the operation when it is called."""
    task_id = caller.post(operation, body, x_task_background="true", x_request_id="R-7")["status"]["taskId"]
    with ground.database.read() as connection:
        task = task_rows.find(connection, task_id)

    async def run() -> Any:
        return await Executor(ground, BY_PATH, {})(task)

    return run


def test_a_task_acts_from_where_it_was_submitted(ground: Ground, door: Door, callers: Callers) -> None:
    """What a task changes is told with the address, the request and the key of whoever submitted it."""
    alice, _, _ = callers
    door._portal.call(_submitted(ground, alice, "package/create", {"handle": "later"}))
    line = newest(ground, AuditKind.PACKAGE_CREATED)
    assert (line.subject_handle, line.actor_handle) == ("later", "alice")
    assert (line.address, line.request_id) == ("127.0.0.1", "R-7")
    assert line.key_id is not None


def test_a_task_that_is_refused_is_told(ground: Ground, door: Door, callers: Callers) -> None:
    """What only its run finds out to be another's is told as in a synchronous call."""
    ground = on_fake_machine(ground)
    carol = add_user(ground, "carol")
    package = add_package(ground, carol, "theirs", public=True)
    deploy(ground, carol, package)
    _, bob, _ = callers
    run = _submitted(ground, bob, "package/update", {"id": package.id, "description": "mine"})
    with pytest.raises(ForbiddenError):
        door._portal.call(run)
    line = refused(ground)
    assert (line.actor_handle, line.request_id, line.address) == ("bob", "R-7", "127.0.0.1")
    assert line.details["operation"] == "package/update"


def test_a_login_through_the_doors_is_told(ground: Ground, callers: Callers) -> None:
    """The key that a waiting client fetches is told with the client's own address and request."""
    alice, _, stranger = callers
    token = logins.begin(ground)
    logins.approve(ground, token, str(alice.key), "pycli")
    assert (
        stranger.data("account/poll_login_attempt", {"token": token}, x_request_id="R-3")["status"] == "done"
    )
    line = newest(ground, AuditKind.KEY_MADE)
    assert (line.actor_handle, line.address, line.request_id) == ("alice", "127.0.0.1", "R-3")
    assert token not in repr(told(ground))


def test_a_flood_of_bad_keys_fills_nothing(ground: Ground, door: Door) -> None:
    """A stranger who tries hundreds of keys leaves a handful of lines, which count them all."""
    for number in range(300):
        Caller(door, f"ship_{number:012d}_{'x' * 43}").post("account/current")
    lines = told(ground, AuditKind.KEY_REFUSED)
    assert sum(line.times for line in lines) == 300
    assert len(lines) < 5
    assert broken(ground.database) is None
