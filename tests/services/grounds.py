"""What control stands on, in a test: a fresh database of each kind, blobs in a folder, two users."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from steamship_engine.control import workspaces
from steamship_engine.control.actor import Actor, Reach
from steamship_engine.control.addresses import Addresses
from steamship_engine.control.ground import Changes, Ground
from steamship_engine.model.identifiers import new_id
from steamship_engine.model.nouns import Workspace
from steamship_engine.runtime.port import WorkerFacts
from steamship_engine.store import users
from steamship_engine.store.blobs import Blobs
from steamship_engine.store.database import Database
from steamship_engine.store.record_tables import prepare
from steamship_engine.store.records import Records
from steamship_engine.store.refusals import Refusals
from steamship_engine.store.schema import metadata
from steamship_engine.store.vault import Vault


@dataclass
class IdleMachine:
    """A machine with nothing on it; it notes what it was asked to stop."""

    stopped: list[str] = field(default_factory=list)

    def inspect(self, bundle: Path, digest: str) -> Any:
        raise AssertionError("this test has no bundles")

    def prepare(self, version: Any) -> Any:
        raise AssertionError("this test has no versions")

    def discard(self, attempt: str) -> None:
        raise AssertionError("this test has no versions")

    def stop(self, instance_id: str) -> None:
        self.stopped.append(instance_id)

    def restart(self, instance_id: str) -> int:
        raise AssertionError("this test has no workers")

    def workers(self, instance_id: str) -> list[WorkerFacts]:
        return []

    def unpacked(self) -> list[str]:
        return []

    def forget(self, bundle: str) -> None:
        raise AssertionError("this test has no bundles")


@pytest.fixture(scope="session")
def postgres_template(postgres_cluster: Any) -> str:
    """The name of a PostgreSQL database with the engine's tables and nothing in them, to be copied."""
    name: str = postgres_cluster.create_database()
    opened = Database(postgres_cluster.url(name))
    metadata.create_all(opened.engine)
    prepare(opened)
    opened.close()
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as an SQLite file."""
    file = tmp_path_factory.mktemp("template") / "engine.db"
    opened = Database(f"sqlite:///{file}")
    metadata.create_all(opened.engine)
    prepare(opened)
    opened.close()
    return file


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with the engine's tables, once of each kind."""
    if request.param == "sqlite":
        file = shutil.copyfile(request.getfixturevalue("sqlite_template"), tmp_path / "engine.db")
        opened = Database(f"sqlite:///{file}")
        yield opened
        opened.close()
        return
    cluster = request.getfixturevalue("postgres_cluster")
    template = request.getfixturevalue("postgres_template")
    name = cluster.lend_copy(template)
    opened = Database(cluster.url(name))
    yield opened
    opened.close()
    cluster.give_back(template, name)


@pytest.fixture
def ground(database: Database, tmp_path: Path) -> Ground:
    """Ground on that database, in the test's folder."""
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    return Ground(
        database=database,
        blobs=Blobs(f"file://{tmp_path / 'blobs'}", database),
        records=Records(database),
        refusals=Refusals(database),
        vault=Vault("a secret key of the tests, long enough"),
        machine=IdleMachine(),
        addresses=Addresses("http://localhost/api/v1/", "http://localhost/", "http://localhost/"),
        uploads=uploads,
        boot_secret=secrets.token_bytes(32),
        changes=Changes(),
        many_users=True,
    )


@pytest.fixture
def alice(ground: Ground) -> Actor:
    """A user with a user-wide key."""
    return add_user(ground, "alice")


@pytest.fixture
def bob(ground: Ground) -> Actor:
    """Another user."""
    return add_user(ground, "bob")


def add_user(ground: Ground, handle: str) -> Actor:
    """A new user, as it acts with a user-wide key."""
    user_id = new_id()
    with ground.database.begin() as connection:
        users.insert(connection, user_id=user_id, handle=handle, is_admin=False)
    return Actor(user_id, handle, Reach.USER)


def add_workspace(ground: Ground, actor: Actor, handle: str) -> Workspace:
    """A new workspace of the actor's."""
    return workspaces.create(ground, actor, handle, fetch_if_exists=False)


def worker_of(actor: Actor, workspace: Workspace) -> Actor:
    """The same user, as a worker in that workspace acts."""
    return Actor(
        actor.user_id, actor.user_handle, Reach.WORKER, workspace_id=workspace.id, instance_id=new_id()
    )
