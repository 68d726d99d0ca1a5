"""What the audit trail is told of changes: each has its line, with who did it, from where, and to what."""

from __future__ import annotations

from concurrent.futures import CancelledError
from dataclasses import replace
from datetime import timedelta

import pytest

from steamship_engine.control import (
    audit,
    files,
    identity,
    instances,
    keys,
    logins,
    packages,
    users,
    versions,
    workspaces,
)
from steamship_engine.control.actor import Actor, Reach
from steamship_engine.control.files import NewFile
from steamship_engine.control.ground import Ground
from steamship_engine.model.audit import (
    AuditActor,
    AuditActorKind,
    AuditKind,
    AuditOutcome,
    Source,
    Subject,
)
from steamship_engine.model.errors import (
    BusyError,
    DeployError,
    ForbiddenError,
    NotFoundError,
    SteamshipError,
    UnavailableError,
)
from steamship_engine.store.columns import now
from tests.services.audits import CANARIES, FROM, kinds, lines, newest, text_of, told
from tests.services.fake_machine import FakeMachine, add_package, deploy
from tests.services.grounds import add_workspace
from tests.services.instances import make


def test_users_and_keys(ground: Ground) -> None:
    """A user, their first key, another one, its end, another handle: each a line, and the key itself in none."""
    user, first = users.create(ground.database, "carol", many_users=True)
    carol = replace(identity.authenticate(ground, first), source=FROM)
    made = keys.create(ground, carol, name="laptop", expires_at=now() + timedelta(days=1))
    keys.revoke(ground, carol, made.key.id)
    keys.revoke(ground, carol, made.key.id)
    users.update(ground, carol, "caroline")
    users.update(ground, carol, "caroline")
    assert kinds(ground)[:5] == ["user.created", "key.made", "key.made", "key.revoked", "user.renamed"]
    by_operator, _, by_carol, revoked, renamed = told(ground)[:5]
    assert (by_operator.actor_kind, by_operator.subject_id) == (AuditActorKind.OPERATOR, user.id)
    assert (by_carol.actor_id, by_carol.actor_handle, by_carol.key_id) == (user.id, "carol", carol.key_id)
    assert (by_carol.address, by_carol.request_id) == ("192.0.2.9", "R-7")
    assert (by_carol.subject_id, by_carol.subject_handle) == (made.key.id, "laptop")
    assert by_carol.details["scope"] == "user" and "expires" in by_carol.details
    assert (revoked.subject_id, renamed.details) == (made.key.id, {"before": "carol"})
    assert first not in text_of(ground.database) and made.secret not in text_of(ground.database)


def test_a_user_that_cannot_be_made_leaves_no_line(ground: Ground) -> None:
    """What was refused by the database's own rules has changed nothing, and the trail says nothing of it."""
    users.create(ground.database, "carol", many_users=True)
    with pytest.raises(SteamshipError):
        users.create(ground.database, "carol", many_users=True)
    assert kinds(ground) == ["user.created", "key.made"]


def test_a_second_user_that_is_refused_is_told(ground: Ground) -> None:
    """Who asks for a second user, where nothing isolates users from each other, is told with what they asked for."""
    users.create(ground.database, "carol", many_users=False)
    operator = AuditActor(AuditActorKind.OPERATOR, handle="root")
    with pytest.raises(ForbiddenError):
        users.create(ground.database, "dave", many_users=False, by=operator)
    refused = newest(ground, AuditKind.USER_CREATED)
    assert (refused.outcome, refused.details) == (AuditOutcome.REFUSED, {"code": "Forbidden"})
    assert (refused.actor_kind, refused.actor_handle) == ("operator", "root")
    assert (refused.noun, refused.subject_id, refused.subject_handle) == ("user", None, "dave")


