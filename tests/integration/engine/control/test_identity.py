"""Keys: whom they stand for, and when they open nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, update

from steamship_engine.control import identity, keys, users, worker_keys
from steamship_engine.control.actor import Actor, Reach
from steamship_engine.control.ground import Ground
from steamship_engine.model.errors import (
    AlreadyExistsError,
    AuthenticationError,
    ForbiddenError,
    InvalidHandleError,
    InvalidRequestError,
    NotFoundError,
)
from steamship_engine.store import schema
from steamship_engine.store.columns import now
from steamship_engine.store.rows import Paging
from tests.services.fake_machine import add_package, deploy, on_fake_machine
from tests.services.grounds import add_workspace, worker_of
from tests.services.instances import make


@pytest.fixture
def ground(ground: Ground) -> Ground:
    return on_fake_machine(ground)


@pytest.fixture
def instance(ground: Ground, alice: Actor) -> Any:
    """An instance of Alice's, `mine/inst`."""
    deploy(ground, alice, add_package(ground, alice, "greeter"))
    return make(ground, alice, "greeter", "inst").instance


def _worker_key(ground: Ground, instance: Any, **changed: str) -> str:
    spec = SimpleNamespace(
        instance_id=instance.id, workspace_id=changed.get("workspace_id", instance.workspace_id)
    )
    target: Any = SimpleNamespace(spec=spec, owner_id=changed.get("user_id", instance.user_id))
    return worker_keys.mint(ground, target)


def _column(ground: Ground, key_id: str, name: str) -> Any:
    with ground.database.read() as connection:
        return connection.scalar(select(schema.keys.c[name]).where(schema.keys.c.id == key_id))


def test_a_user_key_stands_for_its_user(ground: Ground, alice: Actor) -> None:
    """A key of the whole user acts for them everywhere."""
    made = keys.create(ground, alice, name="laptop")
    actor = identity.authenticate(ground, made.secret)
    assert (actor.user_id, actor.user_handle, actor.reach) == (alice.user_id, "alice", Reach.USER)
    assert actor.key_id == made.key.id


def test_scopes_are_kept(ground: Ground, alice: Actor, instance: Any) -> None:
    """A key for a workspace or an instance acts there alone."""
    workspace = keys.create(ground, alice, name="w", workspace_handle="mine")
    actor = identity.authenticate(ground, workspace.secret)
    assert (actor.reach, actor.workspace_id) == (Reach.WORKSPACE, instance.workspace_id)
    single = keys.create(ground, alice, name="i", workspace_handle="mine", instance_handle="inst")
    actor = identity.authenticate(ground, single.secret)
    assert (actor.reach, actor.workspace_id, actor.instance_id) == (
        Reach.INSTANCE,
        instance.workspace_id,
        instance.id,
    )


def test_the_database_has_no_key(ground: Ground, alice: Actor) -> None:
    """Of a key only its lookup id and a SHA-256 are stored."""
    made = keys.create(ground, alice, name="laptop")
    assert made.secret not in repr(made.key)
    with ground.database.read() as connection:
        row = connection.execute(select(schema.keys)).one()
    assert all(made.secret not in str(value) for value in row)


@pytest.mark.parametrize("change", ["revoked", "expired", "other", "shortened", "cased"])
def test_a_key_that_opens_nothing_gets_one_answer(ground: Ground, alice: Actor, change: str) -> None:
    """Revoked, expired, wrong, cut and re-cased keys are refused with the same words as one that never was."""
    made = keys.create(ground, alice, name="laptop")
    secret = made.secret
    if change == "revoked":
        keys.revoke(ground, alice, made.key.id)
    elif change == "expired":
        with ground.database.begin() as connection:
            connection.execute(update(schema.keys).values(expires_at=now() - timedelta(seconds=1)))
    else:
        secret = {
            "other": secret[:-1] + ("A" if secret[-1] != "A" else "B"),
            "shortened": secret[:-1],
            "cased": secret.swapcase(),
        }[change]
    with pytest.raises(AuthenticationError) as refused:
        identity.authenticate(ground, secret)
    with pytest.raises(AuthenticationError) as unknown:
        identity.authenticate(ground, "never heard of")
    assert refused.value.args == unknown.value.args
    assert refused.value.suggestion == unknown.value.suggestion
    assert unknown.value.message == "The request has no valid key."
    assert "`ship login`" in (unknown.value.suggestion or "")


