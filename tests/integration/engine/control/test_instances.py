"""Instances: who finds which, what a call of one is told, what goes when one is deleted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steamship_engine.api.instances import OPERATIONS, GetInput
from steamship_engine.api.operations import Call
from steamship_engine.control import instances, packages, workspaces
from steamship_engine.control.actor import Reach
from steamship_engine.control.addresses import Addresses
from steamship_engine.control.instances import Filter, call_target, spec_of
from steamship_engine.model.errors import ForbiddenError, InvalidRequestError, NotFoundError
from steamship_engine.model.identifiers import new_id
from steamship_engine.model.network import Network
from steamship_engine.model.sandbox import SandboxMode
from steamship_engine.model.version_limits import VersionLimits
from steamship_engine.store.rows import Paging
from tests.services.fake_machine import add_package, deploy, on_fake_machine
from tests.services.grounds import add_workspace, worker_of
from tests.services.instances import make

ALL = Paging(size=100)


@pytest.fixture
def ground(ground):
    return on_fake_machine(ground)


@pytest.fixture
def greeter(ground, alice):
    """A public package of alice's with version 1.0.0."""
    package = add_package(ground, alice, "greeter", public=True)
    deploy(ground, alice, package)
    return package


def get(ground, actor, *, workspace=None, **named):
    wanted = {"instance_id": None, "handle": None, "package_handle": None, **named}
    return instances.get(ground, actor, current=lambda: workspace, **wanted)


def listed(ground, actor, **wanted):
    return instances.listed(ground, actor, Filter(**wanted), ALL).items


def test_create_get_and_list_give_the_same_instance(ground, alice, greeter):
    """What `use` answered is what getting by id, getting by handle and listing answer."""
    made = make(ground, alice, "greeter", "mine")
    here = workspaces.find(ground, alice, None, "mine")
    assert get(ground, alice, instance_id=made.instance.id) == made
    assert get(ground, alice, handle="mine", workspace=here) == made
    assert get(ground, alice, handle="mine", package_handle="greeter", workspace=here) == made
    assert listed(ground, alice) == [made]


def test_a_handle_counts_in_its_workspace_only(ground, alice, greeter):
    """By handle an instance is found in the current workspace, by id from any."""
    made = make(ground, alice, "greeter", "mine", workspace="there")
    here = add_workspace(ground, alice, "here")
    with pytest.raises(NotFoundError, match='no instance "mine"'):
        get(ground, alice, handle="mine", workspace=here)
    assert get(ground, alice, instance_id=made.instance.id, workspace=here) == made


def test_names_that_contradict_each_other(ground, alice, greeter):
    """An id with another handle, or a handle with another package, is not found; no name is a bad request."""
    made = make(ground, alice, "greeter", "mine")
    here = workspaces.find(ground, alice, None, "mine")
    for named in (
        {"instance_id": made.instance.id, "handle": "other"},
        {"instance_id": made.instance.id, "package_handle": "other"},
        {"handle": "mine", "package_handle": "other", "workspace": here},
    ):
        with pytest.raises(NotFoundError):
            get(ground, alice, **named)
    with pytest.raises(InvalidRequestError):
        get(ground, alice, package_handle="greeter")


def test_lists_narrow(ground, alice, greeter):
    """A listing narrows by workspace, package and version, and pages in order of creation."""
    first = make(ground, alice, "greeter", "a", workspace="one")
    newer = deploy(ground, alice, greeter, "2.0.0").version
    second = make(ground, alice, "greeter", "b", workspace="two")
    deploy(ground, alice, add_package(ground, alice, "other"))
    third = make(ground, alice, "other", "c", workspace="two")
    assert listed(ground, alice) == [third, second, first]
    assert listed(ground, alice, package_id=greeter.id) == [second, first]
    assert listed(ground, alice, version_id=newer.id) == [second]
    assert listed(ground, alice, workspace_id=second.instance.workspace_id) == [third, second]
    page = instances.listed(ground, alice, Filter(), Paging(size=2, ascending=True))
    assert page.items == [first, second]
    rest = instances.listed(ground, alice, Filter(), Paging(size=2, token=page.next_token, ascending=True))
    assert (rest.items, rest.next_token) == ([third], None)


