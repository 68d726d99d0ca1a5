"""The shape of every answer (docs/reference/protocol.md#envelope): `data`, `status`, exactly 200, exactly JSON."""

from __future__ import annotations

import json
from typing import Any

from starlette.concurrency import iterate_in_threadpool
from starlette.responses import Response, StreamingResponse

from steamship_engine.api.operations import Answer, Operation, Raw, TaskAnswer
from steamship_engine.model.errors import AuthenticationError, SteamshipError, UnavailableError, wire_status

SANDBOX = "sandbox allow-scripts allow-forms allow-popups allow-downloads"
"""The policy of content that is other people's."""


def answered(operation: Operation, answer: Answer) -> Response:
    """The 200 for what an operation returned."""
    if isinstance(answer, Raw):
        headers = {
            **answer.headers,
            "content-type": answer.content_type,
            "content-length": str(answer.size),
            "content-security-policy": SANDBOX,
        }
        return StreamingResponse(iterate_in_threadpool(answer.body), answer.http_status, headers=headers)
    if isinstance(answer, TaskAnswer):
        body: dict[str, Any] = {"status": answer.status}
        # `"data": null` breaks the original client: without output there is no `data` at all.
        if answer.data is not None:
            body["data"] = answer.data
        return _json(200, body)
    return _json(200, {**answer, "data": answer} if operation.top_level else {"data": answer})


def failed(error: SteamshipError, request_id: str, details: str | None = None) -> Response:
    """The answer for an error, with its real HTTP code."""
    status = wire_status(error, request_id=request_id, details=details)
    response = _json(error.http_status, {"status": status})
    if isinstance(error, UnavailableError):
        response.headers["retry-after"] = str(error.retry_after_s)
    if isinstance(error, AuthenticationError):
        response.headers["www-authenticate"] = "Bearer"
    return response


def _json(status: int, body: dict[str, Any]) -> Response:
    text = json.dumps(body, separators=(",", ":"), allow_nan=False)
    return Response(text, status, headers={"content-type": "application/json", "cache-control": "no-store"})
