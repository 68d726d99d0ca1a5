"""Use: one instance a handle, with the workspace it lives in, the version it stays on and its frozen config."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from steamship_engine.control import packages, tasks, versions, workspaces
from steamship_engine.control.actor import Reach
from steamship_engine.control.reuse import Wanted
from steamship_engine.control.use import INIT_OPERATION, use
from steamship_engine.model.errors import (
    AlreadyExistsError,
    ConflictError,
    ForbiddenError,
    InvalidConfigError,
    InvalidHandleError,
    InvalidRequestError,
    NotBuiltYetError,
    NotFoundError,
    TooLargeError,
)
from steamship_engine.model.network import Network
from steamship_engine.model.states import InitStatus, TaskState
from steamship_engine.store import tasks as task_rows
from steamship_engine.store.schema import instances
from steamship_engine.store.schema import workspaces as workspace_rows
from tests.services.fake_machine import add_package, deploy, on_fake_machine
from tests.services.grounds import add_workspace, worker_of
from tests.services.instances import make

TEMPLATE = {
    "name": {"type": "string", "description": "Whom to greet."},
    "times": {"type": "number", "default": 1},
    "token": {"type": "string", "required": False, "secret": True},
}


@pytest.fixture
def ground(ground):
    return on_fake_machine(ground)


@pytest.fixture
def greeter(ground, alice):
    """A private package of alice's with version 1.0.0, without config."""
    package = add_package(ground, alice, "greeter")
    deploy(ground, alice, package)
    return package


@pytest.fixture
def configured(ground, alice):
    """A private package of alice's whose version has parameters, one of them secret."""
    ground.machine.template = TEMPLATE
    package = add_package(ground, alice, "configured")
    deploy(ground, alice, package)
    return package


def count(ground, table):
    with ground.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def in_workspace(ground, actor, workspace, **wanted):
    package = versions.Wanted(package_handle=wanted.pop("package", "greeter"))
    return use(
        ground,
        actor,
        Wanted(package=package, **wanted),
        current=lambda: workspace,
        request_id="a-request",
    )


def test_the_same_handle_gives_the_same_instance(ground, alice, greeter):
    """The first use makes workspace and instance, every later one gives them as they are."""
    first = make(ground, alice, "greeter", "mine")
    assert make(ground, alice, "greeter", "mine") == first
    assert make(ground, alice, "GREETER".lower(), "MINE") == first
    assert (first.user_handle, first.workspace_handle, first.package_handle) == ("alice", "mine", "greeter")
    assert first.version_handle == "1.0.0"
    assert make(ground, alice, "greeter", "other").instance.id != first.instance.id


def test_many_first_uses_at_once_give_one_instance(ground, alice, greeter):
    """Concurrent first uses of a handle agree on one workspace and one instance, and none of them fails."""
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: make(ground, alice, "greeter", "mine"), range(24)))
    assert len({placed.instance.id for placed in made}) == 1
    assert (count(ground, instances), count(ground, workspace_rows)) == (1, 1)


def test_without_fetch_a_used_handle_is_refused(ground, alice, greeter):
    """Without fetchIfExists a used handle is an error, which many at once cause for all but one."""
    make(ground, alice, "greeter", "mine")
    with pytest.raises(AlreadyExistsError, match="already exists"):
        make(ground, alice, "greeter", "mine", fetch=False)

    def attempt(_):
        try:
            return make(ground, alice, "greeter", "fresh", fetch=False).instance.id
        except AlreadyExistsError:
            return None

    with ThreadPoolExecutor(8) as threads:
        assert sum(result is not None for result in threads.map(attempt, range(16))) == 1


def test_without_a_handle_each_is_new(ground, alice, greeter):
    """Where no handle is given the engine makes one, and an instance of its own each time."""
    workspace = add_workspace(ground, alice, "here")
    one, two = (in_workspace(ground, alice, workspace, fetch_if_exists=True) for _ in range(2))
    assert one.instance.handle.startswith("greeter-")
    assert one.instance.id != two.instance.id


