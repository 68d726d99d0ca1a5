"""Results of every type that packages declared."""

from __future__ import annotations

from tests.acceptance.original.scripts.differences import text, used
from tests.services.package_scripts import Call, Difference, Failure, Native

JSON = "application/json"
MOVE = {"from_square": "e2", "to_square": "e4", "note": None}
STATE = {"playerName": "Ada", "imageURL": "http://pictures.test/1.png", "moves": [], "bestScore": None}

NO_TAG = dict.fromkeys(("id", "fileId", "blockId", "kind", "name", "value", "startIdx", "endIdx", "text"))

NO_DEFAULT = Difference(
    "an `Optional` field of a pydantic model that has no default",
    "None when absent",
    "required, as pydantic 2 has it",
)
WITHOUT_NOTE = Native(NO_DEFAULT, Failure("ValidationError: 1 validation error for Move"))

SCRIPT = (
    used(),
    Call("dict", {"snake_case": {"list": [1, 2.5, None, True]}, "unicode": "☃"}, type=JSON),
    Call("empty_dict", {}, type=JSON),
    Call("list", ["a", "b"], type=JSON),
    Call("list_of_dicts", [{"a": 1}, {"b": None}]),
    text("text", "plain", "text/plain"),
    Call("empty_text", ""),
    Call("yes", True, type=JSON),
    Call("number", 2.5, type=JSON),
    Call("whole", 3, verb="GET"),
    Call("model", MOVE, native=WITHOUT_NOTE),
    Call("camel_model", {**STATE, "moves": [{**MOVE, "note": "!"}]}),
    Call("models", [MOVE], native=WITHOUT_NOTE),
    Call("camel_models", [STATE]),
    Call("dicts_of_models", [STATE]),
    Call("response", {"a": 1}),
    Call("response_of_model", STATE),
    Call("response_of_list", [{"a": 1}]),
    text("response_of_text", "said", "text/plain"),
    Call("response_of_data", b'{"a":1}', type="application/octet-stream"),
    Call("response_of_number", 7),
    Call("enum", {"type": "image/png"}),
    Call("block", {"text": "Hello", "tags": [{**NO_TAG, "kind": "role", "name": "assistant"}]}),
    Call("status_in_words", {"status": "all is well"}),
    Call("data_inside", {"data": {"a": 1}, "more": 2}, original_client={"a": 1}),
)
