"""How packages on the original SDK and on ours differ to their callers; the page's rows are compared with these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.services.package_scripts import Call, Difference, Failure, Native, Use

RAISED = Difference(
    "an exception in a method",
    "its text after `[ERROR - POST /path]`",
    "`Type: text`; for owner and author the traceback follows",
)
DELIBERATE = Difference(
    "a `SteamshipError` that the package raises in a method",
    "its message after `[ERROR - POST /path]`, and its `code`",
    "its message alone, and the code `PackageError`",
)
NOTHING = Difference("a method that returns None", "500, `Handler provided no response.`", "200, `null`")

NO_INIT = Difference(
    "the init of a class that prepares nothing",
    "called once: `initializing`, then `complete`",
    "`notNeeded` from the start",
)
OPTIONAL_LIST = Difference(
    "an argument of type `Optional[List[...]]`",
    "the deploy fails: the SDK cannot describe it",
    "a list or None",
)
CHARSET = Difference("the type of a text that is ASCII alone", "`text/plain; charset=utf-8`", "`text/plain`")
UNKNOWN = Difference("a method that is not there", "404 without a suggestion", "404 that says what helps")


def used(config: Mapping[str, Any] | None = None) -> Use:
    """Use an instance of a class without an `instance_init` of its own."""
    return Use(config, "complete", Native(NO_INIT, "notNeeded"))


def invalid_config(problem: str) -> Failure:
    """How a config is refused."""
    return Failure(
        f"Configuration for this PackageInstance is invalid. {problem}",
        400,
        "InvalidConfig",
        "Give the named parameters in `config`, with values as they are described.",
    )


def raised(method: str, kind: str, text: str, verb: str = "POST") -> dict[str, object]:
    """The arguments of a Call whose method raises an exception."""
    return {
        "answer": Failure(f"[ERROR - {verb} /{method}] {text}"),
        "native": Native(RAISED, Failure(f"{kind}: {text}")),
    }


def deliberate(
    method: str, text: str, suggestion: str | None = None, code: str = "PackageError"
) -> dict[str, object]:
    """The arguments of a Call whose method raises a SteamshipError."""
    return {
        "answer": Failure(f"[ERROR - POST /{method}] {text}", code=code, suggestion=suggestion),
        "native": Native(DELIBERATE, Failure(text, suggestion=suggestion)),
    }


def unknown(method: str, other: str | None = None) -> dict[str, object]:
    """The arguments of a Call of a method that is not there; `other` is the verb that it has."""
    message = f"No handler for POST /{method} available."
    suggestion = f"Use {other}." if other else "__dir__ lists the methods there are."
    return {
        "answer": Failure(message, 404, "NotFound"),
        "native": Native(UNKNOWN, Failure(message, 404, "NotFound", suggestion)),
    }


def text(method: str, answer: str, kind: str, verb: str = "POST") -> Call:
    """A Call that answers with ASCII of a type of text."""
    native = Native(CHARSET, answer, type=kind)
    return Call(method, answer, verb=verb, type=f"{kind}; charset=utf-8", native=native)
