"""Making an environment in a worker that is nobody's: strangers' code may run for it, and sees what a worker sees.

Once it has run, nothing here can be relied on: the engine looks at every file that comes.
"""

import contextlib
import os
import stat
import subprocess
from typing import Any

from .frames import BODY, Channel

_KEPT = 16 * 1024
_READ = 64 * 1024


def run(channel: Channel, header: "dict[str, Any]") -> None:
    """Take the steps of the engine's order, send the files in its folder, and say that this is all. Raises Closed."""
    failed = None
    for step in header["steps"]:
        failed = _taken(step, header["environment"])
        if failed is not None:
            break
    else:
        try:
            _send(channel, header["folder"])
        except (OSError, UnicodeError) as error:
            failed = "what was built cannot be read: %s" % ascii(str(error))
    channel.send({"type": "built", "failed": failed})


def _taken(step: "dict[str, Any]", environment: "dict[str, str]") -> "str | None":
    """The last of what the step's command said if it failed; None if it succeeded."""
    try:
        for path, text in step["files"].items():
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        process = subprocess.Popen(
            step["command"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=environment["HOME"],
        )
        said = _said(process)
    except OSError as error:
        return "it cannot be run here: %s" % ascii(str(error))
    for path in step["files"]:
        with contextlib.suppress(OSError):
            os.unlink(path)
    if process.returncode == 0:
        return None
    ending = "" if process.returncode > 0 else "\n(ended by signal %d)" % -process.returncode
    return said.decode("utf-8", "replace") + ending


def _said(process: "subprocess.Popen[bytes]") -> bytes:
    """Wait for its end; the last of what it said."""
    assert process.stdout is not None
    said = b""
    with process.stdout as pipe:
        while part := os.read(pipe.fileno(), _READ):
            said = (said + part)[-_KEPT:]
    process.wait()
    return said


def _send(channel: Channel, folder: str) -> None:
    """Every plain file below the folder, part by part; what else lies there is no part of an environment."""
    for above, _, names in os.walk(folder, onerror=_raise):
        for name in names:
            path = os.path.join(above, name)
            facts = os.lstat(path)
            if stat.S_ISREG(facts.st_mode):
                header = {
                    "type": "file",
                    "path": os.path.relpath(path, folder).encode("utf-8").decode("utf-8"),
                    "executable": bool(facts.st_mode & 0o111),
                    "modified": max(int(facts.st_mtime), 0),
                }
                with open(path, "rb") as file:
                    _send_parts(channel, header, file, facts.st_size)


def _send_parts(channel: Channel, header: "dict[str, Any]", file: Any, left: int) -> None:
    while True:
        part = file.read(min(left, BODY))
        left = left - len(part) if part else 0
        channel.send({**header, "more": left > 0}, part)
        if left <= 0:
            return


def _raise(error: OSError) -> None:
    raise error
