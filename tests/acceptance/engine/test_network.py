"""The network of packages on a real engine, in the strongest sandbox that holds here."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import StartEngine
from tests.acceptance.engine.test_deploys import invoke, use
from tests.packages import bundle
from tests.services.deploying import Api, Refused
from tests.services.engine import EngineProcess

_numbers = itertools.count(1)
WORD = b"the machine"

Deploy = Callable[..., dict[str, Any]]
Reach = Callable[..., Any]


class Machine:
    """A listener on every address of the machine that says a word to whoever comes."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("0.0.0.0", 0))
        self.port = self._listener.getsockname()[1]
        self.came = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.came += 1
            with connection:
                connection.sendall(WORD)


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A service of the machine's that no package may reach."""
    made = Machine()
    yield made
    made.close()


def deployed(api: Api, network: str | None = None) -> dict[str, Any]:
    """A version of `reaches` that asks for the network."""
    handle = f"reaches-{next(_numbers)}"
    manifest = {"handle": handle, "version": "1.0.0", **({"network": network} if network else {})}
    package = api("package/create", {"handle": handle, "isPublic": True})["package"]
    status = api(
        "package/version/create",
        data={"packageId": package["id"], "handle": "1.0.0"},
        files={"file": ("bundle.zip", bundle("reaches", {"steamship.json": json.dumps(manifest)}))},
    )["status"]
    version: dict[str, Any] = api.finished(status["taskId"])["packageVersion"]
    return version | {"package": handle}


def reaching(api: Api, version: dict[str, Any]) -> Reach:
    """Calls methods of a fresh instance."""
    instance = use(api, version["package"], f"reaches-{next(_numbers)}")
    reach: Reach = lambda method, **arguments: invoke(api, instance, method, **arguments)  # noqa: E731
    return reach


@pytest.fixture(scope="module")
def api(engine: EngineProcess) -> Iterator[Api]:
    """The API of the shared engine."""
    made = Api(engine.api_base, engine.key)
    yield made
    made.close()


@pytest.fixture(scope="module")
def near(api: Api) -> dict[str, Any]:
    """A version that says nothing about its network."""
    return deployed(api)


def test_a_package_is_told_of_the_proxy(api: Api, near: dict[str, Any]) -> None:
    """By the variables that clients know."""
    told = reaching(api, near)("environment")
    assert told["http_proxy"] == told["HTTPS_PROXY"]
    assert told["http_proxy"].startswith("http://127.0.0.1:")
    assert "localhost" in told["NO_PROXY"]


def test_what_is_not_public_is_refused_with_the_reason(
    api: Api, near: dict[str, Any], machine: Machine
) -> None:
    """Through the proxy, and past it there is nothing."""
    reach = reaching(api, near)
    own = socket.gethostbyname(socket.gethostname())
    for url, why in (
        ("http://169.254.169.254/latest/meta-data/", "metadata-address"),
        ("http://10.0.0.1/", "private-address"),
        ("http://127.1/", "odd-address"),
        (f"http://0x7f000001:{machine.port}/", "odd-address"),
        (f"http://[::ffff:127.0.0.1]:{machine.port}/", "loopback-address"),
    ):
        answer = reach("fetch", url=url)
        assert (answer["status"], answer["why"]) == (403, why), answer
    for host in ("127.0.0.1", "localhost", own):
        assert reach("connect", host=host, port=machine.port) in ("ConnectionRefusedError", "OSError")
        answer = reach("fetch", url=f"http://{host}:{machine.port}/")
        if host in ("127.0.0.1", "localhost"):
            # Past the proxy, to the worker's own loopback, where nobody is.
            assert (answer["status"], answer["why"]) == (0, "URLError"), answer
        else:
            assert answer["status"] == 403, answer
            assert answer["why"] in ("loopback-address", "private-address", "own-address"), answer
    assert machine.came == 0


def test_the_engine_takes_the_instances_own_key_alone(
    api: Api, near: dict[str, Any], engine: EngineProcess
) -> None:
    """Its client works; a user's key that it was given does not, and its metrics and pages are not for it."""
    reach = reaching(api, near)
    assert reach("who").startswith("reaches-")
    own = reach("fetch", url=f"{engine.api_base}limits", own=True)
    assert own["status"] == 200, own
    users = reach("fetch", url=f"{engine.api_base}limits", key=engine.key)
    assert (users["status"], json.loads(users["body"])["status"]["statusCode"]) == (403, "Forbidden")
    assert reach("fetch", url=f"{engine.app_base}metrics")["status"] == 403
    assert reach("fetch", url=f"{engine.app_base}livez")["status"] == 200


