"""Tasks over HTTP: operations sent to the background, run, looked at and changed."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from steamship_engine.api.background import Executor
from steamship_engine.api.table import BY_PATH
from steamship_engine.control import identity, instances, tasks
from steamship_engine.control.actor import Reach
from steamship_engine.tasks.loop import TaskLoop
from steamship_engine.tasks.outcome import Outcome
from tests.services.fake_machine import add_package, deploy, on_fake_machine
from tests.services.instances import make

BACKGROUND = {"X_Task_Background": "true"}


@pytest.fixture
def alice(callers):
    return callers[0]


@pytest.fixture
def bob(callers):
    return callers[1]


@pytest.fixture
def run_all(ground):
    """Run the task loop until nothing is left to do."""

    async def scenario(internal) -> None:
        loop = TaskLoop(
            database=ground.database,
            blobs=ground.blobs,
            vault=ground.vault,
            execute=Executor(ground, BY_PATH, internal),
            report=ground.changes.report,
            owner="boot",
            alone=True,
        )
        ground.changes.listen(loop.notice)
        await loop.start()
        while True:
            with ground.database.read() as connection:
                left = connection.exec_driver_sql(
                    "SELECT count(*) FROM tasks WHERE state IN ('waiting', 'running')"
                ).scalar_one()
            if not left:
                break
            await asyncio.sleep(0.01)
        await loop.stop(5)

    return lambda **internal: asyncio.run(
        asyncio.wait_for(scenario({name.replace("_", "/"): run for name, run in internal.items()}), 30)
    )


def submit(caller, path: str, body=None, **headers: str) -> dict:
    status = caller.post(path, body, **{**BACKGROUND, **headers})["status"]
    assert status["state"] == "waiting", status
    return status


def status(caller, task_id: str) -> dict:
    return caller.post("task/status", {"taskId": task_id})


def test_noop(alice, run_all):
    """A task waits first, whatever it is, and succeeds with its output as text and as data."""
    first = submit(alice, "task/noop", x_request_id="my-request")
    assert first["requestId"] == "my-request"
    waiting = status(alice, first["taskId"])
    assert waiting["status"] == first
    assert "data" not in waiting
    run_all()
    done = status(alice, first["taskId"])
    assert (done["status"]["state"], done["status"]["output"], done["data"]) == ("succeeded", "{}", {})
    assert alice.data("task/noop") == {}


def test_alwaysfail(alice, run_all):
    """It fails at once when called, and is accepted and then fails as a task."""
    assert alice.refusal("task/alwaysfail").startswith("InvalidRequest: ")
    task_id = submit(alice, "task/alwaysfail")["taskId"]
    run_all()
    failed = status(alice, task_id)
    assert failed["status"]["state"] == "failed"
    assert failed["status"]["statusMessage"]
    assert "data" not in failed


def test_an_operation_is_the_same_in_the_background(alice, run_all):
    """A file created by a task is that of its output, in the workspace of the request, with its bytes."""
    workspace = alice.data("workspace/create", {"handle": "there"})["workspace"]
    parts = [("type", ("type", b"file")), ("file", ("file-part", b"\x89PNG\r\n\x1a\n..."))]
    headers = {"x-task-background": "true", "x-workspace-handle": "there"}
    task_id = alice.send("POST", "file/create", headers, files=parts).json()["status"]["taskId"]
    run_all()
    file = status(alice, task_id)["data"]["file"]
    assert (file["workspaceId"], file["mimeType"]) == (workspace["id"], "image/png")
    assert alice.data("file/get", {"id": file["id"]})["file"] == file
    assert alice.send("GET", f"file/{file['id']}/raw").content == b"\x89PNG\r\n\x1a\n..."


def test_the_workspace_of_the_task_may_be_deleted_by_it(alice, run_all):
    """A task that deletes the workspace it was sent in succeeds, and can still be asked about."""
    workspace = alice.data("workspace/create", {"handle": "doomed"})["workspace"]
    task = submit(alice, "workspace/delete", {"id": workspace["id"]}, X_Workspace_Id=workspace["id"])
    run_all()
    assert status(alice, task["taskId"])["status"]["state"] == "succeeded"


def test_a_deleted_workspace_lets_go_of_each_upload_once(alice, bob):
    """Tasks that wait for each other go with their workspace, and others keep the same bytes."""
    parts = [("type", ("type", b"file")), ("file", ("file", b"the same bytes"))]
    kept = bob.send("POST", "file/create", files=parts).json()["data"]["file"]
    workspace = alice.data("workspace/create", {"handle": "doomed"})["workspace"]
    there = {"x-workspace-handle": "doomed"}
    later = {**there, "x-task-run-after": "2031-01-01T00:00:00Z"}
    first = alice.send("POST", "task/noop", later, json={}).json()["status"]["taskId"]
    for _ in range(2):
        answer = alice.send("POST", "file/create", {**there, "x-task-dependency": first}, files=parts)
        assert answer.json()["status"]["state"] == "waiting"
    alice.data("workspace/delete", {"id": workspace["id"]})
    assert bob.send("GET", f"file/{kept['id']}/raw").content == b"the same bytes"


def test_a_workers_tasks_end_with_its_instance(alice, ground, run_all):
    """What a package has submitted is not run any more when its instance was deleted."""
    ground = on_fake_machine(ground)
    owner = identity.authenticate(ground, alice.key)
    deploy(ground, owner, add_package(ground, owner, "worm"))
    placed = make(ground, owner, "worm", "mine")
    worker = replace(
        owner,
        reach=Reach.WORKER,
        workspace_id=placed.instance.workspace_id,
        instance_id=placed.instance.id,
        key_id=None,
    )

    def submitted() -> str:
        with ground.database.begin() as connection:
            return tasks.submit(
                ground,
                connection,
                worker,
                operation="task/noop",
                input={},
                request_id="R",
                workspace_id=worker.workspace_id,
            ).id

    before = submitted()
    run_all()
    after = submitted()
    instances.delete(ground, owner, placed.instance.id)
    run_all()
    assert status(alice, before)["status"]["state"] == "succeeded"
    refused = status(alice, after)["status"]
    assert (refused["state"], refused["statusCode"]) == ("failed", "Forbidden")
    assert placed.instance.id in refused["statusMessage"]


def test_a_wrong_request_is_refused_before_it_is_a_task(alice):
    """Wrong input, unreadable headers and unknown needs fail at once."""
    assert alice.refusal("file/create", {}, **BACKGROUND).startswith("InvalidRequest: ")
    assert "X-Task-Run-After" in alice.refusal("task/noop", X_Task_Run_After="soon")
    assert '"NOBODYS"' in alice.refusal("task/noop", X_Task_Dependency="NOBODYS")
    assert alice.data("task/list")["tasks"] == []


def test_operations_that_change_nothing_are_answered_at_once(alice):
    """A listing sent to the background is a listing."""
    assert alice.data("file/list", **BACKGROUND)["files"] == []


def test_failure_reaches_dependents(alice, run_all):
    """A dependent of a failed task fails and names it; a later submission is refused."""
    failing = submit(alice, "task/alwaysfail")["taskId"]
    dependent = submit(alice, "task/noop", X_Task_Dependency=failing)["taskId"]
    run_all()
    assert failing in status(alice, dependent)["status"]["statusMessage"]
    assert "At least one dependent already failed" in alice.refusal("task/noop", X_Task_Dependency=failing)


def test_internal_operations_and_bytes(alice, run_all, ground):
    """An operation that the engine runs by itself may give bytes: then there is output and no data."""

    async def give_bytes(task, value):
        assert value == {}
        return Outcome("aGVsbG8=", is_json=False)

    task_id = submit(alice, "task/noop")["taskId"]
    run_all(task_noop=give_bytes)
    done = status(alice, task_id)
    assert (done["status"]["output"], "data" in done) == ("aGVsbG8=", False)


def test_secrets_in_an_input_are_not_shown(alice, ground):
    """`task/get` shows what was asked for, without the values of config and keys."""
    body = {"handle": "x", "config": {"token": "canary"}}
    task_id = submit(alice, "workspace/create", body)["taskId"]
    shown = alice.data("task/get", {"id": task_id})["task"]["input"]
    assert json.loads(shown) == {"handle": "x", "config": {"token": "***"}}


def test_updates_change_what_is_sent(alice, run_all):
    """Only sent fields change, on finished tasks too; `failed` makes the next poll fail."""
    task_id = submit(alice, "task/noop")["taskId"]
    run_all()
    updated = alice.data("task/update", {"taskId": task_id, "output": '{"n": 1}', "statusMessage": "so"})[
        "task"
    ]
    assert (updated["state"], updated["output"], updated["statusMessage"]) == ("succeeded", '{"n": 1}', "so")
    assert status(alice, task_id)["data"] == {"n": 1}
    alice.data("task/update", {"taskId": task_id, "state": "failed"})
    failed = status(alice, task_id)["status"]
    assert (failed["state"], failed["statusMessage"]) == ("failed", "so")
    assert alice.refusal("task/update", {"taskId": task_id, "state": "waiting"}).startswith("Conflict: ")
    assert alice.refusal("task/update", {"taskId": task_id, "state": "odd"}).startswith("InvalidRequest: ")
    assert alice.refusal("task/update", {"taskId": task_id, "output": "{"}).startswith("InvalidRequest: ")


def test_the_input_of_a_task_is_what_was_submitted(alice, run_all):
    """Until a task has ended nobody writes its input, which was checked and runs with its submitter's rights."""
    body = {"handle": "asked-for"}
    task_id = submit(alice, "workspace/create", body)["taskId"]
    changed = {"taskId": task_id, "input": '{"handle": "smuggled"}'}
    assert alice.refusal("task/update", changed).startswith(f'Conflict: The task "{task_id}" is waiting')
    run_all()
    assert status(alice, task_id)["data"]["workspace"]["handle"] == "asked-for"
    assert json.loads(alice.data("task/update", changed)["task"]["input"]) == {"handle": "smuggled"}


