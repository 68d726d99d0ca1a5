"""Files of an environment from a process that may have been tampered with: nothing leaves the environment's folder."""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from steamship_engine.model.errors import InvalidRequirementsError, PackageReplyError, UnavailableError
from steamship_engine.model.limits import GIB, MIB, RUNTIME, BuildLimits
from steamship_engine.runtime import frames
from steamship_engine.runtime.building import arriving
from steamship_engine.runtime.building.arriving import Arrival
from steamship_engine.runtime.building.builder import _written, received
from steamship_engine.runtime.channel import Channel, ChannelClosed
from steamship_engine.runtime.frames import FilePart

LIMITS = BuildLimits(entries=20, size=3 * MIB)


def part(path: str, *, more: bool = False, executable: bool = False, modified: int = 1_000) -> FilePart:
    """A part's header."""
    return FilePart(path, executable, modified, more)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """An environment that has nothing yet, beside a file that is none of it."""
    made = tmp_path / "environment"
    (made / "bin").mkdir(parents=True)
    (made / "lib").mkdir()
    (tmp_path / "interpreter").write_text("the engine's")
    (made / "bin" / "python").symlink_to(tmp_path / "interpreter")
    (made / "lib64").symlink_to("lib")
    (made / "out").symlink_to(tmp_path)
    (made / "pyvenv.cfg").write_text("the engine's")
    return made


@pytest.fixture
def take(target: Path) -> Any:
    """Takes parts into the environment."""
    arrival = Arrival(target, LIMITS)
    yield lambda *parts: arrival.take(parts)
    arrival.close()


Take = Callable[..., None]


def test_files_come_whole(take: Take, target: Path) -> None:
    """Content, time and the right to be executed arrive; folders are made, empty files too."""
    big = bytes(range(256)) * 4096
    take(
        (part("lib/big", more=True), big),
        (part("lib/big"), b"end"),
        (part("bin/tool", executable=True), b"#!"),
    )
    take((part("a/b/empty"), b""))
    assert (target / "lib" / "big").read_bytes() == big + b"end"
    assert (target / "lib" / "big").stat().st_mtime == 1_000
    assert (target / "bin" / "tool").stat().st_mode & 0o100
    assert not (target / "lib" / "big").stat().st_mode & 0o111
    assert (target / "a" / "b" / "empty").read_bytes() == b""