def test_workspaces_are_made_and_go(ground: Ground, alice: Actor) -> None:
    """A workspace that is made, or made on demand, has one line; so has its end."""
    workspaces.create(ground, alice, "w", fetch_if_exists=False)
    made = workspaces.create(ground, alice, "w", fetch_if_exists=True)
    default = workspaces.current(ground, alice)
    with pytest.raises(SteamshipError):
        workspaces.create(ground, alice, "w", fetch_if_exists=False)
    workspaces.delete(ground, alice, made.id)
    assert kinds(ground) == ["workspace.created", "workspace.created", "workspace.removed"]
    assert [(line.subject_id, line.subject_handle) for line in lines(ground.database)] == [
        (made.id, "w"),
        (default.id, "default"),
        (made.id, "w"),
    ]


def test_logins(ground: Ground, alice: Actor) -> None:
    """Who let a client in, from where; where the key went; and what was tried in vain."""
    key = keys.create(ground, alice, name="laptop")
    narrow = keys.create(
        ground, alice, name="narrow", workspace_handle=add_workspace(ground, alice, "w").handle
    )
    token = logins.begin(ground)
    for wrong, problem in ((f"ship_{'0' * 12}_{'x' * 43}", "unknown"), (narrow.secret, None)):
        with pytest.raises(SteamshipError):
            logins.approve(ground, token, wrong, "pycli", source=FROM)
        refused = newest(ground, AuditKind.LOGIN_REFUSED)
        assert (refused.outcome, refused.address) == (AuditOutcome.REFUSED, "192.0.2.9")
        assert refused.details.get("problem") == problem
    logins.approve(ground, token, key.secret, "pycli", source=FROM)
    granted = newest(ground, AuditKind.LOGIN_GRANTED)
    assert (granted.actor_handle, granted.key_id, granted.subject_handle) == ("alice", key.key.id, "pycli")
    done = logins.poll(ground, token, source=Source("192.0.2.10", "R-8"))
    made = newest(ground, AuditKind.KEY_MADE)
    assert (made.actor_handle, made.key_id, made.address) == ("alice", key.key.id, "192.0.2.10")
    assert made.details["login"] == granted.subject_id
    for secret in (token, key.secret, narrow.secret, done.key):
        assert str(secret) not in text_of(ground.database)


def test_packages_and_versions(ground: Ground, machine: FakeMachine, alice: Actor) -> None:
    """Making, renaming, opening and closing a package, deploying and deleting: each has its line, in that order."""
    package = add_package(ground, alice, "greeter")
    version = deploy(ground, alice, package).version
    packages.update(ground, alice, package.id, {"is_public": True, "handle": "hello"})
    packages.update(ground, alice, package.id, {"is_public": True, "description": "no news"})
    packages.update(ground, alice, package.id, {"is_public": False})
    other = deploy(ground, alice, package, "2.0.0", content=b"another").version
    versions.delete(ground, alice, other.id)
    packages.delete(ground, alice, package.id)
    assert kinds(ground) == [
        "package.created",
        "version.deployed",
        "package.renamed",
        "package.visibility",
        "package.visibility",
        "version.deployed",
        "version.removed",
        "version.removed",
        "package.removed",
    ]
    deployed = lines(ground.database, AuditKind.VERSION_DEPLOYED)[0]
    assert set(deployed.details) == {"package", "bundle", "environment"}
    assert (deployed.outcome, deployed.subject_id) == (AuditOutcome.DONE, version.id)
    assert deployed.details["package"] == "greeter" and deployed.details["bundle"] == version.bundle
    opened, closed = lines(ground.database, AuditKind.PACKAGE_VISIBILITY)
    assert (opened.details, closed.details) == ({"isPublic": True}, {"isPublic": False})
    assert {line.actor_handle for line in lines(ground.database)} == {"alice"}


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (DeployError("The class says canary-42.", details="canary-43"), "DeployFailed"),
        (RuntimeError("canary-42"), "InternalError"),
        (OSError("no space for canary-42"), "InternalError"),
        (UnavailableError("canary-42 took too long"), "Unavailable"),
        (BusyError("canary-42"), "Busy"),
        (UnavailableError("stopping", stopping=True), None),
        (CancelledError(), None),
    ],
    ids=["refused", "failed", "full", "slow", "busy", "stopping", "cancelled"],
)
def test_a_refused_deploy(
    ground: Ground, machine: FakeMachine, alice: Actor, problem: Exception, code: str | None
) -> None:
    """Whatever it failed for, it is told with the error's code and without a word of the package's; one that the engine's end cut short is not."""
    package = add_package(ground, alice, "greeter")
    machine.problem = problem
    with pytest.raises(type(problem)):
        deploy(ground, alice, package)
    refused = told(ground, AuditKind.VERSION_DEPLOYED)
    assert [line.details["code"] for line in refused] == ([] if code is None else [code])
    for line in refused:
        assert (line.outcome, line.subject_id) == (AuditOutcome.REFUSED, package.id)
        assert line.subject_handle == "greeter"
        assert (line.actor_handle, line.request_id) == ("alice", "R-7")
    assert "canary" not in text_of(ground.database)


