"""Packages on the original SDK in the runtime: the real SDK from PyPI, and small ones that bundles carry."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from steamship_engine.model.errors import DeployError, InvalidRequirementsError
from steamship_engine.model.states import VersionKind
from steamship_engine.runtime.runtime import Runtime
from tests.services.runtimes import Bench, instance_of, request, tiny_wheel

SDK = {
    "steamship/__init__.py": "",
    "steamship/invocable/__init__.py": "",
    "steamship/invocable/entrypoint.py": (
        "in_a_call = False\n"
        "def safe_handler(event, context=None):\n"
        "    global in_a_call\n"
        "    in_a_call = True\n"
        "    import api\n"
        "    return api.handle(event)\n"
    ),
}
DESCRIBES = """
SPEC = {"methods": []}
def ok(data, **http):
    return {"data": data, "status": {"state": "succeeded"}, "http": {"status": 200, "headers": {}, **http}}
def handle(event):
    path = event["invocation"]["invocationPath"]
    return ok(SPEC) if path == "/__dir__" else answer(event, path)
"""


def _carried(code: str) -> dict[str, str]:
    """A bundle with an SDK of a few lines, whose handler calls `answer(event, path)` of `code`."""
    return {**SDK, "requirements.txt": "", "api.py": DESCRIBES + code}


def test_what_it_prints_and_logs_has_level_and_request(tiny: Any) -> None:
    """Lines of `print` and records of the logging module come with their levels and the request's id, in order."""

    async def work(bench: Bench) -> None:
        version, described = await bench.deploy("original_answers")
        assert version.kind is VersionKind.ORIGINAL
        assert described.needs_init is True
        instance = instance_of(version)
        bench.lines.clear()
        assert (await bench.call(instance, "/log")).text == "ok"
        said = [(line.level, line.message) for line in bench.lines]
        assert said == [
            ("info", "printed"),
            ("info", "informed"),
            ("warning", "warned"),
            ("error", "mine: failed\nin two lines"),
        ]
        assert {line.request_id for line in bench.lines} == {"R-1"}

    tiny(work)


def test_a_fork_that_logs_harms_nobody(tiny: Any) -> None:
    """A process that the package forks may log; the worker's own socket stays as it is."""

    async def work(bench: Bench) -> None:
        instance = instance_of((await bench.deploy("original_answers"))[0])
        assert (await bench.call(instance, "/log_from_a_fork")).text == "ok"
        assert [line.message for line in bench.lines if "fork" in line.message] == ["from a fork"]
        assert (await bench.call(instance, "/text")).text == "naïve ☃"

    tiny(work)


def test_what_passes_the_sdk_fails_the_call_alone(tiny: Any) -> None:
    """`sys.exit` in a method, which the SDK does not catch, is that call's error; the worker goes on."""

    async def work(bench: Bench) -> None:
        instance = instance_of((await bench.deploy("original_answers"))[0])
        error = (await bench.call(instance, "/exit")).reply.error
        assert error is not None
        assert (error.code, error.message) == ("PackageError", "[ERROR - POST /exit] SystemExit: 3")
        assert (await bench.call(instance, "/count")).json["module"] == 1

    tiny(work)


