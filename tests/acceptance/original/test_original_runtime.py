"""Packages on the original SDK, deployed, used and called by the original client."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.packages import bundle
from tests.services.original_client import Original, OriginalError
from tests.services.original_packages import OriginalSource

_TEMPLATE = {
    "greeting": {"type": "string", "default": "Hello"},
    "times": {"type": "number"},
    "password": {"type": "string", "default": ""},
}
_DEPLOY = """
    import base64
    client = Steamship(workspace="original-runtime")
    package = Package.create(client, handle={handle!r}, is_public=True, fetch_if_exists=True)
    version = PackageVersion.create(client, package_id=package.id, handle="1.0.0",
        filebytes=base64.b64decode({content!r}), config_template={template!r}, hosting_handler={handler!r})
    result = [version.handle, version.config_template]
"""


def _deploy(
    original: Original, handle: str, content: bytes, template: Any = None, handler: str | None = None
) -> Any:
    text = base64.b64encode(content).decode()
    return original(_DEPLOY.format(handle=handle, content=text, template=template or {}, handler=handler))


def _deployed_once(original: Original, api: Any, handle: str, content: bytes, template: Any = None) -> str:
    if handle not in _done:
        _deploy(original, handle, content, template)
        _done.add(handle)
    return handle


_done: set[str] = set()


@pytest.fixture
def answers(original: Original, api: Any) -> str:
    """The package that answers in every way, its SDK installed by its requirements."""
    return _deployed_once(original, api, "original-answers", bundle("original_answers"))


@pytest.fixture
def life(original: Original, original_python: Path, api: Any) -> str:
    """The package with config, mixins and an init, whose bundle carries the SDK's source."""
    source = OriginalSource(original_python)
    requirements = "".join(f"{line}\n" for line in source.needs)
    content = bundle("original_life", {**source.files, "requirements.txt": requirements})
    return _deployed_once(original, api, "original-life", content, _TEMPLATE)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ('i.invoke("text")', "naïve ☃"),
        ('i.invoke("json", value={"a": [1, None]})', {"a": [1, None]}),
        ('i.invoke("json", value=[1, "two"])', [1, "two"]),
        ('i.invoke("json", value=2.5)', 2.5),
        ('i.invoke("json", value=True)', True),
        ('i.invoke("bare_json")', {"status": "a string"}),
        ('i.invoke("model")', {"xValue": 1}),
        ('i.invoke("plain_model")', {"x_value": 1}),
        ('i.invoke("number_as_data")', "3"),
        ('i.invoke("page", verb=Verb.GET)', "<p>hello</p>"),
        ('i.invoke("add", a=1, b=2)', 3),
        ('i.invoke("everything", a=None, b="", c="x y+z")', {"a": None, "b": "", "c": "x y+z"}),
        (
            'i.invoke("typed", verb=Verb.GET, count=3, ratio=2, flag=True, name="3", some=4)',
            {"count": 3, "ratio": 2.0, "flag": True, "name": "3", "some": 4},
        ),
    ],
)
def test_every_kind_of_answer_arrives(original: Original, answers: str, call: str, expected: Any) -> None:
    """What a method returns is what the caller's `invoke` returns."""
    got = original(f'i = Steamship.use("{answers}", "original-answers-1")\nresult = {call}')
    assert got == expected


def test_images_arrive_as_bytes(original: Original, answers: str) -> None:
    """Bytes come as they were, an image's and a stream's."""
    png, stream = original(f"""
        i = Steamship.use("{answers}", "original-answers-1")
        result = [i.invoke("png"), i.invoke("stream")]
    """)
    assert png == stream
    assert png["bytes"].startswith(b"\x89PNG".hex())


@pytest.mark.parametrize(
    ("call", "message", "code"),
    [
        ('i.invoke("fail")', "[ERROR - POST /fail] private detail", "PackageError"),
        ('i.invoke("refuse")', "[ERROR - POST /refuse] Not on Sundays.", "Closed"),
        ('i.invoke("teapot")', "I am a teapot.", "InvalidRequest"),
        ('i.invoke("nothing")', "Handler provided no response.", "PackageError"),
        ('i.invoke("missing")', "No handler for POST /missing available.", "NotFound"),
        ('i.invoke("missing", verb=Verb.GET)', "No handler for GET /missing available.", "NotFound"),
    ],
)
def test_failures_keep_the_sdks_words(
    original: Original, answers: str, call: str, message: str, code: str
) -> None:
    """The instance's owner gets the message, the code and the suggestion that the SDK put into its reply."""
    with pytest.raises(OriginalError) as raised:
        original(f'i = Steamship.use("{answers}", "original-answers-1")\nresult = {call}')
    assert raised.value.message == message
    assert raised.value.code == code
    if code == "Closed":
        assert raised.value.suggestion == "Come on Monday."


def test_unknown_arguments_are_pythons_error(original: Original, answers: str) -> None:
    """An argument that a method does not have fails with Python's own words."""
    with pytest.raises(OriginalError, match="got an unexpected keyword argument 'c'"):
        original(f'result = Steamship.use("{answers}", "original-answers-1").invoke("add", a=1, b=2, c=3)')