@pytest.mark.parametrize("handle", [".hidden", "_", "a b", "a/b", "a" * 129, ""])
def test_instance_handles_follow_their_grammar(ground, alice, greeter, handle):
    """A handle outside the grammar is refused with the rule, and makes no workspace."""
    with pytest.raises(InvalidHandleError, match="1-128 letters"):
        make(ground, alice, "greeter", handle)
    assert count(ground, workspace_rows) == 0


def test_a_long_derived_handle_fits(ground, alice, greeter):
    """The handles that clients derive from a config, of some 100 characters, are accepted."""
    assert make(ground, alice, "greeter", f"{'g' * 64}-{'f' * 32}").instance.handle.startswith("ggg")


def test_another_package_on_the_handle(ground, alice, greeter):
    """A handle that is another package's instance is refused, naming both packages."""
    deploy(ground, alice, add_package(ground, alice, "other"))
    make(ground, alice, "greeter", "mine")
    with pytest.raises(ConflictError) as raised:
        make(ground, alice, "other", "mine")
    assert '"mine" is of the package "greeter", not of "other"' in raised.value.message


def test_an_instance_stays_on_its_version(ground, alice, greeter):
    """A newer version changes nothing for an existing instance; a new instance gets it."""
    old = make(ground, alice, "greeter", "old")
    deploy(ground, alice, greeter, "2.0.0")
    assert make(ground, alice, "greeter", "old") == old
    assert make(ground, alice, "greeter", "old", version="1.0.0") == old
    assert make(ground, alice, "greeter", "new").version_handle == "2.0.0"
    assert make(ground, alice, "greeter", "pinned", version="1.0.0").version_handle == "1.0.0"


def test_another_version_on_an_existing_instance(ground, alice, greeter):
    """Asking for an instance with another version names both and says what to do."""
    make(ground, alice, "greeter", "mine")
    newer = deploy(ground, alice, greeter, "2.0.0").version
    with pytest.raises(ConflictError) as raised:
        make(ground, alice, "greeter", "mine", version="2.0.0")
    assert 'stays on version "1.0.0"' in raised.value.message
    assert 'asked for with version "2.0.0"' in raised.value.message
    assert "Leave the version out" in (raised.value.suggestion or "")
    workspace = workspaces.find(ground, alice, None, "mine")
    by_id = Wanted(
        package=versions.Wanted(version_id=newer.id),
        handle="mine",
        fetch_if_exists=True,
        workspace_id=workspace.id,
    )
    with pytest.raises(ConflictError, match='stays on version "1.0.0"'):
        use(ground, alice, by_id, current=lambda: workspace, request_id="r")


def test_an_unknown_version(ground, alice, greeter):
    """A version that does not exist is refused naming the newest, whether or not the instance exists."""
    for _ in range(2):
        with pytest.raises(NotFoundError, match='"greeter" has no version "9"; its newest: "1.0.0"'):
            make(ground, alice, "greeter", "mine", version="9")
        make(ground, alice, "greeter", "mine")


def test_a_failed_first_use_makes_no_workspace(ground, alice, configured):
    """Workspace and instance are made in one transaction: where the config is refused neither is there."""
    with pytest.raises(InvalidConfigError):
        make(ground, alice, "configured", "mine", config={})
    assert count(ground, workspace_rows) == 0


def test_config_is_completed_and_frozen(ground, alice, configured):
    """Defaults are stored with the instance; the same config, with or without them, is no difference."""
    first = make(ground, alice, "configured", "mine", config={"name": "Ada"})
    assert first.instance.config == {"name": "Ada", "times": 1}
    for same in ({"name": "Ada"}, {"name": "Ada", "times": 1.0}, {"name": "Ada", "token": None}, None):
        assert make(ground, alice, "configured", "mine", config=same) == first


def test_a_config_is_not_for_data(ground, alice, configured):
    """A config of more than 256 KiB is refused."""
    with pytest.raises(TooLargeError, match="The config is larger than 262144 bytes"):
        make(ground, alice, "configured", "mine", config={"name": "a" * 300_000})


def test_another_config_is_refused_by_name(ground, alice, configured):
    """A config that differs after defaults names the parameters and not their values."""
    make(ground, alice, "configured", "mine", config={"name": "Ada", "token": "hidden-one"})
    other = {"name": "Bea", "times": 1, "token": "hidden-two"}
    with pytest.raises(InvalidConfigError) as raised:
        make(ground, alice, "configured", "mine", config=other)
    assert '"name", "token"' in raised.value.message
    assert not any(value in raised.value.message for value in ("Ada", "Bea", "hidden"))


