"""Making, finding, listing and deleting things with our Python SDK."""

from __future__ import annotations

import pytest

from steamship import Package, PackageInstance, PackageVersion, Steamship, User, Workspace
from steamship.base.error import (
    AlreadyExistsError,
    ConflictError,
    DeployError,
    InvalidRequestError,
    NotFoundError,
)
from steamship.base.request import SortOrder
from tests.packages import bundle
from tests.services.engine import EngineUser

pytestmark = pytest.mark.usefixtures("at_home")


def test_current_user() -> None:
    """`User.current` tells who the key's user is."""
    user = User.current(Steamship())
    assert user.handle == "admin"
    assert user.id == user.id.upper()


def test_workspaces() -> None:
    """A workspace is made once, found by id and handle, refused a second time, and its handle is free once it is deleted."""
    client = Steamship()
    made = Workspace.create(client, handle="sdk-nouns")
    assert Workspace.create(client, handle="sdk-nouns").id == made.id
    assert Workspace.get(client, id_=made.id) == Workspace.get(client, handle="sdk-nouns") == made
    with pytest.raises(AlreadyExistsError, match="sdk-nouns"):
        Workspace.create(client, handle="sdk-nouns", fetch_if_exists=False)
    made.delete()
    with pytest.raises(NotFoundError):
        made.delete()
    again = Workspace.create(client, handle="sdk-nouns", fetch_if_exists=False)
    assert again.id != made.id
    again.delete()


def test_a_temporary_workspace_ends_with_its_block() -> None:
    """What `temporary_workspace` made is gone afterwards."""
    with Steamship.temporary_workspace() as client:
        workspace = client.get_workspace()
    with pytest.raises(NotFoundError):
        Workspace.get(Steamship(), id_=workspace.id)


def test_pages() -> None:
    """Pages follow each other in both orders, sizes may change, and a page that is just full may be the last."""
    client = Steamship()
    made = [Workspace.create(client, handle=f"sdk-page-{number}") for number in range(3)]
    first = Workspace.list(client, page_size=2)
    assert [workspace.handle for workspace in first.workspaces] == ["sdk-page-2", "sdk-page-1"]
    second = Workspace.list(client, page_size=1, page_token=first.next_page_token)
    assert [workspace.handle for workspace in second.workspaces] == ["sdk-page-0"]
    every = Workspace.list(client, page_size=1000).workspaces
    oldest_first = Workspace.list(client, page_size=len(every), sort_order=SortOrder.ASC)
    assert oldest_first.workspaces == every[::-1]
    assert oldest_first.next_page_token is None
    with pytest.raises(InvalidRequestError, match='"-1" is not a page size'):
        Workspace.list(client, page_size=-1)
    for workspace in made:
        workspace.delete()


def test_packages_versions_and_instances() -> None:
    """Each is the same in create, get and list; deletes cascade from the package down."""
    client = Steamship(workspace="sdk-nouns-space")
    package = Package.create(client, handle="sdk-nouns-package")
    assert Package.get(client, handle="sdk-nouns-package") == package
    assert package in Package.list(client, page_size=1000).packages
    version = PackageVersion.create(client, package_id=package.id, handle="1.0", filebytes=bundle("greeter"))
    assert PackageVersion.get(client, handle="1.0", package_handle="sdk-nouns-package") == version
    assert PackageVersion.list(client, package_id=package.id).package_versions == [version]
    instance = PackageInstance.create(client, package_version_id=version.id, handle="sdk-nouns-instance")
    assert PackageInstance.get(client, handle="sdk-nouns-instance").id == instance.id
    listed = PackageInstance.list(client, package_id=package.id, across_workspaces=True).package_instances
    assert [found.id for found in listed] == [instance.id]
    package.delete()
    with pytest.raises(NotFoundError):
        PackageInstance.get(client, handle="sdk-nouns-instance")
    with pytest.raises(NotFoundError):
        PackageVersion.get(client, id=version.id)


def test_a_used_version_handle_and_a_broken_one() -> None:
    """A version handle is used once, and a bundle that cannot be imported uses none."""
    client = Steamship()
    package = Package.create(client, handle="sdk-nouns-broken")
    with pytest.raises(DeployError, match="no_such_module|No module named"):
        PackageVersion.create(client, package_id=package.id, handle="1.0", filebytes=bundle("bad_import"))
    PackageVersion.create(client, package_id=package.id, handle="1.0", filebytes=bundle("greeter"))
    with pytest.raises(AlreadyExistsError):
        PackageVersion.create(client, package_id=package.id, handle="1.0", filebytes=bundle("greeter"))
    package.delete()


def test_a_package_that_others_use_stays(second_user: EngineUser) -> None:
    """Neither package nor version can be deleted while another user has an instance."""
    client = Steamship()
    package = Package.create(client, handle="sdk-nouns-shared", is_public=True)
    version = PackageVersion.create(client, package_id=package.id, filebytes=bundle("greeter"))
    theirs = Steamship.use("sdk-nouns-shared", api_key=second_user.key)
    for thing in (version, package):
        with pytest.raises(ConflictError, match="another user has an instance"):
            thing.delete()
    assert theirs.invoke("greet", name="you").startswith("Hello")
    theirs.delete()
    package.delete()
