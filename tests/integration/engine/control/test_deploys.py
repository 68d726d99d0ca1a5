"""Deploys: what becomes a version, and what leaves nothing behind."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from steamship_engine.control import bundles, versions
from steamship_engine.control.versions import Wanted
from steamship_engine.model.errors import (
    AlreadyExistsError,
    DeployError,
    InvalidHandleError,
    InvalidRequestError,
    NotBuiltYetError,
    NotFoundError,
)
from steamship_engine.model.identifiers import new_id
from steamship_engine.model.states import VersionKind
from steamship_engine.runtime.port import SdkWheel
from steamship_engine.store.rows import Paging
from steamship_engine.store.schema import blobs
from steamship_engine.store.schema import versions as version_rows
from tests.services.fake_machine import SPEC, add_package, deploy, on_fake_machine

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


def stored_objects(ground, tmp_path):
    return [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]


def test_the_wheel_of_the_sdk_is_kept_with_the_version(ground, alice, package, tmp_path):
    """Versions hold the wheel that they were made with as one blob, which goes with the last of them."""
    wheel = tmp_path / "steamship-3.0.0-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    digest = hashlib.sha256(b"a wheel").hexdigest()
    ground.machine.sdk = SdkWheel(wheel, digest)
    made = [deploy(ground, alice, package, handle).version for handle in ("1.0.0", "2.0.0")]
    wheel.unlink()
    assert [version.sdk for version in made] == [digest, digest]
    assert b"".join(ground.blobs.open(digest)) == b"a wheel"
    versions.delete(ground, alice, made[0].id)
    assert b"".join(ground.blobs.open(digest)) == b"a wheel"
    versions.delete(ground, alice, made[1].id)
    assert (count(ground, blobs), stored_objects(ground, tmp_path)) == (0, [])


def test_a_failed_deploy_leaves_no_bundle_unpacked(ground, alice, package):
    """What was unpacked goes with the failure, unless a version has the same bundle."""
    ground.machine.problem = DeployError("no")
    with pytest.raises(DeployError):
        deploy(ground, alice, package)
    assert ground.machine.bundles == []
    ground.machine.problem = None
    deploy(ground, alice, package)
    ground.machine.problem = DeployError("no")
    with pytest.raises(DeployError):
        deploy(ground, alice, package, "2.0.0")
    assert len(ground.machine.bundles) == 1


def test_only_a_failed_deploy_discards_what_was_built_for_it(ground, alice, package):
    """The machine is told of each attempt of which no version came: whether it failed there, or afterwards."""
    deploy(ground, alice, package)
    assert ground.machine.discarded == []
    ground.machine.problem = DeployError("no")
    with pytest.raises(DeployError):
        deploy(ground, alice, package, "2.0.0")
    ground.machine.problem, ground.machine.spec = None, {"methods": "all"}
    with pytest.raises(DeployError):
        deploy(ground, alice, package, "3.0.0")
    deployers = [version.deployer for version in ground.machine.prepared]
    assert {deployer.user_id for deployer in deployers} == {alice.user_id}
    assert ground.machine.discarded == [deployer.attempt for deployer in deployers[1:]]
    assert len({deployer.attempt for deployer in deployers}) == 3


def test_a_failed_deploy_leaves_the_bundle_to_another_at_work_on_it(ground, alice, package, monkeypatch):
    """Of two deploys of one bundle the first to fail takes nothing away from the other."""
    machine = ground.machine
    prepare, inside = machine.prepare, []

    def while_the_other_fails(version):
        if not inside:
            inside.append(version)
            machine.problem = DeployError("no")
            with pytest.raises(DeployError):
                deploy(ground, alice, package, "2.0.0")
            machine.problem = None
            assert len(machine.bundles) == 1
        return prepare(version)

    monkeypatch.setattr(machine, "prepare", while_the_other_fails)
    deploy(ground, alice, package)
    assert len(machine.bundles) == 1


def test_the_last_version_of_a_bundle_takes_it_along(ground, alice, package):
    """A bundle stays unpacked while a version has it; the sweep removes those that none has."""
    first = deploy(ground, alice, package).version
    second = deploy(ground, alice, package, "2.0.0").version
    versions.delete(ground, alice, first.id)
    assert bundles.sweep(ground) == 0
    assert ground.machine.bundles == [second.bundle]
    versions.delete(ground, alice, second.id)
    assert ground.machine.bundles == []
    ground.machine.bundles.append("f" * 64)
    assert bundles.sweep(ground) == 1
    assert ground.machine.bundles == []


def test_a_deploy_keeps_everything_with_the_version(ground, alice, package):
    """Bundle, environment, spec, template, schemas, README, manifest and notes are the version's."""
    ground.machine.manifest = {"description": "Greets.", "limits": {"timeout": 7}}
    ground.machine.template = {"name": {"type": "string"}}
    shown = deploy(ground, alice, package, content=b"zip bytes")
    version = shown.version
    assert shown.is_default
    assert ground.blobs.read(version.bundle) == b"zip bytes"
    assert version.environment == "e" * 64
    assert version.spec == SPEC
    assert version.config_template == {"name": {"type": "string"}}
    assert version.schemas == {"config": {"type": "object"}}
    assert (version.readme, version.description) == ("# Greeter", "Greets.")
    assert version.manifest == ground.machine.manifest
    assert version.notes == ["a remark"]
    assert ground.machine.prepared[0].limits.timeout_s == 7
    assert ground.machine.prepared[0].version_id == version.id


