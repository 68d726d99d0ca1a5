"""Packages: whose handle it is, who sees what, and what goes when one is deleted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from steamship_engine.control import packages, versions
from steamship_engine.control.actor import Reach
from steamship_engine.control.packages import Wanted
from steamship_engine.model.errors import (
    AlreadyExistsError,
    ConflictError,
    ForbiddenError,
    InvalidHandleError,
    InvalidRequestError,
    NotFoundError,
    SteamshipError,
    TooLargeError,
)
from steamship_engine.store.rows import Paging
from steamship_engine.store.schema import blobs, instances
from steamship_engine.store.schema import versions as version_rows
from tests.services.fake_machine import add_package, deploy, on_fake_machine
from tests.services.grounds import add_workspace, worker_of
from tests.services.instances import make

ALL = Paging(size=100)


@pytest.fixture
def ground(ground):
    return on_fake_machine(ground)


def count(ground, table):
    with ground.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def test_create_get_and_list_give_the_same_package(ground, alice):
    """What creating answered is what getting by id, getting by handle and listing answer."""
    made = packages.create(
        ground, alice, Wanted(handle="greeter", readme="# Hi", profile={"a": 1}), fetch_if_exists=False
    )
    assert packages.get(ground, alice, package_id=made.id, handle=None) == made
    assert packages.get(ground, alice, package_id=None, handle="greeter") == made
    assert packages.listed(ground, alice, is_public=None, featured=None, paging=ALL).items == [made]
    assert made.profile == {"a": 1}


def test_a_handle_is_made_where_none_is_given(ground, alice):
    """Without a handle the engine makes one that its own grammar admits."""
    made = packages.create(ground, alice, Wanted(), fetch_if_exists=False)
    assert made.handle.startswith("package-")


@pytest.mark.parametrize("handle", ["Greeter", "1st", "", "a b", "-a", "a" * 65, "ä"])
def test_handles_follow_their_grammar(ground, alice, handle):
    """A handle outside the grammar is refused with the rule."""
    with pytest.raises(InvalidHandleError, match="1-64 lower-case letters"):
        packages.create(ground, alice, Wanted(handle=handle), fetch_if_exists=False)


def test_an_own_handle_twice(ground, alice):
    """Creating an own package again is refused in the original's words, and with fetchIfExists gives it."""
    made = add_package(ground, alice, "greeter")
    with pytest.raises(AlreadyExistsError) as raised:
        packages.create(ground, alice, Wanted(handle="greeter"), fetch_if_exists=False)
    assert raised.value.message == "The object you are trying to create already exists."
    assert packages.create(ground, alice, Wanted(handle="greeter"), fetch_if_exists=True) == made


@pytest.mark.parametrize("fetch", [True, False])
def test_a_strangers_private_handle_tells_nothing(ground, alice, bob, fetch):
    """Another user's private package is refused with exactly the original's three words."""
    deploy(ground, alice, add_package(ground, alice, "greeter"))
    with pytest.raises(ConflictError) as raised:
        packages.create(ground, bob, Wanted(handle="greeter"), fetch_if_exists=fetch)
    assert raised.value.message == "Something went wrong."
    assert "alice" not in (raised.value.suggestion or "")


def test_a_strangers_public_handle(ground, alice, bob):
    """Another user's public package is given with fetchIfExists, under its owner's id, and refused without."""
    package = add_package(ground, alice, "greeter", public=True)
    with pytest.raises(ConflictError, match="^Something went wrong.$"):
        packages.create(ground, bob, Wanted(handle="greeter"), fetch_if_exists=True)
    deploy(ground, alice, package)
    assert packages.create(ground, bob, Wanted(handle="greeter"), fetch_if_exists=True) == package
    with pytest.raises(ConflictError, match="^Something went wrong.$"):
        packages.create(ground, bob, Wanted(handle="greeter"), fetch_if_exists=False)


def test_only_deployed_public_packages_are_seen_by_others(ground, alice, bob):
    """A stranger sees neither private packages nor public ones without a version, by id, handle or list."""
    private = add_package(ground, alice, "private")
    deploy(ground, alice, private)
    empty = add_package(ground, alice, "empty", public=True)
    public = add_package(ground, alice, "public", public=True)
    deploy(ground, alice, public)
    for hidden in (private, empty):
        with pytest.raises(NotFoundError):
            packages.get(ground, bob, package_id=hidden.id, handle=None)
        with pytest.raises(NotFoundError):
            packages.get(ground, bob, package_id=None, handle=hidden.handle)
    assert packages.get(ground, bob, package_id=None, handle="public") == public
    assert packages.listed(ground, bob, is_public=None, featured=None, paging=ALL).items == [public]


def test_lists_narrow_to_public_and_private(ground, alice):
    """`public` true and false split what is seen, and nothing is featured."""
    private, public = add_package(ground, alice, "a"), add_package(ground, alice, "b", public=True)

    def listed(is_public, featured=None):
        return packages.listed(ground, alice, is_public=is_public, featured=featured, paging=ALL).items

    assert listed(None) == [public, private]
    assert listed(True) == [public]
    assert listed(False) == [private]
    assert listed(None, featured=True) == []


def test_updating_sets_only_what_is_sent(ground, alice):
    """Fields that are not named keep their values."""
    made = packages.create(
        ground, alice, Wanted(handle="greeter", readme="old", description="kept"), fetch_if_exists=False
    )
    changed = packages.update(ground, alice, made.id, {"readme": "new"})
    assert (changed.readme, changed.description) == ("new", "kept")
    assert changed == packages.get(ground, alice, package_id=made.id, handle=None)


