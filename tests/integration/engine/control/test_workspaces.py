"""Workspaces: found, made on demand, deleted with everything in them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from steamship_engine.control import workspaces
from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.model.errors import (
    AlreadyExistsError,
    ForbiddenError,
    InvalidHandleError,
    NotFoundError,
)
from steamship_engine.store import schema
from steamship_engine.store.rows import Paging
from tests.services.doors import Caller, Door
from tests.services.fake_machine import FakeMachine, add_package, deploy, on_fake_machine
from tests.services.grounds import add_workspace, worker_of
from tests.services.instances import make


def test_the_default_is_made_on_demand(ground: Ground, alice: Actor) -> None:
    """Who names no workspace gets `default`, the same one ever after."""
    first = workspaces.current(ground, alice)
    assert first.handle == "default"
    assert workspaces.current(ground, alice) == first


def test_headers_name_the_workspace(ground: Ground, alice: Actor) -> None:
    """The id counts before the handle; what does not exist is not found."""
    one, two = add_workspace(ground, alice, "one"), add_workspace(ground, alice, "two")
    assert workspaces.current(ground, alice, workspace_handle="TWO") == two
    assert workspaces.current(ground, alice, workspace_id=one.id, workspace_handle="two") == one
    for named in ({"workspace_id": "nothing"}, {"workspace_handle": "nothing"}):
        with pytest.raises(NotFoundError, match='"nothing"'):
            workspaces.current(ground, alice, **named)


def test_a_worker_is_in_its_own(ground: Ground, alice: Actor) -> None:
    """A worker's key acts in its workspace, also where it names none; any other is not found."""
    own, other = add_workspace(ground, alice, "own"), add_workspace(ground, alice, "other")
    worker = worker_of(alice, own)
    assert workspaces.current(ground, worker) == own
    assert workspaces.current(ground, worker, workspace_handle="own") == own
    assert workspaces.create(ground, worker, "own", fetch_if_exists=True) == own
    assert workspaces.listed(ground, worker, Paging(10)).items == [own]
    for handle in ("other", "new"):
        with pytest.raises(NotFoundError):
            workspaces.create(ground, worker, handle, fetch_if_exists=True)
    with pytest.raises(NotFoundError):
        workspaces.current(ground, worker, workspace_id=other.id)
    with pytest.raises(ForbiddenError):
        workspaces.create(ground, worker, None, fetch_if_exists=False)
    with pytest.raises(ForbiddenError):
        workspaces.delete(ground, worker, own.id)


def test_create_fetches_only_when_asked_to(ground: Ground, alice: Actor) -> None:
    """A used handle gives the workspace with `fetch_if_exists`, in any case, and an error without."""
    made = workspaces.create(ground, alice, "Mine", fetch_if_exists=False)
    assert workspaces.create(ground, alice, "mine", fetch_if_exists=True) == made
    with pytest.raises(AlreadyExistsError, match="The object you are trying to create already exists"):
        workspaces.create(ground, alice, "MINE", fetch_if_exists=False)


def test_handles_follow_their_grammar(ground: Ground, alice: Actor) -> None:
    """A handle outside the grammar is refused, with and without `fetch_if_exists`; without one it is made."""
    for handle in ("", "_", ".hidden", "a/b", "a b", "x" * 129, "ü"):
        for fetch in (True, False):
            with pytest.raises(InvalidHandleError):
                workspaces.create(ground, alice, handle, fetch_if_exists=fetch)
    assert workspaces.create(ground, alice, None, fetch_if_exists=False).handle.startswith("workspace-")


def test_two_users_have_one_handle_each(ground: Ground, alice: Actor, bob: Actor) -> None:
    """Handles are unique for a user, not over users."""
    assert add_workspace(ground, alice, "same").id != add_workspace(ground, bob, "same").id


def test_many_at_once_get_one(ground: Ground, alice: Actor) -> None:
    """A workspace that many ask for at the same moment is made once."""
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda _: workspaces.create(ground, alice, "w", fetch_if_exists=True).id, range(8))
        )
        found += list(
            pool.map(lambda _: workspaces.current(ground, alice, workspace_handle="w").id, range(8))
        )
    assert len(set(found)) == 1


def test_pages_are_stable(ground: Ground, alice: Actor) -> None:
    """Workspaces made within a second come in the order they were made, page by page, in both directions."""
    made = [add_workspace(ground, alice, f"w{number}") for number in range(5)]
    first = workspaces.listed(ground, alice, Paging(3))
    assert first.items == made[:1:-1]
    second = workspaces.listed(ground, alice, Paging(2, first.next_token))
    assert (second.items, second.next_token) == (made[1::-1], None)
    assert workspaces.listed(ground, alice, Paging(5, ascending=True)).items == made
    assert workspaces.listed(ground, alice, Paging(3, "not-a-token")).items == first.items


def test_deleting_takes_everything_inside(
    ground: Ground, callers: tuple[Caller, Caller, Caller], door: Door
) -> None:
    """Rows, blobs and workers of a workspace go with it; what is beside it stays; its handle is free at once."""
    owner, _, _ = callers
    user = owner.data("account/current")["user"]
    actor = Actor.from_json(
        {
            "userId": user["id"],
            "userHandle": "alice",
            "reach": "user",
            "workspaceId": None,
            "instanceId": None,
        }
    )
    on_machine = on_fake_machine(ground)
    deploy(on_machine, actor, add_package(on_machine, actor, "greeter"))
    inside = make(on_machine, actor, "greeter", "inst", workspace="goes").instance
    beside = make(on_machine, actor, "greeter", "inst", workspace="stays").instance
    for workspace in ("goes", "stays"):
        file = owner.data(
            "file/create",
            {"type": "value", "value": f"in {workspace}", "handle": "f"},
            x_workspace_handle=workspace,
        )["file"]
        owner.data("tag/create", {"fileId": file["id"], "kind": "k"}, x_workspace_handle=workspace)
        owner.post("task/noop", x_task_background="true", x_workspace_handle=workspace)
        owner.data("key/create", {"name": workspace, "workspaceHandle": workspace})

    deleted = workspaces.delete(on_machine, actor, inside.workspace_id)

    assert deleted.handle == "goes"
    machine = on_machine.machine
    assert isinstance(machine, FakeMachine)
    assert machine.stopped == [inside.id]
    with ground.database.read() as connection:
        for table in (schema.instances, schema.files, schema.tags, schema.tasks):
            left = connection.scalars(select(table.c.workspace_id)).all()
            assert left == [beside.workspace_id], table.name
        # The bundle's, and the one of the file that stays.
        assert connection.scalar(select(func.count()).select_from(schema.blobs)) == 2
        assert connection.scalars(select(schema.keys.c.name).order_by(schema.keys.c.seq)).all()[2:] == [
            "stays"
        ]
    with pytest.raises(NotFoundError):
        workspaces.delete(on_machine, actor, inside.workspace_id)
    assert add_workspace(ground, actor, "goes").id != inside.workspace_id