def test_the_key_of_another_instance_is_not_taken(
    api: Api, near: dict[str, Any], engine: EngineProcess
) -> None:
    """Whoever has passed it on: a key is good in its own worker's network."""
    first, second = reaching(api, near), reaching(api, near)
    url = f"{engine.api_base}limits"
    key = first("key")
    assert first("fetch", url=url, key=key)["status"] == 200
    refused = second("fetch", url=url, key=key)
    assert refused["status"] == 403
    assert "the key of another instance" in refused["body"]
    assert second("fetch", url=url, key=key[:-8] + "AAAAAAAA")["status"] == 401


def test_without_a_network_only_the_workspace_is_reached(api: Api, near: dict[str, Any]) -> None:
    """A package that asks for none gets none; it may call its neighbours, and no public method elsewhere."""
    version = deployed(api, "none")
    assert version["network"] == "none"
    reach = reaching(api, version)
    answer = reach("fetch", url="http://93.184.216.34/")
    assert (answer["status"], answer["why"]) == (403, "network-none")
    elsewhere = use(api, near["package"], f"reaches-{next(_numbers)}")
    refused = reach("fetch", url=elsewhere["invocationURL"] + "open")
    assert refused["status"] == 403
    assert 'network "none"' in json.loads(refused["body"])["status"]["statusMessage"]
    assert reaching(api, near)("fetch", url=elsewhere["invocationURL"] + "open")["body"] == "open"
    here = use(api, version["package"], f"reaches-{next(_numbers)}")
    assert invoke(api, here, "fetch", url=here["invocationURL"] + "open")["body"] == "open"
    assert reach("who").startswith("reaches-")


def test_the_machines_network_must_be_allowed(api: Api, machine: Machine) -> None:
    """Where the operator does not allow it, the deploy says so and the package gets the internet."""
    version = deployed(api, "host")
    assert version["network"] == "host"
    assert version["notes"] == ['steamship.json asks for network "host"; this engine allows "internet".']
    reach = reaching(api, version)
    assert reach("connect", host="127.0.0.1", port=machine.port) == "ConnectionRefusedError"
    assert machine.came == 0


def test_a_network_that_does_not_exist_is_refused_at_deploy(api: Api) -> None:
    """With what it may be."""
    with pytest.raises(Refused, match='"network" is "lan"') as caught:
        deployed(api, "lan")
    assert caught.value.code == "InvalidManifest"


def test_an_operator_may_allow_the_machines_network(start_engine: StartEngine, machine: Machine) -> None:
    """Then a version that asks for it has what the machine has, and no proxy; the engine finds it by its process."""
    engine = start_engine(network="host")
    api = Api(engine.api_base, engine.key)
    try:
        version = deployed(api, "host")
        assert version["notes"] == []
        reach = reaching(api, version)
        assert reach("connect", host="127.0.0.1", port=machine.port) == WORD.decode()
        assert reach("environment") == {}
        assert reach("who").startswith("reaches-")
        inside = reaching(api, deployed(api))
        assert inside("connect", host="127.0.0.1", port=machine.port) == "ConnectionRefusedError"
    finally:
        api.close()


def test_refusals_are_told_to_the_owner_and_counted(
    api: Api, near: dict[str, Any], engine: EngineProcess
) -> None:
    """A line in the instance's log has the reason, and the metrics have a number."""
    instance = use(api, near["package"], f"reaches-{next(_numbers)}")
    before = _refused(engine)
    invoke(api, instance, "fetch", url="http://10.9.8.7:8080/hush")
    assert _refused(engine) == before + 1
    lines = _lines(api, instance)
    assert lines == ['network: "10.9.8.7" is refused: it is a private address.']
    workers = api("package/instance/workers", {"id": instance["id"]})["workers"]
    assert [(worker["sent"], worker["received"]) for worker in workers] == [(0, 0)]


def _lines(api: Api, instance: dict[str, Any]) -> list[str]:
    """What the instance's log says of its network, once it says something."""
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        told = api("logs/list", headers={"x-workspace-handle": instance["handle"]})["entries"]
        found = [entry["message"] for entry in told if entry["message"].startswith("network: ")]
        if found:
            return found
        time.sleep(0.05)
    return []


def _refused(engine: EngineProcess) -> float:
    text = httpx.get(f"{engine.app_base}metrics", trust_env=False).text
    name = 'steamship_egress_requests_total{outcome="refused"} '
    return next(float(line.removeprefix(name)) for line in text.splitlines() if line.startswith(name))
