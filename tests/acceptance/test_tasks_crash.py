"""Tasks outlive their engine: SIGKILL at any moment, and every accepted task ends exactly once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import StartEngine
from tests.packages import zipped
from tests.services.deploying import Api, Refused
from tests.services.engine import EngineProcess
from tests.services.sandboxes import NO_SANDBOX

PATIENCE_S = 90
BACKGROUND = {"x-task-background": "true"}

GATED = """
import pathlib, time
from steamship.invocable import PackageService, post

folder = pathlib.Path({folder!r})
(folder / "started").touch()
while not (folder / "go").exists():
    time.sleep(0.02)

class Gated(PackageService):
    @post("hello")
    def hello(self) -> str:
        return "hello"
"""


@contextmanager
def api_of(engine: EngineProcess, key: str) -> Iterator[Api]:
    api = Api(engine.api_base, key)
    try:
        yield api
    finally:
        api.close()


def eventually(holds: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, f"{what}, after {PATIENCE_S} s still not"
        time.sleep(0.02)


def submitted(api: Api, operation: str, body: dict[str, Any] | None = None, **headers: str) -> str:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = api(operation, body, headers={**BACKGROUND, **names})
    assert answer["status"]["state"] == "waiting"
    task_id: str = answer["status"]["taskId"]
    return task_id


def state(api: Api, task_id: str) -> str:
    found: str = api("task/get", {"id": task_id})["task"]["state"]
    return found


def ended(api: Api, task_ids: list[str]) -> dict[str, dict[str, Any]]:
    """The tasks, once all of them have ended."""
    found: dict[str, dict[str, Any]] = {}

    def all_ended() -> bool:
        for task_id in task_ids:
            if task_id not in found:
                task = api("task/get", {"id": task_id})["task"]
                if task["state"] not in ("succeeded", "failed"):
                    return False
                found[task_id] = task
        return True

    eventually(all_ended, "all tasks have ended")
    return found


def test_a_killed_engines_tasks_go_on(start_engine: StartEngine, tmp_path: Path) -> None:
    """A deploy that was running, tasks that waited for it and one for its time end after the next start."""
    engine = start_engine(**NO_SANDBOX)
    key = engine.key
    with api_of(engine, key) as api:
        package = api("package/create", {"handle": "gated"})["package"]
        code = zipped({"api.py": GATED.format(folder=str(tmp_path))})
        answer = api(
            "package/version/create",
            data={"packageId": package["id"], "handle": "1.0.0"},
            files={"file": ("package.zip", code, "application/zip")},
        )
        deploy = answer["status"]["taskId"]
        after = submitted(api, "task/noop", X_Task_Dependency=deploy)
        later = (datetime.now(UTC) + timedelta(seconds=2)).isoformat(timespec="seconds")
        timed = submitted(api, "task/noop", X_Task_Run_After=later)
        failing = submitted(api, "task/alwaysfail", X_Task_Dependency=deploy)
        after_failing = submitted(api, "task/noop", X_Task_Dependency=failing)
        eventually((tmp_path / "started").exists, "the deploy runs")
        assert state(api, deploy) == "running"
    engine.kill()
    (tmp_path / "go").touch()
    again = start_engine(home=engine.home, **NO_SANDBOX)
    with api_of(again, key) as api:
        tasks = ended(api, [deploy, after, timed, failing, after_failing])
        assert [tasks[one]["state"] for one in (deploy, after, timed)] == ["succeeded"] * 3, tasks[deploy]
        assert [tasks[one]["state"] for one in (failing, after_failing)] == ["failed"] * 2
        assert tasks[deploy]["retries"] == 1
        assert tasks[after]["retries"] == 0
        versions = api("package/version/list", {"packageId": package["id"]})["packageVersions"]
        assert [version["handle"] for version in versions] == ["1.0.0"]


def test_killed_again_and_again(start_engine: StartEngine) -> None:
    """Tasks are submitted while the engine is killed three times: each acknowledged one ends, its work done."""
    accepted: dict[str, str] = {}
    engine = start_engine()
    key, home = engine.key, engine.home
    for _ in range(3):
        enough = threading.Event()
        submitting = threading.Thread(target=_submit_until_gone, args=(engine, key, accepted, enough))
        submitting.start()
        assert enough.wait(PATIENCE_S)
        engine.kill()
        submitting.join(PATIENCE_S)
        engine = start_engine(home=home)
    with api_of(engine, key) as api:
        tasks = ended(api, list(accepted))
        assert {task["state"] for task in tasks.values()} == {"succeeded"}
        assert set(accepted.values()) <= {tag["name"] for file in _all_files(api) for tag in file["tags"]}
        assert not list((engine.data_dir / "uploads").iterdir())


def test_a_stopped_engine_returns_its_tasks(start_engine: StartEngine, tmp_path: Path) -> None:
    """SIGTERM gives a running task its grace, then ends, and the next engine runs it without a lost try."""
    engine = start_engine(**NO_SANDBOX, environ={"STEAMSHIP_ENGINE_DRAIN_S": "0"})
    key = engine.key
    with api_of(engine, key) as api:
        package = api("package/create", {"handle": "gated"})["package"]
        answer = api(
            "package/version/create",
            data={"packageId": package["id"]},
            files={"file": ("package.zip", zipped({"api.py": GATED.format(folder=str(tmp_path))}), "")},
        )
        deploy = answer["status"]["taskId"]
        eventually((tmp_path / "started").exists, "the deploy runs")
    assert engine.stop() == 0
    (tmp_path / "go").touch()
    with api_of(start_engine(home=engine.home, **NO_SANDBOX), key) as api:
        task = ended(api, [deploy])[deploy]
        assert (task["state"], task["retries"]) == ("succeeded", 0)


def _submit_until_gone(
    engine: EngineProcess, key: str, accepted: dict[str, str], enough: threading.Event
) -> None:
    with api_of(engine, key) as api:
        for number in range(10_000):
            needs = {"X_Task_Dependency": next(reversed(accepted))} if accepted and number % 3 == 0 else {}
            name = f"{engine.pid}-{number}"
            body = {"type": "value", "value": name, "tags": [{"kind": "crash", "name": name}]}
            try:
                accepted[submitted(api, "file/create", body, **needs)] = name
            except httpx.HTTPError:
                return
            if number == 25:
                enough.set()


def _all_files(api: Api) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = api("file/query", {"tagFilterQuery": 'kind "crash"'})["files"]
    return files


def test_a_failed_need_refuses_the_next(start_engine: StartEngine) -> None:
    """A submission that depends on a failed task is refused in the words of the original engine."""
    engine = start_engine()
    with api_of(engine, engine.key) as api:
        failed = submitted(api, "task/alwaysfail")
        ended(api, [failed])
        with pytest.raises(Refused, match="At least one dependent already failed"):
            submitted(api, "task/noop", X_Task_Dependency=failed)