def test_a_deploy_to_anothers_package_is_told_once(
    ground: Ground, machine: FakeMachine, alice: Actor, bob: Actor
) -> None:
    """That somebody may not deploy there is for the door to tell, who knows all that may not be."""
    package = add_package(ground, alice, "greeter", public=True)
    deploy(ground, alice, package)
    with pytest.raises(ForbiddenError):
        deploy(ground, bob, package, "2.0.0")
    assert len(told(ground, AuditKind.VERSION_DEPLOYED)) == 1


def test_a_deploy_to_what_is_no_package_leaves_no_line(ground: Ground, alice: Actor) -> None:
    """What a client sends instead of a package's id, however long, is put down nowhere."""
    package = replace(add_package(ground, alice, "greeter"), id="canary-" * 1000)
    with pytest.raises(NotFoundError):
        deploy(ground, alice, package)
    assert kinds(ground) == ["package.created"]


def test_instances_come_and_go(ground: Ground, alice: Actor, secretive: str) -> None:
    """An instance's line names its version and its secret parameters, not their values; its end has a line too."""
    made = newest(ground, AuditKind.INSTANCE_CREATED)
    assert (made.subject_id, made.subject_handle, made.actor_handle) == (secretive, "mine", "alice")
    assert (made.details["package"], made.details["version"]) == ("secretive", "1.0.0")
    assert made.details["secrets"] == ["token"]
    instances.delete(ground, alice, secretive)
    assert newest(ground, AuditKind.INSTANCE_REMOVED).subject_handle == "mine"
    assert not [canary for canary in CANARIES if canary in text_of(ground.database)]


def test_using_an_instance_again_leaves_no_line(ground: Ground, alice: Actor, secretive: str) -> None:
    """What changes nothing is not told."""
    before = len(told(ground))
    make(ground, alice, "secretive", "mine")
    assert len(told(ground)) == before


def test_a_workspace_goes_with_its_instances(ground: Ground, alice: Actor, secretive: str) -> None:
    """All that goes with a workspace is told in the same transaction."""
    home = lines(ground.database, AuditKind.INSTANCE_CREATED)[0].details["workspace"]
    workspaces.delete(ground, alice, home)
    assert kinds(ground)[-2:] == ["instance.removed", "workspace.removed"]
    assert newest(ground, AuditKind.INSTANCE_REMOVED).subject_id == secretive


def test_secrets_are_told_once_in_an_engines_life(ground: Ground, alice: Actor, secretive: str) -> None:
    """That an instance's secrets are decrypted for its workers is told when it happens first, and again by the next engine."""
    for _ in range(3):
        instances.spec_of(ground, secretive)
    (opened,) = told(ground, AuditKind.SECRETS_OPENED)
    assert (opened.actor_kind, opened.actor_id, opened.actor_handle) == ("worker", secretive, "alice")
    assert (opened.subject_handle, opened.details["secrets"]) == ("mine", ["token"])
    instances.spec_of(replace(ground, told=audit.Told()), secretive)
    assert len(told(ground, AuditKind.SECRETS_OPENED)) == 2
    assert not [canary for canary in CANARIES if canary in text_of(ground.database)]


