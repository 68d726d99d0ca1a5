"""`ship invoke`."""

from __future__ import annotations

import json

import pytest

from steamship.base.transport import HttpReply, NoReplyError
from tests.unit.sdk.cli.conftest import failed
from tests.unit.sdk.cli.test_use import INSTANCE

ADDRESS = INSTANCE["invocationURL"]


def _answer(body: bytes, content_type: str = "application/json") -> HttpReply:
    return HttpReply(200, {"content-type": content_type}, body)


@pytest.fixture
def engine(engine):
    """An engine that has the instance, whose method `greet` greets."""
    engine.answers["package/instance/get"] = {"packageInstance": INSTANCE}
    engine.answers[f"{ADDRESS}greet"] = _answer(b"Hello, you!", "text/plain; charset=utf-8")
    return engine


def test_text(ship, engine):
    """Text is printed as it is; the instance is looked for in the workspace of its own handle."""
    ran = ship("invoke", "my-handle", "greet", "name=Beautiful", "n:=3")
    assert (ran.code, ran.out, ran.err) == (0, "Hello, you!\n", "")
    assert engine.requests[0].headers["X-Workspace-Handle"] == "my-handle"
    assert engine.payload("package/instance/get") == {"handle": "my-handle"}
    assert engine.payload(f"{ADDRESS}greet") == {"name": "Beautiful", "n": 3}
    assert engine.requests[1].verb == "POST"


def test_text_as_json(ship, engine):
    """With --json text is a JSON string."""
    assert ship("invoke", "my-handle", "greet", "--json").json() == "Hello, you!"


def test_json(ship, engine):
    """Everything but text is printed as JSON, on one line where no person reads it."""
    engine.answers[f"{ADDRESS}greet"] = _answer('{"a": ["ä", null]}'.encode())
    assert ship("invoke", "my-handle", "greet").out == '{"a": ["ä", null]}\n'


def test_workspace_get_and_timeout(ship, engine):
    """The workspace, the verb and the time limit can be chosen; arguments of GET go into the query."""
    engine.answers[f"{ADDRESS}greet?name=a+b"] = _answer(b"1")
    ran = ship("invoke", "my-handle", "greet", "name=a b", "--get", "--workspace", "w", "--timeout", "2.5")
    assert ran.out == "1\n"
    assert engine.requests[0].headers["X-Workspace-Handle"] == "w"
    assert (engine.requests[1].verb, engine.requests[1].timeout_s) == ("GET", 2.5)


def test_arguments_named_like_ours(ship, engine):
    """An argument may have any name, those of our own parameters too."""
    ship("invoke", "my-handle", "greet", "path=a", "verb=b", "timeout_s:=1", "self=c")
    assert engine.payload(f"{ADDRESS}greet") == {"path": "a", "verb": "b", "timeout_s": 1, "self": "c"}


def test_json_args(ship, engine):
    """--json-args gives all arguments at once, also from standard input; words win over it."""
    ship("invoke", "my-handle", "greet", "--json-args", '{"a": 1, "b": 2}', "b:=3")
    assert engine.payload(f"{ADDRESS}greet") == {"a": 1, "b": 3}
    ship("invoke", "my-handle", "greet", "--json-args", "-", stdin='{"a": [1]}')
    assert engine.payload(f"{ADDRESS}greet") == {"a": [1]}


def test_bytes(ship, engine, tmp_path):
    """Bytes go to standard output whole where that is no terminal, and to a file with -o."""
    content = bytes(range(256))
    engine.answers[f"{ADDRESS}greet"] = _answer(content, "image/png")
    assert ship("invoke", "my-handle", "greet").out.encode("utf-8", "surrogateescape") == content
    path = tmp_path / "out.png"
    ran = ship("invoke", "my-handle", "greet", "-o", str(path))
    assert (ran.code, ran.out, path.read_bytes()) == (0, "", content)
    assert "256 B" in ran.err


def test_bytes_are_no_json(ship, engine):
    """With --json bytes are refused, and -o is named."""
    engine.answers[f"{ADDRESS}greet"] = _answer(b"\0", "image/png")
    ran = ship("invoke", "my-handle", "greet", "--json")
    assert (ran.code, ran.out) == (2, "")
    assert "-o FILE" in json.loads(ran.err)["error"]["suggestion"]


def test_text_and_json_to_a_file(ship, engine, tmp_path):
    """-o keeps text as text and the rest as JSON; a file that cannot be written is named."""
    path = tmp_path / "out"
    ship("invoke", "my-handle", "greet", "-o", str(path))
    assert path.read_text() == "Hello, you!"
    engine.answers[f"{ADDRESS}greet"] = _answer(b"[1]")
    ship("invoke", "my-handle", "greet", "-o", str(path))
    assert path.read_text() == "[1]"
    ran = ship("invoke", "my-handle", "greet", "-o", str(tmp_path / "no" / "out"))
    assert ran.code == 1
    assert "No such file" in ran.err


def test_no_instance(ship, engine):
    """Where there is no instance, the command that makes it is told."""
    engine.answers["package/instance/get"] = failed("Nothing there.", "NotFound", http=404)
    ran = ship("invoke", "other", "greet", "--package", "greeter")
    assert ran.code == 1
    assert '"other"' in ran.err
    assert "`ship use greeter other`" in ran.err


def test_other_package(ship, engine):
    """--package refuses an instance of another package, and calls nothing."""
    ran = ship("invoke", "my-handle", "greet", "--package", "notebook")
    assert ran.code == 1
    assert '"greeter", not "notebook"' in ran.err
    assert engine.called() == ["package/instance/get"]


def test_failing_method(ship, engine):
    """The package's failure is told in its words."""
    engine.answers[f"{ADDRESS}greet"] = failed("KeyError: 'x'", "PackageError", http=500)
    ran = ship("invoke", "my-handle", "greet")
    assert (ran.code, ran.out, ran.err) == (1, "", "Error: KeyError: 'x'\n")


@pytest.mark.parametrize("method", ["../x", "", "/", "a/../../b"])
def test_bad_method(ship, engine, method):
    """A name that would lead out of the instance is wrong usage."""
    assert ship("invoke", "my-handle", method).code == 2


def test_bad_argument(ship, engine):
    """An argument that is no pair is wrong usage, before anything is asked."""
    assert ship("invoke", "my-handle", "greet", "Beautiful").code == 2
    assert engine.sent == []


def test_timeout(ship, engine):
    """A call that takes too long names the option that allows it longer."""

    def late(_sent):
        raise NoReplyError("late", timed_out=True)

    engine.answers[f"{ADDRESS}greet"] = late
    ran = ship("invoke", "my-handle", "greet", "--timeout", "2")
    assert ran.code == 1
    assert "within 2 s" in ran.err
    assert ran.err.endswith("with --timeout.\n")
