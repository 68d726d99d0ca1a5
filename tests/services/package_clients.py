"""The clients that play scripts: the original's, ours, and plain HTTP."""

from __future__ import annotations

import base64
import contextlib
import json
import time
from collections.abc import Mapping
from typing import Any

import httpx

from steamship import Steamship, SteamshipError, Task
from steamship.utils.url import Verb
from tests.services.deploying import Api
from tests.services.original_client import Original, OriginalError
from tests.services.package_scripts import Call, CallFailed, Failure, Request

_TASK_S = 60


class OriginalCalls:
    """The original client, which knows no HTTP status."""

    name = "original"

    def __init__(self, driver: Original) -> None:
        self._run = driver
        self._run("import base64\nfrom steamship import *\nfrom steamship.utils.url import Verb")

    def use(self, package: str, instance: str, config: Mapping[str, Any] | None) -> str:
        state: str = self._told(f"""
            used = Steamship.use({package!r}, {instance!r}, config={config!r})
            used.refresh_init_status()
            result = used.init_status
        """)
        return state

    def call(self, call: Call, type: str | None) -> Any:
        invoke = "task_from_invoke" if call.task else "invoke"
        answer = self._told(f"""
            result = used.{invoke}({call.method!r}, verb=Verb.{call.verb}, **{dict(call.arguments)!r})
            if {call.task}:
                result.wait(retry_delay_s=0.05, max_timeout_s={_TASK_S})
                result = result.output
        """)
        if isinstance(answer, dict) and answer.keys() == {"bytes"}:
            answer = bytes.fromhex(answer["bytes"])
        return _decoded(answer) if call.task else answer

    def _told(self, code: str) -> Any:
        try:
            return self._run(code)
        except OriginalError as error:
            raise CallFailed(_failure(error.message, None, error.code, error.suggestion)) from error


class OurCalls:
    """Our Python SDK, in this process."""

    name = "ours"

    def use(self, package: str, instance: str, config: Mapping[str, Any] | None) -> str:
        with _told():
            given = None if config is None else dict(config)
            self._used = Steamship.use(package, instance, config=given, wait_for_init=False)
        with contextlib.suppress(SteamshipError):  # a failed init; its state says so
            self._used.wait_for_init()
        return str(self._used.init_status.value)

    def call(self, call: Call, type: str | None) -> Any:
        with _told():
            answer = self._used.invoke(call.method, verb=Verb(call.verb), **call.arguments)
            if not call.task:
                return answer
            task: Task[Any] = Task.model_validate(answer, context={"client": self._used.client})
            return _decoded(task.wait(max_timeout_s=_TASK_S))


class HttpCalls:
    """Requests without an SDK, which see status and content type."""

    name = "http"

    def __init__(self, api: Api, key: str) -> None:
        self._api = api
        self._http = httpx.Client(trust_env=False, timeout=60)
        self._key = {"authorization": f"Bearer {key}"}
        self.headers: dict[str, str] = {}  # sent with each call
        self.url = ""

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def use(self, package: str, instance: str, config: Mapping[str, Any] | None) -> str:
        """Use it as the clients do, call by call."""
        space = self._api("workspace/create", {"handle": instance, "fetchIfExists": True})["workspace"]
        headers = {"X-Workspace-Id": space["id"]}
        wish = {"packageHandle": package, "handle": instance, "fetchIfExists": True, "config": config}
        answer = self._http.post(
            f"{self._api.base}package/instance/create", json=wish, headers={**self._key, **headers}
        ).json()
        _raise_failed(answer, 0)
        found = answer["data"]["packageInstance"]
        ends = time.monotonic() + _TASK_S
        while found["initStatus"] == "initializing" and time.monotonic() < ends:
            time.sleep(0.02)
            found = self._api("package/instance/get", {"id": found["id"]})["packageInstance"]
        self.url = found["invocationURL"]
        return str(found["initStatus"])

    def call(self, call: Call, type: str | None) -> Any:
        kind = {"params": _query(call.arguments)} if call.verb == "GET" else {"json": dict(call.arguments)}
        headers = {**self._key, **self.headers}
        answer = self._http.request(call.verb, self.url + call.method, headers=headers, **kind)
        found = self._read(answer)
        assert answer.status_code == call.status, call.method
        if type is not None:
            assert answer.headers["content-type"] == type, f"{call.method}: {answer.headers['content-type']}"
        return _decoded(self.finished(found["taskId"])["output"]) if call.task else found

    def request(self, request: Request) -> Any:
        """Send a request of somebody without an SDK."""
        more = dict(request.more)
        headers = {**more.pop("headers", {}), **(self._key if request.key else {})}
        answer = self._http.request(request.verb, self.url + request.method, headers=headers, **more)
        return self._read(answer)

    def _read(self, answer: httpx.Response) -> Any:
        if answer.headers["content-type"] == "application/json":
            body = answer.json()
            if answer.status_code >= 400:
                _raise_failed(body, answer.status_code)
            return body
        return answer.text if answer.headers["content-type"].startswith("text/") else answer.content

    def finished(self, task_id: str) -> dict[str, Any]:
        """The status of a call made later, once it has succeeded; its output is all that there is of it."""
        ends = time.monotonic() + _TASK_S
        while time.monotonic() < ends:
            answer = self._http.post(
                f"{self._api.base}task/status", json={"taskId": task_id}, headers=self._key
            ).json()
            _raise_failed(answer, 0)
            if answer["status"]["state"] == "succeeded":
                assert "data" not in answer
                told: dict[str, Any] = answer["status"]
                return told
            time.sleep(0.02)
        raise TimeoutError(f"the task {task_id} is not done after {_TASK_S} s")


@contextlib.contextmanager
def _told():
    try:
        yield
    except SteamshipError as error:
        raise CallFailed(
            _failure(error.message or "", error.http_status, error.code, error.suggestion)
        ) from error


def _raise_failed(answer: Any, status: int) -> None:
    """Raise what a failed status says; of a task's, and of a refusal by the API, the HTTP code is no matter."""
    told = answer.get("status")
    if isinstance(told, dict) and told["state"] == "failed":
        raise CallFailed(
            _failure(
                told["statusMessage"], status or None, told.get("statusCode"), told.get("statusSuggestion")
            )
        )


def _failure(message: str, status: int | None, code: str | None, suggestion: str | None) -> Failure:
    return Failure(message, status, code, suggestion)


def _decoded(output: str) -> Any:
    """A method's answer, as a task keeps it: JSON where it is, else text."""
    text = base64.b64decode(output, validate=True).decode()
    try:
        return json.loads(text)
    except ValueError:
        return text


def _query(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments in a query as programs write them; those that are None are left out."""
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in arguments.items()
        if value is not None
    }
