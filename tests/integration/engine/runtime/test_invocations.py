"""Calls to packages in real worker processes."""

from __future__ import annotations

import os
from pathlib import Path

from tests.services.runtimes import Bench, request

MIB = 1024 * 1024


def test_a_method_answers(tiny):
    """A POST with JSON and a GET with a query reach their methods and answer with status, type and body."""

    async def work(bench: Bench) -> None:
        greeter = await bench.instance("greeter")
        answer = await bench.call(greeter, "/greet", name="Beautiful")
        assert (answer.reply.status, answer.text, answer.reply.error) == (200, "Hello, Beautiful!", None)
        assert answer.reply.headers == (("content-type", "text/plain"),)
        assert (await bench.send(greeter, request("GET", "/health"))).json == {"ok": True}
        echo = await bench.instance("echo", "I-2")
        assert (await bench.send(echo, request("GET", "/read", query="value=a+b"))).text == "a b"

    tiny(work)


def test_a_worker_sees_nothing_of_the_engine(tiny, monkeypatch):
    """Its environment, descriptors and folders are its own; the socket is descriptor 3."""
    monkeypatch.setenv("STEAMSHIP_API_KEY", "the-engines-own")

    async def work(bench: Bench) -> None:
        seen = (await bench.call(await bench.instance("echo"), "/surroundings")).json
        assert seen["environ"].keys() - {"LC_CTYPE"} == {"HOME", "TMPDIR", "PATH", "LANG"}
        assert seen["cwd"] == seen["path"][0]
        assert "/bundles/" in seen["cwd"]
        assert {0, 1, 2, 3} <= set(seen["descriptors"])
        assert max(seen["descriptors"]) < 10
        assert seen["session"] == seen["pid"]
        assert seen["parent"] != os.getpid()
        assert not any("steamship_engine" in path for path in seen["path"])

    tiny(work)


def test_scratch_goes_with_the_worker(tiny):
    """HOME and TMPDIR lie in a folder of the worker's own, which is removed when it stops."""

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        mark = Path((await bench.call(echo, "/write")).text)
        assert mark.read_text() == "here"
        await bench.runtime.stop(echo.instance_id)
        await bench.until(lambda: not mark.parent.exists())

    tiny(work)


def test_a_packages_modules_are_its_own(tiny):
    """Modules that are named as those of the worker's loop are the package's."""

    async def work(bench: Bench) -> None:
        answer = await bench.call(await bench.instance("shadows"), "/whose")
        assert answer.json == ["package"] * 4

    tiny(work)


def test_bad_arguments_are_the_callers_fault(tiny):
    """A body that cannot be read answers 400 with the reason, and the worker stays."""

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        for body in (b"{", b'{"value": NaN}', b'{"a":' * 100_000, b"\xff", b"[1]"):
            reply = (await bench.send(echo, request("POST", "/say", body))).reply
            assert reply.status == 400
            assert reply.error is not None
            assert reply.error.code == "InvalidRequest"
        assert (await bench.call(echo, "/count")).json["calls"] == 1

    tiny(work)


def test_an_unknown_method_is_not_found(tiny):
    """The package itself says which methods it has."""

    async def work(bench: Bench) -> None:
        reply = (await bench.call(await bench.instance("greeter"), "/nothing")).reply
        assert reply.status == 404
        assert reply.error is not None
        assert reply.error.message == "No handler for POST /nothing available."

    tiny(work)


def test_large_bodies_pass_both_ways(tiny):
    """Bodies of many frames arrive whole, in and out."""

    async def parts():
        yield b'{"value": "'
        for _ in range(5):
            yield b"a" * MIB
        yield b'"}'

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        assert (await bench.send(echo, request("POST", "/length", parts()))).json == 5 * MIB
        assert len((await bench.call(echo, "/big", size=5 * MIB + 1)).body) == 5 * MIB + 1

    tiny(work)


def test_a_form_and_a_file_become_arguments(tiny):
    """A form's field and a multipart file arrive as text."""

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        form = "application/x-www-form-urlencoded"
        assert (await bench.send(echo, request("POST", "/say", b"value=a%20b", form))).text == "a b"
        body = b'--x\r\nContent-Disposition: form-data; name="value"; filename="f"\r\n\r\nfile\r\n--x--\r\n'
        assert (
            await bench.send(echo, request("POST", "/say", body, "multipart/form-data; boundary=x"))
        ).text == "file"

    tiny(work)