def test_get_by_each_way_and_list_are_equal(ground, alice, package):
    """A version is the same by id, by handle and package, as its package's default, and in lists."""
    made = deploy(ground, alice, package)
    ways = (
        Wanted(version_id=made.version.id),
        Wanted(version_id=made.version.id, package_id=package.id, package_handle="greeter"),
        Wanted(handle="1.0.0", package_id=package.id),
        Wanted(handle="1.0.0", package_handle="greeter"),
        Wanted(package_handle="greeter"),
    )
    assert all(versions.get(ground, alice, wanted) == made for wanted in ways)
    assert versions.listed(ground, alice, package_id=None, package_handle=None, paging=ALL).items == [made]


def test_the_last_deployed_version_is_the_default(ground, alice, package):
    """Only the newest version is the default, whatever its handle; deleting it gives the place back."""
    deploy(ground, alice, package, "2.0.0")
    newest = deploy(ground, alice, package, "1.0.0")
    page = versions.listed(ground, alice, package_id=package.id, package_handle=None, paging=ALL)
    assert [(shown.version.handle, shown.is_default) for shown in page.items] == [
        ("1.0.0", True),
        ("2.0.0", False),
    ]
    versions.delete(ground, alice, newest.version.id)
    assert versions.get(ground, alice, Wanted(package_id=package.id)).version.handle == "2.0.0"


def test_without_a_handle_the_engine_makes_one(ground, alice, package):
    """Two deploys without a handle are two versions."""
    first, second = (deploy(ground, alice, package, None).version.handle for _ in range(2))
    assert first != second


@pytest.mark.parametrize("handle", ["", "-1", "a b", "local-development!", "a" * 65])
def test_version_handles_follow_their_grammar(ground, alice, package, handle):
    """A version handle outside the grammar is refused with the rule, before anything is built."""
    with pytest.raises(InvalidHandleError, match="1-64 letters, digits"):
        deploy(ground, alice, package, handle)
    assert ground.machine.prepared == []


def test_a_used_handle_is_refused_before_anything_is_built(ground, alice, package):
    """The same version handle again is refused in the original's words, without regard to case."""
    deploy(ground, alice, package, "v1")
    with pytest.raises(AlreadyExistsError) as raised:
        deploy(ground, alice, package, "V1")
    assert raised.value.message == "The object you are trying to create already exists."
    assert len(ground.machine.prepared) == 1


def test_of_two_deploys_at_once_one_wins(ground, alice, package, monkeypatch):
    """Two concurrent deploys of one handle give one version; the loser is told that it exists."""
    both_built = threading.Barrier(2, timeout=30)
    machine = type(ground.machine)
    built = machine.prepare

    def prepare(self, version):
        described = built(self, version)
        both_built.wait()
        return described

    monkeypatch.setattr(machine, "prepare", prepare)

    def attempt(content):
        try:
            return deploy(ground, alice, package, content=content).version.bundle
        except AlreadyExistsError:
            return None

    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(attempt, [b"one", b"two"]))
    won = [digest for digest in results if digest is not None]
    assert len(won) == 1
    assert versions.get(ground, alice, Wanted(package_id=package.id)).version.bundle == won[0]
    assert count(ground, blobs) == 1


