"""One kept connection to an engine's API: operations that answer with a task, and uploads of bundles."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from benchmarks.engine import Engine
from benchmarks.servers import NotRunError

PATIENCE_S = 120.0
_CHUNK = 1 << 20
_BOUNDARY = "a-boundary-of-the-benchmark"
_JSON = "application/json"


class ControlCalls:
    """A connection of the engine's first user. Closed at the end of its block."""

    def __init__(self, engine: Engine) -> None:
        base = urlsplit(engine.process.api_base)
        self._api = base.path
        self._key = {"Authorization": f"Bearer {engine.process.key}"}
        self._connection = http.client.HTTPConnection(base.hostname or "", base.port, timeout=PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def submit(self, path: str) -> str:
        """Call a package's method, at that absolute path, in the background; the task's id."""
        headers = {**self._key, "Content-Type": _JSON, "X-Task-Background": "true"}
        self._connection.request("POST", path, b"{}", headers)
        return str(self._status(path)["taskId"])

    def state(self, task_id: str) -> str:
        """A task's state; NotRunError with its message for a failed one."""
        path = f"{self._api}task/status"
        body = json.dumps({"taskId": task_id}).encode()
        self._connection.request("POST", path, body, {**self._key, "Content-Type": _JSON})
        status = self._status(path)
        if status["state"] == "failed":
            raise NotRunError(f"the task {task_id} failed: {status.get('statusMessage')}")
        return str(status["state"])

    def upload(self, fields: Mapping[str, str], bundle: bytes | bytearray) -> str:
        """Send a version's bundle; the id of the task that deploys it."""
        path = f"{self._api}package/version/create"
        head = "".join(
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        head += (
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="package.zip"\r\n'
            "Content-Type: application/zip\r\n\r\n"
        )
        tail = f"\r\n--{_BOUNDARY}--\r\n".encode()
        self._connection.putrequest("POST", path)
        self._connection.putheader("Authorization", self._key["Authorization"])
        self._connection.putheader("Content-Type", f"multipart/form-data; boundary={_BOUNDARY}")
        self._connection.putheader("Content-Length", str(len(head.encode()) + len(bundle) + len(tail)))
        self._connection.endheaders(head.encode())
        view = memoryview(bundle)
        for start in range(0, len(bundle), _CHUNK):
            self._connection.send(view[start : start + _CHUNK])
        self._connection.send(tail)
        return str(self._status(path)["taskId"])

    def _status(self, path: str) -> dict[str, Any]:
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise NotRunError(f'"{path}" answered {answer.status}: {text[:200].decode(errors="replace")}')
        status: dict[str, Any] = json.loads(text)["status"]
        return status
