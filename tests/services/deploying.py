"""Deploys packages to a real engine over plain HTTP, and the packages that acceptance tests share."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.packages import bundle, zipped

EXAMPLES = Path(__file__).parents[2] / "examples"
_DEPLOY_S = 120
Files = Mapping[str, str | bytes]
Deploy = Callable[..., dict[str, Any]]


class Refused(Exception):
    """The engine's failed status."""

    def __init__(self, status: dict[str, Any]) -> None:
        super().__init__(status["statusMessage"])
        self.code: str = status["statusCode"]
        self.message: str = status["statusMessage"]


class Api:
    """The engine's API as plain HTTP: one operation a call, `data` back, Refused for a failed status."""

    def __init__(self, api_base: str, key: str) -> None:
        self.base = api_base
        # A connection each: those who do not close this leave no socket behind.
        headers = {"authorization": f"Bearer {key}", "connection": "close"}
        self._client = httpx.Client(base_url=api_base, headers=headers, timeout=60, trust_env=False)

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def __call__(self, operation: str, body: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """POST an operation; the whole answer when it is a task's."""
        answer = self._client.post(
            operation, **({"json": dict(body or {})} if "data" not in more else {}), **more
        )
        status = answer.json().get("status")
        if status is not None and status["state"] == "failed":
            raise Refused(status)
        whole: dict[str, Any] = answer.json()
        return whole if status is not None else whole["data"]

    def finished(self, task_id: str) -> dict[str, Any]:
        """A task's data once it has succeeded; Refused when it failed."""
        ends = time.monotonic() + _DEPLOY_S
        pause = 0.01
        while time.monotonic() < ends:
            answer = self("task/status", {"taskId": task_id})
            if answer["status"]["state"] == "succeeded":
                data: dict[str, Any] = answer["data"]
                return data
            time.sleep(pause)
            pause = min(pause * 1.5, 0.5)
        raise TimeoutError(f"the task {task_id} is not done after {_DEPLOY_S} s")

    def deploy(
        self,
        handle: str,
        files: bytes,
        *,
        version: str | None = None,
        public: bool = True,
        config_template: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Make a version of a package, which is made too if need be."""
        package = self("package/create", {"handle": handle, "isPublic": public, "fetchIfExists": True})[
            "package"
        ]
        fields = {"packageId": package["id"], **({"handle": version} if version else {})}
        if config_template is not None:
            fields["configTemplate"] = json.dumps(config_template)
        answer = self(
            "package/version/create", data=fields, files={"file": ("package.zip", files, "application/zip")}
        )
        deployed: dict[str, Any] = self.finished(answer["status"]["taskId"])["packageVersion"]
        return deployed


@pytest.fixture(scope="session")
def api(engine: Any) -> Iterator[Api]:
    """The shared engine's API with its first user's key."""
    client = Api(engine.api_base, engine.key)
    yield client
    client.close()


@pytest.fixture(scope="session")
def deploy(api: Api) -> Deploy:
    """A function that deploys files, or a folder of tests/packages by its name, to the shared engine."""

    def run(handle: str, what: Files | str, **options: Any) -> dict[str, Any]:
        return api.deploy(handle, bundle(what) if isinstance(what, str) else zipped(what), **options)

    return run


@pytest.fixture(scope="session")
def deployed_greeter(deploy: Deploy) -> str:
    """The greeter of examples/, version 1.0.0, deployed; its handle."""
    deploy("greeter", files_of(EXAMPLES / "greeter"), version="1.0.0")
    return "greeter"


@pytest.fixture(scope="session")
def nests(deploy: Deploy) -> str:
    """The package `nests`, deployed; its handle."""
    deploy("nests", "nests", version="1.0.0")
    return "nests"


@pytest.fixture(scope="session")
def inits(deploy: Deploy, nests: str) -> str:
    """The package `inits`, whose init calls `nests`, deployed; its handle."""
    deploy("inits", "inits", version="1.0.0")
    return "inits"


@pytest.fixture(scope="session")
def later(deploy: Deploy) -> str:
    """The package `later`, deployed; its handle."""
    deploy("later", "later", version="1.0.0")
    return "later"


@pytest.fixture(scope="session")
def deployed(deploy: Deploy, deployed_greeter: str) -> None:
    """The packages that tests of both clients call: greeter, returns, configured, starts, failing-start."""
    for name in ("returns", "configured", "starts", "failing_start"):
        deploy(name.replace("_", "-"), name, version="1.0.0")


def files_of(folder: Path) -> dict[str, bytes]:
    """A package folder's files by their relative paths."""
    manifest = json.loads((folder / "steamship.json").read_text())
    assert manifest["type"] == "package"
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