@pytest.mark.parametrize("text", ["NaN", "[" * 200 + "]" * 200, '{"a": 1, "a": 2}', "1e999"])
def test_an_output_that_no_answer_can_hold_is_refused(alice, text):
    """What is written as a task's output can be read again."""
    task_id = submit(alice, "task/noop")["taskId"]
    refusal = alice.refusal("task/update", {"taskId": task_id, "state": "succeeded", "output": text})
    assert refusal.startswith("InvalidRequest: The task's output is not JSON text")
    assert status(alice, task_id)["status"]["state"] == "waiting"


def test_an_update_ends_a_waiting_task(alice, run_all):
    """Setting a waiting task's state ends it for good, and releases or fails what waits for it."""
    good, bad = (submit(alice, "task/noop", X_Task_Run_After="2031-01-01T00:00:00Z")["taskId"] for _ in "ab")
    after_good = submit(alice, "task/noop", X_Task_Dependency=good)["taskId"]
    after_bad = submit(alice, "task/noop", X_Task_Dependency=bad)["taskId"]
    alice.data("task/update", {"taskId": good, "state": "succeeded", "output": {"by": "hand"}})
    alice.data("task/update", {"taskId": bad, "state": "failed", "statusMessage": "cancelled"})
    run_all()
    assert status(alice, good)["data"] == {"by": "hand"}
    assert status(alice, after_good)["status"]["state"] == "succeeded"
    assert status(alice, bad)["status"]["statusMessage"] == "cancelled"
    assert status(alice, after_bad)["status"]["state"] == "failed"


