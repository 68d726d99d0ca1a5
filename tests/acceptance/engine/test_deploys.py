"""Deploys, config and inits on a real engine with real workers, spoken to over plain HTTP."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import StartEngine
from tests.packages import bundle, zipped
from tests.services.deploying import Api, Refused
from tests.services.sandboxes import NO_SANDBOX

USE = {"x-steamship-accept": "use/1"}
_numbers = itertools.count(1)

LIBRARY = """
from steamship.invocable import PackageService, post

class Which(PackageService):
    @post("version")
    def version(self) -> str:
        {body}
"""


@pytest.fixture
def handle() -> str:
    """A package handle of the test's own."""
    return f"deploys-{next(_numbers)}"


def use(api: Api, package: str, handle: str, **more: Any) -> dict[str, Any]:
    """An instance in a workspace of its own name, made where there is none, waited for."""
    body = {
        "packageHandle": package,
        "handle": handle,
        "workspaceHandle": handle,
        "createWorkspace": True,
        "fetchIfExists": True,
        "initWaitMs": 60_000,
        **more,
    }
    instance: dict[str, Any] = api("package/instance/create", body, headers=USE)["packageInstance"]
    return instance


def invoke(api: Api, instance: dict[str, Any], method: str, **arguments: Any) -> Any:
    """What the instance's method answers."""
    answer = httpx.post(
        instance["invocationURL"] + method,
        json=arguments,
        headers={"authorization": api_key(api)},
        timeout=60,
        trust_env=False,
    )
    answer.raise_for_status()
    return answer.json() if answer.headers["content-type"] == "application/json" else answer.text


def api_key(api: Api) -> str:
    return str(api._client.headers["authorization"])


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("bad_import", ["ModuleNotFoundError", "No module named 'a_module_that_is_not_there'"]),
        ("syntax_error", ["SyntaxError", "api.py:6"]),
        ("raises_on_import", ["api.py"]),
        ("no_class", ["PackageService"]),
        ("two_classes", ["First", "Second"]),
        ("no_module", ["api.py"]),
    ],
)
def test_a_broken_package_takes_no_version(api: Api, handle: str, name: str, told: list[str]) -> None:
    """A package that cannot be imported says why, leaves its version handle free and the old version serving."""
    api.deploy(handle, bundle("greeter"), version="1.0.0")
    instance = use(api, handle, handle)
    with pytest.raises(Refused) as refused:
        api.deploy(handle, bundle(name), version="1.0.1")
    for words in told:
        assert words in refused.value.message
    package = api("package/get", {"handle": handle})["package"]
    listed = api("package/version/list", {"packageId": package["id"]})["packageVersions"]
    assert [version["handle"] for version in listed] == ["1.0.0"]
    assert invoke(api, instance, "greet", name="Ada") == "Hello, Ada!"
    assert api.deploy(handle, bundle("greeter"), version="1.0.1")["isDefault"]


def test_a_package_without_a_version_is_its_owners_alone(
    engine: Any, api: Api, second_user: Any, handle: str
) -> None:
    """After a failed first deploy the package is invisible to others, and its owner goes on with it."""
    with pytest.raises(Refused):
        api.deploy(handle, bundle("bad_import"), version="1", public=True)
    stranger = Api(engine.api_base, second_user.key)
    with pytest.raises(Refused, match="There is no package"):
        stranger("package/get", {"handle": handle})
    api.deploy(handle, bundle("greeter"), version="1", public=True)
    assert stranger("package/get", {"handle": handle})["package"]["handle"] == handle
    assert use(stranger, handle, "mine")["userHandle"] == second_user.handle
    stranger.close()


def test_an_original_bundle_without_an_sdk_takes_no_version(api: Api, handle: str) -> None:
    """A bundle that only looks like one on the original SDK fails by its handler, and takes no version."""
    files = {"api.py": "from steamship.invocable import PackageService", "steamship/__init__.py": ""}
    with pytest.raises(Refused) as refused:
        api.deploy(handle, zipped(files), version="1")
    assert refused.value.code == "DeployFailed"
    assert "No module named 'steamship.invocable'" in refused.value.message
    assert api.deploy(handle, bundle("greeter"), version="1")["handle"] == "1"


def test_the_version_describes_its_code(api: Api, handle: str) -> None:
    """A deployed version carries its methods, its config's template and schema, its README and its manifest."""
    more = {"README.md": "# Settings", "steamship.json": '{"type": "package", "description": "Configured."}'}
    version = api.deploy(handle, bundle("configured", more), version="1")
    template = version["configTemplate"]
    assert {name: parameter["type"] for name, parameter in template.items()} == {
        "name": "string",
        "count": "number",
        "ratio": "number",
        "flag": "boolean",
        "size": "string",
        "note": "string",
        "token": "string",
    }
    assert (template["name"]["description"], template["token"]["secret"]) == ("Whom it belongs to", True)
    assert "/settings" in [method["path"] for method in version["spec"]["methods"]]
    assert version["schemas"]["config"]["properties"].keys() == template.keys()
    assert (version["readme"], version["description"]) == ("# Settings", "Configured.")
    assert version["manifest"]["type"] == "package"


