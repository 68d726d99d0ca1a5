"""Calling packages over plain HTTP: addresses, arguments, replies, and what a package gains by them."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.services.deploying import Api, Refused


@pytest.fixture
def called(engine: Any, api: Api, deployed: None) -> dict[str, Any]:
    """An instance of `returns`, as the API describes it."""
    made = api(
        "package/instance/create",
        {
            "packageHandle": "returns",
            "handle": "by-http",
            "workspaceHandle": "by-http",
            "createWorkspace": True,
            "fetchIfExists": True,
        },
        headers={"x-steamship-accept": "use/1"},
    )
    return made["packageInstance"]


@pytest.fixture
def http(engine: Any) -> Iterator[httpx.Client]:
    """A client with the owner's key."""
    with httpx.Client(
        headers={"authorization": f"Bearer {engine.key}"}, trust_env=False, timeout=60
    ) as client:
        yield client


@pytest.fixture
def stranger() -> Iterator[httpx.Client]:
    """A client without a key."""
    with httpx.Client(trust_env=False, timeout=60) as client:
        yield client


def test_every_address_form(engine: Any, http: httpx.Client, called: dict[str, Any]) -> None:
    """With the owner in the path, without, and with a doubled slash, an address reaches the method."""
    base, owner = engine.app_base, called["userHandle"]
    assert called["invocationURL"] == f"{base}@{owner}/by-http/by-http/"
    for address in (
        f"{base}@{owner}/by-http/by-http/text",
        f"{base}by-http/by-http/text",
        f"{base}@{owner}//by-http/by-http//text",
        f"{base}_/_/text",
    ):
        headers = {"x-package-instance-id": called["id"]} if "/_/" in address else {}
        assert http.post(address, headers=headers).text == "naïve ☃", address


def test_curl_reaches_the_domain_form(start_engine: Any, free_tcp_port: int) -> None:
    """`{user}.{domain}` works with curl's own resolver entry, and a name that is nobody's is 421."""
    from tests.packages import bundle

    engine = start_engine(port=free_tcp_port, app_base=f"http://apps.test:{free_tcp_port}/")
    api = Api(f"http://127.0.0.1:{free_tcp_port}/api/v1/", engine.key)
    api.deploy("greeter", bundle("greeter"), version="1")
    owner = api("account/current")["user"]["handle"]
    url = api("package/instance/create", {"packageHandle": "greeter", "handle": "curled"})["packageInstance"][
        "invocationURL"
    ]
    api.close()
    host = f"{owner}.apps.test"
    assert url == f"http://{host}:{free_tcp_port}/default/curled/"
    assert _curl("--resolve", f"{host}:{free_tcp_port}:127.0.0.1", f"{url}health") == '{"ok":true} 200'
    assert _curl(
        "--resolve", f"evil.example:{free_tcp_port}:127.0.0.1", f"http://evil.example:{free_tcp_port}/"
    ).endswith(" 421")
    assert _curl("-H", f"Host: {host}", f"http://127.0.0.1:{free_tcp_port}/default/curled/health").endswith(
        " 200"
    )


