"""Errors of every kind, and what each tells."""

from __future__ import annotations

from tests.acceptance.original.scripts.differences import (
    NOTHING,
    deliberate,
    invalid_config,
    raised,
    unknown,
    used,
)
from tests.services.package_scripts import Call, Difference, Failure, Native, Use

ARGUMENTS = Difference(
    "an argument that is missing or unknown", "500, Python's text", "400 `InvalidRequest`, which names it"
)
WRONG_TYPE = Difference(
    "an argument of another type than the method's",
    "passes as it came",
    "400 `InvalidRequest`, which names it",
)
STATUS = Difference(
    "`InvocableResponse.error(409, ...)`", "409 `InvalidRequest`", "500 `PackageError`, with the same message"
)
STRANGE = Difference("a result that is a set", "500, `Handler provided unknown response type`", "a list")
RETURNED = Difference(
    "a `SteamshipError` that is returned, not raised", "an error with its `code`", "an error, `PackageError`"
)
CONSTRUCTOR = Difference(
    "an exception in the constructor",
    "`Unable to initialize package/plugin.` and its text",
    "`Type: text`",
)
CALLS_OWN = Difference(
    "an error that a call of the package's own client ends with",
    "its message after `[ERROR - POST /path]`, and its `code`",
    "an exception like others: `ForbiddenError: text`",
)
NOT_STARTED = Difference(
    "the init of a class whose constructor raises, and that prepares nothing",
    "`failed`",
    "`notNeeded`: the object is made at the first call",
)
REFUSED_START = Difference(
    "a `SteamshipError` in the constructor", "its message and `code`", "its message, and `PackageError`"
)
WORDLESS = Difference("an exception without a text", "`Undefined remote error`", "its type")

INCONSISTENT = Failure("Inconsistent response from server. Please contact support.", code=None)
NOT_THE_USER = 'Cannot use a workspace-scoped key to call "account/current".'
THE_USERS_KEY = "Use a key of the user's own; `ship login` stores one."
DIED = 'The package\'s process ended with exit code "7" in the middle of the call.'
TAKES = "It takes colour (str), coats (int, optional)."

SCRIPT = (
    used(),
    Call("refuse", **deliberate("refuse", "No more paint.", "Buy some.", "Empty")),
    Call("refuse_plainly", **deliberate("refuse_plainly", "No more paint.")),
    Call("raise", **raised("raise", "ValueError", "spilled")),
    Call("divide", arguments={"by": 0}, **raised("divide", "ZeroDivisionError", "division by zero")),
    Call(
        "wordless",
        Failure("[ERROR - POST /wordless] Undefined remote error"),
        native=Native(WORDLESS, Failure("RuntimeError")),
    ),
    Call("nothing", Failure("Handler provided no response."), native=Native(NOTHING, None, INCONSISTENT)),
    Call(
        "strange",
        Failure("Handler provided unknown response type: <class 'set'>"),
        native=Native(STRANGE, [1, 2]),
    ),
    Call(
        "answer_an_error",
        Failure("The wall is taken.", 409, "InvalidRequest"),
        native=Native(STATUS, Failure("The wall is taken.")),
    ),
    Call(
        "answer_an_exception",
        Failure("Out of brushes.", code="Brushes"),
        native=Native(RETURNED, Failure("Out of brushes.")),
    ),
    Call("nowhere", **unknown("nowhere")),
    Call("fetched", **unknown("fetched", "GET")),
    Call(
        "ask_for_a_user",
        Failure(f"[ERROR - POST /ask_for_a_user] {NOT_THE_USER}", code="Forbidden", suggestion=THE_USERS_KEY),
        native=Native(CALLS_OWN, Failure(f"ForbiddenError: {NOT_THE_USER}")),
    ),
    Call(
        "die",
        Failure(DIED, 502, "PackageCrashed", "Look at the package's log; the next call gets a new process."),
    ),
    Call("takes", "2 x red", {"colour": "red", "coats": 2}),
    Call(
        "takes",
        Failure("[ERROR - POST /takes] Trouble.takes() missing 1 required positional argument: 'colour'"),
        native=Native(
            ARGUMENTS, Failure(f'POST /takes: "colour" is missing. {TAKES}', 400, "InvalidRequest")
        ),
    ),
    Call(
        "takes",
        Failure("[ERROR - POST /takes] Trouble.takes() got an unexpected keyword argument 'shade'"),
        {"colour": "red", "shade": 1},
        native=Native(
            ARGUMENTS, Failure(f'POST /takes: "shade" is not an argument. {TAKES}', 400, "InvalidRequest")
        ),
    ),
    Call(
        "takes",
        "2 x 7",
        {"colour": 7, "coats": "2"},
        native=Native(
            WRONG_TYPE,
            Failure(
                f'POST /takes: "colour" is "7": input should be a valid string. {TAKES}',
                400,
                "InvalidRequest",
            ),
        ),
    ),
    Call("fetched", "got", verb="GET"),
    Use({"start": "refuse"}, "failed", Native(NOT_STARTED, "notNeeded")),
    Call(
        "takes",
        Failure("It is Sunday.", code="Closed", suggestion="Come tomorrow."),
        {"colour": "red"},
        native=Native(REFUSED_START, Failure("It is Sunday.", suggestion="Come tomorrow.")),
    ),
    Use({"start": "raise"}, "failed", Native(NOT_STARTED, "notNeeded")),
    Call(
        "takes",
        Failure("[ERROR - POST /takes] Unable to initialize package/plugin. | no oven"),
        {"colour": "red"},
        native=Native(CONSTRUCTOR, Failure("ValueError: no oven")),
    ),
    Use({"start": 3}, invalid_config('"start" must be a string, not a number.')),
)
