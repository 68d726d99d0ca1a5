"""What the audit trail is told of refusals: who was refused what, and why; all of it on one chain."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from steamship_engine.control import (
    audit,
    files,
    identity,
    instances,
    keys,
    packages,
    tags,
    tasks,
    versions,
    workspaces,
)
from steamship_engine.control.actor import Actor, Reach
from steamship_engine.control.files import NewFile, NewTag
from steamship_engine.control.ground import Ground
from steamship_engine.model.audit import (
    AuditActorKind,
    AuditKind,
    AuditOutcome,
    KeyProblem,
    Source,
    TriedKey,
)
from steamship_engine.model.errors import (
    AuthenticationError,
    ForbiddenError,
    NotFoundError,
    SteamshipError,
    UnavailableError,
)
from steamship_engine.runtime.port import InstanceSpec, Refused, RefusedBy
from steamship_engine.store.columns import now
from tests.services.audits import CANARIES, FROM, broken, kinds, newest, text_of, told
from tests.services.fake_machine import add_package, deploy
from tests.services.grounds import add_workspace


def _hidden(ground: Ground, alice: Actor, instance_id: str) -> dict[str, Callable[[Actor], object]]:
    """Ways to ask for what is Alice's, by the noun that is hidden."""
    private = add_package(ground, alice, "private")
    version = deploy(ground, alice, private, content=b"private").version
    space = add_workspace(ground, alice, "w")
    file = files.create(ground, alice, space, NewFile(handle="f")).file
    tag = tags.create(ground, alice, file.id, NewTag("kind"))
    key = keys.create(ground, alice, name="laptop").key
    with ground.database.begin() as connection:
        task = tasks.submit(
            ground, connection, alice, operation="x", input={}, request_id="R", workspace_id=space.id
        )
    return {
        "package": lambda bob: packages.get(ground, bob, package_id=private.id, handle=None),
        "version": lambda bob: versions.get(ground, bob, versions.Wanted(version_id=version.id)),
        "workspace": lambda bob: workspaces.find(ground, bob, space.id, None),
        "file": lambda bob: files.by_id(ground, bob, file.id),
        "tag": lambda bob: tags.delete(ground, bob, tag.id),
        "key": lambda bob: keys.revoke(ground, bob, key.id),
        "task": lambda bob: tasks.get(ground, bob, task.id),
        "instance": lambda bob: instances.delete(ground, bob, instance_id),
    }


def test_what_is_anothers_is_told_apart_from_what_is_not_there(
    ground: Ground, alice: Actor, bob: Actor, secretive: str
) -> None:
    """Asking for another user's thing is a refusal that names the thing; asking for nothing is none."""
    for noun, ask in _hidden(ground, alice, secretive).items():
        with pytest.raises(NotFoundError) as raised:
            ask(bob)
        audit.note(ground.refusals, raised.value, bob, Source("192.0.2.3", noun), noun)
        refused = newest(ground, AuditKind.ACCESS_REFUSED)
        assert (refused.noun, refused.request_id) == (noun, noun)
        assert (refused.actor_handle, refused.details["code"]) == ("bob", "NotFound")
        assert refused.subject_id in str(vars(raised.value.hides))
    count = len(told(ground, AuditKind.ACCESS_REFUSED))
    for nothing in (
        lambda: packages.get(ground, bob, package_id=None, handle="nothing"),
        lambda: workspaces.find(ground, bob, "nothing", None),
        lambda: keys.revoke(ground, bob, "nothing"),
        lambda: instances.delete(ground, bob, "nothing"),
        lambda: tasks.get(ground, bob, "nothing"),
    ):
        with pytest.raises(NotFoundError) as raised:
            nothing()
        audit.note(ground.refusals, raised.value, bob, FROM, "x")
    assert len(told(ground, AuditKind.ACCESS_REFUSED)) == count


@pytest.mark.parametrize("way", ["unknown", "malformed", "missing", "revoked", "expired", "worker"])
def test_a_key_that_opens_nothing_is_told_with_why(ground: Ground, alice: Actor, way: str) -> None:
    """The trail knows why a key was refused, and which one it was; the answer is the same for all."""
    made = keys.create(ground, alice, name="laptop", expires_at=now() + timedelta(seconds=3600))
    bearer = {
        "unknown": f"ship_{'0' * 12}_{'x' * 43}",
        "malformed": "x" * 5000,
        "missing": "",
        "worker": f"shipw_{'w' * 80}",
    }.get(way, made.secret)
    if way == "revoked":
        keys.revoke(ground, alice, made.key.id)
    if way == "expired":
        with ground.database.begin() as connection:
            connection.exec_driver_sql("UPDATE keys SET expires_at = 1")
    with pytest.raises(AuthenticationError, match="no valid key") as raised:
        identity.authenticate(ground, bearer)
    audit.note(ground.refusals, raised.value, None, FROM, "account/current")
    refused = newest(ground, AuditKind.KEY_REFUSED)
    assert (refused.actor_kind, refused.outcome) == (AuditActorKind.NOBODY, AuditOutcome.REFUSED)
    assert (refused.address, refused.request_id) == ("192.0.2.9", "R-7")
    assert refused.details == {"problem": way, "operation": "account/current"}
    assert refused.subject_id == (made.key.id if way in ("revoked", "expired") else None)
    assert made.secret not in text_of(ground.database)