def test_another_users_task_is_not_there(alice, bob):
    """No operation shows or changes another user's task."""
    task_id = submit(alice, "task/noop")["taskId"]
    for path, body in (
        ("task/status", {"taskId": task_id}),
        ("task/get", {"id": task_id}),
        ("task/update", {"taskId": task_id, "state": "failed"}),
    ):
        assert bob.refusal(path, body) == f'NotFound: there is no task "{task_id}".'
    assert bob.data("task/list", {"id": task_id})["tasks"] == []
    assert bob.refusal("task/noop", X_Task_Dependency=task_id).startswith("NotFound: ")


def test_lists_narrow_by_what_is_given(alice, run_all):
    """A listing keeps to a state, a workspace or an id."""
    done = submit(alice, "task/noop")
    run_all()
    waiting = submit(alice, "task/noop")["taskId"]
    listed = alice.data("task/list", {"state": "waiting"})["tasks"]
    assert [task["taskId"] for task in listed] == [waiting]
    assert alice.data("task/list", {"workspaceId": done["workspaceId"], "pageSize": 1})["nextPageToken"]
    assert [t["taskId"] for t in alice.data("task/list", {"id": done["taskId"]})["tasks"]] == [done["taskId"]]


def test_comments_are_not_built(alice):
    """Task comments answer that they are not there yet."""
    assert alice.refusal("task/comment/list").startswith("NotImplemented: ")