def test_config_reaches_the_worker_and_secrets_only_it(api: Api, handle: str) -> None:
    """The worker gets the completed config with its secrets; no answer of the API has them."""
    api.deploy(handle, bundle("configured"), version="1")
    with pytest.raises(Refused) as refused:
        use(api, handle, handle, config={"count": "three", "colour": "red"})
    assert refused.value.message.startswith("Configuration for this PackageInstance is invalid.")
    for words in ('"name" (Whom it belongs to)', '"count" must be a number', '"colour" is no parameter'):
        assert words in refused.value.message
    config = {"name": "Ada", "token": "canary-71"}
    instance = use(api, handle, handle, config=config)
    assert instance["config"]["name"] == "Ada"
    assert instance["config"]["count"] == 3
    assert "token" not in instance["config"]
    assert use(api, handle, handle, config=config) == instance
    with pytest.raises(Refused, match='"name"'):
        use(api, handle, handle, config={**config, "name": "Bea"})
    assert "Ada" in str(invoke(api, instance, "settings"))
    listed = api("package/instance/list", {"acrossWorkspaces": True, "pageSize": 1000})
    assert "canary-71" not in str(listed)


def test_versions_do_not_see_each_others_libraries(api: Api, handle: str) -> None:
    """Two versions with different requirements have each its own, and instances stay on theirs."""
    one = LIBRARY.format(body="import six; return six.__version__")
    api.deploy(handle, zipped({"api.py": one, "requirements.txt": "six==1.16.0"}), version="1")
    first = use(api, handle, f"{handle}-one")
    two = LIBRARY.format(body="import importlib.util; return str(importlib.util.find_spec('six') is None)")
    api.deploy(handle, zipped({"api.py": two}), version="2")
    second = use(api, handle, f"{handle}-two")
    assert invoke(api, first, "version") == "1.16.0"
    assert invoke(api, second, "version") == "True"


def test_an_init_runs_once_for_many_first_uses(api: Api, handle: str) -> None:
    """Concurrent first uses of a handle share one instance, whose init has run once when they return."""
    api.deploy(handle, bundle("starts"), version="1")
    with ThreadPoolExecutor(6) as threads:
        made = list(threads.map(lambda _: use(api, handle, handle), range(6)))
    assert {instance["id"] for instance in made} == {made[0]["id"]}
    assert {instance["initStatus"] for instance in made} == {"complete"}
    assert invoke(api, made[0], "times") == 1


def test_a_failed_init_leaves_the_instance_to_look_at(api: Api, handle: str) -> None:
    """An init that raises is told in the instance's message; the instance stays and can be called."""
    api.deploy(handle, bundle("failing_start"), version="1")
    instance = use(api, handle, handle)
    assert instance["initStatus"] == "failed"
    assert "The oven is cold." in instance["initMessage"]
    assert api("package/instance/get", {"id": instance["id"]})["packageInstance"] == instance
    with pytest.raises(Refused, match="The oven is cold."):
        api("task/status", {"taskId": instance["initTaskID"]})
    assert invoke(api, instance, "ping") == "pong"


SLOW_START = """
import pathlib, time
from steamship.invocable import PackageService, post

folder = pathlib.Path({folder!r})

class SlowStart(PackageService):
    def instance_init(self) -> None:
        with (folder / "starts").open("a") as starts:
            starts.write("started\\n")
        while not (folder / "go").exists():
            time.sleep(0.02)

    @post("ping")
    def ping(self) -> str:
        return "pong"
"""


def test_an_init_goes_on_after_a_kill(start_engine: StartEngine, tmp_path: Path) -> None:
    """An engine that is killed in the middle of an init runs it again when it is back, and it ends complete."""
    engine = start_engine(**NO_SANDBOX)
    api = Api(engine.api_base, engine.key)
    api.deploy("slow-start", zipped({"api.py": SLOW_START.format(folder=str(tmp_path))}), version="1")
    instance = use(api, "slow-start", "mine", initWaitMs=0)
    assert instance["initStatus"] == "initializing"
    starts = tmp_path / "starts"
    _until(starts.exists)
    engine.kill()
    api.close()
    (tmp_path / "go").touch()
    again = start_engine(**NO_SANDBOX, home=engine.home, data_dir=engine.data_dir)
    api = Api(again.api_base, engine.key)
    settled = use(api, "slow-start", "mine")
    assert (settled["id"], settled["initStatus"]) == (instance["id"], "complete")
    assert starts.read_text() == "started\n" * 2
    assert invoke(api, settled, "ping") == "pong"
    api.close()


def _until(holds: Callable[[], bool]) -> None:
    """Wait for what another process makes true."""
    ends = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_deleting_a_package_ends_its_instances(api: Api, handle: str) -> None:
    """After the package is deleted its instance's address answers that nothing is there."""
    api.deploy(handle, bundle("greeter"), version="1")
    instance = use(api, handle, handle)
    assert invoke(api, instance, "greet", name="Ada") == "Hello, Ada!"
    package = api("package/get", {"handle": handle})["package"]
    api("package/delete", {"id": package["id"]})
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        invoke(api, instance, "greet", name="Ada")
