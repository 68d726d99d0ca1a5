"""Versions that are there: which one is meant, who sees them, what goes with them."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from steamship_engine.control import versions
from steamship_engine.control.versions import Wanted
from steamship_engine.model.errors import (
    ForbiddenError,
    NotFoundError,
)
from steamship_engine.store.rows import Paging
from steamship_engine.store.schema import blobs
from tests.services.fake_machine import add_package, deploy, on_fake_machine
from tests.services.grounds import add_workspace, worker_of
from tests.services.instances import make

ALL = Paging(size=100)


@pytest.fixture
def ground(ground):
    return on_fake_machine(ground)


@pytest.fixture
def package(ground, alice):
    return add_package(ground, alice, "greeter")


def count(ground, table):
    with ground.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def test_an_unknown_version_names_the_newest(ground, alice, package):
    """A version that does not exist is refused with the newest five, newest first."""
    for number in range(7):
        deploy(ground, alice, package, f"1.0.{number}")
    with pytest.raises(NotFoundError) as raised:
        versions.get(ground, alice, Wanted(handle="9.9.9", package_handle="greeter"))
    assert '"greeter" has no version "9.9.9"' in raised.value.message
    assert '"1.0.6", "1.0.5", "1.0.4", "1.0.3", "1.0.2"' in raised.value.message
    assert "1.0.1" not in raised.value.message


def test_a_package_without_versions_says_so(ground, alice, package):
    """Asking for the default of an empty package tells its owner to deploy."""
    with pytest.raises(NotFoundError, match='"greeter" has no version yet'):
        versions.get(ground, alice, Wanted(package_handle="greeter"))


def test_strangers_see_versions_of_public_packages_only(ground, alice, bob, package):
    """A private package's versions are not there for others, by any way; a public one's are."""
    private = deploy(ground, alice, package).version
    opened = add_package(ground, alice, "open", public=True)
    public = deploy(ground, alice, opened)
    for wanted in (
        Wanted(version_id=private.id),
        Wanted(handle="1.0.0", package_id=package.id),
        Wanted(package_handle="greeter"),
    ):
        with pytest.raises(NotFoundError):
            versions.get(ground, bob, wanted)
    with pytest.raises(NotFoundError):
        versions.listed(ground, bob, package_id=package.id, package_handle=None, paging=ALL)
    assert versions.listed(ground, bob, package_id=None, package_handle=None, paging=ALL).items == [public]
    assert versions.get(ground, bob, Wanted(version_id=public.version.id)) == public
    with pytest.raises(ForbiddenError):
        versions.delete(ground, bob, public.version.id)
    with pytest.raises(NotFoundError):
        versions.delete(ground, bob, private.id)
    with pytest.raises(ForbiddenError):
        deploy(ground, bob, opened, "6.6.6")
    with pytest.raises(NotFoundError):
        deploy(ground, bob, package, "6.6.6")


def test_an_id_of_another_package_is_not_found(ground, alice, package):
    """Where both a version's id and a package are named, they must fit."""
    version = deploy(ground, alice, package).version
    other = add_package(ground, alice, "other")
    for wanted in (
        Wanted(version_id=version.id, package_id=other.id),
        Wanted(version_id=version.id, package_handle="other"),
    ):
        with pytest.raises(NotFoundError):
            versions.get(ground, alice, wanted)


def test_deleting_a_version_takes_its_own_instances(ground, alice, package):
    """A version goes with its owner's instances of it and its bundle; other versions keep theirs."""
    first = deploy(ground, alice, package, "1", content=b"one").version
    gone = make(ground, alice, "greeter", "old")
    deploy(ground, alice, package, "2", content=b"two")
    kept = make(ground, alice, "greeter", "new")
    versions.delete(ground, alice, first.id)
    assert ground.machine.stopped == [gone.instance.id]
    assert make(ground, alice, "greeter", "new") == kept
    assert count(ground, blobs) == 1
    with pytest.raises(NotFoundError):
        versions.delete(ground, alice, first.id)


def test_one_bundle_in_two_versions_is_stored_once(ground, alice, package):
    """Two versions of the same bytes share the blob, which stays until the last of them goes."""
    first, second = (deploy(ground, alice, package, name).version for name in ("1", "2"))
    assert count(ground, blobs) == 1
    versions.delete(ground, alice, first.id)
    assert ground.blobs.read(second.bundle) == b"a bundle"
    versions.delete(ground, alice, second.id)
    assert count(ground, blobs) == 0


def test_workers_read_versions_and_delete_none(ground, alice, package):
    """A worker's key reads the versions that its owner may see and deletes none."""
    made = deploy(ground, alice, package)
    worker = worker_of(alice, add_workspace(ground, alice, "mine"))
    assert versions.get(ground, worker, Wanted(version_id=made.version.id)) == made
    with pytest.raises(ForbiddenError, match="Cannot use a workspace-scoped key"):
        versions.delete(ground, worker, made.version.id)
