"""Using packages with our Python SDK, beyond the examples of docs/using-packages.md."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from steamship import Steamship, SteamshipError
from steamship.base.connections import ConnectionPool
from steamship.base.error import (
    InvalidConfigError,
    InvalidRequestError,
    NotFoundError,
    PackageError,
    PackageTimeoutError,
)
from steamship.base.transport import HttpReply, HttpRequest
from steamship.utils.url import Verb
from tests.packages.returns.api import PNG

pytestmark = pytest.mark.usefixtures("at_home", "deployed")


def returns() -> Any:
    """An instance with a method for each kind of reply."""
    return Steamship.use("returns", "sdk-returns")


def test_use_is_one_round_trip(monkeypatch: pytest.MonkeyPatch) -> None:
    """A first `use` sends one request, and so does the next."""
    sent: list[str] = []
    real = ConnectionPool.send

    def counting(self: ConnectionPool, request: HttpRequest) -> HttpReply:
        sent.append(request.url)
        return real(self, request)

    monkeypatch.setattr(ConnectionPool, "send", counting)
    Steamship.use("greeter", "sdk-one-trip")
    Steamship.use("greeter", "sdk-one-trip")
    assert [url.rpartition("/api/v1/")[2] for url in sent] == ["package/instance/create"] * 2


def test_concurrent_first_uses_give_one_instance() -> None:
    """Twenty callers who use a new handle at once get the same instance."""
    with ThreadPoolExecutor(20) as pool:
        ids = set(pool.map(lambda _: Steamship.use("greeter", "sdk-at-once").id, range(20)))
    assert len(ids) == 1


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"data": 1},
        {"data": {"x": 1}, "status": {"state": "failed"}},
        {"status": "fine"},
        {"status": {"state": "waiting", "taskId": "x"}},
        [],
        [None],
        "",
        "text",
        0,
        -1.5,
        10**30,
        False,
        {"ünï": ["☃", "\u0000", "\U0001f600"]},
    ],
)
def test_json_arrives_unchanged(value: object) -> None:
    """Whatever JSON a method returns is what `invoke` gives, also what looks like an envelope."""
    assert returns().invoke("json", value=value) == value


def test_other_replies() -> None:
    """None, text, models, bytes and pictures come back as what they are."""
    instance = returns()
    assert instance.invoke("nothing") is None
    assert instance.invoke("text") == "naïve ☃"
    assert instance.invoke("model") == {"xValue": 1, "yValue": 2}
    assert instance.invoke("bytes") == PNG
    assert instance.invoke("stream") == PNG
    assert instance.invoke("same_bytes", content=PNG) == PNG


def test_get_arguments() -> None:
    """GET sends arguments in the query, and they arrive in the types that the method declares."""
    arguments = {"count": 3, "ratio": 0.25, "flag": True, "name": "a b+c&d=é"}
    assert returns().invoke("typed", verb=Verb.GET, **arguments) == arguments


@pytest.mark.parametrize(
    ("method", "arguments", "error", "words"),
    [
        ("nowhere", {}, NotFoundError, ["No handler for POST /nowhere available."]),
        ("add", {"a": 1}, InvalidRequestError, ['"b"']),
        ("add", {"a": 1, "b": 2, "c": 3, "d": 4}, InvalidRequestError, ['"c"', '"d"']),
        ("add", {"a": "one", "b": 2}, InvalidRequestError, ['"a"']),
        ("raises", {}, PackageError, ["ValueError: inner detail", 'File "api.py"']),
        ("refuses", {}, PackageError, ["The shop is closed."]),
    ],
)
def test_each_error_has_its_own_class(
    method: str, arguments: dict[str, Any], error: type, words: list[str]
) -> None:
    """An unknown method, wrong arguments and an exception are told apart by class and say what is wrong."""
    with pytest.raises(error) as raised:
        returns().invoke(method, **arguments)
    assert all(word in str(raised.value) for word in words)


def test_a_deliberate_error_keeps_its_suggestion() -> None:
    """What the author suggests arrives beside the message."""
    with pytest.raises(SteamshipError) as raised:
        returns().invoke("refuses")
    assert raised.value.suggestion == "Come on Monday."


def test_a_method_s_timeout_ends_its_call_and_no_other() -> None:
    """A call past `@post(timeout=1)` is a timeout error; the next one is served."""
    instance = returns()
    with pytest.raises(PackageTimeoutError):
        instance.invoke("slow")
    assert instance.invoke("slow", seconds=0) == "done"


def test_a_worker_s_key_reaches_its_own_workspace_only() -> None:
    """The package's client works in the instance's workspace and cannot act as its user."""
    answers = returns().invoke("whoami")
    assert answers["workspace"] == "sdk-returns"
    assert "Cannot use a workspace-scoped key" in answers["account"]


def test_a_package_sees_no_key_of_its_caller(at_home: Any) -> None:
    """Nothing in what a method can see of its call holds the caller's key."""
    seen = returns().invoke("headers")
    assert at_home.key not in str(seen)
    assert "authorization" not in seen["headers"]
    assert seen["context"]["invocableInstanceHandle"] == "sdk-returns"


