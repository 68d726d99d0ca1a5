"""What a worker, or a key for one workspace, sees of files, tags and tasks."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from steamship_engine.control import files, tags, tasks
from steamship_engine.control.files import Content, NewFile, NewTag
from steamship_engine.control.tasks import TaskChange
from steamship_engine.model.errors import ForbiddenError, NotFoundError
from steamship_engine.model.network import Network
from steamship_engine.model.states import TaskState
from steamship_engine.store.rows import Paging
from tests.services.grounds import add_workspace, worker_of


@pytest.fixture
def spaces(ground, alice):
    """Two workspaces of Alice's, each with a tagged file and a task."""

    def filled(handle: str):
        workspace = add_workspace(ground, alice, handle)
        path = ground.uploads / handle
        path.write_bytes(handle.encode())
        content = Content(path, hashlib.sha256(handle.encode()).hexdigest(), len(handle))
        made = files.create(ground, alice, workspace, NewFile(content=content, tags=[NewTag("kind")]))
        with ground.database.begin() as connection:
            task = tasks.submit(
                ground,
                connection,
                alice,
                operation="task/noop",
                input={},
                request_id="R",
                workspace_id=workspace.id,
            )
        return workspace, made, task

    return filled("own"), filled("other")


def test_a_worker_sees_its_own_workspace(ground, alice, spaces):
    """Files, bytes and tasks of its workspace are a worker's to read and change."""
    (workspace, made, task), _ = spaces
    worker = worker_of(alice, workspace)
    assert files.by_id(ground, worker, made.file.id) == made
    assert files.readable(ground, worker, made.file.id) == made.file
    assert tags.create(ground, worker, made.file.id, NewTag("more")).kind == "more"
    assert tasks.get(ground, worker, task.id) == task
    assert [one.id for one in tasks.listed(ground, worker, Paging(10)).items] == [task.id]


def test_a_worker_sees_no_other_workspace(ground, alice, spaces):
    """Those of another workspace are not there for it, though its user owns them."""
    (workspace, _, _), (other, foreign, task) = spaces
    worker = worker_of(alice, workspace)
    refused = (
        lambda: files.by_id(ground, worker, foreign.file.id),
        lambda: files.readable(ground, worker, foreign.file.id),
        lambda: files.publish(ground, worker, foreign.file.id, is_public=True),
        lambda: files.delete(ground, worker, foreign.file.id),
        lambda: tags.create(ground, worker, foreign.file.id, NewTag("more")),
        lambda: tags.delete(ground, worker, foreign.tags[0].id),
        lambda: tasks.get(ground, worker, task.id),
        lambda: tasks.update(ground, worker, task.id, TaskChange(state=TaskState.FAILED)),
    )
    for attempt in refused:
        with pytest.raises(NotFoundError):
            attempt()
    assert tasks.listed(ground, worker, Paging(10), workspace_id=other.id).items == []
    assert files.by_id(ground, alice, foreign.file.id) == foreign


def test_a_worker_cannot_wait_for_account_tasks(ground, alice, spaces):
    """A task without a workspace, such as one on the account, is its user's alone."""
    (workspace, _, _), _ = spaces
    values = {"operation": "task/noop", "input": {}, "request_id": "R"}
    with ground.database.begin() as connection:
        task = tasks.submit(ground, connection, alice, workspace_id=None, **values)
    with pytest.raises(NotFoundError, match=task.id), ground.database.begin() as connection:
        tasks.submit(
            ground,
            connection,
            worker_of(alice, workspace),
            workspace_id=workspace.id,
            depends_on=[task.id],
            **values,
        )


def test_a_worker_without_a_network_publishes_no_files(ground, alice):
    """What everybody may read is a way out; it may take back what others have published."""
    space = add_workspace(ground, alice, "mine")
    worker = replace(worker_of(alice, space), network=Network.NONE)
    public = files.create(ground, alice, space, files.NewFile(handle="open", is_public=True)).file
    hidden = files.create(ground, worker, space, files.NewFile(handle="closed")).file
    for attempt in (
        lambda: files.create(ground, worker, space, files.NewFile(handle="new", is_public=True)),
        lambda: files.publish(ground, worker, hidden.id, is_public=True),
    ):
        with pytest.raises(ForbiddenError, match='read the file "(new|closed)"'):
            attempt()
    assert not files.publish(ground, worker, public.id, is_public=False).file.is_public
    near = replace(worker, network=Network.INTERNET)
    assert files.publish(ground, near, hidden.id, is_public=True).file.is_public