def test_others_instances_are_not_there(ground, alice, bob, greeter):
    """A user neither gets, lists, deletes nor reuses another user's instance, by id or handle."""
    theirs = make(ground, alice, "greeter", "mine")
    here = workspaces.find(ground, alice, None, "mine")
    with pytest.raises(NotFoundError):
        get(ground, bob, instance_id=theirs.instance.id)
    with pytest.raises(NotFoundError):
        get(ground, bob, handle="mine", workspace=here)
    with pytest.raises(NotFoundError):
        instances.delete(ground, bob, theirs.instance.id)
    assert listed(ground, bob) == []
    assert listed(ground, bob, workspace_id=here.id) == []
    assert listed(ground, bob, package_id=greeter.id) == []


def test_a_workers_reach(ground, alice, greeter):
    """A worker gets, lists and deletes the instances of its own workspace only."""
    inside = make(ground, alice, "greeter", "a", workspace="here")
    outside = make(ground, alice, "greeter", "b", workspace="there")
    worker = worker_of(alice, workspaces.find(ground, alice, None, "here"))
    assert get(ground, worker, instance_id=inside.instance.id) == inside
    assert listed(ground, worker) == [inside]
    assert listed(ground, worker, workspace_id=outside.instance.workspace_id) == [inside]
    with pytest.raises(NotFoundError):
        get(ground, worker, instance_id=outside.instance.id)
    with pytest.raises(NotFoundError):
        instances.delete(ground, worker, outside.instance.id)
    assert instances.delete(ground, worker, inside.instance.id) == inside


def test_an_instance_keys_reach(ground, alice, greeter):
    """A key for one instance gets and lists that one, and deletes none."""
    mine = make(ground, alice, "greeter", "a")
    other = make(ground, alice, "greeter", "b")
    key = replace(
        alice,
        reach=Reach.INSTANCE,
        workspace_id=mine.instance.workspace_id,
        instance_id=mine.instance.id,
    )
    assert get(ground, key, instance_id=mine.instance.id) == mine
    assert listed(ground, key) == [mine]
    with pytest.raises(NotFoundError):
        get(ground, key, instance_id=other.instance.id)
    for instance_id in (mine.instance.id, other.instance.id):
        with pytest.raises(ForbiddenError):
            instances.delete(ground, key, instance_id)


def test_deleting_stops_the_worker_and_frees_the_handle(ground, alice, greeter):
    """A deleted instance's worker is stopped, caches are told, and its handle makes another instance."""
    made = make(ground, alice, "greeter", "mine")
    told = []
    ground.changes.listen(lambda noun, noun_id: told.append((noun, noun_id)))
    assert instances.delete(ground, alice, made.instance.id) == made
    assert ground.machine.stopped == [made.instance.id]
    assert ("instance", made.instance.id) in told
    with pytest.raises(NotFoundError):
        instances.delete(ground, alice, made.instance.id)
    assert make(ground, alice, "greeter", "mine").instance.id != made.instance.id


def test_deleting_a_workspace_takes_its_instances(ground, alice, greeter):
    """A workspace goes with its instances and their workers, and the package is free to go after it."""
    made = make(ground, alice, "greeter", "mine")
    workspaces.delete(ground, alice, made.instance.workspace_id)
    assert ground.machine.stopped == [made.instance.id]
    assert listed(ground, alice) == []
    packages.delete(ground, alice, greeter.id)


def test_what_a_call_needs(ground, alice, bob, greeter):
    """A call target names owner and author, the invocation context, public methods, timeouts and bases."""
    made = make(ground, bob, "greeter", "mine", workspace="place")
    target = spec_of(ground, made.instance.id)
    assert (target.owner_id, target.owner_handle, target.author_id) == (bob.user_id, "bob", alice.user_id)
    assert target.public_methods == {("GET", "/hello")}
    assert target.timeouts == {("POST", "/greet"): 10.0}
    spec = target.spec
    assert spec.context == {
        "tenantId": bob.user_id,
        "userId": bob.user_id,
        "workspaceId": made.instance.workspace_id,
        "workspaceHandle": "place",
        "invocableType": "package",
        "invocableHandle": "greeter",
        "invocableVersionHandle": "1.0.0",
        "invocableInstanceHandle": "mine",
        "invocableOwnerId": alice.user_id,
        "invocableOwnerHandle": "alice",
        "invocableURL": "http://localhost/@bob/place/mine/",
    }
    assert spec.version.version_id == made.instance.version_id
    assert spec.version.environment == "e" * 64
    assert spec.version.limits == VersionLimits()
    assert spec.bases.api == "http://localhost/api/v1/"