def test_config_errors_name_every_parameter() -> None:
    """Missing, unknown and wrongly typed parameters are all named at once, and nothing is created."""
    with pytest.raises(InvalidConfigError) as raised:
        Steamship.use("configured", "sdk-conf", config={"count": "three", "colour": "red"})
    message = raised.value.message
    assert message.startswith("Configuration for this PackageInstance is invalid.")
    assert all(name in message for name in ("name", "Whom it belongs to", "count", "colour"))
    with pytest.raises(InvalidConfigError):
        Steamship.use("configured", "sdk-conf")
    with pytest.raises(InvalidConfigError, match='"size" must be one of "small", "large"'):
        Steamship.use("configured", "sdk-conf", config={"name": "Ann", "size": "huge"})


def test_config_is_frozen_and_secrets_stay_inside() -> None:
    """A secret reaches the worker and nobody else; a difference is named without its values."""
    config = {"name": "Ann", "token": "s3cret-canary", "size": "large"}
    instance = Steamship.use("configured", "sdk-frozen", config=config)
    assert instance.invoke("settings")["token_length"] == len("s3cret-canary")
    assert "s3cret-canary" not in str(instance.model_dump())
    assert Steamship.use("configured", "sdk-frozen", config=config).id == instance.id
    assert Steamship.use("configured", "sdk-frozen").id == instance.id
    with pytest.raises(SteamshipError) as raised:
        Steamship.use("configured", "sdk-frozen", config={**config, "token": "other-canary", "count": 9})
    assert "token" in str(raised.value)
    assert "count" in str(raised.value)
    assert "canary" not in str(raised.value)


def test_init_runs_once_and_its_failure_is_told() -> None:
    """`use` waits for a new instance to prepare itself; a failed one raises with the message and stays."""
    instance = Steamship.use("starts", "sdk-starts")
    assert instance.init_status == "complete"
    Steamship.use("starts", "sdk-starts")
    assert instance.invoke("times") == 1
    with pytest.raises(SteamshipError, match="The oven is cold."):
        Steamship.use("failing-start", "sdk-fails")
    client = Steamship(workspace="sdk-fails")
    from steamship import PackageInstance

    failed = PackageInstance.get(client, handle="sdk-fails")
    assert failed.init_status == "failed"
    assert failed.invoke("ping") == "pong"


def test_state_survives_the_worker(start_engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an instance stored is there after the engine was killed and started again."""
    from tests.packages import bundle
    from tests.services.deploying import Api

    engine = start_engine()
    api = Api(engine.api_base, engine.key)
    api.deploy("starts", bundle("starts"), version="1")
    api.close()
    for name in ("API_KEY", "API_BASE", "APP_BASE"):
        monkeypatch.setenv(f"STEAMSHIP_{name}", getattr(engine, "key" if name == "API_KEY" else name.lower()))
    first = Steamship.use("starts", "kept")
    first.invoke("put", key="k", value={"n": 7})
    engine.kill()
    again = start_engine(home=engine.home, data_dir=engine.data_dir)
    for name in ("API_BASE", "APP_BASE"):
        monkeypatch.setenv(f"STEAMSHIP_{name}", getattr(again, name.lower()))
    second = Steamship.use("starts", "kept")
    assert second.id == first.id
    assert second.invoke("take", key="k") == {"n": 7}
    assert second.invoke("times") == 1


def test_local_development_is_refused_with_a_pointer() -> None:
    """An instance of a program on the author's desk is not served yet, and says what to do."""
    with pytest.raises(SteamshipError) as raised:
        Steamship.use("greeter", "sdk-local", version="local-development!")
    assert raised.value.suggestion