def test_strangers_learn_what_was_meant_for_them(original: Original, answers: str, engine: Any) -> None:
    """Without a key, of a public method's failures only what the author chose to tell is told."""
    url = original(f'result = Steamship.use("{answers}", "original-answers-1").invocation_url')
    told = {}
    for name in ("fail", "refuse", "teapot"):
        answer = httpx.post(url + name, json={}, trust_env=False)
        told[name] = (answer.status_code, answer.json()["status"]["statusMessage"])
    assert told == {
        "fail": (500, "The package failed."),
        "refuse": (500, "[ERROR - POST /refuse] Not on Sundays."),
        "teapot": (418, "I am a teapot."),
    }
    assert httpx.post(url + "text", json={}, trust_env=False).status_code == 401


def test_http_is_as_the_reply_says(original: Original, answers: str, engine: Any) -> None:
    """Status, exact content type and bare body come from the reply; the description comes by GET and POST."""
    url = original(f'result = Steamship.use("{answers}", "original-answers-1").invocation_url')
    with httpx.Client(headers={"authorization": f"Bearer {engine.key}"}, trust_env=False) as http:
        png = http.post(url + "png")
        assert (png.status_code, png.headers["content-type"]) == (200, "image/png")
        assert http.get(url + "page").headers["content-type"] == "text/html; charset=utf-8"
        form = http.post(url + "everything?a=&b=1&b=2", data={"c": "3"}, files={"d": ("d", b"text")})
        assert form.json() == {"a": "", "b": "2", "c": "3", "d": "text"}
        missing = http.get(url + "missing")
        assert missing.status_code == 404
        assert missing.json()["status"]["statusMessage"] == "No handler for GET /missing available."
        assert (
            http.put(url + "text").json()["status"]["statusMessage"] == "No handler for PUT /text available."
        )
        got, posted = http.get(url + "__dir__").json(), http.post(url + "/__dir__").json()
    assert got == posted
    assert [(m["verb"], m["path"]) for m in got["methods"]] == sorted(
        ((m["verb"], m["path"]) for m in got["methods"]), key=lambda place: (place[1], place[0])
    )


def test_module_state_lives_and_objects_do_not(original: Original, answers: str) -> None:
    """A module's variables stay between the calls of an instance; each call has an object of its own."""
    counts = original(f"""
        i = Steamship.use("{answers}", "original-answers-counting")
        result = [i.invoke("count") for _ in range(3)]
    """)
    assert counts == [{"module": n, "object": 1} for n in (1, 2, 3)]


def test_the_code_finds_its_own_world(original: Original, answers: str, engine: Any) -> None:
    """Bundle first on the path and as working directory, no settings in sight, CPython 3.10, nothing of the engine."""
    around = original(f'result = Steamship.use("{answers}", "original-answers-1").invoke("around")')
    assert around == {
        "cwd_is_bundle": True,
        "first_path_is_bundle": True,
        "variables": [],
        "home_file": False,
        "python": [3, 10],
        "engines": [],
    }


def test_the_context_is_the_instances(original: Original, answers: str, engine: Any) -> None:
    """The code is told workspace, handles, address, request and the caller's own headers, and gets a key of its own."""
    facts = original(f"""
        from steamship.data.user import User
        i = Steamship.use("{answers}", "original-answers-1")
        import requests
        headers = {{"Authorization": "Bearer {engine.key}", "X-Request-Id": "request-of-mine",
            "Test1": "testValue1", "X-Workspace-Id": "no"}}
        told = requests.post(i.invocation_url + "context", headers=headers).json()
        result = {{"told": told, "instance": i.dict(by_alias=True), "user": User.current(i.client).dict(by_alias=True)}}
    """)
    assert "status" not in facts["told"], facts["told"]
    told, instance, user = facts["told"], facts["instance"], facts["user"]
    context, client = told["context"], told["client"]
    headers = context.pop("headers")
    assert headers["test1"] == "testValue1"
    assert "authorization" not in headers
    assert "x-workspace-id" not in headers
    assert context == {
        "tenantId": user["id"],
        "userId": user["id"],
        "workspaceId": instance["workspaceId"],
        "workspaceHandle": "original-answers-1",
        "invocableType": "package",
        "invocableHandle": answers,
        "invocableVersionHandle": "1.0.0",
        "invocableInstanceHandle": "original-answers-1",
        "invocableOwnerId": user["id"],
        "invocableOwnerHandle": user["handle"],
        "invocableURL": instance["invocationURL"],
    }
    assert client == {
        "workspaceId": instance["workspaceId"],
        "workspaceHandle": "original-answers-1",
        "apiBase": engine.api_base,
        "appBase": engine.app_base,
        "requestId": "request-of-mine",
        "isUsersKey": False,
    }