def test_a_failed_deploy_leaves_nothing(ground, alice, package, tmp_path):
    """A version that cannot be imported takes no handle and no bytes, and the old one stays the default."""
    old = deploy(ground, alice, package, "1.0.0", content=b"good")
    ground.machine.problem = DeployError("No module named 'x'")
    with pytest.raises(DeployError, match="No module named 'x'"):
        deploy(ground, alice, package, "1.0.1", content=b"bad")
    assert (count(ground, version_rows), count(ground, blobs)) == (1, 1)
    assert len(stored_objects(ground, tmp_path)) == 1
    assert versions.get(ground, alice, Wanted(package_id=package.id)) == old
    ground.machine.problem = None
    assert deploy(ground, alice, package, "1.0.1", content=b"mended").is_default


def test_originals_are_not_built_yet(ground, alice, package):
    """What the machine does not run yet is refused as such, and leaves nothing."""
    ground.machine.kind = VersionKind.ORIGINAL
    ground.machine.problem = NotBuiltYetError("Not yet.")
    with pytest.raises(NotBuiltYetError):
        deploy(ground, alice, package)
    assert (count(ground, version_rows), count(ground, blobs)) == (0, 0)


def test_the_template_is_the_clients_for_originals_and_the_classs_for_natives(ground, alice, package):
    """A native version's template is what its class says, an original's what the client sent."""
    sent = '{"colour": {"type": "string"}}'
    ground.machine.template = {"size": {"type": "number"}}
    native = deploy(ground, alice, package, "1", config_template=sent).version
    ground.machine.kind = VersionKind.ORIGINAL
    original = deploy(ground, alice, package, "2", config_template=sent).version
    assert native.config_template == {"size": {"type": "number"}}
    assert original.config_template == {"colour": {"type": "string"}}
    with pytest.raises(InvalidRequestError, match='parameter "a" has the type "list"'):
        deploy(ground, alice, package, "3", config_template='{"a": {"type": "list"}}')


def test_a_native_template_that_is_none_fails_the_deploy(ground, alice, package):
    """What a worker calls a template is checked: a wrong one is the package's failure."""
    ground.machine.template = {"a": {"type": "object"}}
    with pytest.raises(DeployError, match='parameter "a" has the type "object"'):
        deploy(ground, alice, package)
    assert count(ground, blobs) == 0


def test_a_spec_that_is_none_fails_the_deploy(ground, alice, package):
    """What a worker calls its methods is checked before anything is kept."""
    ground.machine.spec = {"methods": "all"}
    with pytest.raises(DeployError, match='"methods" is no list'):
        deploy(ground, alice, package)
    assert (count(ground, version_rows), count(ground, blobs)) == (0, 0)


def test_a_description_too_deep_fails_the_deploy(ground, alice, package):
    """A spec or schemas nested deeper than an answer can hold are the package's failure."""
    deep: dict[str, object] = {}
    for _ in range(200):
        deep = {"properties": deep}
    for told in ({"schemas": deep}, {"spec": {"methods": [], "deep": deep}}):
        for name, value in told.items():
            setattr(ground.machine, name, value)
        with pytest.raises(DeployError, match="more than 100 levels deep"):
            deploy(ground, alice, package)


def test_text_that_no_database_holds_is_kept_readable(ground, alice, package):
    """A NUL or half a surrogate pair in a package's texts becomes the replacement character."""
    ground.machine.readme = "# Hi\0 there"
    ground.machine.manifest = {"description": "half \ud800 a pair"}
    version = deploy(ground, alice, package).version
    assert (version.readme, version.description) == ("# Hi\ufffd there", "half \ufffd a pair")
    assert version.manifest == ground.machine.manifest


def test_work_repeated_after_a_kill_makes_one_version(ground, alice, package):
    """A deploy that had been committed when the engine was killed ends the second time as it did the first."""
    version_id = new_id()
    first = deploy(ground, alice, package, version_id=version_id)
    assert deploy(ground, alice, package, version_id=version_id) == first
    assert len(ground.machine.prepared) == 1


def test_a_package_deleted_meanwhile(ground, alice, package, monkeypatch):
    """A deploy to a package that is deleted while it builds fails as not found, and leaves no bytes."""
    from steamship_engine.control import packages

    machine = type(ground.machine)
    built = machine.prepare

    def prepare(self, version):
        packages.delete(ground, alice, package.id)
        return built(self, version)

    monkeypatch.setattr(machine, "prepare", prepare)
    with pytest.raises(NotFoundError):
        deploy(ground, alice, package)
    assert count(ground, blobs) == 0