def test_a_workers_refusal_names_its_instance(ground: Ground, alice: Actor) -> None:
    """Code with a worker key that asks for more than it may is told as that instance; a gone one by its id."""
    worker = replace(alice, reach=Reach.WORKER, workspace_id="W-1", instance_id="I-1", key_id=None)
    with pytest.raises(ForbiddenError) as raised:
        keys.create(ground, worker, name="more")
    audit.note(ground.refusals, raised.value, worker, FROM, "key/create")
    refused = newest(ground, AuditKind.ACCESS_REFUSED)
    assert (refused.actor_kind, refused.actor_id, refused.actor_handle) == ("worker", "I-1", "alice")
    assert refused.details == {"operation": "key/create", "code": "Forbidden", "reach": "worker"}
    gone = identity.refusal(TriedKey(KeyProblem.GONE, instance_id="I-2"))
    audit.note(ground.refusals, gone, None, FROM, "invoke")
    assert newest(ground, AuditKind.KEY_REFUSED).subject_id == "I-2"


def test_a_worker_without_a_good_key_is_known_by_its_connection(ground: Ground) -> None:
    """Within a network of its own a worker is told as its instance, whichever key it shows, or none."""
    source = Source(None, "R-1", "I-1", "alice")
    audit.note(ground.refusals, ForbiddenError("another's key"), None, source, "front")
    audit.note(ground.refusals, AuthenticationError("no key"), None, source, "invoke")
    assert {(line.actor_kind, line.actor_id, line.actor_handle, line.address) for line in told(ground)} == {
        ("worker", "I-1", "alice", None)
    }
    assert kinds(ground) == ["access.refused", "key.refused"]


def test_other_errors_are_no_refusals(ground: Ground, alice: Actor) -> None:
    """What failed, was busy, or was simply wrong is for the log."""
    for error in (RuntimeError("x"), SteamshipError("x"), UnavailableError("x"), NotFoundError("x")):
        audit.note(ground.refusals, error, alice, FROM, "x")
    assert not told(ground)


def _spec(ground: Ground, instance_id: str) -> InstanceSpec:
    return instances.spec_of(ground, instance_id).spec


def test_what_the_runtime_refuses(ground: Ground, secretive: str) -> None:
    """The proxy's and the sandbox's refusals name instance, owner and reason; a secret in a host's name is taken out.

    What was wrong with a process that did not become a worker stands there as it was said.
    """
    spec = _spec(ground, secretive)
    for by, why, target in (
        (RefusedBy.NETWORK, "metadata-address", "169.254.169.254:80"),
        (RefusedBy.NETWORK, "private-address", "CANARY-42.evil.example:443"),
        (RefusedBy.NETWORK, "scheme", "ftp://me:pass@files.example:21/a/path?with=more"),
        (RefusedBy.SANDBOX, "over-memory", None),
    ):
        audit.keep_refusal(ground.refusals, Refused(by, why, spec.version.version_id, spec, target, "R-9"))
    said = "it has /memfd:Ab?c mapped, it has 2 threads"
    unfit = Refused(RefusedBy.SANDBOX, "not-born", "V-1", target=said, author=spec.version.author)
    audit.keep_refusal(ground.refusals, unfit)
    network = told(ground, AuditKind.NETWORK_REFUSED)
    assert [line.details["target"] for line in network] == [
        "169.254.169.254:80",
        "[secret].evil.example:443",
        "files.example:21",
    ]
    assert {(line.actor_kind, line.actor_id, line.actor_handle, line.request_id) for line in network} == {
        ("worker", secretive, "alice", "R-9")
    }
    ended, unborn = told(ground, AuditKind.SANDBOX_REFUSED)
    assert (ended.details["why"], ended.subject_handle, ended.actor_handle) == (
        "over-memory",
        "mine",
        "alice",
    )
    assert unborn.details == {"why": "not-born", "version": "V-1", "target": said}
    assert (unborn.actor_kind, unborn.actor_id, unborn.actor_handle) == ("worker", None, "alice")
    assert unborn.subject_id == "V-1"
    assert "canary" not in text_of(ground.database).lower()


@pytest.mark.parametrize("by", RefusedBy)
def test_no_part_of_a_secret_is_told(ground: Ground, secretive: str, by: RefusedBy) -> None:
    """A target that is cut, where a secret stands across the cut, holds nothing of it."""
    spec = _spec(ground, secretive)
    target = "a" * 295 + CANARIES[0]
    audit.keep_refusal(ground.refusals, Refused(by, "port", spec.version.version_id, spec, target))
    assert told(ground)[-1].details["target"] == "a" * 295 + "[secr"


def test_all_that_is_told_is_one_chain(ground: Ground, alice: Actor, bob: Actor, secretive: str) -> None:
    """Changes and refusals, of all nouns together, leave a trail that is whole."""
    head = audit.started(ground, "3.0.0")
    for ask in _hidden(ground, alice, secretive).values():
        with suppress(NotFoundError):
            ask(bob)
    assert broken(ground.database) is None
    assert audit.head(ground).seq > head.seq
    started = newest(ground, AuditKind.ENGINE_STARTED)
    assert started.details == {"version": "3.0.0", "manyUsers": True, "sandbox": "none"}