@pytest.mark.parametrize("text", ["", "x" * 1_000_000, "schlüssel" * 5, "\0" * 40])
def test_odd_text_is_just_another_wrong_key(ground: Ground, text: str) -> None:
    """Empty, huge, non-ASCII and binary keys are refused like any other."""
    with pytest.raises(AuthenticationError):
        identity.authenticate(ground, text)


def test_a_revoked_key_is_reported_at_once(ground: Ground, alice: Actor) -> None:
    """Caches hear of a revoked key before the revoking call returns; a second time changes nothing."""
    heard: list[tuple[str, str]] = []
    ground.changes.listen(lambda noun, noun_id: heard.append((noun, noun_id)))
    made = keys.create(ground, alice, name="laptop")
    first = keys.revoke(ground, alice, made.key.id)
    assert heard == [("key", made.key.id)]
    assert keys.revoke(ground, alice, made.key.id).revoked_at == first.revoked_at


def test_the_last_use_is_kept_by_the_minute(ground: Ground, alice: Actor) -> None:
    """A key's last use is written when it is a minute old, not at every call."""
    made = keys.create(ground, alice, name="laptop")
    identity.authenticate(ground, made.secret)
    first = _column(ground, made.key.id, "last_used_at")
    assert first is not None
    identity.authenticate(ground, made.secret)
    assert _column(ground, made.key.id, "last_used_at") == first
    with ground.database.begin() as connection:
        connection.execute(update(schema.keys).values(last_used_at=first - timedelta(minutes=1)))
    identity.authenticate(ground, made.secret)
    assert _column(ground, made.key.id, "last_used_at") >= first


def test_a_bad_name_or_expiry_is_refused(ground: Ground, alice: Actor) -> None:
    """Names without text or with control characters, and expiries in the past, make no key."""
    for name in ("", "a\nb", "x" * 101):
        with pytest.raises(InvalidRequestError):
            keys.create(ground, alice, name=name)
    with pytest.raises(InvalidRequestError, match="in the past"):
        keys.create(ground, alice, name="x", expires_at=now() - timedelta(seconds=1))


def test_scoped_keys_make_and_end_no_keys(ground: Ground, alice: Actor, instance: Any) -> None:
    """Only a user-wide key makes, lists and revokes keys."""
    worker = Actor(alice.user_id, "alice", Reach.WORKER, instance.workspace_id, instance.id)
    for attempt in (
        lambda: keys.create(ground, worker, name="x"),
        lambda: keys.listed(ground, worker, Paging(10)),
        lambda: keys.revoke(ground, worker, "x"),
    ):
        with pytest.raises(ForbiddenError, match="Cannot use a workspace-scoped key"):
            attempt()


def test_another_users_key_is_not_found(ground: Ground, alice: Actor, bob: Actor) -> None:
    """Bob can neither see nor revoke Alice's key, nor make one for her workspace."""
    made = keys.create(ground, alice, name="laptop")
    add_workspace(ground, alice, "hers")
    assert keys.listed(ground, bob, Paging(10)).items == []
    with pytest.raises(NotFoundError):
        keys.revoke(ground, bob, made.key.id)
    with pytest.raises(NotFoundError):
        keys.create(ground, bob, name="x", workspace_handle="hers")
    identity.authenticate(ground, made.secret)