def test_an_init_begins_as_initializing(original: Original, life: str) -> None:
    """Create answers `initializing` at once; the init has run when the client has waited."""
    first, last, kept, url = original(f"""
        client = Steamship(workspace="original-inits")
        i = PackageInstance.create(client, package_handle="{life}", handle="inits-1", config={{"times": 2}})
        first = i.init_status
        i.wait_for_init()
        result = [first, i.init_status, i.invoke("kept", key="init"), i.invocation_url]
    """)
    assert (first, last) == ("initializing", "complete")
    assert kept == {"url": url}


def test_a_failing_init_is_recorded(original: Original, life: str, api: Any) -> None:
    """A failing init ends as `failed`, and the instance keeps what went wrong."""
    original(f"""
        client = Steamship(workspace="original-inits")
        i = PackageInstance.create(client, package_handle="{life}", handle="inits-2",
            config={{"times": 1, "greeting": "Never"}})
        i.wait_for_init()
    """)
    found = api("package/instance/list", {"acrossWorkspaces": True})["packageInstances"]
    failed = next(instance for instance in found if instance["handle"] == "inits-2")
    assert failed["initStatus"] == "failed"
    assert failed["initMessage"] == "[ERROR - POST /__instance_init__] no greeting, no instance"


def test_config_secrets_mixins_and_state(original: Original, life: str) -> None:
    """Defaults are filled in, a secret file lies under the config, mixins serve, and state stays in the workspace."""
    result = original(f"""
        i = Steamship.use("{life}", "original-life-1", config={{"times": 2}})
        again = Steamship.use("{life}", "original-life-1", config={{"times": 2}})
        other = Steamship.use("{life}", "original-life-2", config={{"times": 1, "password": "mine"}})
        i.invoke("keep", key="a", value="one")
        result = {{
            "config": i.config, "same": i.id == again.id, "greeting": i.invoke("greet", name="Ann"),
            "password": [i.invoke("password"), other.invoke("password")],
            "kept": [i.invoke("kept", key="a"), other.invoke("kept", key="a")],
            "late": i.invoke("late"),
            "dir": i.invoke("__dir__"),
        }}
    """)
    spec = result.pop("dir")
    assert result == {
        "config": {"greeting": "Hello", "times": 2, "password": ""},
        "same": True,
        "greeting": "Hello, Ann. Hello, Ann.",
        "password": ["from the secrets file", "mine"],
        "kept": [{"text": "one"}, {}],
        "late": "late, but here",
    }
    assert spec["sdkVersion"] == "unknown"
    assert spec["usedMixins"] == ["api.Notes"]
    assert "/late" not in {method["path"] for method in spec["methods"]}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("{}", '"times" is required but missing.'),
        ('{"times": "2"}', '"times" must be a number, not a string.'),
    ],
)
def test_config_is_checked_against_the_clients_template(
    original: Original, life: str, config: str, message: str
) -> None:
    """The template that came with the deploy counts."""
    with pytest.raises(OriginalError) as raised:
        original(f'Steamship.use("{life}", "original-life-bad", config={config})')
    assert raised.value.message.startswith("Configuration for this PackageInstance is invalid.")
    assert message in raised.value.message


def test_a_failing_import_fails_the_deploy(original: Original) -> None:
    """The SDK's message, with its traceback, is the deploy's; no version is made."""
    content = bundle("original_answers", {"api.py": "import not_there\n"})
    with pytest.raises(OriginalError) as raised:
        _deploy(original, "original-broken", content)
    assert "There was an error loading the main file" in raised.value.message
    assert "ModuleNotFoundError: No module named 'not_there'" in raised.value.message
    assert 'File "api.py", line 1' in raised.value.message
    assert "/bundles/" not in raised.value.message
    assert "/environments/" not in raised.value.message


def test_a_package_may_name_its_handler(original: Original) -> None:
    """The `hostingHandler` of a deploy is what answers."""
    code = (
        "from steamship.invocable.entrypoint import safe_handler\n"
        "def answer(event, context=None):\n"
        "    reply = safe_handler(event, context)\n"
        "    if event['invocation']['invocationPath'] == '/text':\n"
        "        reply['data'] = 'answered elsewhere'\n"
        "    return reply\n"
    )
    _deploy(
        original, "original-handled", bundle("original_answers", {"door.py": code}), handler="door.answer"
    )
    assert original('result = Steamship.use("original-handled").invoke("text")') == "answered elsewhere"
    with pytest.raises(OriginalError, match='"door.missing" cannot be imported'):
        _deploy(
            original,
            "original-handled-2",
            bundle("original_answers", {"door.py": code}),
            handler="door.missing",
        )


def test_the_version_keeps_what_it_is(answers: str, api: Any) -> None:
    """The version has its kind, the template that the client sent, and no note where CPython 3.10 was found."""
    made = api("package/version/get", {"packageHandle": answers})["packageVersion"]
    assert made["kind"] == "original"
    assert made["configTemplate"] == {}
    assert made["notes"] == []
    assert json.dumps(made["spec"]["methods"]).count("/__instance_init__") == 1