def test_an_empty_config_is_a_config(ground, alice, configured):
    """`{}` is checked, and compared, where null is no opinion."""
    make(ground, alice, "configured", "mine", config={"name": "Ada"})
    with pytest.raises(InvalidConfigError, match=r'"name" \(Whom to greet.\) is required'):
        make(ground, alice, "configured", "mine", config={})


def test_a_new_instance_without_config_must_not_lack_any(ground, alice, configured):
    """Null config on a new instance is checked like an empty one."""
    with pytest.raises(InvalidConfigError, match='"name"'):
        make(ground, alice, "configured", "mine")


def test_the_existing_instances_own_template_counts(ground, alice, configured):
    """A config is compared by the version that the instance stays on, not by the newest."""
    first = make(ground, alice, "configured", "mine", config={"name": "Ada"})
    ground.machine.template = {"city": {"type": "string"}}
    deploy(ground, alice, configured, "2.0.0")
    assert make(ground, alice, "configured", "mine", config={"name": "Ada"}) == first


def test_secrets_are_sealed(ground, alice, configured, tmp_path):
    """A secret parameter's value is in no config that is shown and in no row as it stands."""
    placed = make(ground, alice, "configured", "mine", config={"name": "Ada", "token": "canary-42"})
    assert placed.instance.config == {"name": "Ada", "times": 1}
    assert b"canary-42" not in (placed.instance.secret_config or b"")
    assert "canary-42" not in repr(placed)
    with ground.database.read() as connection:
        rows = connection.execute(select(instances)).all()
    assert "canary-42" not in repr(rows)
    again = make(ground, alice, "configured", "mine", config={"name": "Ada", "token": "canary-42"})
    assert again == placed


def test_strangers_use_public_packages_only(ground, alice, bob, greeter):
    """A private package cannot be instantiated by others; a public one gives each user an own instance."""
    with pytest.raises(NotFoundError, match='no package "greeter" that you may see'):
        make(ground, bob, "greeter", "mine")
    packages.update(ground, alice, greeter.id, {"is_public": True})
    theirs, own = make(ground, bob, "greeter", "mine"), make(ground, alice, "greeter", "mine")
    assert theirs.instance.user_id == bob.user_id
    assert theirs.instance.id != own.instance.id
    assert theirs.author_handle == "alice"


def test_a_package_that_became_private_keeps_its_users(ground, alice, bob, greeter):
    """An instance made while the package was public is given again after it became private."""
    packages.update(ground, alice, greeter.id, {"is_public": True})
    theirs = make(ground, bob, "greeter", "mine")
    packages.update(ground, alice, greeter.id, {"is_public": False})
    assert make(ground, bob, "greeter", "mine") == theirs
    with pytest.raises(NotFoundError):
        make(ground, bob, "greeter", "another")


def test_another_users_workspace_is_not_there(ground, alice, bob, greeter):
    """Nobody makes an instance in another user's workspace, by handle or id."""
    packages.update(ground, alice, greeter.id, {"is_public": True})
    theirs = add_workspace(ground, alice, "hers")
    for place in ({"workspace_id": theirs.id}, {"workspace_handle": "hers"}):
        wanted = Wanted(package=versions.Wanted(package_handle="greeter"), handle="mine", **place)
        with pytest.raises(NotFoundError):
            use(ground, bob, wanted, current=lambda: theirs, request_id="r")


def test_a_workspace_is_made_only_where_asked(ground, alice, greeter):
    """Without createWorkspace an unknown workspace is not found."""
    with pytest.raises(NotFoundError, match='no workspace "mine"'):
        make(ground, alice, "greeter", "mine", create_workspace=False)


def test_workers_instantiate_in_their_own_workspace(ground, alice, greeter):
    """A worker's key makes instances of its owner's packages in its workspace and nowhere else."""
    here, there = add_workspace(ground, alice, "here"), add_workspace(ground, alice, "there")
    worker = worker_of(alice, here)
    made = in_workspace(ground, worker, here, handle="inner", fetch_if_exists=True)
    assert made.instance.workspace_id == here.id
    with pytest.raises(NotFoundError):
        in_workspace(ground, worker, here, handle="inner", workspace_id=there.id)
    for create in (True, False):
        with pytest.raises(NotFoundError):
            make(ground, worker, "greeter", "inner", workspace="third", create_workspace=create)
    assert count(ground, workspace_rows) == 2