@pytest.mark.parametrize(
    "path",
    [
        "../planted",
        "/planted",
        "lib/../../planted",
        "lib/./planted",
        "lib//planted",
        "",
        ".",
        "..",
        "lib/",
        "out/planted",
        "lib64/planted",
        "bin/python/planted",
        "pyvenv.cfg/planted",
        "lib/a\nb",
        "lib/\ud800",
        "lib/\x00",
        "d/" * 60 + "planted",
        "n" * 256,
        "/".join(["n" * 200] * 6),
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(take: Take, target: Path, path: str) -> None:
    """Dots, absolute paths, links, files as folders, control characters and lengths without end are refused, and nothing is written."""
    before = sorted(target.parent.rglob("*"))
    with pytest.raises(InvalidRequirementsError, match="no environment was made"):
        take((part(path), b"x"))
    assert (target.parent / "interpreter").read_text() == "the engine's"
    assert [
        found for found in sorted(target.parent.rglob("*")) if found not in before and found.is_file()
    ] == []


@pytest.mark.parametrize("path", ["bin/python", "pyvenv.cfg", "lib64", "bin"])
def test_what_the_engine_made_stays(take: Take, target: Path, path: str) -> None:
    """A file in the place of the interpreter, or of anything that is there, is dropped."""
    take((part(path), b"the stranger's"))
    assert (target.parent / "interpreter").read_text() == "the engine's"
    assert (target / "pyvenv.cfg").read_text() == "the engine's"
    assert (target / "lib64").is_symlink() and (target / "bin").is_dir()


def test_what_is_too_much_is_refused(take: Take) -> None:
    """Bytes, and files and folders, have an end."""
    with pytest.raises(InvalidRequirementsError, match="more than 3145728 bytes"):
        take(*[(part("lib/big", more=True), bytes(MIB))] * 4)


def test_too_many_files_are_refused(take: Take) -> None:
    """Files that are not written count as well."""
    with pytest.raises(InvalidRequirementsError, match="more than 20 files and folders"):
        take(*[(part(f"{number}/pyvenv.cfg"), b"") for number in range(15)])


def test_a_file_that_does_not_end_is_refused(take: Take) -> None:
    """Another file, and small parts without end, are refused in the middle of one."""
    with pytest.raises(InvalidRequirementsError, match="not complete"):
        take((part("lib/a", more=True), bytes(MIB)), (part("lib/b"), b""))


def test_parts_that_cost_more_than_they_bring_are_refused(take: Take) -> None:
    """An empty part, and one of a few bytes, is a file's last."""
    for path in ("", "lib/a"):
        with pytest.raises(InvalidRequirementsError):
            take((part(path, more=True), b""))


def test_holes_stay_holes(take: Take, target: Path) -> None:
    """A file of zeros is as long as it was and takes next to nothing of the disk; bytes between zeros arrive."""
    take(
        (part("lib/hole", more=True), bytes(MIB)),
        (part("lib/hole", more=True), b"in the middle" + bytes(MIB - 13)),
        (part("lib/hole"), bytes(MIB - 1)),
    )
    found = target / "lib" / "hole"
    assert found.read_bytes() == bytes(MIB) + b"in the middle" + bytes(2 * MIB - 14)
    assert found.stat().st_blocks * 512 < MIB // 4


def test_what_would_fill_the_disk_is_refused(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is built, and nothing more arrives, once little of the disk is free."""
    free = [2 * GIB]
    usage = type(shutil.disk_usage(target))
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(100 * GIB, 0, free[0]))
    arrival = Arrival(target, LIMITS)
    arrival.take([(part("lib/a"), b"x")])
    free[0] = 1 * GIB - 1
    with pytest.raises(UnavailableError, match='"1073741823" free bytes'):
        arrival.take([(part("lib/b"), b"x")])
    arrival.close()
    with pytest.raises(UnavailableError):
        Arrival(target, LIMITS)
    assert not (target / "lib" / "b").exists()


def test_a_file_that_is_written_to_is_closed_afterwards(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often a build is cancelled, the thread that still writes has its own file until it is done, and no other then."""
    write, begun, go, closed = arriving._write, threading.Event(), threading.Event(), threading.Event()

    def slow(file: int, body: bytes) -> None:
        begun.set()
        go.wait()
        write(file, body)

    def close(arrival: Arrival) -> None:
        arrival.close()
        closed.set()

    monkeypatch.setattr(arriving, "_write", slow)

    async def work() -> None:
        arrival = Arrival(target, LIMITS)
        writing = asyncio.create_task(_written(arrival, [(part("lib/a"), b"whole")]))
        await asyncio.to_thread(begun.wait)
        for _ in range(2):
            writing.cancel()
            await asyncio.sleep(0)
        with suppress(asyncio.CancelledError):
            await writing
        closing = threading.Thread(target=close, args=(arrival,))
        closing.start()
        try:
            assert not closed.wait(0.1)
        finally:
            go.set()
            closing.join()
        with pytest.raises(ValueError, match="any more"):
            arrival.take([(part("lib/b"), b"x")])

    asyncio.run(work())
    assert (target / "lib" / "a").read_bytes() == b"whole"
    assert not (target / "lib" / "b").exists()


def _say(end: socket.socket, header: dict[str, Any], body: bytes = b"") -> None:
    packed = msgspec.json.encode(header)
    end.sendall(frames.LENGTHS.pack(len(packed), len(body)) + packed + body)


def _conversation(target: Path, *said: dict[str, Any]) -> str | None:
    """What the engine makes of these frames."""

    async def work() -> str | None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        channel = Channel(RUNTIME, lambda _line: None, lambda _error: None)
        await asyncio.get_running_loop().create_unix_connection(lambda: channel, sock=ours)
        arrival = Arrival(target, LIMITS)
        with theirs:
            for header in said:
                _say(theirs, header)
            theirs.shutdown(socket.SHUT_WR)
            try:
                return await received(channel, arrival)
            finally:
                arrival.close()
                channel.fail(ChannelClosed())

    return asyncio.run(work())


GOOD = {"type": "file", "path": "lib/a", "executable": False, "modified": 1, "more": False}


@pytest.mark.parametrize(
    "header",
    [
        {"type": "loaded", "slots": 1},
        {"type": "file", "path": "lib/b"},
        {**GOOD, "modified": -1},
        {**GOOD, "modified": 1 << 40},
        {**GOOD, "path": 7},
        {**GOOD, "link": "/etc/passwd"},
        {**GOOD, "mode": 0o6777},
        {"type": "device", "path": "lib/null"},
        {"type": "built", "failed": 3},
    ],
)
def test_a_frame_that_is_none_ends_it(target: Path, header: dict[str, Any]) -> None:
    """Links, devices and modes cannot be said; what is no frame of a build ends the build."""
    with pytest.raises(PackageReplyError):
        _conversation(target, GOOD, header, {"type": "built", "failed": None})


def test_an_end_in_the_middle_is_none(target: Path) -> None:
    """A process that goes without a word, and one that leaves a file open, has made nothing."""
    with pytest.raises(ChannelClosed):
        _conversation(target, GOOD)
    with suppress(FileNotFoundError):
        (target / "lib" / "a").unlink()
    with pytest.raises(InvalidRequirementsError):
        _conversation(target, {**GOOD, "more": True}, {"type": "built", "failed": None})


def test_a_conversation_ends_with_a_word(target: Path) -> None:
    """All files are there when it says so; else there is a reason."""
    assert _conversation(target, GOOD, {"type": "built", "failed": None}) is None
    assert (target / "lib" / "a").exists()
    assert _conversation(target, {"type": "built", "failed": "no compiler"}) == "no compiler"