def test_the_packages_own_modules_are_the_packages(tiny: Any) -> None:
    """Modules called like the worker's own are those of the bundle."""
    code = "import frames, records\ndef answer(event, path):\n    return ok([frames.MINE, records.MINE])\n"

    async def work(bench: Bench) -> None:
        more = {**_carried(code), "frames.py": "MINE = 1\n", "records.py": "MINE = 2\n"}
        instance = instance_of((await bench.deploy("echo", more))[0])
        assert (await bench.call(instance, "/anything")).json == [1, 2]

    tiny(work)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("None", "the handler replied NoneType, not an object"),
        ("ok('%%%', base64Wrapped=True)", "no base64"),
        ("ok('x', headers={'X-Bad': 'two\\nlines'})", "a value that no header can have"),
        ("ok({1, 2})", "not JSON serializable"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_reply_that_is_none_is_an_error(tiny: Any, answer: str, message: str) -> None:
    """Whatever a handler gives instead of a reply is that call's failure, and the worker goes on."""
    code = f"def answer(event, path):\n    return ok('fine') if path == '/fine' else {answer}\n"

    async def work(bench: Bench) -> None:
        instance = instance_of((await bench.deploy("echo", _carried(code)))[0])
        reply = (await bench.call(instance, "/broken")).reply
        assert reply.status == 500
        assert reply.error is not None
        assert message in reply.error.message
        assert (await bench.call(instance, "/fine")).text == "fine"

    tiny(work)


def test_the_import_takes_no_calls_time(tiny: Any) -> None:
    """The code is imported when the worker starts, before the first call's time begins."""
    code = (
        "from steamship.invocable import entrypoint\nIN_A_CALL = entrypoint.in_a_call\n"
        "def answer(event, path):\n    return ok(IN_A_CALL)\n"
    )

    async def work(bench: Bench) -> None:
        instance = instance_of((await bench.deploy("echo", _carried(code)))[0])
        assert (await bench.call(instance, "/asks")).json is False

    tiny(work)


def test_an_import_that_fails_is_left_to_the_handler(tiny: Any) -> None:
    """An import that fails at the start of the worker is tried again, and told, by the handler."""
    code = (
        "from steamship.invocable import entrypoint\n"
        "if not entrypoint.in_a_call:\n    raise ValueError('not now')\n"
        "def answer(event, path):\n    return ok('imported by the handler')\n"
    )

    async def work(bench: Bench) -> None:
        instance = instance_of((await bench.deploy("echo", _carried(code)))[0])
        assert (await bench.call(instance, "/asks")).text == "imported by the handler"

    tiny(work)


def test_a_large_reply_arrives_whole(tiny: Any) -> None:
    """A reply of several frames is put together."""
    code = "def answer(event, path):\n    return ok('x' * 5_000_000)\n"

    async def work(bench: Bench) -> None:
        instance = instance_of((await bench.deploy("echo", _carried(code)))[0])
        assert len((await bench.call(instance, "/large")).body) == 5_000_000

    tiny(work)


def test_files_and_forms_arrive_as_text(tiny: Any) -> None:
    """Fields of a form are texts, a file its content as text; numbers of the query are read by the description."""
    kinds = 'SPEC["methods"] = [{"verb": "POST", "path": "/a", "args": [{"name": "n", "kind": "<class \'int\'>"}]}]\n'
    code = kinds + "def answer(event, path):\n    return ok(event['invocation']['arguments'])\n"
    body = (
        b'--b\r\nContent-Disposition: form-data; name="photo"; filename="photo"\r\n\r\nline\r\n'
        b'--b\r\nContent-Disposition: form-data; name="blank"\r\n\r\n\r\n--b--\r\n'
    )

    async def work(bench: Bench) -> None:
        instance = instance_of((await bench.deploy("echo", _carried(code)))[0])
        asked = request("POST", "/a", body, "multipart/form-data; boundary=b", query="n=3&m=3&m=4&e=")
        arguments = (await bench.send(instance, asked)).json
        assert arguments == {"n": 3, "m": "4", "e": "", "photo": "line", "blank": ""}

    tiny(work)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import sys\nsys.exit(4)\n", "sys.exit"),
        ("SPEC = None\ndef answer(event, path): ...\n", "no description of a package"),
        (
            "def handle(event):\n    return {'status': {'state': 'failed', 'statusMessage': 'Too old.'}}\n",
            "Too old.",
        ),
    ],
)
def test_what_cannot_be_described_is_not_deployed(tiny: Any, code: str, message: str) -> None:
    """A description that fails or is none fails the deploy, with the SDK's words where it has some."""

    async def work(bench: Bench) -> None:
        with pytest.raises(DeployError) as raised:
            await bench.prepare("echo", _carried(code))
        assert message in raised.value.message

    tiny(work)


def test_a_handler_that_is_not_there_is_not_deployed(tiny: Any) -> None:
    """The refusal names the handler and says what Python said."""

    async def work(bench: Bench) -> None:
        version = await bench.inspected("echo", "", {**_carried(""), "steamship/invocable/entrypoint.py": ""})
        with pytest.raises(
            DeployError, match='"steamship.invocable.entrypoint.safe_handler" cannot be imported'
        ):
            await bench.runtime.prepare(version)
        with pytest.raises(DeployError, match="No module named 'elsewhere'"):
            await bench.runtime.prepare(replace(version, handler="elsewhere.handler"))

    tiny(work)


def test_an_original_needs_an_sdk(tiny: Any) -> None:
    """`runtime: original` without any original SDK is refused with the line that brings one."""

    async def work(bench: Bench) -> None:
        manifest = {"steamship.json": '{"runtime": "original"}', "requirements.txt": "attrs\n"}
        with pytest.raises(InvalidRequirementsError, match="no original SDK") as raised:
            await bench.prepare("echo", manifest)
        assert "steamship==2.17.34" in str(raised.value.suggestion)

    tiny(work)


def test_without_310_the_version_says_so(runtime_data: Path, tmp_path: Path) -> None:
    """On 3.11 the version works and keeps a note."""

    async def work() -> None:
        only_own = {"PATH": "", "HOME": str(tmp_path)}
        pythons = (Path(sys.executable),) if sys.version_info[:2] == (3, 11) else ()
        runtime = Runtime(runtime_data, sdk_wheel=tiny_wheel(tmp_path), environ=only_own, pythons=pythons)
        try:
            bench = Bench(runtime, tmp_path)
            code = "import sys\ndef answer(event, path):\n    return ok(list(sys.version_info[:2]))\n"
            version, described = await bench.deploy("echo", _carried(code))
            assert "no CPython 3.10" in described.notes[0]
            assert (await bench.call(instance_of(version), "/version")).json == [3, 11]
        finally:
            await runtime.close()

    asyncio.run(work())
