"""The original client, in a process of its own, beside a real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.packages import bundle
from tests.services.deploying import Api
from tests.services.original_client import Original, environment_of
from tests.services.original_packages import DeployForm, OriginalSource, config_template, original_bundle
from tests.services.package_clients import HttpCalls, OriginalCalls


@pytest.fixture(scope="session")
def original(
    engine: Any, original_python: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Original]:
    """The original client with the key of the engine's first user."""
    driver = Original(
        original_python, tmp_path_factory.mktemp("original"), environment_of(engine, engine.key)
    )
    driver("from steamship import *; from steamship.base.client import *")
    yield driver
    driver.close()


@pytest.fixture(scope="session")
def source(original_python: Path) -> OriginalSource:
    """The original SDK's files, for bundles that carry them."""
    return OriginalSource(original_python)


@pytest.fixture(scope="session")
def deploy_form(api: Api, source: OriginalSource) -> DeployForm:
    """A function: the handle of a package in a form, deployed once."""
    handles: dict[tuple[str, str], str] = {}

    def deploy(name: str, form: str) -> str:
        if (name, form) not in handles:
            handle = name if (name, form) == ("notebook", "pinned") else f"{name}-{form}"
            template = None if form == "native" else config_template(name)
            api.deploy(handle, original_bundle(name, form, source), version="1.0.0", config_template=template)
            handles[name, form] = handle
        return handles[name, form]

    return deploy


@pytest.fixture(scope="session")
def original_calls(original: Original) -> OriginalCalls:
    """The original client as a player of scripts."""
    return OriginalCalls(original)


@pytest.fixture(scope="session")
def http_calls(api: Api, engine: Any) -> Iterator[HttpCalls]:
    """Plain HTTP as a player of scripts."""
    calls = HttpCalls(api, engine.key)
    yield calls
    calls.close()


RESOLVES_TEST_NAMES = """
    import socket
    _getaddrinfo = socket.getaddrinfo
    socket.getaddrinfo = lambda host, *rest, **more: _getaddrinfo(
        "127.0.0.1" if str(host).endswith(".test") else host, *rest, **more)
"""


@pytest.fixture
def domain_engine(start_engine: Any, free_tcp_port: int) -> Any:
    """An engine of the test's own whose app base is the domain `apps.test`, with the greeter deployed."""
    engine = start_engine(port=free_tcp_port, app_base=f"http://apps.test:{free_tcp_port}/")
    engine.app_base = f"http://apps.test:{free_tcp_port}/"
    api = Api(f"http://127.0.0.1:{free_tcp_port}/api/v1/", engine.key)
    api.deploy("greeter", bundle("greeter"), version="1.0.0")
    engine.handle = api("account/current")["user"]["handle"]
    api.close()
    return engine


@pytest.fixture
def domain_original(domain_engine: Any, original_python: Path, tmp_path: Path) -> Iterator[Original]:
    """The original client of that engine, with a resolver that knows the domain."""
    driver = Original(original_python, tmp_path, environment_of(domain_engine, domain_engine.key))
    driver(RESOLVES_TEST_NAMES)
    driver("from steamship import *")
    yield driver
    driver.close()