def _curl(*arguments: str) -> str:
    command = ["curl", "-sS", "-w", " %{http_code}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


def test_query_arguments_become_what_the_method_declares(http: httpx.Client, called: dict[str, Any]) -> None:
    """Numbers, booleans, blanks, plus signs and repeated names in a query arrive typed, the last one winning."""
    url = called["invocationURL"] + "typed"
    answer = http.get(f"{url}?count=1&count=3&ratio=1e-2&flag=true&name=a+b%20c")
    assert answer.json() == {"count": 3, "ratio": 0.01, "flag": True, "name": "a b c"}
    assert http.get(f"{url}?count=3&name=").json()["name"] == ""
    refused = http.get(f"{url}?count=three")
    assert refused.status_code == 400
    assert '"count"' in refused.json()["status"]["statusMessage"]


def test_forms_and_files(http: httpx.Client, called: dict[str, Any]) -> None:
    """Form fields are arguments, and a file part is the text in it."""
    url = called["invocationURL"] + "describe"
    assert http.post(url, data={"title": "a b", "photo": "p"}).json() == {"title": "a b", "photo": "p"}
    sent = http.post(url, data={"title": "t"}, files={"photo": ("photo", "☃".encode(), "text/plain")})
    assert sent.json() == {"title": "t", "photo": "☃"}
    assert http.post(url + "?title=query", json={"photo": "body"}).json() == {
        "title": "query",
        "photo": "body",
    }


def test_a_file_s_bytes(http: httpx.Client, called: dict[str, Any]) -> None:
    """A method that takes bytes gets a binary file as it is, and base64 in JSON."""
    url = called["invocationURL"] + "same_bytes"
    content = bytes(range(256))
    assert http.post(url, files={"content": ("photo.png", content)}).content == content
    assert http.post(url, json={"content": base64.b64encode(content).decode()}).content == content
    refused = http.post(called["invocationURL"] + "describe?title=t", files={"photo": ("photo", content)})
    assert refused.status_code == 400
    assert '"photo"' in refused.json()["status"]["statusMessage"]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'"text"',
        b"[1]",
    ],
)
@pytest.mark.parametrize("place", ["method", "operation"])
def test_broken_json_is_a_clear_400(
    engine: Any, http: httpx.Client, called: dict[str, Any], body: bytes, place: str
) -> None:
    """Bad JSON is the sender's mistake, for calls of methods and of the API, and never an engine error."""
    url = called["invocationURL"] + "add" if place == "method" else engine.api_base + "workspace/create"
    answer = http.post(url, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    status = answer.json()["status"]
    assert (status["statusCode"], status["state"]) == ("InvalidRequest", "failed")
    assert status["statusMessage"]


def test_public_methods(stranger: httpx.Client, called: dict[str, Any]) -> None:
    """A public method needs no key; every other one refuses without."""
    url = called["invocationURL"]
    assert stranger.get(url + "open?name=you").text == "open to you"
    refused = stranger.post(url + "text")
    assert (refused.status_code, refused.json()["status"]["statusCode"]) == (401, "AuthenticationRequired")


def test_tracebacks_are_for_owner_and_author(
    engine: Any, stranger: httpx.Client, http: httpx.Client, called: dict[str, Any], second_user: Any
) -> None:
    """Owner and author read why a public method failed; others get the request id, and deliberate words."""
    url = called["invocationURL"]
    assert "inner detail" in http.get(url + "open_raises").json()["status"]["statusMessage"]
    other = {"authorization": f"Bearer {second_user.key}"}
    for headers in ({}, other):
        status = stranger.get(url + "open_raises", headers=headers).json()["status"]
        assert status["statusMessage"] == "The package failed."
        assert status["requestId"]
        closed = stranger.get(url + "open_refuses", headers=headers).json()["status"]
        assert (closed["statusMessage"], closed["statusSuggestion"]) == (
            "The shop is closed.",
            "Come on Monday.",
        )
    theirs = Api(engine.api_base, second_user.key)
    made = theirs("package/instance/create", {"packageHandle": "returns", "handle": "theirs"})[
        "packageInstance"
    ]
    theirs.close()
    read_by_owner = stranger.get(made["invocationURL"] + "open_raises", headers=other)
    read_by_author = http.get(made["invocationURL"] + "open_raises")
    for answer in (read_by_owner, read_by_author):
        assert "inner detail" in answer.json()["status"]["statusMessage"]


@pytest.mark.parametrize(
    ("method", "media"), [("page", "text/html"), ("vector", "image/svg+xml"), ("script", "text/javascript")]
)
def test_active_content_is_sandboxed(
    http: httpx.Client, called: dict[str, Any], method: str, media: str
) -> None:
    """HTML, SVG and scripts are served as what they are, never sniffed, without the engine's origin."""
    answer = http.post(called["invocationURL"] + method)
    assert answer.headers["content-type"] == media
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox ")
    assert "allow-same-origin" not in policy


def test_content_types_are_exact(http: httpx.Client, called: dict[str, Any]) -> None:
    """Types are exactly those that were returned; text that is more than ASCII says that it is UTF-8."""
    url = called["invocationURL"]
    assert http.get(url + "open").headers["content-type"] == "text/plain"
    assert http.post(url + "text").headers["content-type"] == "text/plain; charset=utf-8"
    types = {
        method: http.post(url + method).headers["content-type"] for method in ("bytes", "object", "nothing")
    }
    assert types == {
        "bytes": "application/octet-stream",
        "object": "application/json",
        "nothing": "application/json",
    }
    assert http.post(url + "nothing").content == b"null"


def test_cors(stranger: httpx.Client, called: dict[str, Any], engine: Any) -> None:
    """Browsers of any origin may call packages and the API with a key of their own, errors included."""
    origin = {"origin": "https://shop.example"}
    for url in (called["invocationURL"] + "text", engine.api_base + "workspace/get"):
        preflight = stranger.options(url, headers={**origin, "access-control-request-method": "POST"})
        assert preflight.status_code == 204
        assert "Authorization" in preflight.headers["access-control-allow-headers"]
        refused = stranger.post(url, headers=origin)
        assert refused.status_code == 401
        assert refused.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in refused.headers


def test_no_cookie_and_no_query_is_a_key(engine: Any, stranger: httpx.Client, called: dict[str, Any]) -> None:
    """Only the Authorization header holds a key."""
    url = called["invocationURL"] + "text"
    assert stranger.post(url, headers={"cookie": f"apiKey={engine.key}"}).status_code == 401
    assert stranger.post(f"{url}?apiKey={engine.key}").status_code == 401


@pytest.mark.parametrize("name", ["__secret", "mcp", "openapi.json", "docs"])
def test_reserved_method_names_are_refused_at_deploy(api: Api, name: str) -> None:
    """A native method cannot take a name that the engine serves; the deploy says which and why."""
    from tests.packages import zipped

    source = (
        "from steamship.invocable import PackageService, post\n\n"
        f"class P(PackageService):\n    @post({name!r})\n    def method(self):\n        return 1\n"
    )
    with pytest.raises(Refused) as raised:
        api.deploy("reserves", zipped({"api.py": source}))
    assert name in raised.value.message
    assert "cannot be served" in raised.value.message


def test_the_api_s_envelope(http: httpx.Client, engine: Any) -> None:
    """A sync answer has `data` and no `status`, exactly the type JSON, and ids in upper case."""
    answer = http.post(
        engine.api_base + "workspace/create", json={"handle": "enveloped", "fetchIfExists": True}
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert "status" not in body
    assert list(body["data"]) == ["workspace"]
    assert body["workspace"] == body["data"]["workspace"]
    assert body["workspace"]["id"] == body["workspace"]["id"].upper()


@pytest.mark.parametrize(
    "operation", ["plugin/instance/generate", "embedding-index/create", "block/create", "task/comment/list"]
)
def test_what_is_not_built_answers_501(http: httpx.Client, engine: Any, operation: str) -> None:
    """The protocol's other operations are known, and say that they are not there yet."""
    answer = http.post(engine.api_base + operation, json={})
    assert (answer.status_code, answer.json()["status"]["statusCode"]) == (501, "NotImplemented")


def test_keys_and_secrets_stay_out_of_log_and_database(
    engine: Any, http: httpx.Client, api: Api, called: dict[str, Any]
) -> None:
    """Neither a key nor a secret config value stands in the log, the database or any stored file."""
    made = api(
        "package/instance/create",
        {
            "packageHandle": "configured",
            "handle": "canary",
            "config": {"name": "Ann", "token": "canary-7f3a9c"},
        },
    )
    assert "canary-7f3a9c" not in json.dumps(made)
    http.get(called["invocationURL"] + "open", params={"name": "canary-in-query"})
    stored = b"".join(
        path.read_bytes()
        for path in engine.data_dir.rglob("*")
        if path.is_file() and path.stat().st_size < 50_000_000
    )
    for canary in (engine.key, "canary-7f3a9c"):
        assert canary.encode() not in stored
    log = engine.log().replace(engine.key, "", 1)  # the first start shows it once
    for canary in (engine.key, "canary-7f3a9c", "canary-in-query"):
        assert canary not in log