def test_an_instance_without_secrets_opens_none(ground: Ground, machine: FakeMachine, alice: Actor) -> None:
    """Nothing is told of what nobody needs to know."""
    deploy(ground, alice, add_package(ground, alice, "plain"))
    instances.spec_of(ground, make(ground, alice, "plain", "mine").instance.id)
    assert not told(ground, AuditKind.SECRETS_OPENED)


def test_the_memory_of_opened_secrets_is_bounded() -> None:
    """Above its bound the first instance is forgotten, and told again."""
    memory = audit.Told(most=2)
    assert [memory.first(name) for name in ("a", "b", "a", "c", "b", "a")] == [
        True,
        True,
        False,
        True,
        False,
        True,
    ]
    memory.forget("a")
    memory.forget("a")
    assert memory.first("a")


def test_files_become_public(ground: Ground, alice: Actor) -> None:
    """A file that everybody may read, from its making or later, has a line; so has its end of that."""
    space = add_workspace(ground, alice, "w")
    shown = files.create(ground, alice, space, NewFile(handle="open", is_public=True)).file
    hidden = files.create(ground, alice, space, NewFile(handle="closed")).file
    files.publish(ground, alice, hidden.id, is_public=True)
    files.publish(ground, alice, hidden.id, is_public=True)
    files.publish(ground, alice, shown.id, is_public=False)
    told_of = [
        (line.subject_handle, line.details["isPublic"]) for line in told(ground, AuditKind.FILE_VISIBILITY)
    ]
    assert told_of == [("open", True), ("closed", True), ("open", False)]


def test_what_a_package_changes_again_and_again_is_counted(ground: Ground, alice: Actor) -> None:
    """A worker that opens and closes a file in a loop gets a line for the first of each, in its transaction, and one for the rest."""
    space = add_workspace(ground, alice, "w")
    worker = replace(alice, reach=Reach.WORKER, workspace_id=space.id, instance_id="I-1", key_id=None)
    file = files.create(ground, worker, space, NewFile(handle="f")).file
    for turn in range(20):
        files.publish(ground, worker, file.id, is_public=turn % 2 == 0)
    with pytest.raises(ZeroDivisionError), ground.database.begin() as connection:
        audit.record_or_count(
            ground.refusals, connection, AuditKind.FILE_VISIBILITY, worker, Subject("file", file.id), x=1
        )
        raise ZeroDivisionError
    assert [line.times for line in lines(ground.database, AuditKind.FILE_VISIBILITY)] == [1, 1]
    found = told(ground, AuditKind.FILE_VISIBILITY)
    assert [(line.details["isPublic"], line.times) for line in found] == [
        (True, 1),
        (False, 1),
        (True, 9),
        (False, 9),
    ]
    assert {(line.actor_id, line.outcome, line.subject_id) for line in found} == {("I-1", "done", file.id)}
    files.publish(ground, worker, file.id, is_public=True)
    assert len(lines(ground.database, AuditKind.FILE_VISIBILITY)) == 5


def test_a_killed_engines_deploy_is_told_once(ground: Ground, machine: FakeMachine, alice: Actor) -> None:
    """A deploy that is repeated with the same version id makes one version, and one line."""
    package = add_package(ground, alice, "greeter")
    made = deploy(ground, alice, package, version_id="11111111-1111-4111-8111-111111111111")
    again = deploy(ground, alice, package, version_id="11111111-1111-4111-8111-111111111111")
    assert made.version.id == again.version.id
    assert len(told(ground, AuditKind.VERSION_DEPLOYED)) == 1