def test_the_worker_gets_the_secrets(ground, alice):
    """Sealed parameters are opened for the worker's spec, hidden from its repr, and redacted from text."""
    ground.machine.template = {"token": {"type": "string", "secret": True}, "n": {"type": "number"}}
    deploy(ground, alice, add_package(ground, alice, "secretive"))
    made = make(ground, alice, "secretive", "mine", config={"token": "canary-42", "n": 3})
    target = spec_of(ground, made.instance.id)
    assert target.spec.config == {"token": "canary-42", "n": 3}
    assert "canary-42" not in repr(target)
    assert target.redact("bad token canary-42") == "bad token [secret]"


def test_a_target_by_handles(ground, alice, bob, greeter):
    """Three handles find an instance without regard to case; where one is wrong nothing is there."""
    made = make(ground, bob, "greeter", "mine", workspace="place")
    found = call_target(ground, "BOB", "Place", "MINE", None)
    assert found.spec.instance_id == made.instance.id
    wrong = (("alice", "place", "mine"), ("bob", "mine", "mine"), ("bob", "place", "place"))
    for owner, workspace, handle in wrong:
        with pytest.raises(NotFoundError):
            call_target(ground, owner, workspace, handle, None)


def test_a_target_by_id(ground, bob, alice, greeter):
    """Where a handle is unknown the id decides, and the handles that are known must be the instance's."""
    made = make(ground, bob, "greeter", "mine", workspace="place")
    instance_id = made.instance.id
    for owner, workspace, handle in ((None, None, None), ("bob", None, "mine"), (None, "place", None)):
        found = call_target(ground, owner, workspace, handle, instance_id)
        assert found.spec.instance_id == instance_id
    for owner, workspace, handle in (("alice", None, None), (None, "other", None), (None, None, "other")):
        with pytest.raises(NotFoundError):
            call_target(ground, owner, workspace, handle, instance_id)
    for nothing in (new_id(), None, ""):
        with pytest.raises(NotFoundError):
            call_target(ground, None, None, None, nothing)


@pytest.mark.parametrize(
    ("network", "sandbox", "scheme"),
    [("none", "full", "http"), ("internet", "full", "https"), ("none", "landlock", "https")],
)
def test_workers_that_reach_the_engine_alone_have_plain_addresses(ground, alice, network, sandbox, scheme):
    """Their connections then end in the engine, which knows whose they are, whatever ends TLS for others."""
    sealed = Addresses("https://ship.test/api/v1/", "https://apps.test:8443/", "https://ship.test/")
    ground = replace(ground, addresses=sealed, sandbox=SandboxMode(sandbox))
    ground.machine.manifest = {"network": network}
    deploy(ground, alice, add_package(ground, alice, "near"))
    made = make(ground, alice, "near", "near")
    spec = spec_of(ground, made.instance.id).spec
    assert spec.bases.api == f"{scheme}://ship.test/api/v1/"
    assert spec.bases.app == f"{scheme}://apps.test:8443/"
    assert spec.context["invocableURL"] == "https://alice.apps.test:8443/mine/near/"
    worker = replace(
        alice, reach=Reach.WORKER, workspace_id=made.instance.workspace_id, network=Network(network)
    )
    wanted = GetInput(id=made.instance.id)
    get = next(each for each in OPERATIONS if each.path == "package/instance/get")
    told = {
        actor: get.run(Call(ground, actor, "R"), wanted)["packageInstance"]["invocationURL"]
        for actor in (alice, worker)
    }
    assert told[alice] == "https://alice.apps.test:8443/mine/near/"
    assert told[worker] == f"{scheme}://alice.apps.test:8443/mine/near/"