def test_a_worker_key_stands_for_its_instance(ground: Ground, instance: Any) -> None:
    """A worker's key acts for its owner, in its workspace alone."""
    actor = identity.authenticate(ground, _worker_key(ground, instance))
    assert actor.reach is Reach.WORKER
    assert (actor.workspace_id, actor.instance_id) == (instance.workspace_id, instance.id)
    with pytest.raises(ForbiddenError, match="Cannot use a workspace-scoped key"):
        users.current(ground, actor)


@pytest.mark.parametrize(("manifest", "network"), [(None, "internet"), ({"network": "none"}, "none")])
def test_a_worker_key_tells_how_far_its_version_reaches(
    ground: Ground, alice: Actor, manifest: Any, network: str
) -> None:
    """The network is the version's, and stays with what the worker leaves for later."""
    ground = on_fake_machine(ground)
    ground.machine.manifest = manifest  # type: ignore[attr-defined]
    deploy(ground, alice, add_package(ground, alice, "near"))
    made = make(ground, alice, "near", "near").instance
    actor = identity.authenticate(ground, _worker_key(ground, made))
    assert actor.network == network
    assert Actor.from_json(json.loads(json.dumps(actor.to_json()))) == actor
    assert identity.authenticate(ground, keys.create(ground, alice, name="k").secret).network is None


def test_a_worker_key_ends_with_its_instance(ground: Ground, instance: Any) -> None:
    """The key of an instance that was deleted opens nothing."""
    key = _worker_key(ground, instance)
    with ground.database.begin() as connection:
        connection.execute(schema.instances.delete())
    with pytest.raises(AuthenticationError):
        identity.authenticate(ground, key)


def test_a_worker_key_fits_its_instance(ground: Ground, bob: Actor, instance: Any) -> None:
    """A claim of another workspace or user than the instance's opens nothing, though we signed it."""
    elsewhere = add_workspace(ground, bob, "his")
    for changed in ({"workspace_id": elsewhere.id}, {"user_id": bob.user_id}):
        with pytest.raises(AuthenticationError):
            identity.authenticate(ground, _worker_key(ground, instance, **changed))


def test_a_user_has_a_handle_of_their_own(ground: Ground) -> None:
    """Handles follow their grammar and are unique without regard to case."""
    users.create(ground.database, "carol", many_users=True)
    with pytest.raises(AlreadyExistsError, match='"carol"'):
        users.create(ground.database, "carol", many_users=True)
    for handle in ("Carol", "1st", "a-", "a" * 40, "a.b"):
        with pytest.raises(InvalidHandleError):
            users.create(ground.database, handle, many_users=True)


def test_a_second_user_is_refused_without_isolation(ground: Ground) -> None:
    """While nothing isolates users there is one, and the refusal names the switch."""
    users.create(ground.database, "carol", many_users=False)
    with pytest.raises(ForbiddenError, match="second user") as refused:
        users.create(ground.database, "dave", many_users=False)
    assert "--insecure-no-sandbox" in (refused.value.suggestion or "")


@pytest.mark.parametrize(
    "secret", ["too short", "x" * 513, "with spaces in the middle of the key!!", "ü" * 40]
)
def test_an_operators_key_must_be_usable(ground: Ground, secret: str) -> None:
    """An operator's own key has 32 to 512 printable ASCII characters."""
    with pytest.raises(InvalidRequestError) as refused:
        users.create(ground.database, "carol", many_users=True, secret=secret)
    assert secret not in refused.value.message


def test_a_user_may_change_their_handle(ground: Ground, alice: Actor, bob: Actor) -> None:
    """A new handle takes effect at once and is reported; another's is refused."""
    heard: list[tuple[str, str]] = []
    ground.changes.listen(lambda noun, noun_id: heard.append((noun, noun_id)))
    assert users.update(ground, alice, "alice-2").handle == "alice-2"
    assert heard == [("user", alice.user_id)]
    with pytest.raises(AlreadyExistsError):
        users.update(ground, bob, "alice-2")
    with pytest.raises(ForbiddenError):
        users.update(ground, worker_of(bob, add_workspace(ground, bob, "w")), "bobby")
