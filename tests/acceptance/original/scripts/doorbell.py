"""Public webhooks as services call them, and the types of a query's arguments."""

from __future__ import annotations

from tests.acceptance.original.scripts.differences import used
from tests.services.package_scripts import Call, Difference, Failure, Native, Request

ENUM_ARGUMENT = Difference("an argument that is declared as an Enum", "its text", "the Enum's member")

TYPED = {
    "number": ["int", 7],
    "ratio": ["float", 0.5],
    "flag": ["bool", False],
    "text": ["str", "12 + é"],
    "note": ["str", "3"],
    "count": ["int", 4],
}
ARGUMENTS = {"number": 7, "ratio": 0.5, "flag": False, "text": "12 + é", "note": 3, "count": 4}

SEND_A_KEY = "Send `Authorization: Bearer {key}`; `ship login` stores one."

SCRIPT = (
    used(),
    Call("typed", TYPED, ARGUMENTS, verb="GET"),
    Call(
        "typed",
        {**TYPED, "flag": ["bool", True], "note": ["NoneType", None], "count": ["NoneType", None]},
        {**ARGUMENTS, "flag": True, "note": None, "count": None},
        verb="GET",
    ),
    Call("paint", "painted blue", {"colour": "blue"}, verb="GET"),
    Call("paint", "painted red", verb="GET"),
    Call("is_a_member", False, {"colour": "red"}, verb="GET", native=Native(ENUM_ARGUMENT, True)),
    Call("words", 2, {"text": "two words"}, verb="GET"),
    Call("closed", "for those with a key"),
    Request("closed", Failure("This call needs a key.", 401, "AuthenticationRequired", SEND_A_KEY)),
    Request("telegram_respond", "9: hi", more={"json": {"update_id": 9, "message": {"text": "hi"}}}),
    Request("/telegram_respond", "9: hi", more={"json": {"update_id": 9, "message": {"text": "hi"}}}),
    Request(
        "sms",
        {"From": "+49 1", "Body": "hi ☃", "Empty": ""},
        more={"data": {"From": "+49 1", "Body": "hi ☃", "Empty": ""}},
    ),
    Request(
        "sms",
        {"title": "a", "photo": "text of a file"},
        more={"data": {"title": "a"}, "files": {"photo": ("photo", b"text of a file")}},
    ),
    Request(
        "slack",
        {"challenge": "c", "type": "url_verification"},
        more={"json": {"type": "url_verification", "challenge": "c", "token": "t"}},
    ),
    Request("slack?type=query", {"challenge": "c", "type": "query"}, more={"json": {"challenge": "c"}}),
    Request("verify?token=a+b%20c&mode=", " a b c", verb="GET"),
    Request("verify", "subscribe t", verb="GET", more={"params": {"token": "t"}}),
    Request("called_with", {"mark": "m", "key": None}, more={"headers": {"X-Mark": "m"}}),
    Request("called_with", {"mark": None, "key": None}, key=True),
)