def test_a_key_for_one_instance_gets_it_and_makes_none(ground, alice, greeter):
    """A key scoped to an instance is given that instance again, and refused any other."""
    workspace = add_workspace(ground, alice, "here")
    mine = in_workspace(ground, alice, workspace, handle="mine")
    in_workspace(ground, alice, workspace, handle="other")
    key = replace(alice, reach=Reach.INSTANCE, workspace_id=workspace.id, instance_id=mine.instance.id)
    assert in_workspace(ground, key, workspace, handle="mine", fetch_if_exists=True) == mine
    for handle in ("other", "new", None):
        with pytest.raises(ForbiddenError):
            in_workspace(ground, key, workspace, handle=handle, fetch_if_exists=True)


def test_local_development_is_not_built_yet(ground, alice, greeter):
    """The original's local development instances are refused with a pointer to deploying."""
    for wanted in ({"version": "local-development!"}, {"is_local": True}):
        with pytest.raises(NotBuiltYetError) as raised:
            make(ground, alice, "greeter", "mine", **wanted)
        assert "ship deploy" in (raised.value.suggestion or "")


def test_a_use_that_names_no_package(ground, alice, greeter):
    """Without package and version there is nothing to make, and no existing instance is given for it."""
    workspace = add_workspace(ground, alice, "here")
    in_workspace(ground, alice, workspace, handle="mine")
    nothing = Wanted(package=versions.Wanted(), handle="mine", fetch_if_exists=True)
    with pytest.raises(InvalidRequestError):
        use(ground, alice, nothing, current=lambda: workspace, request_id="r")


def test_init_is_not_needed_where_the_class_has_none(ground, alice, greeter):
    """A class without an init gives instances that are ready at once, and no task."""
    instance = make(ground, alice, "greeter", "mine").instance
    assert (instance.init_status, instance.init_task_id) == (InitStatus.NOT_NEEDED, None)


def test_a_needed_init_is_submitted_with_the_instance(ground, alice):
    """A class with an init gives `initializing` and a waiting task in the instance's workspace, once."""
    ground.machine.needs_init = True
    deploy(ground, alice, add_package(ground, alice, "slow"))
    told = []
    ground.changes.listen(lambda noun, noun_id: told.append((noun, noun_id)))
    placed = make(ground, alice, "slow", "mine")
    instance = placed.instance
    assert instance.init_status is InitStatus.INITIALIZING
    assert make(ground, alice, "slow", "mine") == placed
    with ground.database.read() as connection:
        task = task_rows.find(connection, instance.init_task_id or "")
    assert task is not None
    assert (task.operation, task.state) == (INIT_OPERATION, TaskState.WAITING)
    assert (task.workspace_id, task.request_id) == (instance.workspace_id, "a-request")
    assert tasks.input_of(ground, task) == {"instanceId": instance.id}
    assert ("task", task.id) in told
    assert ("instance", instance.id) in told


def test_a_worker_without_a_network_makes_no_helper_with_one(ground, alice, greeter):
    """What it cannot reach it would let another package fetch; what the user has made there it may find."""
    ground.machine.manifest = {"network": "none"}
    deploy(ground, alice, add_package(ground, alice, "near"))
    space = workspaces.create(ground, alice, "mine", fetch_if_exists=False)
    worker = replace(worker_of(alice, space), network=Network.NONE)
    with pytest.raises(ForbiddenError, match='"greeter", which has "internet"') as refused:
        make(ground, worker, "greeter", "helper", create_workspace=False)
    assert "`ship use`" in refused.value.suggestion
    assert make(ground, worker, "near", "near", create_workspace=False).package_handle == "near"
    made = make(ground, alice, "greeter", "helper")
    assert make(ground, worker, "greeter", "helper", create_workspace=False) == made
    near = replace(worker, network=Network.INTERNET)
    assert make(ground, near, "greeter", "other", create_workspace=False).package_handle == "greeter"
