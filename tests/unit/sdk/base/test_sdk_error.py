"""The SDK's error tree against the engine's, and the original constructor."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from steamship.base import error as sdk
from steamship_engine.model import errors as engine


def tree(cls: type[Any]) -> Iterator[type[Any]]:
    child: type[Any]
    for child in cls.__subclasses__():
        yield child
        yield from tree(child)


ENGINE = {cls.__name__: cls for cls in tree(engine.SteamshipError) if cls.__module__ == engine.__name__}


def test_same_tree_as_the_engine() -> None:
    """Names, codes, HTTP statuses and parents are those of the engine's errors."""
    ours = {cls.__name__: cls for cls in tree(sdk.SteamshipError) if cls.__module__ == sdk.__name__}
    assert {n: (c.code, c.http_status, c.__bases__[0].__name__) for n, c in ours.items()} == {
        n: (c.code, c.http_status, c.__bases__[0].__name__) for n, c in ENGINE.items()
    }


@pytest.mark.parametrize("name", sorted(ENGINE))
def test_wire_status_comes_back_as_the_same_class(name: str) -> None:
    """What the engine writes is read back with class, message, suggestion and request id."""
    status = engine.wire_status(ENGINE[name]("It broke.", suggestion="Mend it."), request_id="R1")
    error = sdk.error_from_status(status)
    assert type(error).__name__ == name
    assert (error.message, error.suggestion, error.request_id) == ("It broke.", "Mend it.", "R1")


@pytest.mark.parametrize("code", ["SomethingNew", None, 17, ["x"]])
def test_unknown_code_is_the_plain_class(code: object) -> None:
    """An unknown code gives SteamshipError, which keeps the code as text."""
    error = sdk.error_from_status({"statusCode": code, "statusMessage": "m"}, http_status=418)
    assert type(error) is sdk.SteamshipError
    assert (error.code, error.http_status) == (None if code is None else str(code), 418)


def test_original_constructor_and_text() -> None:
    """The original's five arguments work by position and the text lists them as it did."""
    error = sdk.SteamshipError("m", "inner", "do", "C", ValueError("cause"))
    assert str(error) == "[C]\nm\nInternal Message: inner\nSuggestion: do"
    assert error.to_dict() == {
        "message": "m",
        "internalMessage": "inner",
        "suggestion": "do",
        "code": "C",
        "error": "cause",
    }
    assert sdk.SteamshipError.from_dict(error.to_dict()).to_dict() == error.to_dict()


def test_an_authors_subclass_never_stands_for_a_code() -> None:
    """A package's own subclass with an engine code does not replace the SDK's class."""

    class Mine(sdk.NotFoundError):
        pass

    assert Mine.code == "NotFound"
    assert type(sdk.error_from_status({"statusCode": "NotFound"})) is sdk.NotFoundError


def test_errors_survive_pickling() -> None:
    """An error goes through pickle with its class and every field."""
    error = pickle.loads(pickle.dumps(sdk.BusyError("full", suggestion="wait", request_id="R")))
    assert (type(error), error.message, error.suggestion, error.request_id) == (
        sdk.BusyError,
        "full",
        "wait",
        "R",
    )
