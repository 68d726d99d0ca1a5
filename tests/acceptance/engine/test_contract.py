"""The engine keeps the contract: every scene's requests, sent to a real one."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from tests.packages import bundle
from tests.services.contract import SCENES, Example, Values, scene
from tests.services.engine import EngineProcess, EngineUser

_UNTIL_S = 120


@pytest.mark.parametrize("name", SCENES)
def test_engine_answers_as_the_contract_says(
    name: str, engine: EngineProcess, second_user: EngineUser
) -> None:
    """Each request of a scene is answered with the status, the headers and the body that stand in its reply."""
    values = Values(api=engine.api_base, app=engine.app_base, user=second_user.handle, key=second_user.key)
    with httpx.Client(trust_env=False, timeout=60) as client:
        for example in scene(name):
            _replay(client, example, values)


def _replay(client: httpx.Client, example: Example, values: Values) -> None:
    """Send the request, again and again for `until`, and compare."""
    ends = time.monotonic() + (_UNTIL_S if example.get("until") else 0)
    while True:
        answer = _send(client, values.filled(example["request"]), values.filled("{key}"))
        try:
            _compare(example, answer, values)
        except AssertionError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.02)
        else:
            return


def _send(client: httpx.Client, request: dict[str, Any], key: str) -> httpx.Response:
    headers = dict(request.get("headers", {}))
    if request.get("authorized", True):
        headers["Authorization"] = f"Bearer {key}"
    body: dict[str, Any] = {}
    if "json" in request:
        body["json"] = request["json"]
    if "form" in request:
        upload = request["upload"]
        content = bundle(upload["package"]) if "package" in upload else upload["text"].encode()
        body = {"data": request["form"], "files": {"file": ("file-part", content)}}
    return client.request(request["method"], request["url"], headers=headers, **body)


def _compare(example: Example, answer: httpx.Response, values: Values) -> None:
    reply, place = example["reply"], example["name"]
    assert answer.status_code == reply["status"], f"{place}: {answer.status_code} {answer.text}"
    for name, value in reply.get("headers", {}).items():
        assert answer.headers[name] == value, f"{place}: {name} is {answer.headers[name]!r}"
    if "text" in reply:
        assert answer.text == values.filled(reply["text"]), place
    else:
        values.check(reply["json"], json.loads(answer.content), place, whole=True)
