"""What an engine owes packages on the original SDK beyond the answers of their methods."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.services.deploying import Api
from tests.services.engine import EngineUser
from tests.services.original_packages import DeployForm
from tests.services.package_clients import HttpCalls
from tests.services.package_scripts import Call, CallFailed


@pytest.mark.parametrize(("form", "version"), [("pinned", "2.17.34"), ("carried", "unknown")])
def test_the_description_needs_no_object(
    form: str, version: str, deploy_form: DeployForm, http_calls: HttpCalls
) -> None:
    """`__dir__` answers by both verbs where the constructor raises, with the version that the SDK finds installed."""
    assert http_calls.use(deploy_form("trouble", form), f"facts-dir-{form}", {"start": "raise"}) == "failed"
    posted = http_calls.call(Call("__dir__", None), None)
    assert http_calls.call(Call("__dir__", None, verb="GET"), None) == posted
    assert (posted["name"], posted["sdkVersion"], posted["usedMixins"]) == ("Trouble", version, [])
    places = [(method["path"], method["verb"]) for method in posted["methods"]]
    assert places == sorted(places)
    assert ("/__instance_init__", "POST") in places
    configs = {method["path"]: method["config"] for method in posted["methods"]}
    assert (configs["/__dir__"], configs["/takes"], configs["/slow"]) == (None, {}, {"timeout": 1})


def test_the_description_of_arguments(deploy_form: DeployForm, http_calls: HttpCalls) -> None:
    """An argument has its kind in Python's words and, for an Enum, its values; mixins are named."""
    http_calls.use(deploy_form("translator", "pinned"), "facts-kinds", {"webhook_url": "x"})
    methods = {m["path"]: m for m in http_calls.call(Call("__dir__", None), None)["methods"]}
    assert methods["/mood"]["args"] == [
        {"name": "tone", "kind": "<enum 'Tone'>", "values": ["formal", "friendly"]}
    ]
    assert methods["/translate"]["args"][1] == {"name": "to", "kind": "<class 'str'>", "values": None}
    http_calls.use(deploy_form("bakery", "pinned"), "facts-mixins", None)
    spec = http_calls.call(Call("__dir__", None), None)
    assert spec["usedMixins"] == ["shelves.ShelfMixin"]
    paths = {method["path"]: method["config"] for method in spec["methods"]}
    assert paths["/shelf"] == {"public": True}
    assert "/ring" not in paths


def test_a_request_id_goes_all_the_way(deploy_form: DeployForm, http_calls: HttpCalls) -> None:
    """The tasks that a package makes while it is called have the id of the call."""
    http_calls.use(deploy_form("relay", "pinned"), "facts-request", None)
    http_calls.headers["x-request-id"] = "facts-of-mine"
    try:
        answer = http_calls.call(Call("start_together", None, {"runners": ["x"]}), None)
    finally:
        del http_calls.headers["x-request-id"]
    assert answer["requestId"] == "facts-of-mine"
    assert http_calls.finished(answer["taskId"])["requestId"] == "facts-of-mine"


def test_a_method_s_time_is_limited(deploy_form: DeployForm, http_calls: HttpCalls) -> None:
    """A call past `@post(timeout=1)` fails, and the next one has a process again."""
    http_calls.use(deploy_form("trouble", "pinned"), "facts-slow", None)
    with pytest.raises(CallFailed) as late:
        http_calls.call(Call("slow", None), None)
    assert (late.value.failure.status, late.value.failure.code) == (504, "PackageTimeout")
    assert http_calls.call(Call("takes", None, {"colour": "red"}), None) == "1 x red"


def test_another_user_s_instance_is_theirs(
    engine: Any, api: Api, deploy_form: DeployForm, second_user: EngineUser
) -> None:
    """A public package runs in its user's workspace with a key for that; its own owner is another, and is named."""
    handle = deploy_form("tour", "pinned")
    deploy_form("notebook", "pinned")
    theirs = Api(engine.api_base, second_user.key)
    calls = HttpCalls(theirs, second_user.key)
    try:
        assert calls.use(handle, "facts-theirs", {"guide": "notebook"}) == "complete"
        assert calls.call(Call("told", None), None)["handle"] == "guide"
        url = calls.url
        assert f"/@{second_user.handle}/facts-theirs/" in url
        mine = httpx.post(url + "told", headers={"authorization": f"Bearer {engine.key}"}, json={})
        assert mine.status_code == 404
    finally:
        calls.close()
        theirs.close()


def test_a_workspace_named_beside_the_address_is_no_matter(
    deploy_form: DeployForm, http_calls: HttpCalls
) -> None:
    """The address alone says which instance is called; clients send what they take for its workspace."""
    http_calls.use(deploy_form("doorbell", "pinned"), "facts-headers", None)
    answer = httpx.get(
        http_calls.url + "verify?token=t", headers={"x-workspace-handle": "nobody", "x-workspace-id": "NONE"}
    )
    assert (answer.status_code, answer.text) == (200, "subscribe t")


def test_a_version_without_a_template_takes_any_config(
    deploy_form: DeployForm, http_calls: HttpCalls
) -> None:
    """Where the client sent no template, a config is kept as it is."""
    state = http_calls.use(deploy_form("answers", "pinned"), "facts-config", {"any": {"thing": [1]}})
    assert state == "complete"
    assert http_calls.call(Call("yes", None), None) is True
