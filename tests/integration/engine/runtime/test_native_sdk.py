"""The real SDK in a worker: the child and the serving contract fit."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from steamship_engine.model.errors import DeployError
from tests.services.runtimes import Bench, bench, instance_of, request

_SDK = Path(__file__).parents[4] / "sdk" / "python"


@pytest.fixture(scope="module")
def native_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("native")


@pytest.fixture(scope="module")
def sdk_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the SDK as it stands."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=_SDK, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture
def native(native_data, sdk_wheel, tmp_path):
    def run(work):
        async def main():
            async with bench(native_data, sdk_wheel, tmp_path) as made:
                await work(made)

        asyncio.run(main())

    return run


def test_a_native_package_is_described_and_called(native):
    """Its spec and schemas are told at the deploy; POST, GET and the listing of methods answer."""

    async def work(bench: Bench) -> None:
        version, description = await bench.deploy("greeter")
        assert {method["path"] for method in description.spec["methods"]} >= {"/greet", "/health", "/__dir__"}
        assert description.schemas["POST /greet"]["result"]["type"] == "string"
        assert description.needs_init is False
        assert description.sdk is not None
        assert hashlib.sha256(description.sdk.path.read_bytes()).hexdigest() == description.sdk.digest
        greeter = instance_of(version)
        assert (await bench.call(greeter, "/greet", name="Beautiful")).text == "Hello, Beautiful!"
        assert (await bench.send(greeter, request("GET", "/health"))).json == {"ok": True}
        assert (await bench.call(greeter, "/__dir__")).json["name"] == "Greeter"

    native(work)


def test_query_arguments_are_coerced_by_the_methods_types(native):
    """A number in a query is a number in the method; what is none is the caller's fault."""

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        assert len((await bench.send(echo, request("POST", "/big", query="size=7"))).body) == 7
        reply = (await bench.send(echo, request("POST", "/big", query="size=seven"))).reply
        assert reply.status == 400
        assert reply.error is not None
        assert "size" in reply.error.message

    native(work)


def test_config_reaches_the_worker(native):
    """A secret parameter is there in the object; the description says that init is needed."""

    async def work(bench: Bench) -> None:
        version, description = await bench.deploy("keeps_secret")
        assert description.needs_init is True
        assert description.config_template["word"]["secret"] is True
        keeper = replace(instance_of(version), config={"word": "hush"})
        assert (await bench.call(keeper, "/length")).json == 4
        assert (await bench.call(keeper, "/__instance_init__")).reply.status == 200

    native(work)


@pytest.mark.parametrize(
    ("name", "said"), [("no_class", "defines no package"), ("two_classes", '"First", "Second"')]
)
def test_the_sdks_refusals_are_the_deploys(native, name, said):
    """What the SDK refuses about a module fails the deploy in the SDK's words."""

    async def work(bench: Bench) -> None:
        with pytest.raises(DeployError) as failed:
            await bench.prepare(name)
        assert said in failed.value.message

    native(work)


def test_every_outcome_of_the_sdk_fits_the_frames(native):
    """Errors with suggestions and tracebacks, numbers, lists and bytes all come through."""

    async def work(bench: Bench) -> None:
        crashes = await bench.instance("crashes", "I-2")
        error = (await bench.call(crashes, "/raise")).reply.error
        assert error is not None
        assert error.message == "ValueError: no such thing"
        assert 'File "api.py"' in (error.details or "")
        missing = (await bench.call(crashes, "/nothing")).reply
        assert (missing.status, missing.error.code if missing.error else None) == (404, "NotFound")
        shadows = await bench.instance("shadows", "I-3")
        assert (await bench.call(shadows, "/whose")).json == ["package"] * 4

    native(work)


def test_a_requirement_is_installed(native):
    """A package that names a distribution can import it."""

    async def work(bench: Bench) -> None:
        instance = await bench.instance("needs_requirement")
        assert (await bench.call(instance, "/version")).text.count(".") >= 1

    native(work)


LIBRARIES = """
import json

import pydantic
from steamship.invocable import PackageService, post


class Failing(PackageService):
    @post("late")
    def late(self):
        from pydantic import nothing_of_the_kind

    @post("later")
    def later(self):
        return pydantic.TypeAdapter(object())


{now}
"""


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        ("from pydantic import nothing_of_the_kind", "(site-packages/pydantic/__init__.py)"),
        ("pydantic.TypeAdapter(object())", 'File "site-packages/pydantic/type_adapter.py", line'),
        ('json.loads("{")', f'File "python3.{sys.version_info.minor}/json/__init__.py", line'),
    ],
)
def test_a_failed_import_tells_no_folder_of_the_engine(native, now, shown):
    """Frames and messages of libraries name them below site-packages, wherever the environment lies."""

    async def work(bench: Bench) -> None:
        with pytest.raises(DeployError) as failed:
            await bench.prepare("greeter", {"api.py": LIBRARIES.format(now=now)})
        told = f"{failed.value.message}\n{failed.value.details}"
        assert shown in told
        assert str(bench.folder.parent) not in told
        assert "environments" not in told

    native(work)


def test_a_failed_call_tells_no_folder_of_the_engine(native):
    """The same holds for what fails in a method."""

    async def work(bench: Bench) -> None:
        version, _ = await bench.deploy("greeter", {"api.py": LIBRARIES.format(now="")})
        failing = instance_of(version)
        for method, shown in (
            ("/late", "(site-packages/pydantic"),
            ("/later", 'File "site-packages/pydantic/'),
        ):
            error = (await bench.call(failing, method)).reply.error
            told = f"{error.message}\n{error.details}"
            assert shown in told
            assert str(bench.folder.parent) not in told
            assert "environments" not in told

    native(work)


def test_calls_behind_one_that_ran_out_of_memory_go_elsewhere(native):
    """A MemoryError fails its own call by name; calls sent behind it are answered, by a new process."""

    async def work(bench: Bench) -> None:
        version, _ = await bench.deploy("spent")
        spent = instance_of(version)
        before = (await bench.call(spent, "/process")).text
        answers = await asyncio.gather(*[bench.call(spent, path) for path in ("/hungry", *["/process"] * 6)])
        hungry, *others = answers
        assert hungry.reply.error is not None
        assert (hungry.reply.status, hungry.reply.error.code) == (502, "PackageMemory")
        assert {answer.reply.status for answer in others} == {200}
        assert before not in {answer.text for answer in others}

    native(work)
