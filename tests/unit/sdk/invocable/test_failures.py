"""What callers, owners and authors are told when a package fails."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from steamship.base.error import BusyError, NotFoundError, SteamshipError
from steamship.base.package_spec import MethodSpec
from steamship.invocable import Config, PackageService, post


class Keys(Config):
    token: SecretStr
    short: SecretStr = SecretStr("abc")
    plain: str = "visible"


class Unprintable(Exception):
    def __str__(self):
        raise ValueError("no text")


class Failing(PackageService):
    config: Keys

    @post("plain")
    def plain(self):
        return self._deeper()

    def _deeper(self):
        raise ValueError("first line\nsecond line")

    @post("empty")
    def empty(self):
        raise KeyError

    @post("chained")
    def chained(self):
        try:
            self._deeper()
        except ValueError as error:
            raise RuntimeError("outer") from error

    @post("deliberate")
    def deliberate(self):
        raise SteamshipError("Pay first.", suggestion="Send money.")

    @post("typed")
    def typed(self):
        raise NotFoundError("No such note.")

    @post("coded")
    def coded(self):
        raise SteamshipError("Odd.", code="Own.Code-1")

    @post("miscoded")
    def miscoded(self):
        raise SteamshipError("Odd.", code="spaces are\nno code")

    @post("busy")
    def busy(self):
        raise BusyError("Later.", http_status=200)

    @post("leak")
    def leak(self):
        secret = self.config.token.get_secret_value()
        raise ValueError(f"{secret} {secret!r} {self.config.short.get_secret_value()} {self.config.plain}")

    @post("deliberate_leak")
    def deliberate_leak(self):
        secret = self.config.token.get_secret_value()
        raise SteamshipError(f"bad {secret}", suggestion=f"not {secret}")

    @post("echo")
    def echo(self, n: int): ...

    @post("exit")
    def exit(self):
        raise SystemExit(3)

    @post("unprintable")
    def unprintable(self):
        raise Unprintable

    @post("deep")
    def deep(self):
        return self.deep()

    @post("group")
    def group(self):
        raise ExceptionGroup("several", [ValueError("one"), KeyError("two")])


SECRET = "se'cr\"et\né"


@pytest.fixture
def failing(serve):
    return serve(Failing, {"token": SECRET})


def test_an_exception_is_a_package_error(failing):
    """An exception is a 500 with type and first line, and a traceback of the author's frames alone."""
    outcome = failing.post("plain")
    error = outcome.error
    assert (outcome.status, outcome.headers, outcome.body) == (500, [], b"")
    assert (error["code"], error["deliberate"], error["suggestion"]) == ("PackageError", False, None)
    assert error["message"] == "ValueError: first line"
    lines = error["details"].splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert [line.split(",")[0] for line in lines if line.startswith("  File")] == [
        '  File "test_failures.py"'
    ] * 2
    assert "    return self._deeper()" in lines
    assert lines[-2:] == ["ValueError: first line", "second line"]


def test_causes_are_told(failing):
    """A chained exception tells its cause, each with its frames."""
    details = failing.post("chained").error["details"]
    assert "ValueError: first line" in details
    assert "direct cause" in details
    assert "serving.py" not in details


@pytest.mark.parametrize(
    ("method", "status", "code", "message"),
    [
        ("deliberate", 500, "PackageError", "Pay first."),
        ("typed", 404, "NotFound", "No such note."),
        ("coded", 500, "Own.Code-1", "Odd."),
        ("miscoded", 500, "PackageError", "Odd."),
        ("busy", 500, "Busy", "Later."),
    ],
)
def test_a_steamship_error_of_the_authors_is_deliberate(failing, method, status, code, message):
    """A SteamshipError that the author raised passes with its message, code and status."""
    outcome = failing.post(method)
    assert (outcome.status, outcome.error["code"], outcome.error["message"]) == (status, code, message)
    assert outcome.error["deliberate"] is True
    assert outcome.error["details"] is None


def test_the_suggestion_passes(failing):
    """The suggestion of a deliberate error passes."""
    assert failing.post("deliberate").error["suggestion"] == "Send money."


def test_an_error_of_a_call_that_the_package_made_is_an_accident(serve):
    """A SteamshipError that came out of the SDK is a PackageError: its text is not meant for the caller."""

    class Calling(PackageService):
        @post("x")
        def x(self):
            self.add_api_route(MethodSpec(path="x", verb="POST", returns=""))

    outcome = serve(Calling).post("x")
    assert (outcome.status, outcome.error["code"], outcome.error["deliberate"]) == (
        500,
        "PackageError",
        False,
    )
    assert outcome.error["message"].startswith("RouteConflictError: ")
    assert "package_spec.py" not in outcome.error["details"]


@pytest.mark.parametrize("method", ["leak", "deliberate_leak"])
def test_secrets_are_redacted(failing, method):
    """A secret of four characters or more is in no text of an error, plain or quoted; others stay."""
    error = failing.post(method).error
    texts = " ".join(str(value) for value in error.values())
    assert "[redacted]" in texts
    assert "cr" + '"et' not in texts
    assert 'cr\\"et' not in texts
    if method == "leak":
        assert "abc visible" in error["details"]


def test_secrets_are_redacted_from_refusals(failing):
    """A caller who guesses a secret is not told it back."""
    assert "se'cr" not in failing.post("echo", n=SECRET).error["message"]


def test_a_failed_constructor_tells_no_secret(serve):
    """Secrets are redacted also when the constructor itself fails."""

    class Leaky(Failing):
        def __init__(self, **kwargs):
            raise ValueError(kwargs["config"]["token"])

    error = serve(Leaky, {"token": SECRET}).post("plain").error
    assert error["message"] == "ValueError: [redacted]"


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("empty", "KeyError"),
        ("exit", "SystemExit: 3"),
        ("unprintable", "Unprintable"),
        ("deep", "RecursionError: maximum recursion depth exceeded"),
        ("group", "ExceptionGroup: several (2 sub-exceptions)"),
    ],
)
def test_nothing_escapes(failing, method, message):
    """Whatever is raised, the call answers with an error."""
    outcome = failing.post(method)
    assert outcome.status == 500
    assert outcome.error["message"].startswith(message)
    assert len(outcome.error["details"]) < 40_000


def test_an_invalid_config_is_its_own_error(serve):
    """Config that the class refuses fails each call as InvalidConfig, naming the parameter."""
    outcome = serve(Failing, {}).post("plain")
    assert (outcome.status, outcome.error["code"]) == (400, "InvalidConfig")
    assert '"token": Field required.' in outcome.error["message"]