@pytest.mark.parametrize(
    "texts",
    [{"readme": "é" * 600_000}, {"description": "x" * 1_100_000}, {"profile": {"x": "y" * 1_100_000}}],
)
def test_what_everybody_lists_is_bounded(ground, alice, texts):
    """A package's texts are as large as a bundle's text file at most, when it is made and when it is changed."""
    with pytest.raises(TooLargeError):
        packages.create(ground, alice, Wanted(handle="big", **texts), fetch_if_exists=False)
    package = add_package(ground, alice, "small")
    with pytest.raises(TooLargeError):
        packages.update(ground, alice, package.id, texts)


def test_renaming_to_a_used_handle(ground, alice, bob):
    """A package cannot take another's handle, and is not told whose it is."""
    add_package(ground, bob, "taken")
    made = add_package(ground, alice, "greeter")
    with pytest.raises(ConflictError, match="^Something went wrong.$"):
        packages.update(ground, alice, made.id, {"handle": "taken"})
    assert packages.update(ground, alice, made.id, {"handle": "free"}).handle == "free"


def test_others_cannot_change_or_delete(ground, alice, bob):
    """A visible package is not a stranger's to change; an invisible one is not there."""
    public = add_package(ground, alice, "public", public=True)
    deploy(ground, alice, public)
    private = add_package(ground, alice, "private")
    for package, error in ((public, ForbiddenError), (private, NotFoundError)):
        with pytest.raises(error):
            packages.update(ground, bob, package.id, {"readme": "mine"})
        with pytest.raises(error):
            packages.delete(ground, bob, package.id)


def test_administration_needs_a_user_key(ground, alice):
    """A worker's key reads its owner's packages and administers none."""
    made = add_package(ground, alice, "greeter")
    worker = worker_of(alice, add_workspace(ground, alice, "mine"))
    assert packages.get(ground, worker, package_id=made.id, handle=None) == made
    for attempt in (
        lambda: packages.create(ground, worker, Wanted(handle="other"), fetch_if_exists=False),
        lambda: packages.update(ground, worker, made.id, {"readme": "x"}),
        lambda: packages.delete(ground, worker, made.id),
        lambda: deploy(ground, worker, made),
    ):
        with pytest.raises(ForbiddenError, match="Cannot use a workspace-scoped key"):
            attempt()


def test_a_request_that_names_nothing(ground, alice):
    """Neither id nor handle is a bad request."""
    with pytest.raises(InvalidRequestError):
        packages.get(ground, alice, package_id=None, handle=None)


def test_deleting_takes_versions_instances_and_bytes(ground, alice):
    """An own package goes with its versions, instances in every workspace, workers and stored bundles."""
    package = add_package(ground, alice, "greeter")
    deploy(ground, alice, package, "1", content=b"one")
    deploy(ground, alice, package, "2", content=b"two")
    made = [make(ground, alice, "greeter", "mine", workspace=name) for name in ("here", "there")]
    told = []
    ground.changes.listen(lambda noun, noun_id: told.append((noun, noun_id)))
    assert packages.delete(ground, alice, package.id) == package
    assert [count(ground, table) for table in (version_rows, instances, blobs)] == [0, 0, 0]
    ids = {placed.instance.id for placed in made}
    assert set(ground.machine.stopped) == ids
    assert {("package", package.id), *(("instance", instance_id) for instance_id in ids)} <= set(told)
    with pytest.raises(NotFoundError):
        packages.delete(ground, alice, package.id)


def test_deleting_is_refused_while_others_use_it(ground, alice, bob):
    """A package of which another user has an instance stays, with everything in it."""
    package = add_package(ground, alice, "greeter", public=True)
    version = deploy(ground, alice, package).version
    make(ground, alice, "greeter", "mine", workspace="mine")
    theirs = make(ground, bob, "greeter", "mine", workspace="mine")
    with pytest.raises(ConflictError, match='"greeter" cannot be deleted: another user has an instance'):
        packages.delete(ground, alice, package.id)
    with pytest.raises(ConflictError, match='"1.0.0" cannot be deleted: another user has an instance'):
        versions.delete(ground, alice, version.id)
    assert count(ground, instances) == 2
    assert ground.machine.stopped == []
    assert theirs.instance.version_id == version.id


def test_many_at_once_make_one_package(ground, alice, bob):
    """Of many concurrent creations of one handle one wins; the others get it, or are refused, by whose it is."""

    def attempt(number):
        actor = (alice, bob)[number % 2]
        try:
            return packages.create(ground, actor, Wanted(handle="greeter"), fetch_if_exists=True).id
        except SteamshipError as error:
            return error.message

    with ThreadPoolExecutor(8) as threads:
        results = set(threads.map(attempt, range(16)))
    winner = results - {"Something went wrong."}
    assert len(winner) == 1


def test_a_scoped_key_of_another_kind_changes_nothing(ground, alice):
    """A key for one workspace reads packages like its user and administers none."""
    package = add_package(ground, alice, "greeter")
    workspace = add_workspace(ground, alice, "mine")
    scoped = replace(alice, reach=Reach.WORKSPACE, workspace_id=workspace.id)
    assert packages.get(ground, scoped, package_id=package.id, handle=None) == package
    with pytest.raises(ForbiddenError):
        packages.delete(ground, scoped, package.id)
